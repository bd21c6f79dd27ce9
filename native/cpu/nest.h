#pragma once
#include <cstdint>

namespace onward {

constexpr int kMaxRank = 12;
constexpr int kMaxOperands = 4;

/** Axes that operands step through together; the last one is the inner loop. Strides are in elements. */
struct Nest {
  int rank = 0;
  int operands = 0;
  int64_t size[kMaxRank];
  int64_t stride[kMaxOperands][kMaxRank];

  int64_t count() const {
    int64_t n = 1;
    for (int i = 0; i < rank; i++) n *= size[i];
    return n;
  }

  void add(const Nest& from, int axis) {
    size[rank] = from.size[axis];
    for (int k = 0; k < operands; k++) stride[k][rank] = from.stride[k][axis];
    rank++;
  }
};

/** Merges neighboring axes wherever every operand steps through both as through one; axes of size 1 go. */
inline Nest merged(const Nest& nest) {
  Nest out;
  out.operands = nest.operands;
  for (int i = 0; i < nest.rank; i++) {
    if (nest.size[i] == 1) continue;
    const int last = out.rank - 1;
    bool joins = last >= 0;
    for (int k = 0; joins && k < nest.operands; k++)
      joins = out.stride[k][last] == nest.stride[k][i] * nest.size[i];
    if (joins) {
      out.size[last] *= nest.size[i];
      for (int k = 0; k < nest.operands; k++) out.stride[k][last] = nest.stride[k][i];
    } else {
      out.add(nest, i);
    }
  }
  return out;
}

/** `merged`, with an inner axis of size 1 where nothing else is left. */
inline Nest looped(const Nest& nest) {
  Nest out = merged(nest);
  if (out.rank > 0) return out;
  out.rank = 1;
  out.size[0] = 1;
  for (int k = 0; k < out.operands; k++) out.stride[k][0] = 0;
  return out;
}

/** A place in the outer axes of a nest (all but `inner` of them), with the offset of each operand there. */
class Walk {
 public:
  Walk(const Nest& nest, int inner, int64_t start = 0) : nest_(nest), axes_(nest.rank - inner) {
    for (int k = 0; k < nest.operands; k++) at[k] = 0;
    for (int i = axes_ - 1; i >= 0; i--) {
      index_[i] = start > 0 ? start % nest.size[i] : 0;
      start = start > 0 ? start / nest.size[i] : 0;
      for (int k = 0; k < nest.operands; k++) at[k] += index_[i] * nest.stride[k][i];
    }
  }

  void next() {
    for (int i = axes_ - 1; i >= 0; i--) {
      for (int k = 0; k < nest_.operands; k++) at[k] += nest_.stride[k][i];
      if (++index_[i] < nest_.size[i]) return;
      for (int k = 0; k < nest_.operands; k++) at[k] -= nest_.stride[k][i] * nest_.size[i];
      index_[i] = 0;
    }
  }

  int64_t at[kMaxOperands];

 private:
  const Nest& nest_;
  int axes_;
  int64_t index_[kMaxRank];
};

}  // namespace onward
