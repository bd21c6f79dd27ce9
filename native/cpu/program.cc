#include "cpu/program.h"

#include <cstring>
#include <utility>

namespace onward {

namespace {

/** Kernels that write to some entries only begin with zeros in the others. */
void clear(const Instruction& in) {
  if (in.op != Op::put && in.op != Op::take) return;
  const Instruction::Operand& out = in.operands[0];
  const int64_t size = bytesOf(out.dtype);
  std::memset(out.data - out.before * size, 0, (out.before + out.after) * size);
}

}  // namespace

void runNext(Encoded& from, const Array* arrays, int64_t arrayCount, Context& context) {
  if (from.isTraceStep())
    execute(TracePlan(from, arrays, arrayCount), context);
  else
    execute(Call(from, arrays, arrayCount), context);
}

Program::Program(EncodedProgram code) : code_(std::move(code)) { planAll(); }

void Program::rebind(int64_t index, const Array& array) {
  code_.rebind(index, array);
  stale_ = true;
}

void Program::planAll() {
  calls_.clear();
  traces_.clear();
  steps_.clear();
  Encoded from = code_.encoded();
  const Array* arrays = code_.arrays().data();
  const int64_t arrayCount = static_cast<int64_t>(code_.arrays().size());
  const int32_t count = from.next();
  for (int32_t i = 0; i < count; i++) {
    if (from.isTraceStep()) {
      traces_.emplace_back(from, arrays, arrayCount);
      steps_.push_back({true, traces_.size() - 1});
    } else {
      calls_.emplace_back(from, arrays, arrayCount);
      steps_.push_back({false, calls_.size() - 1});
    }
  }
  stale_ = false;
}

int64_t Program::bytes() const {
  size_t bytes = sizeof *this + calls_.capacity() * sizeof(Call) + traces_.capacity() * sizeof(TracePlan) +
                 steps_.capacity() * sizeof(Step);
  for (const TracePlan& plan : traces_)
    bytes += plan.step.terms.capacity() * sizeof(TraceTerm) + (plan.panels ? sizeof(TracePanels) : 0);
  return code_.bytes() + static_cast<int64_t>(bytes);
}

void Program::run(Context& context) {
  if (stale_) planAll();
  for (const Step& step : steps_) {
    if (step.isTrace) {
      execute(traces_[step.index], context);
    } else {
      const Call& call = calls_[step.index];
      clear(call.in);
      execute(call, context);
    }
  }
}

}  // namespace onward
