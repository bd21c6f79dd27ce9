#pragma once
// Products of a large matrix with a few vectors: the large one is read where it lies, not packed.
#include "kernels/vector.h"

namespace onward {
namespace ONWARD_ISA {

inline double laneSum(D v);
inline float laneSum(F v);

template <class T>
struct Skinny {
  using V = typename VectorOf<T>::type;
  static constexpr int kLanes = lanes<V>;
  /** Rows and vectors whose sums stay in registers together. */
  static constexpr int kRows = ONWARD_BYTES == 64 ? 6 : 3;
  static constexpr int kTogether = ONWARD_BYTES == 64 ? 4 : 3;

  /** The last entries of a row, and zeros. */
  static V rest(const T* p, int64_t n) {
    V v{};
    memcpy(&v, p, n * sizeof(T));
    return v;
  }

  /** c[i, b] of R rows and B vectors. */
  template <int R, int B>
  static void block(const T* a, int64_t row, const T* x, int64_t xRow, int64_t k, T* c, int64_t cRow, int64_t cFew,
                    bool add) {
    V sums[R][B] = {};
    int64_t j = 0;
    for (; j + kLanes <= k; j += kLanes) {
      V few[B];
      for (int b = 0; b < B; b++) few[b] = load<V>(x + b * xRow + j);
      for (int r = 0; r < R; r++) {
        const V entry = load<V>(a + r * row + j);
        for (int b = 0; b < B; b++) sums[r][b] = fma(entry, few[b], sums[r][b]);
      }
    }
    if (j < k) {
      for (int r = 0; r < R; r++) {
        const V entry = rest(a + r * row + j, k - j);
        for (int b = 0; b < B; b++) sums[r][b] = fma(entry, rest(x + b * xRow + j, k - j), sums[r][b]);
      }
    }
    for (int r = 0; r < R; r++)
      for (int b = 0; b < B; b++) {
        T* to = c + r * cRow + b * cFew;
        *to = (add ? *to : 0) + laneSum(sums[r][b]);
      }
  }

  template <int R>
  static void band(int64_t count, const T* a, int64_t row, const T* x, int64_t xRow, int64_t k, T* c, int64_t cRow,
                   int64_t cFew, bool add) {
    int64_t b = 0;
    for (; b + kTogether <= count; b += kTogether)
      block<R, kTogether>(a, row, x + b * xRow, xRow, k, c + b * cFew, cRow, cFew, add);
    for (; b < count; b++) block<R, 1>(a, row, x + b * xRow, xRow, k, c + b * cFew, cRow, cFew, add);
  }

  /** See `Products::skinny`. */
  static void run(int64_t count, int64_t n, int64_t k, const T* a, int64_t row, const T* x, int64_t xRow, T* c,
                  int64_t cRow, int64_t cFew, bool add) {
    int64_t i = 0;
    for (; i + kRows <= n; i += kRows)
      band<kRows>(count, a + i * row, row, x, xRow, k, c + i * cRow, cRow, cFew, add);
    for (; i < n; i++) band<1>(count, a + i * row, row, x, xRow, k, c + i * cRow, cRow, cFew, add);
  }
};

}  // namespace ONWARD_ISA
}  // namespace onward
