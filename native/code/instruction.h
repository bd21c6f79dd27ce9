#pragma once
#include <cstdint>

#include "code/array.h"
#include "code/encoded.h"
#include "code/nest.h"
#include "code/op.h"

namespace onward {

constexpr int kMaxAttrs = 32;

/**
 * One kernel call: a loop nest that all operands step through, the result first. An operand's stride is zero along axes
 * that it does not vary along; a result that does not vary along an axis is reduced over it.
 *
 * Encoded as integers, in this order (see src/backends/native/encode.ts):
 *
 *     op, rank, number of attributes, sizes[rank],
 *     for each operand: index of its array, offset, strides[rank],
 *     attributes
 *
 * and floating-point attributes apart, as many as the op has.
 */
struct Instruction {
  struct Operand {
    char* data;
    DType dtype;
    /** Elements from the first one on to the end of the array, and from its start. */
    int64_t after;
    int64_t before;

    template <class T>
    T* at(int64_t offset) const {
      return reinterpret_cast<T*>(data) + offset;
    }
  };

  Op op;
  Nest nest;
  Operand operands[kMaxOperands];
  int attrCount;
  int64_t attrs[kMaxAttrs];
  double numbers[2];
};

/**
 * Takes one instruction off `from`. All that memory safety needs is checked here, once: indices of arrays, dtypes, ranks,
 * and that no operand leaves its array. Positions held by an index array of `take` and `put` are checked when they are read.
 * @throws Error with code "invalid-instruction"
 */
Instruction decode(Encoded& from, const Array* arrays, int64_t arrayCount);

}  // namespace onward
