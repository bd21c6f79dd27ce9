#pragma once
// Convolutions with a step of one along rows, without laying out patches: a tile of results for some outputs and neighboring
// positions stays in registers, and each tap reads the image where it lies.
#include "kernels/vector.h"

namespace onward {
namespace ONWARD_ISA {

template <class T>
struct DirectConvolution {
  using V = typename VectorOf<T>::type;
  static constexpr int kLanes = lanes<V>;
  /** Outputs and positions of a tile. */
  static constexpr int kRows = ONWARD_BYTES == 64 ? 8 : 4;
  static constexpr int kVectors = 2;
  static constexpr int64_t kColumns = kVectors * kLanes;

  /** out[r * step + j] = sum over taps of kernel[tap * kRows + r] image[offset[tap] + j], for j below `columns`. */
  static void tile(const T* kernel, const int64_t* offset, int64_t taps, const T* image, T* out, int64_t step, int64_t rows,
                   int64_t columns) {
    V sums[kRows][kVectors] = {};
    for (int64_t t = 0; t < taps; t++, kernel += kRows) {
      const T* from = image + offset[t];
      V x[kVectors];
      for (int v = 0; v < kVectors; v++) x[v] = load<V>(from + v * kLanes);
      for (int r = 0; r < kRows; r++) {
        const V y = filled<V>(kernel[r]);
        for (int v = 0; v < kVectors; v++) sums[r][v] = fma(y, x[v], sums[r][v]);
      }
    }
    if (columns == kColumns) {
      for (int r = 0; r < kRows && r < rows; r++)
        for (int v = 0; v < kVectors; v++) store<V>(out + r * step + v * kLanes, sums[r][v]);
      return;
    }
    for (int r = 0; r < kRows && r < rows; r++) memcpy(out + r * step, sums[r], columns * sizeof(T));
  }

  /** See `Products::convolveRow`. */
  static void row(const T* kernel, int64_t outputs, const int64_t* offset, int64_t taps, const T* image, T* out, int64_t step,
                  int64_t width) {
    for (int64_t j = 0; j < width; j += kColumns) {
      const int64_t columns = width - j < kColumns ? width - j : kColumns;
      for (int64_t i = 0; i < outputs; i += kRows)
        tile(kernel + i * taps, offset, taps, image + j, out + i * step + j, step, outputs - i, columns);
    }
  }
};

}  // namespace ONWARD_ISA
}  // namespace onward
