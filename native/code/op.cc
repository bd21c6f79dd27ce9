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

// a kernel that is in no case does not compile, rather than be taken for another
#pragma GCC diagnostic error "-Wswitch"

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
      ONWARD_EXACT_2(ONWARD_CASE)
      ONWARD_DOUBLE_2(ONWARD_CASE)
    case Op::contract:
    case Op::take:
    case Op::put:
    case Op::conv2d:
    case Op::conv2dInput:
    case Op::conv2dKernel:
      return 3;
      ONWARD_ATTRS_3(ONWARD_CASE)
      return 4;
#undef ONWARD_CASE
  }
  return 0;
}

int numbersOf(Op op) { return op == Op::clip ? 2 : op == Op::timesPow ? 1 : 0; }

}  // namespace onward
