#pragma once
#include "code/instruction.h"
#include "cpu/context.h"

namespace onward {

/** An instruction as the CPU runs it: the kernel, and the same loops merged and in the order that it wants. */
struct Call {
  /**
   * Takes an instruction off `from`, and chooses its kernel.
   * @throws Error with code "invalid-instruction" where it makes no sense, or its loops need more axes than a nest has
   */
  Call(Encoded& from, const Array* arrays, int64_t arrayCount);

  Instruction in;
  void (*run)(const Instruction&, Context&);
};

/** Runs it, trusting what `decode` checked. */
inline void execute(const Call& call, Context& context) { call.run(call.in, context); }

/** How each family chooses. */
void planPointwise(Call& call);
void planReduction(Call& call);
void planLines(Call& call);
void planContraction(Call& call);
void planIndexed(Call& call);
void planConvolution(Call& call);

/** The kernel where there is nothing to do. */
void runNothing(const Instruction& in, Context& context);

}  // namespace onward
