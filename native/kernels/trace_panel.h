#pragma once
// Panels of a trace step: a tile of a matrix product stays in registers, and old rows are mixed in before it is written, so that
// each entry of a trace is read and written once.
#include "kernels/gemm.h"
#include "kernels/trace.h"
#include "kernels/vector.h"

namespace onward {
namespace ONWARD_ISA {

template <class T>
constexpr int64_t kPanelColumns = Gemm<T>::columns;

/** Rows are too far apart for the processor to see what comes: it is told of the panel after the next. */
template <class T>
constexpr int64_t kAhead = 2 * kPanelColumns<T>;

/** Rows of a tile: those of all states together are as many as of a matrix product. */
template <int K>
constexpr int kPanelRows = Gemm<float>::rows / K > 0 ? Gemm<float>::rows / K : 1;

template <class T>
void packPanel(T* to, const T* from, const int64_t* places, int64_t count, int64_t columns) {
  constexpr int64_t width = kPanelColumns<T>;
  for (int64_t i = 0; i < count; i++, to += width) {
    const T* row = from + places[i];
    if (columns == width) {
      memcpy(to, row, width * sizeof(T));
      __builtin_prefetch(row + kAhead<T>);
      __builtin_prefetch(row + kAhead<T> + width / 2);
    } else {
      memset(to, 0, width * sizeof(T));
      memcpy(to, row, columns * sizeof(T));
    }
  }
}

/** The new entries of one row from column j on, of which `next` has the products. */
template <class T, int K, int U, class Part>
__attribute__((always_inline)) inline void finishRow(const TracePanel<T>& p, int64_t row, int64_t j, Part part,
                                                     typename VectorOf<T>::type (*next)[U]) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  const int64_t at = p.traceAt[row] + j;
  const T *own = p.own + row * K * K, *before = p.before + row * K, *after = p.after + row * K;
  T* const to = p.gradient ? p.gradient + p.gradientAt[row] + j : nullptr;
  V old[K][U], g[U] = {};
#pragma GCC unroll 4
  for (int k = 0; k < K; k++)
#pragma GCC unroll 2
    for (int u = 0; u < U; u++) {
      old[k][u] = part.load(p.trace[k] + at + u * w);
      __builtin_prefetch(p.trace[k] + at + kAhead<T> + u * w, 1);
    }
  const auto learn = [&](const T* errors, V(*from)[U]) {
#pragma GCC unroll 4
    for (int k = 0; k < K; k++)
      if (errors[k] != 0)
#pragma GCC unroll 2
        for (int u = 0; u < U; u++) g[u] = fma(filled<V>(errors[k]), from[k][u], g[u]);
  };
  if (to) {
#pragma GCC unroll 2
    for (int u = 0; u < U; u++) g[u] = part.load(to + u * w);
    learn(before, old);
  }
#pragma GCC unroll 4
  for (int k = 0; k < K; k++) {
#pragma GCC unroll 4
    for (int l = 0; l < K; l++)
      if (own[k * K + l] != 0)
#pragma GCC unroll 2
        for (int u = 0; u < U; u++) next[k][u] = fma(filled<V>(own[k * K + l]), old[l][u], next[k][u]);
#pragma GCC unroll 2
    for (int u = 0; u < U; u++) part.store(p.trace[k] + at + u * w, next[k][u]);
  }
  if (!to) return;
  learn(after, next);
#pragma GCC unroll 2
  for (int u = 0; u < U; u++) part.store(to + u * w, g[u]);
}

/** A tile of R rows, of which `count` are there, at U vectors from column j on. */
template <class T, int K, int R, int U, class Part>
inline void panelTile(const TracePanel<T>& p, const T* a, int64_t row, int64_t count, int64_t j, Part part) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  V sum[R][K][U];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int k = 0; k < K; k++)
#pragma GCC unroll 2
      for (int u = 0; u < U; u++) sum[r][k][u] = V{};
  const T* b = p.base + j;
  for (int64_t i = 0; i < p.depth; i++, a += R * K, b += kPanelColumns<T>) {
    V x[U];
#pragma GCC unroll 2
    for (int u = 0; u < U; u++) x[u] = load<V>(b + u * w);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++)
#pragma GCC unroll 4
      for (int k = 0; k < K; k++) {
        const V y = filled<V>(a[r * K + k]);
#pragma GCC unroll 2
        for (int u = 0; u < U; u++) sum[r][k][u] = fma(y, x[u], sum[r][k][u]);
      }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
    if (r < count) finishRow<T, K, U>(p, row + r, j, part, sum[r]);
}

/** U vectors of all rows from column j on. */
template <class T, int K, int U, class Part>
inline void panelColumns(const TracePanel<T>& p, int64_t j, Part part) {
  constexpr int R = kPanelRows<K>, half = R / 2;
  const T* a = p.coefficients;
  int64_t row = 0;
  for (; row + R <= p.rows; row += R, a += p.depth * R * K) panelTile<T, K, R, U>(p, a, row, R, j, part);
  const int64_t rest = p.rows - row;
  if (rest > half) panelTile<T, K, R, U>(p, a, row, rest, j, part);
  if constexpr (half > 0)
    if (rest > 0 && rest <= half) panelTile<T, K, half, U>(p, a, row, rest, j, part);
}

template <class T, int K>
void tracePanel(const TracePanel<T>& p, int64_t columns) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  if (columns == kPanelColumns<T>) {
    panelColumns<T, K, Gemm<T>::vectors>(p, 0, Whole<V>());
    return;
  }
  int64_t j = 0;
  for (; j + w <= columns; j += w) panelColumns<T, K, 1>(p, j, Whole<V>());
  if (j < columns) panelColumns<T, K, 1>(p, j, First<V>(columns - j));
}

}  // namespace ONWARD_ISA
}  // namespace onward
