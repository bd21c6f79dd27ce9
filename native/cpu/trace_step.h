#pragma once
#include <cmath>
#include <cstdint>
#include <vector>

#include "cpu/array.h"
#include "cpu/context.h"
#include "cpu/instruction.h"
#include "cpu/trace_axes.h"

namespace onward {

/** A factor of a term, or a vector over the rows of a trace: where its entries lie. */
struct Factor {
  const char* data = nullptr;
  int64_t offset = 0;
  int64_t row[kMaxRows] = {};
  int64_t bound[kMaxRows] = {};

  explicit operator bool() const { return data != nullptr; }
  template <class T>
  const T* at(int64_t place = 0) const {
    return reinterpret_cast<const T*>(data) + place;
  }
};

/** One product that is added into a trace: coefficient(row, bound) * base(row, bound, 0..inner), summed over bound. */
struct TraceTerm {
  int into = 0;
  int rank = 0, bounds = 0;
  int64_t rows[kMaxRows];
  int64_t bound[kMaxRows];
  int64_t outOffset = 0;
  int64_t out[kMaxRows];
  Factor coefficient, base;
  bool constantInner = false;
  /** State whose old trace is the base row for row, or -1. */
  int own = -1;
  /** State in whose old trace the base lies in some other way, or -1. */
  int old = -1;
  /** Whether its rows are all rows of the trace. */
  bool isWhole = false;
  /** Whether rows are combined one by one: its rows are whole, nothing is summed, and no other old rows are read. */
  bool simple = false;
};

/**
 * The hot loop of forward-in-time learning, decoded: see src/tensor/trace-step.ts for what it computes, and
 * src/backends/native/encode-trace.ts for how it is encoded. Running it allocates nothing but workspace.
 */
struct TracePlan {
  DType dtype = DType::Float64;
  int states = 0, rank = 0;
  int64_t rows[kMaxRows];
  int64_t inner = 0;
  /** Entries of a trace. */
  int64_t count = 0;
  char* traces[kMaxStates] = {};
  char* gradient = nullptr;
  int64_t gradientRow[kMaxRows] = {};
  /** Sorted by the state that they are added to, old traces first. */
  std::vector<TraceTerm> terms;
  bool hasBefore = false, hasAfter = false;
  Factor before[kMaxStates], after[kMaxStates];
  /** Whether all terms are simple: then one pass over the rows does everything. */
  bool isSinglePass = false;
  /** Axes of the pass that combines rows: the trace, the gradient, before, after, and two factors for each simple term. */
  TraceAxes<kMaxWalked> combined;
  /** Axes of the passes that only contract, where there are any: the trace, the gradient, and a vector for each state. */
  TraceAxes<kMaxContracted> contractedBefore, contractedAfter;
};

/** Takes a trace step off `from`. @throws Error with code "invalid-instruction" where memory would not be safe */
TracePlan decodeTrace(Encoded& from, const Array* arrays, int64_t arrayCount);

/** Runs it, trusting what `decodeTrace` checked. */
void execute(const TracePlan& plan, Context& context);

/** G += vectors . traces */
template <class T>
void contractTraces(const TracePlan& plan, const TraceAxes<kMaxContracted>& axes, const Factor* vectors, Context& context);
/** Simple terms, all states in one pass over the rows; errors too, where that is all. */
template <class T>
void combineRows(const TracePlan& plan, Context& context);
/** Terms of all kinds. */
template <class T>
void mixRows(const TracePlan& plan, Context& context);

/** Zero where either factor is zero. */
template <class T>
inline T strong(T a, T b) {
  return a == 0 || b == 0 ? 0 : a * b;
}

/** Entries that are worth a thread. */
constexpr int64_t kTraceGrain = 32768;

}  // namespace onward
