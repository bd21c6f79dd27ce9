// Ops along lines: the last axis of the nest.
#include <algorithm>

#include "cpu/call.h"
#include "cpu/pack.h"
#include "cpu/walk.h"

namespace onward {

namespace {

constexpr int64_t kBuffer = 512;
constexpr int64_t kGrain = 65536;

enum Attrs { kReverse };

/** Calls line(places) for every line. */
template <class Line>
void eachLine(const Instruction& in, Context& context, Line line) {
  const int64_t n = in.nest.size[in.nest.rank - 1];
  const int64_t lines = in.nest.count() / n;
  const int64_t share = std::max<int64_t>(1, kGrain / n);
  context.pool.each((lines + share - 1) / share, [&](int64_t task, int) {
    const int64_t first = task * share, end = std::min(lines, first + share);
    Walk at(in.nest, 1, first);
    for (int64_t i = first; i < end; i++, at.next()) line(at.at);
  });
}

void runArgmax(const Instruction& in, Context& context) {
  const int last = in.nest.rank - 1;
  const int64_t n = in.nest.size[last], step = in.nest.stride[1][last];
  eachLine(in, context, [&](const int64_t* at) {
    double buffer[kBuffer];
    double best = 0, top = 0;
    for (int64_t i = 0; i < n; i += kBuffer) {
      const int64_t count = std::min(kBuffer, n - i);
      pack(buffer, in.operands[1], at[1] + i * step, step, count, context.table);
      if (i == 0) top = buffer[0];
      for (int64_t j = 0; j < count; j++)
        if (buffer[j] > top || (buffer[j] != buffer[j] && top == top)) {
          top = buffer[j];
          best = static_cast<double>(i + j);
        }
    }
    unpack(in.operands[0], at[0], 1, &best, 1, context.table);
  });
}

/** Integers wrap around at every step. */
template <bool kWraps>
void runCumsum(const Instruction& in, Context& context) {
  const int last = in.nest.rank - 1;
  const int64_t n = in.nest.size[last];
  const bool reverse = in.attrs[kReverse] != 0;
  const int64_t outStep = in.nest.stride[0][last], step = in.nest.stride[1][last];
  eachLine(in, context, [&](const int64_t* at) {
    double buffer[kBuffer];
    double total = 0;
    for (int64_t i = 0; i < n; i += kBuffer) {
      const int64_t count = std::min(kBuffer, n - i);
      const int64_t start = reverse ? n - i - count : i;
      pack(buffer, in.operands[1], at[1] + start * step, step, count, context.table);
      for (int64_t j = 0; j < count; j++) {
        double& entry = buffer[reverse ? count - 1 - j : j];
        total += entry;
        if (kWraps) total = toInt32(total);
        entry = total;
      }
      unpack(in.operands[0], at[0] + start * outStep, outStep, buffer, count, context.table);
    }
  });
}

}  // namespace

void planLines(Call& call) {
  Instruction& in = call.in;
  if (in.nest.count() == 0) {
    call.run = runNothing;
    return;
  }
  Nest outer = in.nest;
  outer.rank--;
  outer = merged(outer);
  outer.add(in.nest, in.nest.rank - 1);
  in.nest = outer;
  call.run = in.op == Op::argmax                      ? runArgmax
             : in.operands[0].dtype == DType::Int32 ? runCumsum<true>
                                                   : runCumsum<false>;
}

}  // namespace onward
