#pragma once
#include <cstdint>

#include "code/error.h"
#include "code/op.h"

namespace onward {

/** What is left to decode of an encoded list of instructions and trace steps. */
struct Encoded {
  const int32_t* ints;
  int64_t intCount;
  const double* numbers;
  int64_t numberCount;

  /** Takes an integer off. @throws Error with code "invalid-instruction" where none is left */
  int32_t next() {
    if (intCount <= 0) refuse("native", "more integers in an instruction, got its end");
    intCount--;
    return *ints++;
  }

  /** Whether a trace step comes next, rather than an instruction. */
  bool isTraceStep() const { return intCount > 0 && *ints == kTraceStep; }
};

}  // namespace onward
