#include "code/trace_extent.h"

#include <algorithm>

namespace onward {

namespace {

/** Sizes and steps are 32-bit: sums of sixteen of their products stay below 2^63 once each is held to 2^57. */
constexpr int64_t kFar = int64_t(1) << 57;

}  // namespace

TraceExtent::TraceExtent(Axes rows, int64_t inner, Joining joining) {
  if (inner == 0 || std::count(rows.sizes, rows.sizes + rows.rank, 0) > 0) return;
  for (int i = 0; i < rows.rank; i++) {
    if (rows.sizes[i] == 1) continue;
    int at = rank_++;
    for (; at > 0 && stride_[at - 1] < rows.strides[i]; at--) {
      size_[at] = size_[at - 1];
      stride_[at] = stride_[at - 1];
    }
    size_[at] = rows.sizes[i];
    stride_[at] = rows.strides[i];
  }
  size_[rank_] = inner;
  stride_[rank_++] = 1;
  int64_t length = 1;
  for (int i = rank_ - 1; i >= 0; i--) {
    isApart_ = isApart_ && stride_[i] >= length;
    length = std::min(length + (size_[i] - 1) * stride_[i], kFar);
  }
  for (int i = rank_ - (joining == kColumnsToo ? 2 : 3); i >= 0; i--) {
    if (stride_[i] != stride_[i + 1] * size_[i + 1]) continue;
    size_[i + 1] *= size_[i];
    std::copy(size_ + i + 1, size_ + rank_, size_ + i);
    std::copy(stride_ + i + 1, stride_ + rank_, stride_ + i);
    rank_--;
  }
}

bool TraceExtent::holds(int64_t from, std::initializer_list<Axes> all, int64_t last) const {
  int64_t low[kMaxRows + 1] = {}, high[kMaxRows + 1] = {};
  const auto reach = [&](int64_t step, int64_t times) {
    for (int i = 0; i < rank_; i++) {
      const int64_t count = std::clamp(step / stride_[i] * times, -kFar, kFar);
      (count < 0 ? low[i] : high[i]) += count;
      step %= stride_[i];
    }
  };
  for (const Axes& axes : all)
    for (int i = 0; i < axes.rank; i++) {
      if (axes.sizes[i] == 0) return true;
      if (axes.sizes[i] > 1) reach(axes.strides[i], axes.sizes[i] - 1);
    }
  if (last == 0) return true;
  if (rank_ == 0) return false;
  int64_t at = from;
  for (int i = 0; i < rank_; i++) {
    const int64_t index = at / stride_[i];
    at %= stride_[i];
    if (index + low[i] < 0 || index + high[i] + (i == rank_ - 1 ? last - 1 : 0) >= size_[i]) return false;
  }
  return true;
}

int64_t TraceExtent::packed(int64_t step) const {
  int64_t to = 0;
  for (int i = 0; i < rank_; i++) {
    to = to * size_[i] + step / stride_[i];
    step %= stride_[i];
  }
  return to;
}

int64_t TraceExtent::column(int64_t step) const {
  for (int i = 0; i < rank_ - 1; i++) step %= stride_[i];
  return step;
}

}  // namespace onward
