#pragma once
#include <algorithm>
#include <cstdint>

#include "cpu/trace_kernels.h"

namespace onward {

constexpr int kMaxRows = 8;

/** The trace, the gradient, errors before and after for each state, and two factors for each term. */
constexpr int kMaxWalked = 2 + 2 * kMaxStates + 2 * kMaxTerms;

/** Row axes that operands step through together, outermost first, and the entries of a row. */
struct TraceAxes {
  /** An operand has an entry for each entry of a row, or one for all of them; or it is not there. */
  enum Kind { kAlong, kStill, kAbsent };

  int rank = 0, operands = 0;
  int64_t inner = 1;
  int64_t size[kMaxRows];
  int64_t stride[kMaxWalked][kMaxRows];
  Kind kind[kMaxWalked];

  int add(const int64_t* strides, Kind k) {
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
        same = kind[k] == kAbsent || stride[k][i] == stride[k][i + 1] * size[i + 1];
      if (!same) continue;
      size[i + 1] *= size[i];
      remove(i);
    }
  }

  /** Calls visit(places) for every index of all axes but the `kept` last ones, the first index first. */
  template <class Visit>
  void each(int kept, const int64_t* start, Visit visit) const {
    int64_t place[kMaxWalked], index[kMaxRows] = {};
    std::copy_n(start, operands, place);
    const int last = rank - kept - 1;
    for (int i = 0; i < rank; i++)
      if (size[i] == 0) return;
    for (;;) {
      visit(static_cast<const int64_t*>(place));
      int i = last;
      for (; i >= 0; i--) {
        for (int k = 0; k < operands; k++) place[k] += stride[k][i];
        if (++index[i] < size[i]) break;
        for (int k = 0; k < operands; k++) place[k] -= stride[k][i] * size[i];
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
      if (kind[k] != kAbsent && stride[k][axis] != (kind[k] == kAlong ? inner : 0)) return false;
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
