#pragma once
#include <cstdint>
#include <vector>

#include "code/array.h"
#include "code/encoded.h"
#include "code/trace_extent.h"
#include "kernels/trace.h"

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
  /** Where it is added, from the first entry of the trace on. */
  int64_t outOffset = 0;
  int64_t out[kMaxRows];
  Factor coefficient, base;
  bool constantInner = false;
  /** State whose old trace is the base row for row, or -1. */
  int own = -1;
  /** State in whose old trace the base lies in some other way, from `oldOffset` on; or -1. */
  int old = -1;
  int64_t oldOffset = 0;
  /** Whether its rows are all rows of the trace. */
  bool isWhole = false;
  /** Whether rows are combined one by one: its rows are whole, nothing is summed, and no other old rows are read. */
  bool simple = false;
};

/** The hot loop of forward-in-time learning: see src/device/trace-step.ts for what it computes. */
struct TraceStep {
  DType dtype = DType::Float64;
  int states = 0, rank = 0;
  int64_t rows[kMaxRows];
  int64_t inner = 0;
  /** Entries of a trace. */
  int64_t count = 0;
  /** First entries, and how rows lie from them on. */
  char* traces[kMaxStates] = {};
  int64_t traceRow[kMaxRows];
  TraceExtent extent;
  char* gradient = nullptr;
  int64_t gradientRow[kMaxRows] = {};
  /** Sorted by the state that they are added to, old traces first. */
  std::vector<TraceTerm> terms;
  /** Whether anything is added to the gradient before the traces change, and after. */
  bool hasBefore = false, hasAfter = false;
  Factor before[kMaxStates], after[kMaxStates];
};

/**
 * Takes a trace step off `from`, encoded as src/backends/native/encode-trace.ts says. Every factor is held against the array
 * that it lies in.
 * @throws Error with code "invalid-instruction" where memory would not be safe
 */
TraceStep decodeTrace(Encoded& from, const Array* arrays, int64_t arrayCount);

}  // namespace onward
