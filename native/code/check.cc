#include "code/check.h"

#include "code/indexed.h"

namespace onward {

void requireFloats(const Instruction& in) {
  const DType dtype = in.operands[0].dtype;
  require(dtype == DType::Float64 || dtype == DType::Float32, in.op, "float64 or float32");
  require(in.operands[1].dtype == dtype && in.operands[2].dtype == dtype, in.op, "one dtype");
}

namespace {

void checkLines(const Instruction& in) {
  require(in.nest.rank >= 1, in.op, "an axis");
  require(in.op == Op::argmax || in.attrCount == 1, in.op, "a direction");
}

void checkIndexed(const Instruction& in) {
  const Nest& nest = in.nest;
  require(in.attrCount == Indexed::kAttrs, in.op, "4 attributes");
  const Indexed axes(in);
  require(axes.first >= 0 && axes.count >= 0 && axes.first + axes.count <= nest.rank, in.op,
          "axes of the index within its rank");
  require(axes.size >= 0, in.op, "an axis of at least 0 entries");
  require(in.operands[2].dtype == DType::Int32, in.op, "positions as int32");
  require(in.operands[0].dtype == in.operands[1].dtype, in.op, "one dtype");
  // the operand whose indexed axis is not among the nest's own
  const int k = in.op == Op::take ? 1 : 0;
  Extent extent;
  extent.add(axes.size, axes.stride);
  for (int i = 0; i < nest.rank; i++)
    if (!axes.has(i)) extent.add(nest.size[i], nest.stride[k][i]);
  require(extent.within(in.operands[k]), in.op, "positions that lie within its array");
}

}  // namespace

void checkFamily(const Instruction& in) {
  switch (in.op) {
    case Op::argmax:
    case Op::cumsum:
      checkLines(in);
      return;
    case Op::contract:
      requireFloats(in);
      return;
    case Op::take:
    case Op::put:
      checkIndexed(in);
      return;
    case Op::conv2d:
    case Op::conv2dInput:
    case Op::conv2dKernel:
      checkConvolution(in);
      return;
    default:
      return;
  }
}

}  // namespace onward
