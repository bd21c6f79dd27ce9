#pragma once
#include <cstdint>

#include "cpu/array.h"
#include "cpu/context.h"
#include "cpu/nest.h"
#include "cpu/table.h"

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
  void (*run)(const Instruction&, Context&);
};

/** What is left to decode of an encoded list of instructions. */
struct Encoded {
  const int32_t* ints;
  int64_t intCount;
  const double* numbers;
  int64_t numberCount;

  int32_t next();
};

/**
 * Takes one instruction off `from`. All that memory safety needs is checked here, once: indices of arrays, dtypes, ranks,
 * and that no operand leaves its array. Positions held by an index array of `take` and `put` are checked when they are read.
 * @throws Error with code "invalid-instruction"
 */
Instruction decode(Encoded& from, const Array* arrays, int64_t arrayCount);

/** Runs it, trusting what `decode` checked. */
inline void execute(const Instruction& instruction, Context& context) { instruction.run(instruction, context); }

/** Each family's part of `decode`: further checks, and which kernel runs. */
void preparePointwise(Instruction& in);
void prepareReduction(Instruction& in);
void prepareLines(Instruction& in);
void prepareContract(Instruction& in);
void prepareIndexed(Instruction& in);
void prepareConvolution(Instruction& in);

/** @throws Error unless the condition holds */
void require(bool condition, Op op, const char* expected);

/** Smallest and largest place that strides lead to from the start of an operand. */
class Extent {
 public:
  void add(int64_t size, int64_t stride);
  /** Whether all of it lies in the operand's array. */
  bool within(const Instruction::Operand& x) const;

 private:
  int64_t low_ = 0, high_ = 0;
  bool empty_ = false;
};

const char* nameOf(Op op);

}  // namespace onward
