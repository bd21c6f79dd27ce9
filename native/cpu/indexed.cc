// `take` and `put`: entries moved along an axis whose positions an array of integers holds. Operands: result, input,
// positions. Axes: those before the indexed one, those of the index, those after it.
#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "cpu/error.h"
#include "cpu/instruction.h"

namespace onward {

namespace {

/** Where the axes of the index begin, how many they are; size and stride of the axis that positions point into. */
enum Attrs { kFirst, kCount, kSize, kStride };

struct Plan {
  Nest before, index, after;
  int64_t befores, indices, afters, row;

  explicit Plan(const Instruction& in) {
    const int first = static_cast<int>(in.attrs[kFirst]), count = static_cast<int>(in.attrs[kCount]);
    before = part(in.nest, 0, first);
    index = part(in.nest, first, first + count);
    after = looped(part(in.nest, first + count, in.nest.rank));
    row = after.size[after.rank - 1];
    befores = before.count();
    indices = index.count();
    afters = after.count() / row;
  }

  static Nest part(const Nest& nest, int from, int to) {
    Nest out;
    out.operands = nest.operands;
    for (int i = from; i < to; i++) out.add(nest, i);
    return merged(out);
  }
};

int64_t position(const Instruction& in, int64_t at) {
  const int64_t p = *in.operands[2].at<int32_t>(at);
  if (p >= in.attrs[kSize])
    throw Error("invalid-index", std::string(nameOf(in.op)) + ": expected positions below " +
                                     std::to_string(in.attrs[kSize]) + ", got " + std::to_string(p));
  return p;
}

template <class T>
void runTake(const Instruction& in, Context& context) {
  const Plan plan(in);
  const int last = plan.after.rank - 1;
  const int64_t outStep = plan.after.stride[0][last], step = plan.after.stride[1][last];
  context.pool.each(plan.befores, [&](int64_t task, int) {
    const Walk before(plan.before, 0, task);
    Walk index(plan.index, 0);
    for (int64_t i = 0; i < plan.indices; i++, index.next()) {
      const int64_t p = position(in, index.at[2]);
      Walk after(plan.after, 1);
      for (int64_t r = 0; r < plan.afters; r++, after.next()) {
        T* to = in.operands[0].at<T>(before.at[0] + index.at[0] + after.at[0]);
        if (p < 0) {
          for (int64_t j = 0; j < plan.row; j++) to[j * outStep] = 0;
          continue;
        }
        const T* from = in.operands[1].at<T>(before.at[1] + p * in.attrs[kStride] + after.at[1]);
        if (outStep == 1 && step == 1)
          std::memcpy(to, from, plan.row * sizeof(T));
        else
          for (int64_t j = 0; j < plan.row; j++) to[j * outStep] = from[j * step];
      }
    }
  });
}

/** Sums of integers wrap around, as they do in JavaScript's arrays. */
template <class T>
T added(T a, T b) {
  return a + b;
}
template <>
int32_t added(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

/** Whether several entries come to one place. */
bool hasRepeats(const Instruction& in, const Plan& plan) {
  std::vector<bool> taken(in.attrs[kSize]);
  Walk index(plan.index, 0);
  for (int64_t i = 0; i < plan.indices; i++, index.next()) {
    const int64_t p = position(in, index.at[2]);
    if (p < 0) continue;
    if (taken[p]) return true;
    taken[p] = true;
  }
  return false;
}

/** Sums of float32 entries, kept in float64 until the end. */
void runPutWide(const Instruction& in, const Plan& plan, Context& context) {
  const int last = plan.after.rank - 1;
  const int64_t outStep = plan.after.stride[0][last], step = plan.after.stride[1][last];
  const int64_t size = in.attrs[kSize], stride = in.attrs[kStride], slice = plan.afters * plan.row;
  context.pool.each(plan.befores, [&](int64_t task, int) {
    const Walk before(plan.before, 0, task);
    std::vector<double> sums(size * slice);
    Walk index(plan.index, 0);
    for (int64_t i = 0; i < plan.indices; i++, index.next()) {
      const int64_t p = position(in, index.at[2]);
      if (p < 0) continue;
      double* to = sums.data() + p * slice;
      Walk after(plan.after, 1);
      for (int64_t r = 0; r < plan.afters; r++, after.next(), to += plan.row) {
        const float* from = in.operands[1].at<float>(before.at[1] + index.at[1] + after.at[1]);
        for (int64_t j = 0; j < plan.row; j++) to[j] += from[j * step];
      }
    }
    const double* from = sums.data();
    for (int64_t i = 0; i < size; i++) {
      Walk after(plan.after, 1);
      for (int64_t r = 0; r < plan.afters; r++, after.next(), from += plan.row) {
        float* to = in.operands[0].at<float>(before.at[0] + i * stride + after.at[0]);
        for (int64_t j = 0; j < plan.row; j++) to[j * outStep] = static_cast<float>(from[j]);
      }
    }
  });
}

template <class T>
void runPut(const Instruction& in, Context& context) {
  const Plan plan(in);
  if constexpr (std::is_same<T, float>::value)
    if (hasRepeats(in, plan)) {
      runPutWide(in, plan, context);
      return;
    }
  const int last = plan.after.rank - 1;
  const int64_t outStep = plan.after.stride[0][last], step = plan.after.stride[1][last];
  const int64_t size = in.attrs[kSize], stride = in.attrs[kStride];
  context.pool.each(plan.befores, [&](int64_t task, int) {
    const Walk before(plan.before, 0, task);
    for (int64_t i = 0; i < size; i++) {
      Walk after(plan.after, 1);
      for (int64_t r = 0; r < plan.afters; r++, after.next()) {
        T* to = in.operands[0].at<T>(before.at[0] + i * stride + after.at[0]);
        for (int64_t j = 0; j < plan.row; j++) to[j * outStep] = 0;
      }
    }
    Walk index(plan.index, 0);
    for (int64_t i = 0; i < plan.indices; i++, index.next()) {
      const int64_t p = position(in, index.at[2]);
      if (p < 0) continue;
      Walk after(plan.after, 1);
      for (int64_t r = 0; r < plan.afters; r++, after.next()) {
        T* to = in.operands[0].at<T>(before.at[0] + p * stride + after.at[0]);
        const T* from = in.operands[1].at<T>(before.at[1] + index.at[1] + after.at[1]);
        for (int64_t j = 0; j < plan.row; j++) to[j * outStep] = added(to[j * outStep], from[j * step]);
      }
    }
  });
}

void runNothing(const Instruction&, Context&) {}

template <class T>
void pick(Instruction& in) {
  in.run = in.op == Op::take ? runTake<T> : runPut<T>;
}

}  // namespace

void prepareIndexed(Instruction& in) {
  const Nest& nest = in.nest;
  require(in.attrCount == 4, in.op, "4 attributes");
  const int64_t first = in.attrs[kFirst], count = in.attrs[kCount];
  require(first >= 0 && count >= 0 && first + count <= nest.rank, in.op, "axes of the index within its rank");
  require(in.attrs[kSize] >= 0, in.op, "an axis of at least 0 entries");
  require(in.operands[2].dtype == DType::Int32, in.op, "positions as int32");
  require(in.operands[0].dtype == in.operands[1].dtype, in.op, "one dtype");
  // the operand whose indexed axis is not among the nest's own
  const int k = in.op == Op::take ? 1 : 0;
  Extent extent;
  extent.add(in.attrs[kSize], in.attrs[kStride]);
  for (int i = 0; i < nest.rank; i++) {
    if (i >= first && i < first + count) continue;
    extent.add(nest.size[i], nest.stride[k][i]);
  }
  require(extent.within(in.operands[k]), in.op, "positions that lie within its array");
  int64_t others = 1;
  for (int i = 0; i < nest.rank; i++)
    if (i < first || i >= first + count) others *= nest.size[i] > 0 ? 1 : 0;
  if (others == 0 || (in.op == Op::take && nest.count() == 0)) {
    in.run = runNothing;
    return;
  }
  switch (in.operands[0].dtype) {
    case DType::Float64:
      pick<double>(in);
      return;
    case DType::Float32:
      pick<float>(in);
      return;
    case DType::Int32:
      pick<int32_t>(in);
      return;
    case DType::Bool:
      pick<uint8_t>(in);
  }
}

}  // namespace onward
