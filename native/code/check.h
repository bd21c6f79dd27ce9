#pragma once
#include <cstdint>

#include "code/error.h"
#include "code/instruction.h"

namespace onward {

/** Sizes and places in arrays stay far from where sums of a few of them would overflow. */
constexpr int64_t kMaxPlace = int64_t(1) << 53;

/** @throws Error unless the condition holds */
inline void require(bool condition, Op op, const char* expected) {
  if (!condition) refuse(nameOf(op), expected);
}

/** Smallest and largest place that strides lead to from the start of an operand. */
class Extent {
 public:
  void add(int64_t size, int64_t stride) {
    if (size == 0) empty_ = true;
    if (size <= 1) return;
    // sizes and strides are 32-bit integers
    int64_t& end = stride < 0 ? low_ : high_;
    end += (size - 1) * stride;
    if (end > kMaxPlace) end = kMaxPlace;
    if (end < -kMaxPlace) end = -kMaxPlace;
  }
  /** Whether all of it lies in the operand's array. */
  bool within(const Instruction::Operand& x) const { return empty_ || (-low_ <= x.before && high_ < x.after); }

 private:
  int64_t low_ = 0, high_ = 0;
  bool empty_ = false;
};

/** @throws Error unless all three operands are of one float type */
void requireFloats(const Instruction& in);

/** What must hold of an op besides what holds of every instruction. */
void checkFamily(const Instruction& in);
void checkConvolution(const Instruction& in);

}  // namespace onward
