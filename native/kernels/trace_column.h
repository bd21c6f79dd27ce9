#pragma once
// Rows of one entry of a trace step: the loop runs across rows.
#include "cpu/table.h"
#include "kernels/vector.h"

namespace onward {
namespace ONWARD_ISA {

/** Zero where either factor is zero. */
template <class V>
inline V strong(V a, V b) {
  const V zero{};
  return (a == zero) | (b == zero) ? zero : a * b;
}

/** Entries of a line from j on: the same, next to each other, or apart. */
template <class T, class Part>
inline typename VectorOf<T>::type entries(const T* p, int64_t step, int64_t j, int64_t count, Part part) {
  using V = typename VectorOf<T>::type;
  if (step == 1) return part.load(p + j);
  if (step == 0) return filled<V>(*p);
  V v{};
  for (int64_t i = 0; i < count; i++) v[i] = p[(j + i) * step];
  return v;
}

/** `count` entries from j on; what they add to a gradient that all entries share goes to `shared`. */
template <class T, int K, class Part>
inline void columnPiece(const TraceColumn<T>& c, int64_t j, int64_t count, Part part, typename VectorOf<T>::type& shared) {
  using V = typename VectorOf<T>::type;
  const auto at = [&](const TraceLine<T>& x) { return entries(x.p, x.step, j, count, part); };
  const auto factor = [&](const TraceLine<T>& x) { return x.p ? at(x) : filled<V>(1); };
  V g{}, next[K];
  if (c.gradient) {
    g = c.gradientStep == 0 ? shared : entries<T>(c.gradient, c.gradientStep, j, count, part);
#pragma GCC unroll 4
    for (int k = 0; k < K; k++)
      if (c.before[k].p) g += strong<V>(at(c.before[k]), part.load(c.trace[k] + j));
  }
#pragma GCC unroll 4
  for (int k = 0; k < K; k++) {
    next[k] = V{};
    for (int t = c.first[k]; t < c.first[k + 1]; t++) next[k] += strong<V>(factor(c.a[t]), factor(c.b[t]));
  }
#pragma GCC unroll 4
  for (int k = 0; k < K; k++) part.store(c.trace[k] + j, next[k]);
  if (!c.gradient) return;
#pragma GCC unroll 4
  for (int k = 0; k < K; k++)
    if (c.after[k].p) g += strong<V>(at(c.after[k]), next[k]);
  if (c.gradientStep == 0)
    shared = g;
  else if (c.gradientStep == 1)
    part.store(c.gradient + j, g);
  else
    for (int64_t i = 0; i < count; i++) c.gradient[(j + i) * c.gradientStep] = g[i];
}

template <class T, int K>
void traceColumn(const TraceColumn<T>& c, int64_t n) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  V shared{}, rest{};
  int64_t j = 0;
  for (; j + w <= n; j += w) columnPiece<T, K>(c, j, w, Whole<V>(), shared);
  if (j < n) {
    columnPiece<T, K>(c, j, n - j, First<V>(n - j), rest);
    // entries past the end may have come of factors that are the same for all
    for (int64_t i = 0; i < n - j; i++) shared[i] += rest[i];
  }
  if (c.gradient && c.gradientStep == 0) *c.gradient += laneSum(shared);
}

}  // namespace ONWARD_ISA
}  // namespace onward
