#pragma once
// Products that are not worth packing a matrix for.
#include "kernels/vector.h"

namespace onward {
namespace ONWARD_ISA {

/** R rows at once, so that x is loaded once for all of them; each row is summed in the same order whatever R is. */
template <class T, int R>
inline void dotRows(T* total, const T* a, int64_t row, const T* x, int64_t n) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  V s[R][2] = {};
  int64_t j = 0;
  for (; j + 2 * w <= n; j += 2 * w)
    for (int u = 0; u < 2; u++) {
      const V at = load<V>(x + j + u * w);
      for (int r = 0; r < R; r++) s[r][u] = fma(load<V>(a + r * row + j + u * w), at, s[r][u]);
    }
  for (; j + w <= n; j += w) {
    const V at = load<V>(x + j);
    for (int r = 0; r < R; r++) s[r][0] = fma(load<V>(a + r * row + j), at, s[r][0]);
  }
  if (j < n) {
    const First<V> rest(n - j);
    const V at = rest.load(x + j);
    for (int r = 0; r < R; r++) s[r][1] = fma(rest.load(a + r * row + j), at, s[r][1]);
  }
  for (int r = 0; r < R; r++) total[r] = laneSum(s[r][0] + s[r][1]);
}

template <class T>
void dots(T* y, int64_t yStep, const T* a, int64_t row, const T* x, int64_t m, int64_t n, bool add) {
  T total[4];
  for (int64_t i = 0; i < m; i += 4) {
    const int count = m - i < 4 ? (int)(m - i) : 4;
    if (count == 4)
      dotRows<T, 4>(total, a + i * row, row, x, n);
    else
      for (int r = 0; r < count; r++) dotRows<T, 1>(total + r, a + (i + r) * row, row, x, n);
    for (int r = 0; r < count; r++) {
      T& to = y[(i + r) * yStep];
      to = add ? to + total[r] : total[r];
    }
  }
}

template <class T>
void addProducts(T* y, const T* a, const T* b, int64_t n) {
  using V = typename VectorOf<T>::type;
  int64_t j = 0;
  for (; j + lanes<V> <= n; j += lanes<V>)
    store<V>(y + j, fma(load<V>(a + j), load<V>(b + j), load<V>(y + j)));
  for (; j < n; j++) y[j] += a[j] * b[j];
}

}  // namespace ONWARD_ISA
}  // namespace onward
