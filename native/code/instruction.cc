#include "code/instruction.h"

#include <string>

#include "code/check.h"
#include "code/error.h"

namespace onward {

namespace {

void readSizes(Instruction& in, Encoded& from) {
  int64_t count = 1;
  for (int i = 0; i < in.nest.rank; i++) {
    int64_t& size = in.nest.size[i];
    size = from.next();
    require(size >= 0, in.op, "sizes of at least 0");
    if (size == 0) continue;
    require(count <= kMaxPlace / size, in.op, "at most 2^53 entries");
    count *= size;
  }
}

void readOperand(Instruction& in, int k, Encoded& from, const Array* arrays, int64_t arrayCount) {
  Nest& nest = in.nest;
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

void readNumbers(Instruction& in, Encoded& from) {
  const int numbers = numbersOf(in.op);
  require(from.numberCount >= numbers, in.op, "its floating-point attributes");
  for (int i = 0; i < numbers; i++) in.numbers[i] = from.numbers[i];
  from.numbers += numbers;
  from.numberCount -= numbers;
}

}  // namespace

Instruction decode(Encoded& from, const Array* arrays, int64_t arrayCount) {
  Instruction in;
  const int32_t op = from.next();
  if (op < 0 || op >= kOps) refuse("native", "the number of a kernel, got " + std::to_string(op));
  in.op = static_cast<Op>(op);
  in.nest.rank = from.next();
  require(in.nest.rank >= 0 && in.nest.rank <= kMaxRank, in.op, "a rank of at most 12");
  in.attrCount = from.next();
  require(in.attrCount >= 0 && in.attrCount <= kMaxAttrs, in.op, "at most 32 attributes");
  in.nest.operands = operandsOf(in.op);
  readSizes(in, from);
  for (int k = 0; k < in.nest.operands; k++) readOperand(in, k, from, arrays, arrayCount);
  for (int i = 0; i < in.attrCount; i++) in.attrs[i] = from.next();
  readNumbers(in, from);
  checkFamily(in);
  return in;
}

}  // namespace onward
