#pragma once
#include <cstdint>

#include "code/nest.h"

namespace onward {

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
