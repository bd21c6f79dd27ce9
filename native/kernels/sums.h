#pragma once
// Sums in float64.
#include "kernels/convert.h"

namespace onward {
namespace ONWARD_ISA {

/** Four running vectors over up to 256 entries, and halves added pairwise above that. */
template <class T>
double sum(const T* x, int64_t n) {
  if (n > 256) {
    const int64_t half = (n / 2 + 63) / 64 * 64;
    return sum(x, half) + sum(x + half, n - half);
  }
  constexpr int w = lanes<D>;
  D s[4] = {};
  int64_t j = 0;
  for (; j + 4 * w <= n; j += 4 * w)
    for (int v = 0; v < 4; v++) s[v] += asDouble(x + j + v * w);
  for (; j + w <= n; j += w) s[0] += asDouble(x + j);
  const D t = (s[0] + s[1]) + (s[2] + s[3]);
  double total = 0;
  for (int i = 0; i < w; i++) total += t[i];
  double rest = 0;
  for (; j < n; j++) rest += x[j];
  return total + rest;
}

template <class T>
void accumulate(double* y, const T* x, int64_t n) {
  int64_t j = 0;
  for (; j + lanes<D> <= n; j += lanes<D>) store<D>(y + j, load<D>(y + j) + asDouble(x + j));
  for (; j < n; j++) y[j] += x[j];
}

}  // namespace ONWARD_ISA
}  // namespace onward
