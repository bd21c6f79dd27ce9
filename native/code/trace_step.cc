#include "code/trace_step.h"

#include <algorithm>
#include <initializer_list>

#include "code/error.h"

namespace onward {

namespace {

constexpr char kNothing = 0;

void check(bool condition, const char* expected) {
  if (!condition) refuse("traceStep", expected);
}

/** Reads a step, and holds every factor against the array that it lies in. */
class Decoder {
 public:
  Decoder(Encoded& from, const Array* arrays, int64_t count) : from_(from), arrays_(arrays), count_(count) {}

  TraceStep run() {
    TraceStep step;
    from_.next();
    step.states = small(1, kMaxStates);
    step.rank = small(0, kMaxRows);
    step.inner = size();
    first_ = size();
    sizes(step.rows, step.rank);
    read(step.traceRow, step.rank);
    const Axes rows{step.rows, step.traceRow, step.rank};
    step.extent = TraceExtent(rows, step.inner);
    // threads share out rows: two of them would write an entry that two rows have
    check(step.extent.isApart(), "rows of traces that lie apart");
    for (int k = 0; k < step.states; k++) {
      trace_[k] = from_.next();
      const Array& a = array(trace_[k]);
      check(k == 0 || a.dtype == step.dtype, "traces of one dtype");
      step.dtype = a.dtype;
      within(a, first_, {rows}, step.inner);
      step.traces[k] = static_cast<char*>(a.data) + first_ * bytesOf(a.dtype);
    }
    // no more than an array holds
    step.count = product(step.rows, step.rank) * step.inner;
    check(step.dtype == DType::Float64 || step.dtype == DType::Float32, "traces of floats");
    const int32_t gradient = from_.next();
    const int32_t offset = from_.next();
    read(step.gradientRow, step.rank);
    if (gradient >= 0) {
      const Array& a = typed(gradient, step.dtype);
      within(a, offset, {{step.rows, step.gradientRow, step.rank}}, step.inner);
      step.gradient = static_cast<char*>(a.data) + offset * bytesOf(a.dtype);
    }
    const int terms = small(0, kMaxTerms);
    for (int i = 0; i < terms; i++) step.terms.push_back(term(step));
    std::stable_sort(step.terms.begin(), step.terms.end(), [](const TraceTerm& a, const TraceTerm& b) {
      return a.into != b.into ? a.into < b.into : (a.own >= 0) > (b.own >= 0);
    });
    step.hasBefore = vectors(step, step.before);
    step.hasAfter = vectors(step, step.after);
    if (!step.gradient) step.hasBefore = step.hasAfter = false;
    return step;
  }

 private:
  int small(int low, int high) {
    const int32_t v = from_.next();
    check(v >= low && v <= high, "as many states, rows and terms as there may be");
    return v;
  }
  int64_t size() {
    const int32_t v = from_.next();
    check(v >= 0, "sizes of at least 0");
    return v;
  }
  void sizes(int64_t* into, int rank) {
    for (int i = 0; i < rank; i++) into[i] = size();
    product(into, rank);
  }
  void read(int64_t* into, int rank) {
    for (int i = 0; i < rank; i++) into[i] = from_.next();
  }
  static int64_t product(const int64_t* sizes, int rank) {
    int64_t n = 1;
    for (int i = 0; i < rank; i++) {
      check(sizes[i] == 0 || n <= (int64_t(1) << 40) / std::max<int64_t>(1, sizes[i]), "at most 2^40 entries");
      n *= sizes[i];
    }
    return n;
  }
  const Array& array(int32_t index) {
    check(index >= 0 && index < count_, "indices of arrays that were given");
    return arrays_[index];
  }
  const Array& typed(int32_t index, DType dtype) {
    const Array& a = array(index);
    check(a.dtype == dtype, "arrays of the traces' dtype");
    return a;
  }
  /** `last` entries from each place that the axes lead to must lie in the array. */
  static void within(const Array& a, int64_t offset, std::initializer_list<Axes> all, int64_t last) {
    int64_t low = offset, high = offset;
    for (const Axes& axes : all)
      for (int i = 0; i < axes.rank; i++) {
        if (axes.sizes[i] == 0) return;
        // sizes and strides are 32-bit: sixteen of their products stay below 2^63 once each is held to 2^57
        const int64_t reach = std::clamp<int64_t>((axes.sizes[i] - 1) * axes.strides[i], -(int64_t(1) << 57), int64_t(1) << 57);
        (reach < 0 ? low : high) += reach;
      }
    if (last == 0) return;
    check(low >= 0 && high + last <= a.length, "operands that lie within their arrays");
  }

  Factor factor(const TraceStep& step, const int64_t* rows, int rank, const int64_t* bound, int bounds, int64_t last) {
    Factor f;
    const int32_t index = lastArray_ = from_.next();
    f.offset = from_.next();
    read(f.row, rank);
    read(f.bound, bounds);
    // what is not there is one everywhere, whatever strides came with it
    if (index < 0) return {};
    const Array& a = typed(index, step.dtype);
    within(a, f.offset, {{rows, f.row, rank}, {bound, f.bound, bounds}}, last);
    f.data = static_cast<const char*>(a.data) + f.offset * bytesOf(a.dtype);
    // an array without memory holds no rows: there is nothing to read
    if (!f.data) f.data = &kNothing;
    return f;
  }

  TraceTerm term(const TraceStep& step) {
    TraceTerm t;
    t.into = small(0, step.states - 1);
    t.own = small(-1, step.states - 1);
    t.constantInner = from_.next() != 0;
    t.rank = small(0, kMaxRows);
    t.bounds = small(0, kMaxRows);
    t.outOffset = size() - first_;
    sizes(t.rows, t.rank);
    read(t.out, t.rank);
    sizes(t.bound, t.bounds);
    t.coefficient = factor(step, t.rows, t.rank, t.bound, t.bounds, 1);
    t.base = factor(step, t.rows, t.rank, t.bound, t.bounds, t.constantInner ? 1 : step.inner);
    for (int k = 0; k < step.states; k++)
      if (t.own < 0 && t.base && lastArray_ == trace_[k]) t.old = k;
    t.oldOffset = t.base.offset - first_;
    // only entries of the trace are kept, not what the array may hold around them
    check(t.old < 0 || step.extent.holds(t.oldOffset, {{t.rows, t.base.row, t.rank}, {t.bound, t.base.bound, t.bounds}},
                                         t.constantInner ? 1 : step.inner),
          "old traces that lie within theirs");
    check(step.extent.holds(t.outOffset, {{t.rows, t.out, t.rank}}, step.inner), "terms that lie within their traces");
    t.isWhole = t.rank == step.rank && t.outOffset == 0;
    for (int i = 0; t.isWhole && i < t.rank; i++)
      t.isWhole = t.rows[i] == step.rows[i] && (t.out[i] == step.traceRow[i] || t.rows[i] == 1);
    t.simple = t.isWhole && t.bounds == 0 && t.old < 0;
    check(t.own < 0 || t.simple, "old traces as bases of whole rows only");
    return t;
  }

  bool vectors(const TraceStep& step, Factor* into) {
    bool any = false;
    for (int k = 0; k < step.states; k++) {
      into[k] = factor(step, step.rows, step.rank, nullptr, 0, 1);
      any = any || into[k];
    }
    return any;
  }

  /** Indices of the traces' arrays, and of the array that was read last as a factor's. */
  int32_t trace_[kMaxStates], lastArray_ = -1;
  /** Where traces begin in their arrays. */
  int64_t first_ = 0;
  Encoded& from_;
  const Array* arrays_;
  int64_t count_;
};

}  // namespace

TraceStep decodeTrace(Encoded& from, const Array* arrays, int64_t arrayCount) {
  return Decoder(from, arrays, arrayCount).run();
}

}  // namespace onward
