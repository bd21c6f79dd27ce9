#pragma once
#include "cpu/trace_plan.h"

namespace onward {

/** G += vectors . traces */
template <class T>
void contractTraces(const TraceStep& step, const TraceAxes<kMaxContracted>& axes, const Factor* vectors, Context& context);
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
