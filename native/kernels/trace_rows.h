#pragma once
// Rows of a trace step. Coefficients are finite here; rows where one is not are left to the caller. Entries past whole
// vectors go through a vector of their own, so that an entry is rounded in the same way wherever it lies.
#include "kernels/trace.h"
#include "kernels/vector.h"

namespace onward {
namespace ONWARD_ISA {

/** One row, its coefficients read. */
template <class T, int K>
struct MixedRow {
  T own[K][K], before[K], after[K], constant[K];
  T* trace[K];
  T* gradient;
  bool hasBefore;
  int first[K + 1];
  T by[kMaxTerms];
  const T* from[kMaxTerms];
};

/** Vectors that are in flight at once, as registers allow. */
template <int K>
constexpr int kFlight = K == 1 ? 4 : K == 2 ? (ONWARD_BYTES == 64 ? 4 : 2) : (ONWARD_BYTES == 64 ? 2 : 1);

/** Bytes of a row from which on it may begin with a part of a vector. */
constexpr int64_t kLongRow = ONWARD_BYTES == 64 ? 1024 : 2048;

/**
 * Entries of a row before the first place from which on whole vectors do not lie across two lines of the cache, which takes up to
 * twice the time: arrays of JavaScript often begin 16 bytes behind such a place. Where rows are short, or vectors no longer than
 * that, the part costs more than it saves.
 */
template <class T>
inline int64_t headOf(const T* row, int64_t n) {
  if (ONWARD_BYTES < 32 || n * (int64_t)sizeof(T) < kLongRow) return 0;
  return (int64_t)(-(uintptr_t)row % ONWARD_BYTES / sizeof(T));
}

/** U vectors of a row from entry j on. */
template <class T, int K, int U, class Part>
__attribute__((always_inline)) inline void rowPiece(const MixedRow<T, K>& r, int64_t j, Part part) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  V old[K][U], next[K][U], g[U] = {};
#pragma GCC unroll 4
  for (int k = 0; k < K; k++)
    for (int u = 0; u < U; u++) old[k][u] = part.load(r.trace[k] + j + u * w);
  if (r.gradient)
    for (int u = 0; u < U; u++) g[u] = part.load(r.gradient + j + u * w);
  if (r.hasBefore)
#pragma GCC unroll 4
    for (int k = 0; k < K; k++)
      if (r.before[k] != 0)
        for (int u = 0; u < U; u++) g[u] = fma(filled<V>(r.before[k]), old[k][u], g[u]);
#pragma GCC unroll 4
  for (int k = 0; k < K; k++) {
    for (int u = 0; u < U; u++) next[k][u] = filled<V>(r.constant[k]);
    for (int t = r.first[k]; t < r.first[k + 1]; t++)
      if (r.by[t] != 0)
        for (int u = 0; u < U; u++)
          next[k][u] = fma(filled<V>(r.by[t]), part.load(r.from[t] + j + u * w), next[k][u]);
#pragma GCC unroll 4
    for (int l = 0; l < K; l++)
      if (r.own[k][l] != 0)
        for (int u = 0; u < U; u++) next[k][u] = fma(filled<V>(r.own[k][l]), old[l][u], next[k][u]);
  }
  // a term may read old traces where they lie, so nothing is written before all is read
#pragma GCC unroll 4
  for (int k = 0; k < K; k++)
    for (int u = 0; u < U; u++) part.store(r.trace[k] + j + u * w, next[k][u]);
  if (!r.gradient) return;
#pragma GCC unroll 4
  for (int k = 0; k < K; k++)
    if (r.after[k] != 0)
      for (int u = 0; u < U; u++) g[u] = fma(filled<V>(r.after[k]), next[k][u], g[u]);
  for (int u = 0; u < U; u++) part.store(r.gradient + j + u * w, g[u]);
}

/** Row i whatever its zeros; false, with nothing done, where a coefficient is not finite. */
template <class T, int K>
__attribute__((always_inline)) inline bool mixedRow(const TraceRows<T>& r, int64_t i, int64_t n) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>, U = kFlight<K>;
  MixedRow<T, K> row;
  // zero, or NaN where a coefficient is not finite
  T wild = 0;
  const auto read = [&](const TraceLine<T>& line) {
    const T c = line.p[i * line.step];
    wild += c * 0;
    return c;
  };
#pragma GCC unroll 4
  for (int k = 0; k < K; k++) {
#pragma GCC unroll 4
    for (int l = 0; l < K; l++) row.own[k][l] = read(r.own[k][l]);
    row.after[k] = read(r.after[k]);
    row.before[k] = r.hasBefore ? read(r.before[k]) : T(0);
    row.constant[k] = 0;
    row.trace[k] = r.trace[k] + i * r.traceStep;
    row.first[k] = r.first[k];
  }
  row.first[K] = r.first[K];
  for (int t = 0; t < r.first[K]; t++) {
    row.by[t] = read(r.by[t]);
    row.from[t] = r.from[t].p + i * r.from[t].step;
  }
  for (int t = 0; t < r.constants; t++) {
    const T c = read(r.constantBy[t]), x = r.constantFrom[t].p[i * r.constantFrom[t].step];
    row.constant[r.constantInto[t]] += c == 0 || x == 0 ? 0 : c * x;
  }
  if (wild != 0) return false;
  row.hasBefore = r.hasBefore;
  row.gradient = r.gradient ? r.gradient + i * r.gradientStep : nullptr;
  const int64_t head = headOf(row.trace[0], n);
  int64_t j = head;
  for (; j + U * w <= n; j += U * w) rowPiece<T, K, U>(row, j, Whole<V>());
  if (U > 1)
    for (; j + w <= n; j += w) rowPiece<T, K, 1>(row, j, Whole<V>());
  // late: it lies on the line where the row before has just been ended, which is still being written
  if (head > 0) rowPiece<T, K, 1>(row, 0, First<V>(head));
  if (j < n) rowPiece<T, K, 1>(row, j, First<V>(n - j));
  return true;
}

/** What is added to the gradient on the way. */
enum Learning { kNothing, kAfter, kBoth };

/** The coefficients of a row, and where it lies: one term for each state, all with the same rows. */
template <class T, int K>
struct DenseRow {
  T own[K][K], by[K], before[K], after[K];
  T* trace[K];
  const T* from;
  T* gradient;
};

/** Inlined whatever its size, so that what it reads of a row stays in registers. */
template <class T, int K, Learning learning, int U, class Part>
__attribute__((always_inline)) inline void densePiece(const DenseRow<T, K>& r, int64_t j, Part part) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  V old[K][U], g[U], x[U], next[U];
#pragma GCC unroll 4
  for (int k = 0; k < K; k++)
    for (int u = 0; u < U; u++) old[k][u] = part.load(r.trace[k] + j + u * w);
  for (int u = 0; u < U; u++) x[u] = part.load(r.from + j + u * w);
  if (learning != kNothing)
    for (int u = 0; u < U; u++) g[u] = part.load(r.gradient + j + u * w);
  if (learning == kBoth)
#pragma GCC unroll 4
    for (int k = 0; k < K; k++)
      for (int u = 0; u < U; u++) g[u] = fma(filled<V>(r.before[k]), old[k][u], g[u]);
#pragma GCC unroll 4
  for (int k = 0; k < K; k++) {
    for (int u = 0; u < U; u++) next[u] = filled<V>(r.by[k]) * x[u];
#pragma GCC unroll 4
    for (int l = 0; l < K; l++)
      for (int u = 0; u < U; u++) next[u] = fma(filled<V>(r.own[k][l]), old[l][u], next[u]);
    for (int u = 0; u < U; u++) part.store(r.trace[k] + j + u * w, next[u]);
    if (learning != kNothing)
      for (int u = 0; u < U; u++) g[u] = fma(filled<V>(r.after[k]), next[u], g[u]);
  }
  if (learning != kNothing)
    for (int u = 0; u < U; u++) part.store(r.gradient + j + u * w, g[u]);
}

/** Whether it needs no care: neither zero nor subnormal, infinite or NaN. */
inline bool isNormal(float c) {
  uint32_t b;
  memcpy(&b, &c, sizeof b);
  return (((b >> 23) & 255) - 1) < 254;
}
inline bool isNormal(double c) {
  uint64_t b;
  memcpy(&b, &c, sizeof b);
  return (((b >> 52) & 2047) - 1) < 2046;
}

/** Dense rows from row i on, up to one with a coefficient that needs care: where it stopped. */
template <class T, int K, Learning learning>
int64_t denseRows(const TraceRows<T>& r, int64_t i, int64_t count, int64_t n) {
  using V = typename VectorOf<T>::type;
  constexpr int64_t w = lanes<V>, U = kFlight<K>;
  const First<V> rest(n & (w - 1));
  for (; i < count; i++) {
    DenseRow<T, K> row;
    bool isPlain = true;
    const auto read = [&](const TraceLine<T>& line) {
      const T c = line.p[i * line.step];
      isPlain &= isNormal(c);
      return c;
    };
#pragma GCC unroll 4
    for (int k = 0; k < K; k++) {
#pragma GCC unroll 4
      for (int l = 0; l < K; l++) row.own[k][l] = read(r.own[k][l]);
      row.by[k] = read(r.by[k]);
      if (learning == kBoth) row.before[k] = read(r.before[k]);
      if (learning != kNothing) row.after[k] = read(r.after[k]);
      row.trace[k] = r.trace[k] + i * r.traceStep;
    }
    if (!isPlain) return i;
    row.from = r.from[0].p + i * r.from[0].step;
    row.gradient = r.gradient + i * r.gradientStep;
    const int64_t head = headOf(row.trace[0], n), whole = head + ((n - head) & -w);
    int64_t j = head;
    for (; j + U * w <= whole; j += U * w) densePiece<T, K, learning, U>(row, j, Whole<V>());
    if (U > 2 && j + 2 * w <= whole) {
      densePiece<T, K, learning, 2>(row, j, Whole<V>());
      j += 2 * w;
    }
    if (U > 1 && j < whole) densePiece<T, K, learning, 1>(row, j, Whole<V>());
    // late: it lies on the line where the row before has just been ended, which is still being written
    if (head > 0) densePiece<T, K, learning, 1>(row, 0, First<V>(head));
    if (whole < n) densePiece<T, K, learning, 1>(row, whole, head > 0 ? First<V>(n - whole) : rest);
  }
  return count;
}

template <class T, int K>
int64_t traceRows(const TraceRows<T>& r, int64_t count, int64_t n) {
  for (int64_t i = 0; i < count; i++) {
    if (r.isDense) {
      i = !r.gradient   ? denseRows<T, K, kNothing>(r, i, count, n)
          : r.hasBefore ? denseRows<T, K, kBoth>(r, i, count, n)
                        : denseRows<T, K, kAfter>(r, i, count, n);
      if (i == count) break;
    }
    if (!mixedRow<T, K>(r, i, n)) return i;
  }
  return count;
}

/** U vectors of the sum of `count` rows. */
template <class T, int U, class Part>
inline void addPiece(T* y, const ScaledRow<T>* factors, int count, int64_t j, Part part) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  V sum[U];
  for (int u = 0; u < U; u++) sum[u] = part.load(y + j + u * w);
  for (int i = 0; i < count; i++)
    for (int u = 0; u < U; u++)
      sum[u] = fma(filled<V>(factors[i].by), part.load(factors[i].from + j + u * w), sum[u]);
  for (int u = 0; u < U; u++) part.store(y + j + u * w, sum[u]);
}

template <class T>
void addRows(T* y, const ScaledRow<T>* factors, int count, int64_t n) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  int64_t j = 0;
  for (; j + 4 * w <= n; j += 4 * w) addPiece<T, 4>(y, factors, count, j, Whole<V>());
  for (; j + w <= n; j += w) addPiece<T, 1>(y, factors, count, j, Whole<V>());
  if (j < n) addPiece<T, 1>(y, factors, count, j, First<V>(n - j));
}

}  // namespace ONWARD_ISA
}  // namespace onward
