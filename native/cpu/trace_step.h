#pragma once
#include <cstdint>
#include <vector>

#include "cpu/array.h"
#include "cpu/context.h"
#include "cpu/instruction.h"

namespace onward {

constexpr int kMaxStates = 4;
constexpr int kMaxRows = 8;

/** A factor of a term, or a vector over the rows of a trace: where its entries lie. */
struct Factor {
  const char* data = nullptr;
  int64_t offset = 0;
  int64_t row[kMaxRows] = {};
  int64_t bound[kMaxRows] = {};

  explicit operator bool() const { return data != nullptr; }
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
  /** State whose old trace is the base, or -1. */
  int own = -1;
  /** Whether its rows are all rows of the trace, and nothing is summed. */
  bool simple = false;
};

/**
 * The hot loop of forward-in-time learning, decoded: see src/tensor/trace-step.ts for what it computes, and
 * src/backends/native/encode-trace.ts for how it is encoded. Running it allocates nothing.
 */
struct TracePlan {
  DType dtype = DType::Float64;
  int states = 0, rank = 0;
  int64_t rows[kMaxRows];
  int64_t inner = 0;
  char* traces[kMaxStates] = {};
  char* gradient = nullptr;
  int64_t gradientRow[kMaxRows] = {};
  std::vector<TraceTerm> terms;
  bool hasBefore = false, hasAfter = false;
  Factor before[kMaxStates], after[kMaxStates];
  /** Row axis that threads share out: rows apart there never meet in the gradient; -1 where there is none. */
  int shared = -1;
};

/** Takes a trace step off `from`. @throws Error with code "invalid-instruction" where memory would not be safe */
TracePlan decodeTrace(Encoded& from, const Array* arrays, int64_t arrayCount);

/** Runs it, trusting what `decodeTrace` checked. */
void execute(const TracePlan& plan, Context& context);

}  // namespace onward
