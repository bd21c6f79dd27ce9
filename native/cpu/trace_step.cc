#include "cpu/trace_step.h"

namespace onward {

namespace {

template <class T>
void run(const TracePlan& plan, Context& context) {
  if (plan.count == 0) return;
  if (plan.isSinglePass) {
    combineRows<T>(plan, context);
    return;
  }
  if (plan.hasBefore) contractTraces<T>(plan, plan.contractedBefore, plan.before, context);
  mixRows<T>(plan, context);
  if (plan.hasAfter) contractTraces<T>(plan, plan.contractedAfter, plan.after, context);
}

}  // namespace

void execute(const TracePlan& plan, Context& context) {
  if (plan.dtype == DType::Float32)
    run<float>(plan, context);
  else
    run<double>(plan, context);
}

}  // namespace onward
