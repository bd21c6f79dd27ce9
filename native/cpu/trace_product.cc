#include "cpu/trace_product.h"

namespace onward {

namespace {

/** Copies old traces that terms read in other places than their own rows, before anything is written. */
template <class T>
void keepOld(const TracePlan& plan, const char** old, Context& context) {
  bool isRead[kMaxStates] = {};
  int64_t count = 0;
  for (const TraceTerm& t : plan.terms)
    if (t.old >= 0 && !isRead[t.old]) {
      isRead[t.old] = true;
      count += plan.count;
    }
  if (count == 0) return;
  T* to = context.workspace().template get<T>(Workspace::kKept, count);
  for (int k = 0; k < plan.states; k++) {
    if (!isRead[k]) continue;
    std::memcpy(to, plan.traces[k], plan.count * sizeof(T));
    old[k] = reinterpret_cast<const char*>(to);
    to += plan.count;
  }
}

/** The term that is a product in place, where nothing else reads old traces; -1 where there is none. */
template <class T>
int inPlace(const TracePlan& plan, const char* const* old) {
  int found = -1;
  for (size_t i = 0; i < plan.terms.size(); i++) {
    if (plan.terms[i].simple || (plan.terms[i].old >= 0 && found >= 0)) return -1;
    if (plan.terms[i].old >= 0) found = static_cast<int>(i);
  }
  return found >= 0 && TraceProduct<T>(plan, plan.terms[found], old).isInPlace() ? found : -1;
}

}  // namespace

template <class T>
void mixRows(const TracePlan& plan, Context& context) {
  const char* old[kMaxStates] = {};
  const int first = inPlace<T>(plan, old);
  bool isWritten[kMaxStates] = {};
  if (first >= 0) {
    TraceProduct<T>(plan, plan.terms[first], old).runInPlace(context);
    isWritten[plan.terms[first].into] = true;
  } else {
    keepOld<T>(plan, old, context);
    if (std::any_of(plan.terms.begin(), plan.terms.end(), [](const TraceTerm& t) { return t.simple; })) {
      combineRows<T>(plan, context);
      std::fill_n(isWritten, plan.states, true);
    }
  }
  const auto clear = [&](int k) {
    if (!isWritten[k]) std::memset(plan.traces[k], 0, plan.count * sizeof(T));
    isWritten[k] = true;
  };
  for (int i = 0; i < static_cast<int>(plan.terms.size()); i++) {
    const TraceTerm& t = plan.terms[i];
    if (t.simple || i == first) continue;
    const TraceProduct<T> product(plan, t, old);
    if (!product.covers()) clear(t.into);
    product.run(isWritten[t.into], context);
    isWritten[t.into] = true;
  }
  for (int k = 0; k < plan.states; k++) clear(k);
}

template void mixRows<float>(const TracePlan&, Context&);
template void mixRows<double>(const TracePlan&, Context&);

}  // namespace onward
