#include "cpu/trace_product.h"

namespace onward {

namespace {

/** Copies old traces that terms read in other places than their own rows, before anything is written. */
template <class T>
void keepOld(const TraceStep& step, const char** old, Context& context) {
  bool isRead[kMaxStates] = {};
  int64_t count = 0;
  for (const TraceTerm& t : step.terms)
    if (t.old >= 0 && !isRead[t.old]) {
      isRead[t.old] = true;
      count += step.count;
    }
  if (count == 0) return;
  T* to = context.workspace().template get<T>(Workspace::kKept, count);
  for (int k = 0; k < step.states; k++) {
    if (!isRead[k]) continue;
    const T* from = reinterpret_cast<const T*>(step.traces[k]);
    step.extent.each([&](int64_t place, int64_t copied) {
      std::memcpy(to + copied, from + place, step.extent.run() * sizeof(T));
    });
    old[k] = reinterpret_cast<const char*>(to);
    to += step.count;
  }
}

/** The term that is a product in place, where nothing else reads old traces; -1 where there is none. */
template <class T>
int inPlace(const TraceStep& step, const char* const* old) {
  int found = -1;
  for (size_t i = 0; i < step.terms.size(); i++) {
    if (step.terms[i].simple || (step.terms[i].old >= 0 && found >= 0)) return -1;
    if (step.terms[i].old >= 0) found = static_cast<int>(i);
  }
  return found >= 0 && TraceProduct<T>(step, step.terms[found], old).isInPlace() ? found : -1;
}

}  // namespace

template <class T>
void mixRows(const TracePlan& plan, Context& context) {
  const TraceStep& step = plan.step;
  const char* old[kMaxStates] = {};
  const int first = inPlace<T>(step, old);
  bool isWritten[kMaxStates] = {};
  if (first >= 0) {
    TraceProduct<T>(step, step.terms[first], old).runInPlace(context);
    isWritten[step.terms[first].into] = true;
  } else {
    keepOld<T>(step, old, context);
    if (std::any_of(step.terms.begin(), step.terms.end(), [](const TraceTerm& t) { return t.simple; })) {
      combineRows<T>(plan, context);
      std::fill_n(isWritten, step.states, true);
    }
  }
  const auto clear = [&](int k) {
    if (isWritten[k]) return;
    T* to = reinterpret_cast<T*>(step.traces[k]);
    step.extent.each([&](int64_t place, int64_t) { std::memset(to + place, 0, step.extent.run() * sizeof(T)); });
    isWritten[k] = true;
  };
  for (int i = 0; i < static_cast<int>(step.terms.size()); i++) {
    const TraceTerm& t = step.terms[i];
    if (t.simple || i == first) continue;
    const TraceProduct<T> product(step, t, old);
    if (!product.covers()) clear(t.into);
    product.run(isWritten[t.into], context);
    isWritten[t.into] = true;
  }
  for (int k = 0; k < step.states; k++) clear(k);
}

template void mixRows<float>(const TracePlan&, Context&);
template void mixRows<double>(const TracePlan&, Context&);

}  // namespace onward
