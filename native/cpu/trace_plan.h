#pragma once
#include "code/trace_step.h"
#include "cpu/context.h"
#include "cpu/trace_axes.h"
#include "cpu/trace_panels.h"

namespace onward {

/** A trace step as the CPU runs it: the passes that it takes over the rows. */
struct TracePlan {
  /** Takes a trace step off `from`, and plans it. @throws Error with code "invalid-instruction" */
  TracePlan(Encoded& from, const Array* arrays, int64_t arrayCount);
  /** Whether the pass that combines rows adds to the gradient, too. */
  bool learns() const { return isSinglePass && (step.hasBefore || step.hasAfter); }

  TraceStep step;
  /** Whether all terms are simple: then one pass over the rows does everything. */
  bool isSinglePass;
  /** Panels of columns that take it in one pass; null where there are none, and always where all terms are simple. */
  std::unique_ptr<const TracePanels> panels;
  /** Axes of the pass that combines rows: the trace, the gradient, before, after, and two factors for each simple term. */
  TraceAxes<kMaxWalked> combined;
  /** Axes of the passes that only contract, where there are any: the trace, the gradient, and a vector for each state. */
  TraceAxes<kMaxContracted> contractedBefore, contractedAfter;
};

/** Runs it. Allocates nothing but workspace. */
void execute(const TracePlan& plan, Context& context);

}  // namespace onward
