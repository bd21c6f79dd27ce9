#pragma once
#include <cstdint>

#include "code/op.h"
#include "kernels/matrix.h"
#include "kernels/trace.h"

namespace onward {

/** Whether an op has a float32 kernel of its own. */
constexpr bool isNarrow(Op op) {
  switch (op) {
#define ONWARD_CASE(name) case Op::name:
    ONWARD_SINGLE(ONWARD_CASE)
    return true;
#undef ONWARD_CASE
    default:
      return false;
  }
}

/** out[j] = f(in[0][j], in[1][j], ...), all contiguous, for j below n; `out` may be an input. */
template <class T>
using Block = void (*)(T* out, const T* const* in, int64_t n, const double* attrs);

/** Kernels of one float type. */
template <class T>
struct Products {
  /** y[i * yStep] = (add ? y[i * yStep] : 0) + sum of a[i * row + j] x[j], for i below m. */
  void (*dots)(T* y, int64_t yStep, const T* a, int64_t row, const T* x, int64_t m, int64_t n, bool add);
  /** y[j] += a[j] b[j], contiguous. */
  void (*addProducts)(T* y, const T* a, const T* b, int64_t n);
  /** C = A B, or C += A B; `work` holds `gemmWork` elements, aligned to 64 bytes. */
  void (*gemm)(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add, T* work);
  int64_t gemmWork;
  /**
   * A row of a convolution with a step of one: out[o * step + j] = sum over taps of kernel(o, tap) image[offset[tap] + j], for j
   * below width. The kernel lies as [outputs / convolvedOutputs][taps][convolvedOutputs], filled up with zeros; the image is
   * readable up to `convolvedColumns` entries beyond.
   */
  void (*convolveRow)(const T* kernel, int64_t outputs, const int64_t* offset, int64_t taps, const T* image, T* out, int64_t step,
                      int64_t width);
  int64_t convolvedOutputs, convolvedColumns;
  /** Where k is at most this, C may be B: columns of B are packed before the same columns of C are written. */
  int64_t gemmDepth;
  /**
   * c[i * cRow + b * cFew] = (add ? that : 0) + sum of a[i * row + j] x[b * xRow + j], for i below n, j below k, and b below a
   * count that is small.
   */
  void (*skinny)(int64_t count, int64_t n, int64_t k, const T* a, int64_t row, const T* x, int64_t xRow, T* c, int64_t cRow,
                 int64_t cFew, bool add);
  /** Rows from the first on, up to one with a coefficient that is not finite; how many it did. Indexed by states - 1. */
  int64_t (*traceRows[kMaxStates])(const TraceRows<T>& rows, int64_t count, int64_t n);
  void (*traceColumn[kMaxStates])(const TraceColumn<T>& column, int64_t n);
  /** `columns` is at most `panelColumns`; tiles have `panelRows` rows, the last one half as many where these are enough. */
  void (*tracePanel[kMaxStates])(const TracePanel<T>& panel, int64_t columns);
  int64_t panelColumns, panelRows[kMaxStates];
  /** Copies `columns` entries from each of the places, as rows of a panel's width that are filled up with zeros. */
  void (*packPanel)(T* to, const T* from, const int64_t* places, int64_t count, int64_t columns);
  /** y[j] += sum of by_i from_i[j] over up to `kMaxAdded` finite factors, in their order. */
  void (*addRows)(T* y, const ScaledRow<T>* factors, int count, int64_t n);
};

/** The vector kernels, compiled for one instruction set. */
struct Table {
  const char* name;
  Block<double> block64[kPointwise];
  /** Null where float32 goes through float64. */
  Block<float> block32[kPointwise];
  void (*widen)(double* out, const float* in, int64_t n);
  void (*narrow)(float* out, const double* in, int64_t n);
  /** Pairwise sums, in float64. */
  double (*sum64)(const double* x, int64_t n);
  double (*sum32)(const float* x, int64_t n);
  /** y[j] += x[j] */
  void (*accumulate64)(double* y, const double* x, int64_t n);
  void (*accumulate32)(double* y, const float* x, int64_t n);
  Products<double> products64;
  Products<float> products32;

  template <class T>
  const Products<T>& products() const;
};
template <>
inline const Products<double>& Table::products<double>() const {
  return products64;
}
template <>
inline const Products<float>& Table::products<float>() const {
  return products32;
}

/** The best table for this processor, or the one of that name where the processor can run it. */
const Table& tableFor(const char* name);

}  // namespace onward
