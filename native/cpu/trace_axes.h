#pragma once
#include <algorithm>
#include <cstdint>

#include "code/trace_step.h"

namespace onward {

/** The trace, the gradient, errors before and after for each state, and two factors for each term. */
constexpr int kMaxWalked = 2 + 2 * kMaxStates + 2 * kMaxTerms;

/** The trace, the gradient, and a vector for each state. */
constexpr int kMaxContracted = 2 + kMaxStates;

/** An operand has an entry for each entry of a row, or one for all of them; or it is not there. */
enum class Along { kEach, kOne, kNone };

/** Row axes that operands step through together, outermost first, and the entries of a row. */
template <int kMost>
struct TraceAxes {
  int rank = 0, operands = 0;
  int64_t inner = 1;
  int64_t size[kMaxRows];
  int64_t stride[kMost][kMaxRows];
  Along kind[kMost];

  int add(const int64_t* strides, Along k) {
    std::copy_n(strides, rank, stride[operands]);
    kind[operands] = k;
    return operands++;
  }

  /** Fewer axes and longer rows where every operand steps through two as through one. */
  void fold() {
    for (int i = rank - 1; i >= 0; i--)
      if (size[i] == 1) remove(i);
    while (rank > 0 && joins(rank - 1)) inner *= size[--rank];
    for (int i = rank - 2; i >= 0; i--) {
      bool same = true;
      for (int k = 0; same && k < operands; k++)
        same = kind[k] == Along::kNone || stride[k][i] == stride[k][i + 1] * size[i + 1];
      if (!same) continue;
      size[i + 1] *= size[i];
      remove(i);
    }
  }

  /** Whether rows have one entry each, and those along the last axis lie next to each other in the first operand, the trace. */
  bool isColumn() const { return inner == 1 && rank > 0 && stride[0][rank - 1] == 1; }

  /** Calls visit(places) for every index of all axes but the `kept` last ones; sizes may be less than all. */
  template <class Visit>
  void each(int kept, const int64_t* start, const int64_t* sizes, Visit visit) const {
    int64_t place[kMost], index[kMaxRows] = {};
    std::copy_n(start, operands, place);
    const int last = rank - kept - 1;
    for (int i = 0; i < rank; i++)
      if (sizes[i] == 0) return;
    for (;;) {
      visit(static_cast<const int64_t*>(place));
      int i = last;
      for (; i >= 0; i--) {
        for (int k = 0; k < operands; k++) place[k] += stride[k][i];
        if (++index[i] < sizes[i]) break;
        for (int k = 0; k < operands; k++) place[k] -= stride[k][i] * sizes[i];
        index[i] = 0;
      }
      if (i < 0) return;
    }
  }

  /** The longest axis along which `operand` steps, or does not step; -1 where there is none. */
  int longest(int operand, bool steps) const {
    int found = -1;
    for (int i = 0; i < rank; i++)
      if ((stride[operand][i] != 0) == steps && (found < 0 || size[i] > size[found])) found = i;
    return found;
  }

 private:
  bool joins(int axis) const {
    for (int k = 0; k < operands; k++)
      if (kind[k] != Along::kNone && stride[k][axis] != (kind[k] == Along::kEach ? inner : 0)) return false;
    return true;
  }
  void remove(int axis) {
    rank--;
    for (int i = axis; i < rank; i++) {
      size[i] = size[i + 1];
      for (int k = 0; k < operands; k++) stride[k][i] = stride[k][i + 1];
    }
  }
};

}  // namespace onward
