#pragma once
#include <cstdint>

#include "kernels/names.h"

namespace onward {

#define ONWARD_ENUM(name) name,
enum class Op : int32_t { ONWARD_POINTWISE(ONWARD_ENUM) ONWARD_OTHERS(ONWARD_ENUM) };
#undef ONWARD_ENUM
#define ONWARD_COUNT(name) +1
constexpr int kPointwise = 0 ONWARD_POINTWISE(ONWARD_COUNT);
constexpr int kOps = kPointwise ONWARD_OTHERS(ONWARD_COUNT);
#undef ONWARD_COUNT

/** The number by which a trace step goes among instructions. */
constexpr int32_t kTraceStep = kOps;

const char* nameOf(Op op);
/** How many operands its loop nest has, the result among them. */
int operandsOf(Op op);
/** How many floating-point attributes it takes. */
int numbersOf(Op op);

}  // namespace onward
