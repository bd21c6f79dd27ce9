#include "cpu/call.h"

namespace onward {

namespace {

// a kernel that is in no case does not compile, rather than be taken for another
#pragma GCC diagnostic error "-Wswitch"

void plan(Call& call) {
  switch (call.in.op) {
#define ONWARD_CASE(name) case Op::name:
    ONWARD_POINTWISE(ONWARD_CASE)
#undef ONWARD_CASE
      planPointwise(call);
      return;
    case Op::sum:
    case Op::max:
      planReduction(call);
      return;
    case Op::argmax:
    case Op::cumsum:
      planLines(call);
      return;
    case Op::contract:
      planContraction(call);
      return;
    case Op::take:
    case Op::put:
      planIndexed(call);
      return;
    case Op::conv2d:
    case Op::conv2dInput:
    case Op::conv2dKernel:
      planConvolution(call);
  }
}

}  // namespace

Call::Call(Encoded& from, const Array* arrays, int64_t arrayCount) : in(decode(from, arrays, arrayCount)) { plan(*this); }

void runNothing(const Instruction&, Context&) {}

}  // namespace onward
