#pragma once
// What the kernels of a trace step take. Their entries are plain data: vector kernels are compiled once per instruction
// set, and an inline function here might be kept from any of them.
#include <cstdint>

namespace onward {

constexpr int kMaxStates = 4;
constexpr int kMaxTerms = 64;

/** Entries along a row axis: p[i * step]. */
template <class T>
struct TraceLine {
  const T* p;
  int64_t step;
};

/**
 * Rows of the traces of up to four states, row i at i * step of everything:
 *
 *     G += sum over k of before_k S_k
 *     S'_k = sum over l of own_kl S_l + sum of by_t from_t[...] for terms first[k] to first[k + 1] + constants
 *     G += sum over k of after_k S'_k
 *
 * with strong zeros. What is not there is a line of zeros.
 */
template <class T>
struct TraceRows {
  T* trace[kMaxStates];
  int64_t traceStep;
  /** Null where nothing is added to it. */
  T* gradient;
  int64_t gradientStep;
  bool hasBefore;
  /** Whether every state has one term, all of them share their rows, and nothing is constant: most steps are such. */
  bool isDense;
  TraceLine<T> before[kMaxStates], after[kMaxStates];
  TraceLine<T> own[kMaxStates][kMaxStates];
  int first[kMaxStates + 1];
  TraceLine<T> by[kMaxTerms], from[kMaxTerms];
  /** Terms that are the same for a whole row: by * from. */
  int constants;
  int constantInto[kMaxTerms];
  TraceLine<T> constantBy[kMaxTerms], constantFrom[kMaxTerms];
};

/**
 * Rows of one entry, entry j at j * step of everything, the traces' next to each other:
 *
 *     G[j] += sum of before_k S_k;  S'_k[j] = sum of a_t b_t for terms first[k] to first[k + 1];  G[j] += sum of after_k S'_k
 *
 * with strong zeros. A null `before` or `after` is zero, a null factor of a term is one. Terms of an old trace have it as b.
 */
template <class T>
struct TraceColumn {
  T* trace[kMaxStates];
  T* gradient;
  int64_t gradientStep;
  TraceLine<T> before[kMaxStates], after[kMaxStates];
  int first[kMaxStates + 1];
  TraceLine<T> a[kMaxTerms], b[kMaxTerms];
};

/**
 * A panel of columns of some rows of the traces, whose new rows are mixtures of the old ones and products with one matrix:
 *
 *     G[row] += sum over k of before_k S_k[row]
 *     S'_k[row] = sum over i of coefficient_k[row, i] base[i] + sum over l of own_kl S_l[row]
 *     G[row] += sum over k of after_k S'_k[row]
 *
 * Nothing is both zero here and infinite there.
 */
template <class T>
struct TracePanel {
  T* trace[kMaxStates];
  /** Null where nothing is added to it. */
  T* gradient;
  /** Where the rows lie in the traces and in the gradient. */
  const int64_t* traceAt;
  const int64_t* gradientAt;
  int64_t rows;
  /** For each row, one for each state; own_kl at k * states + l. */
  const T *own, *before, *after;
  /** For each tile of rows and each i: row by row, one for each state; a tile is filled up with zeros. */
  const T* coefficients;
  /** Packed rows of a panel's width. */
  const T* base;
  int64_t depth;
};

/** A row times a number: by * from[0..n). */
template <class T>
struct ScaledRow {
  T by;
  const T* from;
};
/** As many factors as are added at once. */
constexpr int kMaxAdded = 8;

}  // namespace onward
