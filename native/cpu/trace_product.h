#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu/products.h"
#include "cpu/trace_passes.h"

namespace onward {

/** Columns of a product in place that are taken at a time: what is copied of them stays close. */
constexpr int64_t kPlaceColumns = 512;

/** An axis of a term: its rows, the entries of a row, or what is summed. Strides of the trace, the coefficient, the base. */
struct TermAxis {
  int64_t size = 1, out = 0, coefficient = 0, base = 0;
  bool isBound = false;

  bool joins(const TermAxis& next) const {
    return isBound == next.isBound && out == next.out * next.size && coefficient == next.coefficient * next.size &&
           base == next.base * next.size;
  }
};

/**
 * A term over rows of its own, summed over bound axes, as matrix products: rows are an axis along which the base stays
 * where it is, columns one along which the coefficient does, and one bound axis is summed. All others are looped over.
 */
template <class T>
class TraceProduct {
 public:
  /** @param old where copies of old traces without gaps lie, where there are any */
  TraceProduct(const TraceStep& step, const TraceTerm& t, const char* const* old) : t_(t) {
    trace_ = reinterpret_cast<T*>(step.traces[t.into]) + t.outOffset;
    coefficient_ = t.coefficient ? t.coefficient.template at<T>() : &one_;
    base_ = t.base ? t.base.template at<T>() : &one_;
    const bool isCopy = t.old >= 0 && old[t.old];
    if (isCopy) base_ = reinterpret_cast<const T*>(old[t.old]) + step.extent.packed(t.oldOffset);
    const auto along = [&](int64_t stride) { return isCopy ? step.extent.packed(stride) : stride; };
    for (int i = 0; i < t.rank; i++) axis({t.rows[i], t.out[i], t.coefficient.row[i], along(t.base.row[i]), false});
    axis({step.inner, 1, 0, t.base && !t.constantInner, false});
    for (int i = 0; i < t.bounds; i++) axis({t.bound[i], 0, t.coefficient.bound[i], along(t.base.bound[i]), true});
    choose();
  }

  /** Whether one product for each place writes all of the trace. */
  bool covers() const {
    return t_.isWhole && k_.size > 0 && std::none_of(axes_, axes_ + rank_, [](const TermAxis& a) { return a.isBound; });
  }

  /** Adds the term to the trace, or puts it there. */
  void run(bool add, Context& context) const {
    walk([&](const TermAxis& at) { product(at, add, context); });
  }

  /**
   * Whether the base is what is overwritten: rows of the trace, summed over where they are written. Then each part of
   * the columns is a product in place.
   */
  bool isInPlace() const {
    bool is = covers() && t_.old == t_.into && t_.oldOffset == 0 && m_.size == k_.size && m_.size > 1 && n_.size > 1 &&
              m_.out == k_.base && n_.out == 1 && n_.base == 1;
    for (int i = 0; is && i < rank_; i++) is = axes_[i].out == axes_[i].base;
    return is;
  }
  void runInPlace(Context& context) const {
    walk([&](const TermAxis& at) {
      T* to = trace_ + at.out;
      const Matrix<const T> a{coefficient_ + at.coefficient, m_.coefficient, k_.coefficient};
      context.pool.each((n_.size + kPlaceColumns - 1) / kPlaceColumns, [&](int64_t part, int thread) {
        const int64_t from = part * kPlaceColumns, n = std::min(kPlaceColumns, n_.size - from);
        inPlace(a, to + from, n, context, thread);
      });
    });
  }

 private:
  void axis(const TermAxis& next) {
    if (next.size == 1) return;
    if (rank_ > 0 && axes_[rank_ - 1].joins(next)) {
      const int64_t size = axes_[rank_ - 1].size * next.size;
      axes_[rank_ - 1] = next;
      axes_[rank_ - 1].size = size;
    } else {
      axes_[rank_++] = next;
    }
  }

  void choose() {
    m_ = taken([](const TermAxis& a) { return !a.isBound && a.base == 0; });
    // products write whole vectors where columns lie next to each other
    n_ = taken([](const TermAxis& a) { return !a.isBound && a.coefficient == 0 && a.base != 0 && a.out == 1 && a.size >= 8; });
    if (n_.size == 1) n_ = taken([](const TermAxis& a) { return !a.isBound && a.coefficient == 0 && a.base != 0; });
    k_ = taken([](const TermAxis& a) { return a.isBound; });
    if (m_.size * n_.size * k_.size == 1) line_ = taken([](const TermAxis& a) { return !a.isBound; });
  }
  template <class Is>
  TermAxis taken(Is is) {
    int found = -1;
    for (int i = 0; i < rank_; i++)
      if (is(axes_[i]) && (found < 0 || axes_[i].size > axes_[found].size)) found = i;
    if (found < 0) return {};
    const TermAxis axis = axes_[found];
    std::copy(axes_ + found + 1, axes_ + rank_, axes_ + found);
    rank_--;
    return axis;
  }

  void product(const TermAxis& at, bool add, Context& context) const {
    T* to = trace_ + at.out;
    const T *a = coefficient_ + at.coefficient, *b = base_ + at.base;
    if (m_.size * n_.size * k_.size == 1) {
      for (int64_t i = 0; i < line_.size; i++) {
        T& out = to[i * line_.out];
        out = (add ? out : 0) + strong(a[i * line_.coefficient], b[i * line_.base]);
      }
    } else if (isPlain(a, b, context)) {
      multiplyShared<T>(m_.size, n_.size, k_.size, {a, m_.coefficient, k_.coefficient}, {b, k_.base, n_.base},
                        {to, m_.out, n_.out}, add, context);
    } else {
      careful(a, b, k_.base, n_.base, to, n_.size, add);
    }
  }

  void inPlace(Matrix<const T> a, T* to, int64_t n, Context& context, int thread) const {
    const Products<T>& products = context.table.products<T>();
    const Matrix<T> c{to, m_.out, 1};
    const bool plain = isPlain(a.data, to, n, context);
    if (plain && !context.usesBlas && k_.size <= products.gemmDepth) {
      products.gemm(m_.size, n, k_.size, a, {to, k_.base, 1}, c, false,
                    context.workspace(thread).template get<T>(Workspace::kGemm, products.gemmWork));
      return;
    }
    T* kept = context.workspace(thread).template get<T>(Workspace::kOld, k_.size * n);
    for (int64_t l = 0; l < k_.size; l++) std::memcpy(kept + l * n, to + l * k_.base, n * sizeof(T));
    if (plain)
      multiply<T>(m_.size, n, k_.size, a, {kept, n, 1}, c, false, context, thread);
    else
      careful(a.data, kept, n, 1, to, n, false);
  }

  /** Whether a matrix product has strong zeros by itself: all coefficients are finite, and where one is zero, bases are. */
  bool isPlain(const T* a, const T* b, Context& context) const { return isPlain(a, b, n_.size, context); }
  bool isPlain(const T* a, const T* b, int64_t n, Context& context) const {
    bool hasZero = false;
    for (int64_t i = 0; i < m_.size; i++)
      for (int64_t l = 0; l < k_.size; l++) {
        const T c = a[i * m_.coefficient + l * k_.coefficient];
        if (!std::isfinite(c)) return false;
        hasZero = hasZero || c == 0;
      }
    for (int64_t l = 0; hasZero && l < k_.size; l++)
      if (!std::isfinite(total(b + l * k_.base, n, context))) return false;
    return true;
  }
  double total(const T* x, int64_t n, Context& context) const {
    if (n_.base == 1) return sum(x, n, context);
    double s = 0;
    for (int64_t j = 0; j < n; j++) s += x[j * n_.base];
    return s;
  }
  static double sum(const double* x, int64_t n, Context& context) { return context.table.sum64(x, n); }
  static double sum(const float* x, int64_t n, Context& context) { return context.table.sum32(x, n); }

  void careful(const T* a, const T* b, int64_t bRow, int64_t bColumn, T* to, int64_t n, bool add) const {
    for (int64_t i = 0; i < m_.size; i++)
      for (int64_t j = 0; j < n; j++) {
        T& out = to[i * m_.out + j * n_.out];
        T s = add ? out : 0;
        for (int64_t l = 0; l < k_.size; l++)
          s += strong(a[i * m_.coefficient + l * k_.coefficient], b[l * bRow + j * bColumn]);
        out = s;
      }
  }

  /** Every place of the axes that are looped over. */
  template <class Visit>
  void walk(Visit visit) const {
    for (const TermAxis* a : {&m_, &n_, &k_, &line_})
      if (a->size == 0) return;
    for (int i = 0; i < rank_; i++)
      if (axes_[i].size == 0) return;
    int64_t index[2 * kMaxRows + 1] = {};
    TermAxis at;
    for (;;) {
      visit(static_cast<const TermAxis&>(at));
      int i = rank_ - 1;
      for (; i >= 0; i--) {
        const TermAxis& axis = axes_[i];
        const int64_t by = ++index[i] < axis.size ? 1 : 1 - axis.size;
        at.out += by * axis.out;
        at.coefficient += by * axis.coefficient;
        at.base += by * axis.base;
        if (by == 1) break;
        index[i] = 0;
      }
      if (i < 0) return;
    }
  }

  const TraceTerm& t_;
  const T one_ = 1;
  T* trace_;
  const T *coefficient_, *base_;
  TermAxis axes_[2 * kMaxRows + 1];
  int rank_ = 0;
  /** Axes of the product; `line_` is one to loop along where there is none. */
  TermAxis m_, n_, k_, line_;
};

}  // namespace onward
