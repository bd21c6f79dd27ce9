#include "cpu/trace_step.h"

#include <algorithm>
#include <cmath>

#include "cpu/products.h"

namespace onward {

namespace {

template <class T>
inline T strong(T a, T b) {
  return a == 0 || b == 0 ? 0 : a * b;
}
template <class T>
inline const T* at(const Factor& f, int64_t place) {
  return reinterpret_cast<const T*>(f.data) + place;
}

/** The trace, the gradient, errors before and after for each state, and two factors for each term. */
constexpr int kMaxWalked = 2 + 2 * kMaxStates + 2 * TraceRow<double>::kMaxTerms;

/** Axes that many operands step through, outermost first. */
struct Steps {
  int rank = 0, operands = 0;
  int64_t size[kMaxRows];
  const int64_t* stride[kMaxWalked];

  template <class Visit>
  void each(Visit visit) const {
    int64_t place[kMaxWalked] = {}, index[kMaxRows] = {};
    for (int i = 0; i < rank; i++)
      if (size[i] == 0) return;
    for (;;) {
      visit(place);
      int i = rank - 1;
      for (; i >= 0; i--) {
        for (int k = 0; k < operands; k++) place[k] += stride[k][i];
        if (++index[i] < size[i]) break;
        for (int k = 0; k < operands; k++) place[k] -= stride[k][i] * size[i];
        index[i] = 0;
      }
      if (i < 0) return;
    }
  }
};

/** Which parts of a pass over the rows are done. */
struct Pass {
  bool before, combine, after;
};

/** Below this inner size rows are too short for loops of their own. */
constexpr int64_t kShortRow = 16;

/** One pass over the rows from `low` to `high` along the shared axis. */
template <class T>
class Rows {
 public:
  Rows(const TracePlan& plan, Pass pass, const Products<T>& products, int64_t low, int64_t high)
      : plan_(plan), pass_(pass), products_(products) {
    for (const TraceTerm& t : plan.terms)
      if (t.simple) terms_[count_++] = &t;
    int64_t natural = plan.inner;
    for (int i = plan.rank - 1; i >= 0; i--) {
      natural_[i] = natural;
      natural *= plan.rows[i];
    }
    steps_.rank = plan.rank;
    std::copy_n(plan.rows, plan.rank, steps_.size);
    walked(natural_);
    walked(plan.gradientRow);
    for (int k = 0; k < plan.states; k++) walked(plan.before[k].row);
    for (int k = 0; k < plan.states; k++) walked(plan.after[k].row);
    for (int i = 0; i < count_; i++) {
      walked(terms_[i]->coefficient.row);
      walked(terms_[i]->base.row);
    }
    if (plan.shared >= 0) {
      steps_.size[plan.shared] = high - low;
      for (int k = 0; k < steps_.operands; k++) start_[k] = low * steps_.stride[k][plan.shared];
    }
  }

  void run() {
    if (plan_.inner == 1 && plan_.states <= 2 && plan_.rank > 0 && lines()) return;
    if (isPlain()) {
      plainRows();
      return;
    }
    steps_.each([&](const int64_t* place) {
      int64_t p[kMaxWalked];
      for (int k = 0; k < steps_.operands; k++) p[k] = place[k] + start_[k];
      if (plan_.inner < kShortRow || plan_.states > 2 || !quick(p)) careful(p);
    });
  }

 private:
  void walked(const int64_t* strides) { steps_.stride[steps_.operands++] = strides; }
  int beforeAt(int k) const { return 2 + k; }
  int afterAt(int k) const { return 2 + plan_.states + k; }
  int termAt(int i) const { return 2 + 2 * plan_.states + 2 * i; }
  T* trace(int k, const int64_t* p) const { return reinterpret_cast<T*>(plan_.traces[k]) + p[0]; }
  T* gradient(const int64_t* p) const { return reinterpret_cast<T*>(plan_.gradient) + p[1]; }
  T coefficient(int i, const int64_t* p) const {
    const Factor& f = terms_[i]->coefficient;
    return f ? *at<T>(f, p[termAt(i)]) : T(1);
  }

  /** Whether rows are mixed from their old selves and one base, as most are. */
  bool isPlain() const {
    return plan_.inner >= kShortRow && plan_.states == 1 && plan_.rank > 0 && pass_.combine && count_ == 2 &&
           !(pass_.before && plan_.before[0]) && terms_[0]->own == 0 && terms_[1]->own < 0 && terms_[1]->base &&
           !terms_[1]->constantInner;
  }

  /** Rows along the last row axis by one call of a kernel; those that need care one by one. */
  void plainRows() const {
    const int last = plan_.rank - 1;
    Steps outer = steps_;
    outer.rank--;
    const int64_t n = steps_.size[last];
    const auto step = [&](int k) { return steps_.stride[k][last]; };
    const auto from = [&](const Factor& f, int64_t place) { return f ? at<T>(f, place) : nullptr; };
    const bool learns = pass_.after && plan_.after[0];
    outer.each([&](const int64_t* place) {
      int64_t p[kMaxWalked];
      for (int k = 0; k < steps_.operands; k++) p[k] = place[k] + start_[k];
      for (int64_t i = 0; i < n;) {
        const int c = termAt(0), d = termAt(1), e = afterAt(0);
        const TraceRows<T> rows{trace(0, p),
                                step(0),
                                at<T>(terms_[1]->base, p[d + 1]),
                                step(d + 1),
                                learns ? gradient(p) : nullptr,
                                step(1),
                                from(terms_[0]->coefficient, p[c]),
                                from(terms_[1]->coefficient, p[d]),
                                learns ? at<T>(plan_.after[0], p[e]) : nullptr,
                                step(c),
                                step(d),
                                step(e)};
        const int64_t done = products_.traceRows(rows, n - i, plan_.inner);
        i += done;
        for (int k = 0; k < steps_.operands; k++) p[k] += done * step(k);
        if (i == n) return;
        if (!quick(p)) careful(p);
        i++;
        for (int k = 0; k < steps_.operands; k++) p[k] += step(k);
      }
    });
  }

  /** The row by vector kernels; false where a factor of it needs care. */
  bool quick(const int64_t* p) const {
    TraceRow<T> row;
    row.states = plan_.states;
    row.befores = 0;
    bool learns = false;
    for (int k = 0; k < plan_.states; k++) {
      row.trace[k] = trace(k, p);
      row.constant[k] = row.after[k] = 0;
      if (pass_.before && plan_.before[k]) {
        const T e = *at<T>(plan_.before[k], p[beforeAt(k)]);
        if (!std::isfinite(e)) return false;
        if (e != 0) row.before[row.befores++] = {e, row.trace[k]};
      }
      if (pass_.after && plan_.after[k]) {
        const T e = *at<T>(plan_.after[k], p[afterAt(k)]);
        if (!std::isfinite(e)) return false;
        row.after[k] = e;
        learns = learns || e != 0;
      }
    }
    row.gradient = learns || row.befores > 0 ? gradient(p) : nullptr;
    int n = 0;
    if (!pass_.combine) {
      for (int k = 0; k < plan_.states; k++) {
        row.first[k] = n;
        row.term[n++] = {T(1), row.trace[k]};
      }
      if (!row.gradient) return true;
    } else {
      int i = 0;
      for (int k = 0; k < plan_.states; k++) {
        row.first[k] = n;
        for (; i < count_ && terms_[i]->into == k; i++) {
          const TraceTerm& t = *terms_[i];
          const T c = coefficient(i, p);
          if (!std::isfinite(c)) return false;
          if (t.own >= 0) {
            if (c != 0) row.term[n++] = {c, row.trace[t.own]};
          } else if (!t.base) {
            row.constant[k] += c;
          } else if (t.constantInner) {
            row.constant[k] += strong(c, *at<T>(t.base, p[termAt(i) + 1]));
          } else if (c != 0) {
            row.term[n++] = {c, at<T>(t.base, p[termAt(i) + 1])};
          }
        }
      }
    }
    row.first[plan_.states] = n;
    products_.traceRow(row, plan_.inner);
    return true;
  }

  /** The row entry by entry, with strong zeros. */
  void careful(const int64_t* p) const {
    const bool hasGradient = plan_.gradient != nullptr;
    for (int64_t j = 0; j < plan_.inner; j++) {
      T old[kMaxStates], next[kMaxStates], g = 0;
      for (int k = 0; k < plan_.states; k++) {
        old[k] = next[k] = trace(k, p)[j];
        if (pass_.before && plan_.before[k]) g += strong(*at<T>(plan_.before[k], p[beforeAt(k)]), old[k]);
      }
      if (pass_.combine) {
        for (int k = 0; k < plan_.states; k++) next[k] = 0;
        for (int i = 0; i < count_; i++) {
          const TraceTerm& t = *terms_[i];
          T b = 1;
          if (t.own >= 0)
            b = old[t.own];
          else if (t.base)
            b = at<T>(t.base, p[termAt(i) + 1])[t.constantInner ? 0 : j];
          next[t.into] += strong(coefficient(i, p), b);
        }
      }
      for (int k = 0; k < plan_.states; k++) {
        trace(k, p)[j] = next[k];
        if (pass_.after && plan_.after[k]) g += strong(*at<T>(plan_.after[k], p[afterAt(k)]), next[k]);
      }
      if (hasGradient && (pass_.before || pass_.after)) gradient(p)[j] += g;
    }
  }

  /** Rows of one entry, along the last row axis; false where operands do not lie next to each other there. */
  bool lines() {
    if (!pass_.combine) return false;
    const int last = plan_.rank - 1;
    const bool learns = pass_.before || pass_.after;
    for (int k = 0; k < steps_.operands; k++) {
      const int64_t s = steps_.stride[k][last];
      if (s != 0 && s != 1 && !(k == 1 && !learns)) return false;
    }
    if (learns && plan_.gradientRow[last] != 1) return false;
    Steps outer = steps_;
    outer.rank--;
    const int64_t n = steps_.size[last];
    if (n == 0) return true;
    outer.each([&](const int64_t* place) {
      int64_t p[kMaxWalked];
      for (int k = 0; k < steps_.operands; k++) p[k] = place[k] + start_[k];
      TraceColumn<T> c;
      c.states = plan_.states;
      c.gradient = learns ? gradient(p) : nullptr;
      const auto line = [&](const Factor& f, int k) {
        return f ? TraceLine<T>{at<T>(f, p[k]), static_cast<int>(steps_.stride[k][last])} : TraceLine<T>{nullptr, 0};
      };
      int i = 0;
      for (int k = 0; k < plan_.states; k++) {
        c.trace[k] = trace(k, p);
        c.before[k] = pass_.before ? line(plan_.before[k], beforeAt(k)) : TraceLine<T>{nullptr, 0};
        c.after[k] = pass_.after ? line(plan_.after[k], afterAt(k)) : TraceLine<T>{nullptr, 0};
        c.first[k] = i;
        for (; i < count_ && terms_[i]->into == k; i++) {
          const TraceTerm& t = *terms_[i];
          c.a[i] = line(t.coefficient, termAt(i));
          c.b[i] = t.own >= 0 ? TraceLine<T>{trace(t.own, p), 1} : line(t.base, termAt(i) + 1);
        }
      }
      c.first[plan_.states] = i;
      products_.traceColumn(c, n);
    });
    return true;
  }

  const TracePlan& plan_;
  const Pass pass_;
  const Products<T>& products_;
  const TraceTerm* terms_[TraceRow<T>::kMaxTerms];
  int count_ = 0;
  int64_t natural_[kMaxRows];
  Steps steps_;
  int64_t start_[kMaxWalked] = {};
};

/** Entries that are worth a thread. */
constexpr int64_t kGrain = 32768;

template <class T>
void pass(const TracePlan& plan, Pass which, Context& context) {
  const Products<T>& products = context.table.products<T>();
  int64_t total = plan.inner;
  for (int i = 0; i < plan.rank; i++) total *= plan.rows[i];
  if (total == 0) return;
  const int64_t length = plan.shared < 0 ? 1 : plan.rows[plan.shared];
  const int64_t tasks = std::clamp<int64_t>(total / kGrain, 1, std::min<int64_t>(length, 4 * context.pool.threads()));
  if (plan.shared < 0 || context.pool.threads() == 1 || tasks == 1) {
    Rows<T>(plan, which, products, 0, length).run();
    return;
  }
  context.pool.each(tasks, [&](int64_t task, int) {
    Rows<T>(plan, which, products, length * task / tasks, length * (task + 1) / tasks).run();
  });
}

/** A term over rows of its own, summed over bound axes: row axes and bound axes as one nest. */
template <class T>
class Product {
 public:
  Product(const TracePlan& plan, const TraceTerm& t) : plan_(plan), t_(t) {
    for (int i = 0; i < t.rank; i++)
      if (t.rows[i] > 1 && t.base.row[i] == 0 && (row_ < 0 || t.rows[i] > t.rows[row_])) row_ = i;
    for (int i = 0; i < t.bounds; i++)
      if (t.bound[i] > 1 && (bound_ < 0 || t.bound[i] > t.bound[bound_])) bound_ = i;
  }

  void run(Context& context) {
    trace_ = reinterpret_cast<T*>(plan_.traces[t_.into]) + t_.outOffset;
    const bool isMatrix = t_.coefficient && t_.base && !t_.constantInner && plan_.inner >= 4;
    if (!isMatrix) {
      walk(-1, -1, [&](const int64_t* p) { careful(p); });
      return;
    }
    const int64_t m = row_ < 0 ? 1 : t_.rows[row_], k = bound_ < 0 ? 1 : t_.bound[bound_];
    const Matrix<const T> a{nullptr, row_ < 0 ? 0 : t_.coefficient.row[row_], bound_ < 0 ? 0 : t_.coefficient.bound[bound_]};
    const int64_t baseStep = bound_ < 0 ? 0 : t_.base.bound[bound_];
    walk(row_, bound_, [&](const int64_t* p) {
      const T* from = at<T>(t_.coefficient, p[1]);
      const T* base = at<T>(t_.base, p[2]);
      T* to = trace_ + p[0];
      if (!plain(from, a, base, baseStep, m, k, context)) {
        for (int64_t i = 0; i < m; i++)
          for (int64_t l = 0; l < k; l++) {
            const T c = from[i * a.row + l * a.column];
            T* row = to + (row_ < 0 ? 0 : i * t_.out[row_]);
            for (int64_t j = 0; j < plan_.inner; j++) row[j] += strong(c, base[l * baseStep + j]);
          }
      } else if (m == 1 && k == 1) {
        context.table.products<T>().axpy(to, *from, base, plan_.inner);
      } else {
        multiply<T>(m, plan_.inner, k, {from, a.row, a.column}, {base, baseStep, 1},
                    {to, row_ < 0 ? plan_.inner : t_.out[row_], 1}, true, context);
      }
    });
  }

 private:
  /** Whether no factor needs care: all are finite. */
  bool plain(const T* from, const Matrix<const T>& a, const T* base, int64_t baseStep, int64_t m, int64_t k,
             Context& context) const {
    for (int64_t i = 0; i < m; i++)
      for (int64_t l = 0; l < k; l++)
        if (!std::isfinite(from[i * a.row + l * a.column])) return false;
    for (int64_t l = 0; l < k; l++)
      if (!std::isfinite(total(base + l * baseStep, context))) return false;
    return true;
  }
  double total(const double* x, Context& context) const { return context.table.sum64(x, plan_.inner); }
  double total(const float* x, Context& context) const { return context.table.sum32(x, plan_.inner); }

  void careful(const int64_t* p) const {
    const T c = t_.coefficient ? *at<T>(t_.coefficient, p[1]) : T(1);
    for (int64_t j = 0; j < plan_.inner; j++)
      trace_[p[0] + j] += strong(c, t_.base ? at<T>(t_.base, p[2])[t_.constantInner ? 0 : j] : T(1));
  }

  /** Every index of all axes but the two named; places in the trace, the coefficient and the base. */
  template <class Visit>
  void walk(int row, int bound, Visit visit) const {
    int64_t size[2 * kMaxRows], stride[3][2 * kMaxRows], index[2 * kMaxRows] = {}, place[3] = {};
    int rank = 0;
    const auto axis = [&](int64_t n, int64_t out, int64_t c, int64_t b) {
      size[rank] = n;
      stride[0][rank] = out;
      stride[1][rank] = c;
      stride[2][rank] = b;
      rank++;
    };
    for (int i = 0; i < t_.rank; i++)
      if (i != row) axis(t_.rows[i], t_.out[i], t_.coefficient.row[i], t_.base.row[i]);
    for (int i = 0; i < t_.bounds; i++)
      if (i != bound) axis(t_.bound[i], 0, t_.coefficient.bound[i], t_.base.bound[i]);
    for (int i = 0; i < rank; i++)
      if (size[i] == 0) return;
    if ((row >= 0 && t_.rows[row] == 0) || (bound >= 0 && t_.bound[bound] == 0)) return;
    for (;;) {
      visit(place);
      int i = rank - 1;
      for (; i >= 0; i--) {
        for (int k = 0; k < 3; k++) place[k] += stride[k][i];
        if (++index[i] < size[i]) break;
        for (int k = 0; k < 3; k++) place[k] -= stride[k][i] * size[i];
        index[i] = 0;
      }
      if (i < 0) return;
    }
  }

  const TracePlan& plan_;
  const TraceTerm& t_;
  T* trace_ = nullptr;
  /** Axes of the matrix product: rows that share a row of the base, and what is summed; -1 where there is none. */
  int row_ = -1, bound_ = -1;
};

template <class T>
void run(const TracePlan& plan, Context& context) {
  const bool single = std::all_of(plan.terms.begin(), plan.terms.end(), [](const TraceTerm& t) { return t.simple; });
  pass<T>(plan, {plan.hasBefore, true, single && plan.hasAfter}, context);
  if (single || plan.inner == 0) return;
  for (const TraceTerm& t : plan.terms)
    if (!t.simple) Product<T>(plan, t).run(context);
  if (plan.hasAfter) pass<T>(plan, {false, false, true}, context);
}

}  // namespace

void execute(const TracePlan& plan, Context& context) {
  if (plan.dtype == DType::Float32)
    run<float>(plan, context);
  else
    run<double>(plan, context);
}

}  // namespace onward
