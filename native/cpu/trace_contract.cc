#include <algorithm>
#include <cmath>

#include "cpu/trace_passes.h"

namespace onward {

namespace {

/** Columns that are contracted at a time: their gradient stays close while rows are added to it. */
constexpr int64_t kColumns = 2048;

/** Contracts columns `from` to `to` of all rows, or rows of one entry. */
template <class T>
class Contraction {
 public:
  Contraction(const TraceStep& step, const TraceAxes<kMaxContracted>& axes, const Factor* vectors, const Products<T>& products)
      : step_(step), axes_(axes), vectors_(vectors), products_(products) {}

  void run(int64_t from, int64_t to) {
    n_ = to - from;
    const int64_t start[kMaxContracted] = {from, from};
    // rows that are added to the same row of the gradient follow each other
    axes_.each(0, start, axes_.size, [&](const int64_t* p) {
      T* to = reinterpret_cast<T*>(step_.gradient) + p[1];
      if (to != gradient_) flush();
      gradient_ = to;
      for (int k = 0; k < step_.states; k++) {
        if (!vectors_[k]) continue;
        const T e = *vectors_[k].template at<T>(p[2 + k]);
        const T* row = reinterpret_cast<const T*>(step_.traces[k]) + p[0];
        if (e == 0) continue;
        if (std::isfinite(e)) {
          if (count_ == kMaxAdded) flush();
          added_[count_++] = {e, row};
        } else {
          flush();
          for (int64_t j = 0; j < n_; j++) to[j] += strong(e, row[j]);
        }
      }
    });
    flush();
  }

  /** Rows of one entry, a line of them at a time; traces are written as they are. */
  void runColumns() const {
    const int last = axes_.rank - 1;
    TraceColumn<T> c;
    c.gradientStep = axes_.stride[1][last];
    for (int k = 0; k < step_.states; k++) {
      c.first[k] = k;
      c.a[k] = c.before[k] = {nullptr, 0};
    }
    c.first[step_.states] = step_.states;
    const int64_t start[kMaxContracted] = {};
    axes_.each(1, start, axes_.size, [&](const int64_t* p) {
      c.gradient = reinterpret_cast<T*>(step_.gradient) + p[1];
      for (int k = 0; k < step_.states; k++) {
        c.trace[k] = reinterpret_cast<T*>(step_.traces[k]) + p[0];
        c.b[k] = {c.trace[k], 1};
        c.after[k] = {nullptr, 0};
        if (vectors_[k]) c.after[k] = {vectors_[k].template at<T>(p[2 + k]), axes_.stride[2 + k][last]};
      }
      products_.traceColumn[step_.states - 1](c, axes_.size[last]);
    });
  }

 private:
  void flush() {
    if (count_ > 0) products_.addRows(gradient_, added_, count_, n_);
    count_ = 0;
  }

  const TraceStep& step_;
  const TraceAxes<kMaxContracted>& axes_;
  const Factor* vectors_;
  const Products<T>& products_;
  T* gradient_ = nullptr;
  ScaledRow<T> added_[kMaxAdded];
  int count_ = 0;
  int64_t n_ = 0;
};

}  // namespace

template <class T>
void contractTraces(const TraceStep& step, const TraceAxes<kMaxContracted>& axes, const Factor* vectors, Context& context) {
  const Products<T>& products = context.table.products<T>();
  if (axes.isColumn()) {
    Contraction<T>(step, axes, vectors, products).runColumns();
    return;
  }
  context.pool.each((axes.inner + kColumns - 1) / kColumns, [&](int64_t part, int) {
    Contraction<T>(step, axes, vectors, products).run(part * kColumns, std::min(axes.inner, (part + 1) * kColumns));
  });
}

template void contractTraces<float>(const TraceStep&, const TraceAxes<kMaxContracted>&, const Factor*, Context&);
template void contractTraces<double>(const TraceStep&, const TraceAxes<kMaxContracted>&, const Factor*, Context&);

}  // namespace onward
