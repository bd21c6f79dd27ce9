#include "code/indexed.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "code/error.h"
#include "cpu/call.h"
#include "cpu/walk.h"

namespace onward {

namespace {

/** The loops over the axes before the indexed one, those of the index and those after it, the last of which is a row. */
struct Plan : Indexed {
  Nest before, index, after;
  int64_t befores, indices, afters, row;

  explicit Plan(const Instruction& in) : Indexed(in) {
    const int from = static_cast<int>(first), to = static_cast<int>(first + count);
    before = merged(part(in.nest, 0, from));
    index = merged(part(in.nest, from, to));
    after = looped(part(in.nest, to, in.nest.rank));
    row = after.size[after.rank - 1];
    befores = before.count();
    indices = index.count();
    afters = after.count() / row;
  }

  /** What the array of positions holds at a place; nothing is there where it is negative. */
  int64_t position(const Instruction& in, int64_t at) const {
    const int64_t p = *in.operands[2].at<int32_t>(at);
    if (p < size) return p;
    throw Error("invalid-index", std::string(nameOf(in.op)) + ": expected positions below " +
                                     std::to_string(size) + ", got " + std::to_string(p));
  }
};

/** Places of an index that are looked up at once. */
constexpr int64_t kLookedUp = 1024;
/** Where nothing is taken. */
constexpr int64_t kNowhere = std::numeric_limits<int64_t>::min();
/** Entries that are worth a thread. */
constexpr int64_t kTakeGrain = 8192;

/** A row of `n` entries, zeros where `from` is null. */
template <class T>
inline void copyRow(T* to, int64_t outStep, const T* from, int64_t step, int64_t n) {
  if (!from)
    for (int64_t j = 0; j < n; j++) to[j * outStep] = 0;
  else if (outStep == 1 && step == 1)
    std::memcpy(to, from, n * sizeof(T));
  else
    for (int64_t j = 0; j < n; j++) to[j * outStep] = from[j * step];
}

template <class T>
void runTake(const Instruction& in, Context& context) {
  const Plan plan(in);
  const int last = plan.after.rank - 1;
  const int64_t outStep = plan.after.stride[0][last], step = plan.after.stride[1][last];
  const int64_t slice = plan.afters * plan.row;
  int64_t to[kLookedUp], from[kLookedUp];
  Walk index(plan.index, 0);
  for (int64_t done = 0; done < plan.indices; done += kLookedUp) {
    const int64_t n = std::min(kLookedUp, plan.indices - done);
    for (int64_t i = 0; i < n; i++, index.next()) {
      const int64_t p = plan.position(in, index.at[2]);
      to[i] = index.at[0];
      from[i] = p < 0 ? kNowhere : p * plan.stride;
    }
    const int64_t most = std::min<int64_t>(plan.befores, 4 * context.pool.threads());
    const int64_t tasks = std::clamp<int64_t>(plan.befores * n * slice / kTakeGrain, 1, most);
    context.pool.each(tasks, [&](int64_t task, int) {
      int64_t at = plan.befores * task / tasks;
      const int64_t end = plan.befores * (task + 1) / tasks;
      for (Walk before(plan.before, 0, at); at < end; at++, before.next()) {
        T* const out = in.operands[0].at<T>(before.at[0]);
        const T* const input = in.operands[1].at<T>(before.at[1]);
        if (slice == 1) {
          for (int64_t i = 0; i < n; i++) out[to[i]] = from[i] == kNowhere ? T(0) : input[from[i]];
          continue;
        }
        for (int64_t i = 0; i < n; i++) {
          const T* const row = from[i] == kNowhere ? nullptr : input + from[i];
          Walk after(plan.after, 1);
          for (int64_t r = 0; r < plan.afters; r++, after.next())
            copyRow(out + to[i] + after.at[0], outStep, row ? row + after.at[1] : nullptr, step, plan.row);
        }
      }
    });
  }
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
  std::vector<bool> taken(plan.size);
  Walk index(plan.index, 0);
  for (int64_t i = 0; i < plan.indices; i++, index.next()) {
    const int64_t p = plan.position(in, index.at[2]);
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
  const int64_t size = plan.size, stride = plan.stride, slice = plan.afters * plan.row;
  context.pool.each(plan.befores, [&](int64_t task, int) {
    const Walk before(plan.before, 0, task);
    std::vector<double> sums(size * slice);
    Walk index(plan.index, 0);
    for (int64_t i = 0; i < plan.indices; i++, index.next()) {
      const int64_t p = plan.position(in, index.at[2]);
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
  const int64_t size = plan.size, stride = plan.stride;
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
      const int64_t p = plan.position(in, index.at[2]);
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

template <class T>
void pick(Call& call) {
  call.run = call.in.op == Op::take ? runTake<T> : runPut<T>;
}

}  // namespace

void planIndexed(Call& call) {
  const Instruction& in = call.in;
  const Nest& nest = in.nest;
  const Indexed axes(in);
  bool hasOthers = true;
  for (int i = 0; i < nest.rank; i++) hasOthers = hasOthers && (axes.has(i) || nest.size[i] > 0);
  if (!hasOthers || (in.op == Op::take && nest.count() == 0)) {
    call.run = runNothing;
    return;
  }
  switch (in.operands[0].dtype) {
    case DType::Float64:
      pick<double>(call);
      return;
    case DType::Float32:
      pick<float>(call);
      return;
    case DType::Int32:
      pick<int32_t>(call);
      return;
    case DType::Bool:
      pick<uint8_t>(call);
  }
}

}  // namespace onward
