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

/** The axes from `first` on, before `end`. */
inline Nest part(const Nest& nest, int first, int end) {
  Nest out;
  out.operands = nest.operands;
  for (int i = first; i < end; i++) out.add(nest, i);
  return out;
}

}  // namespace onward
