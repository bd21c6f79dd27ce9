#include "cpu/instruction.h"

#include <string>

#include "cpu/error.h"

namespace onward {

namespace {

constexpr const char* kNames[] = {
#define ONWARD_NAME(name) #name,
    ONWARD_POINTWISE(ONWARD_NAME) ONWARD_OTHERS(ONWARD_NAME)
#undef ONWARD_NAME
};

/** Sizes and places in them stay far from where sums of a few of them would overflow. */
constexpr int64_t kMaxPlace = int64_t(1) << 53;

int operandsOf(Op op) {
  switch (op) {
#define ONWARD_CASE(name) case Op::name:
    ONWARD_EXACT_1(ONWARD_CASE)
    ONWARD_NARROW_1(ONWARD_CASE)
    ONWARD_DOUBLE_1(ONWARD_CASE)
    ONWARD_ATTRS_1(ONWARD_CASE)
    case Op::sum:
    case Op::max:
    case Op::argmax:
    case Op::cumsum:
      return 2;
      ONWARD_ATTRS_3(ONWARD_CASE)
      return 4;
#undef ONWARD_CASE
    default:
      return 3;
  }
}

int numbersOf(Op op) { return op == Op::clip ? 2 : op == Op::timesPow ? 1 : 0; }

void prepare(Instruction& in) {
  if (static_cast<int>(in.op) < kPointwise) {
    preparePointwise(in);
    return;
  }
  switch (in.op) {
    case Op::sum:
    case Op::max:
      prepareReduction(in);
      return;
    case Op::argmax:
    case Op::cumsum:
      prepareLines(in);
      return;
    case Op::contract:
      prepareContract(in);
      return;
    case Op::take:
    case Op::put:
      prepareIndexed(in);
      return;
    default:
      prepareConvolution(in);
  }
}

[[noreturn]] void invalid(const std::string& who, const std::string& expected) {
  throw Error("invalid-instruction", who + ": expected " + expected);
}

}  // namespace

const char* nameOf(Op op) { return kNames[static_cast<int>(op)]; }

void require(bool condition, Op op, const char* expected) {
  if (!condition) invalid(nameOf(op), expected);
}

int32_t Encoded::next() {
  if (intCount <= 0) invalid("native", "more integers in an instruction, got its end");
  intCount--;
  return *ints++;
}

void Extent::add(int64_t size, int64_t stride) {
  if (size == 0) empty_ = true;
  if (size <= 1) return;
  // sizes and strides are 32-bit integers
  int64_t& end = stride < 0 ? low_ : high_;
  end += (size - 1) * stride;
  if (end > kMaxPlace) end = kMaxPlace;
  if (end < -kMaxPlace) end = -kMaxPlace;
}

bool Extent::within(const Instruction::Operand& x) const {
  return empty_ || (-low_ <= x.before && high_ < x.after);
}

Instruction decode(Encoded& from, const Array* arrays, int64_t arrayCount) {
  Instruction in;
  const int32_t op = from.next();
  if (op < 0 || op >= kOps) invalid("native", "the number of a kernel, got " + std::to_string(op));
  in.op = static_cast<Op>(op);
  Nest& nest = in.nest;
  nest.rank = from.next();
  require(nest.rank >= 0 && nest.rank <= kMaxRank, in.op, "a rank of at most 12");
  in.attrCount = from.next();
  require(in.attrCount >= 0 && in.attrCount <= kMaxAttrs, in.op, "at most 32 attributes");
  nest.operands = operandsOf(in.op);
  int64_t count = 1;
  for (int i = 0; i < nest.rank; i++) {
    nest.size[i] = from.next();
    require(nest.size[i] >= 0, in.op, "sizes of at least 0");
    if (nest.size[i] == 0) continue;
    require(count <= kMaxPlace / nest.size[i], in.op, "at most 2^53 entries");
    count *= nest.size[i];
  }
  for (int k = 0; k < nest.operands; k++) {
    Instruction::Operand& x = in.operands[k];
    const int32_t index = from.next();
    require(index >= 0 && index < arrayCount, in.op, "indices of arrays that were given");
    const Array& array = arrays[index];
    const int64_t offset = from.next();
    require(offset >= 0 && offset <= array.length, in.op, "offsets within their arrays");
    x.dtype = array.dtype;
    x.before = offset;
    x.after = array.length - offset;
    x.data = static_cast<char*>(array.data) + (array.data ? offset * bytesOf(array.dtype) : 0);
    Extent extent;
    for (int i = 0; i < nest.rank; i++) {
      nest.stride[k][i] = from.next();
      // a result that is reduced over nothing is there all the same
      if (k > 0 || nest.stride[k][i] != 0) extent.add(nest.size[i], nest.stride[k][i]);
    }
    require(extent.within(x), in.op, "operands that lie within their arrays");
  }
  for (int i = 0; i < in.attrCount; i++) in.attrs[i] = from.next();
  const int numbers = numbersOf(in.op);
  require(from.numberCount >= numbers, in.op, "its floating-point attributes");
  for (int i = 0; i < numbers; i++) in.numbers[i] = from.numbers[i];
  from.numbers += numbers;
  from.numberCount -= numbers;
  prepare(in);
  return in;
}

}  // namespace onward
