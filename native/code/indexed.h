#pragma once
#include "code/instruction.h"

namespace onward {

/**
 * The axes of `take` and `put`, which move entries along an axis whose positions an array of integers holds. Operands:
 * result, input, positions. Axes of the nest: those before the indexed one, those of the index, those after it.
 */
struct Indexed {
  static constexpr int kAttrs = 4;

  /** Where the axes of the index begin, and how many they are. */
  int64_t first, count;
  /** Size and stride of the axis that positions point into. */
  int64_t size, stride;

  explicit Indexed(const Instruction& in)
      : first(in.attrs[0]), count(in.attrs[1]), size(in.attrs[2]), stride(in.attrs[3]) {}

  /** Whether an axis of the nest is one of the index. */
  bool has(int axis) const { return axis >= first && axis < first + count; }
};

}  // namespace onward
