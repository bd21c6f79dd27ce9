#pragma once
// Rows of one entry of a trace step: the loop runs across rows.
#include "kernels/trace.h"
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

/** The same line at U vectors, so that what kind of line it is is asked once for all of them. */
template <class T, int U, class Part>
struct Entries {
  using V = typename VectorOf<T>::type;
  V v[U];

  Entries(const T* p, int64_t step, int64_t j, int64_t count, Part part) {
    if (step == 1)
      for (int u = 0; u < U; u++) v[u] = part.load(p + j + u * lanes<V>);
    else
      for (int u = 0; u < U; u++) v[u] = entries<T>(p, step, j + u * lanes<V>, count, part);
  }
};

/** U vectors of `count` entries from j on; what they add to a gradient that all entries share goes to `shared`. */
template <class T, int K, int U, class Part>
inline void columnPiece(const TraceColumn<T>& c, int64_t j, int64_t count, Part part, typename VectorOf<T>::type* shared) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  const auto at = [&](const TraceLine<T>& x) { return Entries<T, U, Part>(x.p, x.step, j, count, part); };
  V g[U] = {}, next[K][U] = {};
  if (c.gradient) {
    for (int u = 0; u < U; u++)
      g[u] = c.gradientStep == 0 ? shared[u] : entries<T>(c.gradient, c.gradientStep, j + u * w, count, part);
#pragma GCC unroll 4
    for (int k = 0; k < K; k++) {
      if (!c.before[k].p) continue;
      const auto e = at(c.before[k]);
      for (int u = 0; u < U; u++) g[u] += strong<V>(e.v[u], part.load(c.trace[k] + j + u * w));
    }
  }
#pragma GCC unroll 4
  for (int k = 0; k < K; k++)
    for (int t = c.first[k]; t < c.first[k + 1]; t++) {
      if (!c.a[t].p || !c.b[t].p) {
        const auto a = at(c.a[t].p ? c.a[t] : c.b[t]);
        for (int u = 0; u < U; u++) next[k][u] += a.v[u];
        continue;
      }
      const auto a = at(c.a[t]), b = at(c.b[t]);
      for (int u = 0; u < U; u++) next[k][u] += strong<V>(a.v[u], b.v[u]);
    }
#pragma GCC unroll 4
  for (int k = 0; k < K; k++)
    for (int u = 0; u < U; u++) part.store(c.trace[k] + j + u * w, next[k][u]);
  if (!c.gradient) return;
#pragma GCC unroll 4
  for (int k = 0; k < K; k++) {
    if (!c.after[k].p) continue;
    const auto e = at(c.after[k]);
    for (int u = 0; u < U; u++) g[u] += strong<V>(e.v[u], next[k][u]);
  }
  for (int u = 0; u < U; u++) {
    if (c.gradientStep == 0)
      shared[u] = g[u];
    else if (c.gradientStep == 1)
      part.store(c.gradient + j + u * w, g[u]);
    else
      for (int64_t i = 0; i < count; i++) c.gradient[(j + u * w + i) * c.gradientStep] = g[u][i];
  }
}

template <class T, int K>
void traceColumn(const TraceColumn<T>& c, int64_t n) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>, U = K <= 2 && ONWARD_BYTES == 64 ? 4 : 2;
  V shared[U] = {}, rest{};
  int64_t j = 0;
  for (; j + U * w <= n; j += U * w) columnPiece<T, K, U>(c, j, w, Whole<V>(), shared);
  for (; j + w <= n; j += w) columnPiece<T, K, 1>(c, j, w, Whole<V>(), shared);
  for (int u = 1; u < U; u++) shared[0] += shared[u];
  if (j < n) {
    columnPiece<T, K, 1>(c, j, n - j, First<V>(n - j), &rest);
    // entries past the end may have come of factors that are the same for all
    for (int64_t i = 0; i < n - j; i++) shared[0][i] += rest[i];
  }
  if (c.gradient && c.gradientStep == 0) *c.gradient += laneSum(shared[0]);
}

}  // namespace ONWARD_ISA
}  // namespace onward
