#pragma once
#include <cstdint>
#include <initializer_list>

namespace onward {

/** Axes of rows, or of what is summed. */
constexpr int kMaxRows = 8;

/** Sizes of axes, and how far an operand steps along each. */
struct Axes {
  const int64_t* sizes;
  const int64_t* strides;
  int rank;
};

/**
 * Where the entries of a trace lie, counted from its first: axes of rows, the longest step first, and the entries of a row as
 * the last. Axes that lie as one are one, but for columns that are to stay apart. A step of any length is so many steps along
 * each axis, which says where it leads in a copy of the trace without gaps. A trace without entries has no axes.
 */
class TraceExtent {
 public:
  enum Joining { kColumnsToo, kColumnsApart };

  TraceExtent() = default;
  TraceExtent(Axes rows, int64_t inner, Joining joining = kColumnsToo);

  /** Whether rows lie apart, so that entries have one place each. The other answers are for such a trace alone. */
  bool isApart() const { return isApart_; }
  /** Whether `last` entries from each place that the axes lead to are entries of the trace. */
  bool holds(int64_t from, std::initializer_list<Axes> all, int64_t last) const;
  /** A step between entries of the trace, in a copy without gaps. */
  int64_t packed(int64_t step) const;
  /** How many columns a step goes on, where columns are apart. */
  int64_t column(int64_t step) const;

  /** Calls visit(place, place in a copy without gaps) for every run of `run()` entries. */
  template <class Visit>
  void each(Visit visit) const {
    if (rank_ == 0) return;
    int64_t index[kMaxRows + 1] = {}, place = 0;
    for (int64_t copied = 0;; copied += run()) {
      visit(place, copied);
      int i = rank_ - 2;
      for (; i >= 0; i--) {
        place += stride_[i];
        if (++index[i] < size_[i]) break;
        place -= stride_[i] * size_[i];
        index[i] = 0;
      }
      if (i < 0) return;
    }
  }
  int64_t run() const { return size_[rank_ - 1]; }

 private:
  int rank_ = 0;
  bool isApart_ = true;
  int64_t size_[kMaxRows + 1] = {}, stride_[kMaxRows + 1] = {};
};

}  // namespace onward
