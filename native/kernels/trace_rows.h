#pragma once
// One row of a trace step. Coefficients are finite and not zero here; see cpu/trace_step.cc for those that are not.
#include "cpu/table.h"
#include "kernels/vector.h"

namespace onward {
namespace ONWARD_ISA {

/** U vectors at a time, from entry j on. */
template <class T, int U>
inline void rowPiece(const TraceRow<T>& r, int64_t j) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  V g[U] = {}, s[2][U];
  if (r.gradient)
    for (int u = 0; u < U; u++) g[u] = load<V>(r.gradient + j + u * w);
  for (int k = 0; k < r.befores; k++)
    for (int u = 0; u < U; u++) g[u] = fma(filled<V>(r.before[k].by), load<V>(r.before[k].from + j + u * w), g[u]);
  for (int k = 0; k < r.states; k++) {
    for (int u = 0; u < U; u++) s[k][u] = filled<V>(r.constant[k]);
    for (int i = r.first[k]; i < r.first[k + 1]; i++) {
      const V c = filled<V>(r.term[i].by);
      const T* x = r.term[i].from + j;
      for (int u = 0; u < U; u++) s[k][u] = fma(c, load<V>(x + u * w), s[k][u]);
    }
  }
  for (int k = 0; k < r.states; k++)
    for (int u = 0; u < U; u++) store<V>(r.trace[k] + j + u * w, s[k][u]);
  for (int k = 0; k < r.states; k++)
    if (r.after[k] != 0)
      for (int u = 0; u < U; u++) g[u] = fma(filled<V>(r.after[k]), s[k][u], g[u]);
  if (r.gradient)
    for (int u = 0; u < U; u++) store<V>(r.gradient + j + u * w, g[u]);
}

/** S' = c S + d x and G += e S', what most rows are. */
template <class T, int U, bool learns>
inline void plainPiece(T* s, T c, T d, const T* x, T e, T* g, int64_t j) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  V next[U];
  for (int u = 0; u < U; u++) {
    const int64_t at = j + u * w;
    next[u] = fma(filled<V>(c), load<V>(s + at), filled<V>(d) * load<V>(x + at));
    store<V>(s + at, next[u]);
    if (learns) store<V>(g + at, fma(filled<V>(e), next[u], load<V>(g + at)));
  }
}

template <class T>
void traceRow(const TraceRow<T>& r, int64_t n) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  int64_t j = 0;
  for (; j + 4 * w <= n; j += 4 * w) rowPiece<T, 4>(r, j);
  for (; j + w <= n; j += w) rowPiece<T, 1>(r, j);
  for (; j < n; j++) {
    T g = 0, s[2];
    for (int k = 0; k < r.befores; k++) g += r.before[k].by * r.before[k].from[j];
    for (int k = 0; k < r.states; k++) {
      s[k] = r.constant[k];
      for (int i = r.first[k]; i < r.first[k + 1]; i++) s[k] += r.term[i].by * r.term[i].from[j];
    }
    for (int k = 0; k < r.states; k++) {
      r.trace[k][j] = s[k];
      g += r.after[k] == 0 ? 0 : r.after[k] * s[k];
    }
    if (r.gradient) r.gradient[j] += g;
  }
}

/** Whether a factor needs no care: it is neither zero nor infinite nor NaN. */
template <class T>
inline bool plain(T c) {
  return c - c == 0 && c != 0;
}

template <class T, bool learns>
inline int64_t rowsOf(const TraceRows<T>& r, int64_t count, int64_t n) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  for (int64_t i = 0; i < count; i++) {
    const T c = r.c ? r.c[i * r.cStep] : T(1), d = r.d ? r.d[i * r.dStep] : T(1), e = learns ? r.e[i * r.eStep] : T(1);
    if (!plain(c) || !plain(d) || !plain(e)) return i;
    T* s = r.trace + i * r.traceStep;
    T* g = learns ? r.gradient + i * r.gradientStep : nullptr;
    const T* x = r.x + i * r.xStep;
    int64_t j = 0;
    for (; j + 4 * w <= n; j += 4 * w) plainPiece<T, 4, learns>(s, c, d, x, e, g, j);
    for (; j + w <= n; j += w) plainPiece<T, 1, learns>(s, c, d, x, e, g, j);
    for (; j < n; j++) {
      const T next = c * s[j] + d * x[j];
      s[j] = next;
      if (learns) g[j] += e * next;
    }
  }
  return count;
}

template <class T>
int64_t traceRows(const TraceRows<T>& r, int64_t count, int64_t n) {
  return r.e ? rowsOf<T, true>(r, count, n) : rowsOf<T, false>(r, count, n);
}

/** Zero where either factor is zero. */
template <class V>
inline V strong(V a, V b) {
  const V zero{};
  return (a == zero) | (b == zero) ? zero : a * b;
}

template <class T>
void traceColumn(const TraceColumn<T>& c, int64_t n) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  for (int64_t j = 0; j < n; j += w) {
    const int64_t count = n - j < w ? n - j : w;
    const auto part = [j, count](const T* p) {
      if (count == w) return load<V>(p + j);
      V v{};
      memcpy(&v, p + j, count * sizeof(T));
      return v;
    };
    const auto at = [part](const TraceLine<T>& x) {
      return x.p == nullptr ? filled<V>(1) : x.step == 0 ? filled<V>(*x.p) : part(x.p);
    };
    const auto put = [j, count](T* p, V v) { memcpy(p + j, &v, count * sizeof(T)); };
    V g{}, s[2]{};
    if (c.gradient) g = part(c.gradient);
    for (int k = 0; k < c.states; k++)
      if (c.before[k].p) g += strong<V>(at(c.before[k]), part(c.trace[k]));
    for (int k = 0; k < c.states; k++)
      for (int i = c.first[k]; i < c.first[k + 1]; i++) s[k] += strong<V>(at(c.a[i]), at(c.b[i]));
    for (int k = 0; k < c.states; k++) {
      put(c.trace[k], s[k]);
      if (c.after[k].p) g += strong<V>(at(c.after[k]), s[k]);
    }
    if (c.gradient) put(c.gradient, g);
  }
}

}  // namespace ONWARD_ISA
}  // namespace onward
