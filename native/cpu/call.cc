#include "cpu/call.h"

namespace onward {

namespace {

void plan(Call& call) {
  if (static_cast<int>(call.in.op) < kPointwise) {
    planPointwise(call);
    return;
  }
  switch (call.in.op) {
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
    default:
      planConvolution(call);
  }
}

}  // namespace

Call::Call(Encoded& from, const Array* arrays, int64_t arrayCount) : in(decode(from, arrays, arrayCount)) { plan(*this); }

void runNothing(const Instruction&, Context&) {}

}  // namespace onward
