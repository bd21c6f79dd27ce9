#include "code/convolution.h"

#include <algorithm>

#include "code/check.h"

namespace onward {

namespace {

void checkNumbers(const Instruction& in) {
  const int64_t* attrs = in.attrs;
  for (int v = 0; v < 3; v++)
    for (int i = 0; i < 4; i++) require(attrs[8 * v + i] >= 0, in.op, "sizes of at least 0");
  for (int v = 0; v < 3; v++) {
    int64_t count = 1;
    for (int i = 0; i < 4; i++) {
      const int64_t size = std::max<int64_t>(1, attrs[8 * v + i]);
      require(count <= (int64_t(1) << 40) / size, in.op, "at most 2^40 entries");
      count *= size;
    }
  }
  const int64_t* rest = attrs + 24;
  require(rest[0] >= 1 && rest[1] >= 1 && rest[2] >= 0 && rest[3] >= 0 && rest[4] >= 1, in.op,
          "steps and groups of at least 1 and padding of at least 0");
}

void checkSizes(const Convolution& c, Op op) {
  const auto output = [](int64_t n, int64_t kernel, int64_t step, int64_t pad) {
    return n + 2 * pad < kernel ? -1 : (n + 2 * pad - kernel) / step + 1;
  };
  require(c.kernel.size[0] % c.groups == 0 && c.image.size[1] == c.groups * c.inputs &&
              c.result.size[1] == c.kernel.size[0] && c.result.size[0] == c.image.size[0],
          op, "channels and images that agree");
  require(c.result.size[2] == output(c.image.size[2], c.kernel.size[2], c.stepY, c.padY) &&
              c.result.size[3] == output(c.image.size[3], c.kernel.size[3], c.stepX, c.padX),
          op, "sizes that agree");
}

}  // namespace

bool Convolution::View::isOneAxis(int first, int64_t* step) const {
  int64_t expected = 0;
  bool any = false;
  *step = 1;
  for (int i = 3; i >= first; i--) {
    if (size[i] == 1) continue;
    if (!any) *step = stride[i];
    if (any && stride[i] != expected) return false;
    any = true;
    expected = stride[i] * size[i];
  }
  return true;
}

const Convolution::View& Convolution::viewOf(Op op, int operand) const {
  if (operand == 0) return op == Op::conv2d ? result : op == Op::conv2dInput ? image : kernel;
  if (operand == 1) return op == Op::conv2dInput ? result : image;
  return op == Op::conv2dKernel ? result : kernel;
}

void checkConvolution(const Instruction& in) {
  requireFloats(in);
  require(in.nest.rank == 0 && in.attrCount == Convolution::kAttrs, in.op, "29 attributes");
  checkNumbers(in);
  const Convolution c(in);
  checkSizes(c, in.op);
  for (int k = 0; k < 3; k++) {
    const Convolution::View& view = c.viewOf(in.op, k);
    Extent extent;
    for (int i = 0; i < 4; i++) extent.add(view.size[i], view.stride[i]);
    require(extent.within(in.operands[k]), in.op, "operands that lie within their arrays");
  }
  const Convolution::View& out = c.viewOf(in.op, 0);
  int64_t step;
  require(out.count() == 0 || (out.isOneAxis(0, &step) && step == 1), in.op, "a contiguous result");
}

}  // namespace onward
