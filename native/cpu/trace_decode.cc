#include <algorithm>

#include "cpu/error.h"
#include "cpu/trace_step.h"

namespace onward {

namespace {

[[noreturn]] void invalid(const char* expected) {
  throw Error("invalid-instruction", std::string("traceStep: expected ") + expected);
}
void check(bool condition, const char* expected) {
  if (!condition) invalid(expected);
}

/** Reads a plan, and holds every factor against the array that it lies in. */
class Decoder {
 public:
  Decoder(Encoded& from, const Array* arrays, int64_t count) : from_(from), arrays_(arrays), count_(count) {}

  TracePlan run() {
    TracePlan plan;
    plan.states = small(1, kMaxStates);
    plan.rank = small(0, kMaxRows);
    plan.inner = size();
    sizes(plan.rows, plan.rank);
    for (int k = 0; k < plan.states; k++) {
      trace_[k] = from_.next();
      const Array& a = array(trace_[k]);
      check(k == 0 || a.dtype == plan.dtype, "traces of one dtype");
      plan.dtype = a.dtype;
      plan.traces[k] = static_cast<char*>(a.data);
      check(holds(a.length, plan), "traces that hold all rows");
    }
    plan.count = product(plan.rows, plan.rank) * plan.inner;
    check(plan.dtype == DType::Float64 || plan.dtype == DType::Float32, "traces of floats");
    const int32_t gradient = from_.next();
    read(plan.gradientRow, plan.rank);
    if (gradient >= 0) {
      const Array& a = typed(gradient, plan.dtype);
      plan.gradient = static_cast<char*>(a.data);
      within(a, 0, {{plan.rows, plan.gradientRow, plan.rank}}, plan.inner);
    }
    const int terms = small(0, kMaxTerms);
    for (int i = 0; i < terms; i++) plan.terms.push_back(term(plan));
    std::stable_sort(plan.terms.begin(), plan.terms.end(), [](const TraceTerm& a, const TraceTerm& b) {
      return a.into != b.into ? a.into < b.into : (a.own >= 0) > (b.own >= 0);
    });
    plan.hasBefore = vectors(plan, plan.before);
    plan.hasAfter = vectors(plan, plan.after);
    if (!plan.gradient) plan.hasBefore = plan.hasAfter = false;
    plan.isSinglePass = std::all_of(plan.terms.begin(), plan.terms.end(), [](const TraceTerm& t) { return t.simple; });
    combinedAxes(plan, plan.combined);
    contractedAxes(plan, plan.before, plan.contractedBefore);
    contractedAxes(plan, plan.after, plan.contractedAfter);
    return plan;
  }

 private:
  struct Axes {
    const int64_t* sizes;
    const int64_t* strides;
    int rank;
  };

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
  /** Whether so many entries are enough for all rows; the product of rows and inner size may not fit an integer. */
  static bool holds(int64_t length, const TracePlan& plan) {
    const int64_t rows = product(plan.rows, plan.rank);
    return rows == 0 || plan.inner <= length / rows;
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

  Factor factor(const TracePlan& plan, const int64_t* rows, int rank, const int64_t* bound, int bounds, int64_t last) {
    Factor f;
    const int32_t index = lastArray_ = from_.next();
    f.offset = from_.next();
    read(f.row, rank);
    read(f.bound, bounds);
    if (index < 0) return f;
    const Array& a = typed(index, plan.dtype);
    within(a, f.offset, {{rows, f.row, rank}, {bound, f.bound, bounds}}, last);
    f.data = static_cast<const char*>(a.data) + f.offset * bytesOf(a.dtype);
    // an array without memory holds no rows: there is nothing to read
    if (!f.data) f.data = reinterpret_cast<const char*>(this);
    return f;
  }

  TraceTerm term(const TracePlan& plan) {
    TraceTerm t;
    t.into = small(0, plan.states - 1);
    t.own = small(-1, plan.states - 1);
    t.constantInner = from_.next() != 0;
    t.rank = small(0, kMaxRows);
    t.bounds = small(0, kMaxRows);
    t.outOffset = size();
    sizes(t.rows, t.rank);
    read(t.out, t.rank);
    sizes(t.bound, t.bounds);
    t.coefficient = factor(plan, t.rows, t.rank, t.bound, t.bounds, 1);
    t.base = factor(plan, t.rows, t.rank, t.bound, t.bounds, t.constantInner ? 1 : plan.inner);
    for (int k = 0; k < plan.states; k++)
      if (t.own < 0 && t.base && lastArray_ == trace_[k]) t.old = k;
    Array trace;
    trace.length = plan.count;
    // only rows of the trace are kept, not what the array may hold beyond them
    if (t.old >= 0)
      within(trace, t.base.offset, {{t.rows, t.base.row, t.rank}, {t.bound, t.base.bound, t.bounds}}, t.constantInner ? 1 : plan.inner);
    within(trace, t.outOffset, {{t.rows, t.out, t.rank}}, plan.inner);
    t.isWhole = t.rank == plan.rank && t.outOffset == 0;
    int64_t natural = plan.inner;
    for (int i = t.rank - 1; t.isWhole && i >= 0; i--) {
      t.isWhole = t.rows[i] == plan.rows[i] && (t.out[i] == natural || t.rows[i] == 1);
      natural *= t.rows[i];
    }
    t.simple = t.isWhole && t.bounds == 0 && t.old < 0;
    check(t.own < 0 || t.simple, "old traces as bases of whole rows only");
    return t;
  }

  bool vectors(const TracePlan& plan, Factor* into) {
    bool any = false;
    for (int k = 0; k < plan.states; k++) {
      into[k] = factor(plan, plan.rows, plan.rank, nullptr, 0, 1);
      any = any || into[k];
    }
    return any;
  }

  /** Axes with the trace and the gradient as the first operands. */
  template <class Axes>
  static void begin(Axes& axes, const TracePlan& plan) {
    axes.rank = plan.rank;
    axes.inner = plan.inner;
    std::copy_n(plan.rows, plan.rank, axes.size);
    int64_t natural[kMaxRows], step = plan.inner;
    for (int i = plan.rank - 1; i >= 0; i--) {
      natural[i] = step;
      step *= plan.rows[i];
    }
    axes.add(natural, Along::kEach);
    axes.add(plan.gradientRow, plan.gradient ? Along::kEach : Along::kNone);
  }
  template <class Axes>
  static void addVectors(Axes& axes, const TracePlan& plan, const Factor* vectors) {
    for (int k = 0; k < plan.states; k++)
      axes.add(vectors[k].row, vectors[k] ? Along::kOne : Along::kNone);
  }
  static void combinedAxes(const TracePlan& plan, TraceAxes<kMaxWalked>& axes) {
    begin(axes, plan);
    // errors are contracted by passes of their own where terms are added after this one
    if (!plan.isSinglePass || !(plan.hasBefore || plan.hasAfter)) axes.kind[1] = Along::kNone;
    addVectors(axes, plan, plan.before);
    addVectors(axes, plan, plan.after);
    for (int k = 2; !plan.isSinglePass && k < axes.operands; k++) axes.kind[k] = Along::kNone;
    for (const TraceTerm& t : plan.terms) {
      if (!t.simple) continue;
      axes.add(t.coefficient.row, t.coefficient ? Along::kOne : Along::kNone);
      axes.add(t.base.row, t.own >= 0 || !t.base ? Along::kNone : t.constantInner ? Along::kOne : Along::kEach);
    }
    axes.fold();
  }
  static void contractedAxes(const TracePlan& plan, const Factor* vectors, TraceAxes<kMaxContracted>& axes) {
    begin(axes, plan);
    addVectors(axes, plan, vectors);
    axes.fold();
  }

  /** Indices of the traces' arrays, and of the array that was read last as a factor's. */
  int32_t trace_[kMaxStates], lastArray_ = -1;
  Encoded& from_;
  const Array* arrays_;
  int64_t count_;
};

}  // namespace

TracePlan decodeTrace(Encoded& from, const Array* arrays, int64_t arrayCount) {
  return Decoder(from, arrays, arrayCount).run();
}

}  // namespace onward
