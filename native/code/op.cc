#include "code/op.h"

namespace onward {

namespace {

constexpr const char* kNames[] = {
#define ONWARD_NAME(name) #name,
    ONWARD_POINTWISE(ONWARD_NAME) ONWARD_OTHERS(ONWARD_NAME)
#undef ONWARD_NAME
};

}  // namespace

const char* nameOf(Op op) { return kNames[static_cast<int>(op)]; }

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

}  // namespace onward
