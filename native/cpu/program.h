#pragma once
#include <cstdint>
#include <vector>

#include "cpu/instruction.h"
#include "cpu/trace_step.h"

namespace onward {

/** The number by which a trace step goes among instructions. */
constexpr int32_t kTraceStep = kOps;

/** Decodes one instruction or trace step and runs it. */
void runNext(Encoded& from, const Array* arrays, int64_t arrayCount, Context& context);

/** Instructions and trace steps, decoded once and run often. The arrays' memory must outlive it. */
class Program {
 public:
  /** `ints` begin with the number of instructions. @throws Error with code "invalid-instruction" */
  Program(std::vector<int32_t> ints, std::vector<double> numbers, std::vector<Array> arrays);

  /** Points everything that points at an array at another of its dtype; whether it is long enough is seen at the next run. */
  void rebind(int64_t index, const Array& array);
  void run(Context& context);
  /** What it takes up, besides the arrays. */
  int64_t bytes() const;

 private:
  struct Step {
    bool isTrace;
    size_t index;
  };
  void decodeAll();

  std::vector<int32_t> ints_;
  std::vector<double> numbers_;
  std::vector<Array> arrays_;
  std::vector<Instruction> instructions_;
  std::vector<TracePlan> traces_;
  std::vector<Step> steps_;
  bool stale_ = false;
};

}  // namespace onward
