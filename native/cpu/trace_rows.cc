#include <algorithm>

#include "cpu/trace_passes.h"

namespace onward {

namespace {

/** Combines the rows from `low` to `high` along one axis; errors are contracted on the way where one pass does everything. */
template <class T>
class Rows {
 public:
  Rows(const TracePlan& plan, const Products<T>& products, int shared, int64_t low, int64_t high)
      : step_(plan.step), axes_(plan.combined), products_(products), learns_(plan.learns()) {
    for (const TraceTerm& t : step_.terms)
      if (t.simple) terms_[count_++] = &t;
    for (int k = 0; k < axes_.operands; k++) start_[k] = shared < 0 ? 0 : low * axes_.stride[k][shared];
    std::copy_n(axes_.size, axes_.rank, size_);
    if (shared >= 0) size_[shared] = high - low;
  }

  void run() {
    if (axes_.isColumn()) {
      columns();
      return;
    }
    prepare();
    const int last = axes_.rank - 1;
    const int64_t n = last < 0 ? 1 : size_[last];
    axes_.each(last < 0 ? 0 : 1, start_, size_, [&](const int64_t* place) {
      int64_t p[kMaxWalked];
      std::copy_n(place, axes_.operands, p);
      const auto skip = [&](int64_t rows) {
        for (int k = 0; k < axes_.operands; k++) p[k] += rows * stepOf(k);
      };
      for (int64_t i = 0; i < n; i++) {
        moveTo(p);
        const int64_t done = products_.traceRows[step_.states - 1](rows_, n - i, axes_.inner);
        i += done;
        if (i == n) return;
        skip(done);
        careful(p);
        skip(1);
      }
    });
  }

 private:
  int beforeAt(int k) const { return 2 + k; }
  int afterAt(int k) const { return 2 + step_.states + k; }
  int termAt(int i) const { return 2 + 2 * step_.states + 2 * i; }
  int64_t stepOf(int k) const { return axes_.rank == 0 ? 0 : axes_.stride[k][axes_.rank - 1]; }
  T* trace(int k, const int64_t* p) const { return reinterpret_cast<T*>(step_.traces[k]) + p[0]; }
  T* gradient(const int64_t* p) const { return learns_ ? reinterpret_cast<T*>(step_.gradient) + p[1] : nullptr; }
  bool hasBefore(int k) const { return learns_ && step_.before[k]; }
  bool hasAfter(int k) const { return learns_ && step_.after[k]; }

  /** What is read along a line of rows: which operand, and where its line is told to the kernel. */
  struct Slot {
    TraceLine<T>* line;
    const Factor* factor;
    int operand;
  };
  void slot(TraceLine<T>& line, const Factor& factor, int operand) {
    line.step = stepOf(operand);
    slots_[slotCount_++] = {&line, &factor, operand};
  }
  void coefficient(TraceLine<T>& line, int term) {
    line = {&one_, 0};
    if (terms_[term]->coefficient) slot(line, terms_[term]->coefficient, termAt(term));
  }

  /** Everything about the rows but where they begin. */
  void prepare() {
    TraceRows<T>& r = rows_;
    r.traceStep = stepOf(0);
    r.gradientStep = stepOf(1);
    r.hasBefore = learns_ && step_.hasBefore;
    r.constants = 0;
    int t = 0, i = 0;
    for (int k = 0; k < step_.states; k++) {
      r.before[k] = r.after[k] = {&zero_, 0};
      if (hasBefore(k)) slot(r.before[k], step_.before[k], beforeAt(k));
      if (hasAfter(k)) slot(r.after[k], step_.after[k], afterAt(k));
      for (int l = 0; l < step_.states; l++) r.own[k][l] = {&zero_, 0};
      r.first[k] = t;
      for (; i < count_ && terms_[i]->into == k; i++) {
        const TraceTerm& term = *terms_[i];
        if (term.own >= 0 && r.own[k][term.own].p == &zero_) {
          coefficient(r.own[k][term.own], i);
        } else if (term.own >= 0) {
          coefficient(r.by[t], i);
          oldRows_[oldCount_++] = {&r.from[t], term.own};
          r.from[t++].step = stepOf(0);
        } else if (term.base && !term.constantInner) {
          coefficient(r.by[t], i);
          slot(r.from[t++], term.base, termAt(i) + 1);
        } else {
          coefficient(r.constantBy[r.constants], i);
          r.constantFrom[r.constants] = {&one_, 0};
          if (term.base) slot(r.constantFrom[r.constants], term.base, termAt(i) + 1);
          r.constantInto[r.constants++] = k;
        }
      }
    }
    r.first[step_.states] = t;
    shareBase();
  }

  /** A dense step has one term for each state, all on the same rows. */
  void shareBase() {
    TraceRows<T>& r = rows_;
    r.isDense = oldCount_ == 0 && r.constants == 0 && r.first[step_.states] == step_.states;
    const Slot* base = nullptr;
    for (int s = 0; s < slotCount_; s++) {
      const Slot& slot = slots_[s];
      if (slot.line < r.from || slot.line >= r.from + kMaxTerms) continue;
      if (base && (base->factor->data != slot.factor->data || !sameSteps(base->operand, slot.operand))) r.isDense = false;
      base = &slot;
    }
    for (int k = 0; r.isDense && k < step_.states; k++) r.isDense = r.first[k] == k;
  }
  bool sameSteps(int a, int b) const {
    return std::equal(axes_.stride[a], axes_.stride[a] + axes_.rank, axes_.stride[b]);
  }

  void moveTo(const int64_t* p) {
    for (int k = 0; k < step_.states; k++) rows_.trace[k] = trace(k, p);
    rows_.gradient = gradient(p);
    for (int s = 0; s < slotCount_; s++) slots_[s].line->p = slots_[s].factor->template at<T>(p[slots_[s].operand]);
    for (int s = 0; s < oldCount_; s++) oldRows_[s].line->p = trace(oldRows_[s].state, p);
  }

  /** A row entry by entry, whatever its coefficients. */
  void careful(const int64_t* p) const {
    const auto value = [&](const Factor& f, int operand, int64_t j) { return f ? *f.template at<T>(p[operand] + j) : T(1); };
    for (int64_t j = 0; j < axes_.inner; j++) {
      T old[kMaxStates], next[kMaxStates] = {}, g = 0;
      for (int k = 0; k < step_.states; k++) {
        old[k] = trace(k, p)[j];
        if (hasBefore(k)) g += strong(value(step_.before[k], beforeAt(k), 0), old[k]);
      }
      for (int i = 0; i < count_; i++) {
        const TraceTerm& t = *terms_[i];
        const T b = t.own >= 0 ? old[t.own] : value(t.base, termAt(i) + 1, t.constantInner ? 0 : j);
        next[t.into] += strong(value(t.coefficient, termAt(i), 0), b);
      }
      for (int k = 0; k < step_.states; k++) {
        trace(k, p)[j] = next[k];
        if (hasAfter(k)) g += strong(value(step_.after[k], afterAt(k), 0), next[k]);
      }
      if (learns_) gradient(p)[j] += g;
    }
  }

  /** Rows of one entry, a line of them at a time. */
  void columns() const {
    TraceColumn<T> c;
    c.gradientStep = stepOf(1);
    const int64_t n = size_[axes_.rank - 1];
    axes_.each(1, start_, size_, [&](const int64_t* p) {
      const auto line = [&](const Factor& f, int k) {
        return f ? TraceLine<T>{f.template at<T>(p[k]), stepOf(k)} : TraceLine<T>{nullptr, 0};
      };
      c.gradient = gradient(p);
      int i = 0;
      for (int k = 0; k < step_.states; k++) {
        c.trace[k] = trace(k, p);
        c.before[k] = line(step_.before[k], beforeAt(k));
        c.after[k] = line(step_.after[k], afterAt(k));
        c.first[k] = i;
        for (; i < count_ && terms_[i]->into == k; i++) {
          const TraceTerm& t = *terms_[i];
          c.a[i] = t.coefficient ? line(t.coefficient, termAt(i)) : TraceLine<T>{&one_, 0};
          c.b[i] = t.own >= 0 ? TraceLine<T>{trace(t.own, p), 1} : line(t.base, termAt(i) + 1);
        }
      }
      c.first[step_.states] = i;
      products_.traceColumn[step_.states - 1](c, n);
    });
  }

  const TraceStep& step_;
  const TraceAxes<kMaxWalked>& axes_;
  int64_t size_[kMaxRows];
  const Products<T>& products_;
  const bool learns_;
  const T zero_ = 0, one_ = 1;
  const TraceTerm* terms_[kMaxTerms];
  int count_ = 0;
  int64_t start_[kMaxWalked];
  TraceRows<T> rows_;
  Slot slots_[kMaxWalked];
  int slotCount_ = 0;
  /** Terms beyond the first that mix the same two states. */
  struct {
    TraceLine<T>* line;
    int state;
  } oldRows_[kMaxTerms];
  int oldCount_ = 0;
};

}  // namespace

template <class T>
void combineRows(const TracePlan& plan, Context& context) {
  const Products<T>& products = context.table.products<T>();
  const TraceAxes<kMaxWalked>& axes = plan.combined;
  // rows apart along this axis never meet in the gradient
  const int shared = axes.longest(plan.learns() ? 1 : 0, true);
  const int64_t length = shared < 0 ? 1 : axes.size[shared];
  const int64_t tasks = std::clamp<int64_t>(plan.step.count / kTraceGrain, 1, std::min<int64_t>(length, 4 * context.pool.threads()));
  if (context.pool.threads() == 1 || tasks == 1) {
    Rows<T>(plan, products, -1, 0, 0).run();
    return;
  }
  context.pool.each(tasks, [&](int64_t task, int) {
    Rows<T>(plan, products, shared, length * task / tasks, length * (task + 1) / tasks).run();
  });
}

template void combineRows<float>(const TracePlan&, Context&);
template void combineRows<double>(const TracePlan&, Context&);

}  // namespace onward
