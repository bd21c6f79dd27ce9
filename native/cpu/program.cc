#include "cpu/program.h"

#include <cstring>
#include <utility>

#include "cpu/error.h"

namespace onward {

namespace {

/** Kernels that write to some entries only begin with zeros in the others. */
void clear(const Instruction& in) {
  if (in.op != Op::put && in.op != Op::take) return;
  const Instruction::Operand& out = in.operands[0];
  const int64_t size = bytesOf(out.dtype);
  std::memset(out.data - out.before * size, 0, (out.before + out.after) * size);
}

bool isTrace(const Encoded& from) { return from.intCount > 0 && *from.ints == kTraceStep; }

}  // namespace

void runNext(Encoded& from, const Array* arrays, int64_t arrayCount, Context& context) {
  if (isTrace(from)) {
    from.next();
    execute(decodeTrace(from, arrays, arrayCount), context);
  } else {
    execute(decode(from, arrays, arrayCount), context);
  }
}

Program::Program(std::vector<int32_t> ints, std::vector<double> numbers, std::vector<Array> arrays)
    : ints_(std::move(ints)), numbers_(std::move(numbers)), arrays_(std::move(arrays)) {
  decodeAll();
}

void Program::rebind(int64_t index, const Array& array) {
  if (index < 0 || index >= static_cast<int64_t>(arrays_.size()))
    throw Error("invalid-argument", "rebind: expected the index of an array of the program, got another");
  Array& old = arrays_[index];
  if (old.dtype != array.dtype)
    throw Error("invalid-argument", "rebind: expected an array of the same dtype, got another");
  old = array;
  stale_ = true;
}

void Program::decodeAll() {
  instructions_.clear();
  traces_.clear();
  steps_.clear();
  Encoded from{ints_.data(), static_cast<int64_t>(ints_.size()), numbers_.data(), static_cast<int64_t>(numbers_.size())};
  const int32_t count = from.next();
  const int64_t arrayCount = static_cast<int64_t>(arrays_.size());
  for (int32_t i = 0; i < count; i++) {
    if (isTrace(from)) {
      from.next();
      traces_.push_back(decodeTrace(from, arrays_.data(), arrayCount));
      steps_.push_back({true, traces_.size() - 1});
    } else {
      instructions_.push_back(decode(from, arrays_.data(), arrayCount));
      steps_.push_back({false, instructions_.size() - 1});
    }
  }
  stale_ = false;
}

int64_t Program::bytes() const {
  size_t bytes = sizeof *this + ints_.capacity() * sizeof(int32_t) + numbers_.capacity() * sizeof(double) +
                 arrays_.capacity() * sizeof(Array) + instructions_.capacity() * sizeof(Instruction) +
                 traces_.capacity() * sizeof(TracePlan) + steps_.capacity() * sizeof(Step);
  for (const TracePlan& plan : traces_) bytes += plan.terms.capacity() * sizeof(TraceTerm);
  return static_cast<int64_t>(bytes);
}

void Program::run(Context& context) {
  if (stale_) decodeAll();
  for (const Step& step : steps_) {
    if (step.isTrace) {
      execute(traces_[step.index], context);
    } else {
      clear(instructions_[step.index]);
      execute(instructions_[step.index], context);
    }
  }
}

}  // namespace onward
