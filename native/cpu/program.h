#pragma once
#include <cstdint>
#include <vector>

#include "code/program.h"
#include "cpu/call.h"
#include "cpu/trace_plan.h"

namespace onward {

/** Decodes one instruction or trace step and runs it. */
void runNext(Encoded& from, const Array* arrays, int64_t arrayCount, Context& context);

/** A program for the CPU: decoded and planned once, and run often. */
class Program {
 public:
  /** @throws Error with code "invalid-instruction" */
  explicit Program(EncodedProgram code);

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
  void planAll();

  EncodedProgram code_;
  std::vector<Call> calls_;
  std::vector<TracePlan> traces_;
  std::vector<Step> steps_;
  bool stale_ = false;
};

}  // namespace onward
