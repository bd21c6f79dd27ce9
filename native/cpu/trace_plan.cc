#include "cpu/trace_plan.h"

#include <algorithm>

#include "cpu/trace_passes.h"

namespace onward {

namespace {

/** Axes with the trace and the gradient as the first operands. */
template <class Axes>
void begin(Axes& axes, const TraceStep& step) {
  axes.rank = step.rank;
  axes.inner = step.inner;
  std::copy_n(step.rows, step.rank, axes.size);
  axes.add(step.traceRow, Along::kEach);
  axes.add(step.gradientRow, step.gradient ? Along::kEach : Along::kNone);
}

template <class Axes>
void addVectors(Axes& axes, const TraceStep& step, const Factor* vectors) {
  for (int k = 0; k < step.states; k++) axes.add(vectors[k].row, vectors[k] ? Along::kOne : Along::kNone);
}

void combinedAxes(const TracePlan& plan, TraceAxes<kMaxWalked>& axes) {
  const TraceStep& step = plan.step;
  begin(axes, step);
  // errors are contracted by passes of their own where terms are added after this one
  if (!plan.learns()) axes.kind[1] = Along::kNone;
  addVectors(axes, step, step.before);
  addVectors(axes, step, step.after);
  for (int k = 2; !plan.isSinglePass && k < axes.operands; k++) axes.kind[k] = Along::kNone;
  for (const TraceTerm& t : step.terms) {
    if (!t.simple) continue;
    axes.add(t.coefficient.row, t.coefficient ? Along::kOne : Along::kNone);
    axes.add(t.base.row, t.own >= 0 || !t.base ? Along::kNone : t.constantInner ? Along::kOne : Along::kEach);
  }
  axes.fold();
}

void contractedAxes(const TraceStep& step, const Factor* vectors, TraceAxes<kMaxContracted>& axes) {
  begin(axes, step);
  addVectors(axes, step, vectors);
  axes.fold();
}

template <class T>
void run(const TracePlan& plan, Context& context) {
  const TraceStep& step = plan.step;
  if (step.count == 0) return;
  if (plan.isSinglePass) {
    combineRows<T>(plan, context);
    return;
  }
  if (plan.panels) {
    runPanels<T>(*plan.panels, step, context);
    return;
  }
  if (step.hasBefore) contractTraces<T>(step, plan.contractedBefore, step.before, context);
  mixRows<T>(plan, context);
  if (step.hasAfter) contractTraces<T>(step, plan.contractedAfter, step.after, context);
}

}  // namespace

TracePlan::TracePlan(Encoded& from, const Array* arrays, int64_t arrayCount)
    : step(decodeTrace(from, arrays, arrayCount)) {
  isSinglePass = std::all_of(step.terms.begin(), step.terms.end(), [](const TraceTerm& t) { return t.simple; });
  if (!isSinglePass) panels = TracePanels::of(step);
  combinedAxes(*this, combined);
  contractedAxes(step, step.before, contractedBefore);
  contractedAxes(step, step.after, contractedAfter);
}

void execute(const TracePlan& plan, Context& context) {
  if (plan.step.dtype == DType::Float32)
    run<float>(plan, context);
  else
    run<double>(plan, context);
}

}  // namespace onward
