#include <algorithm>

#include "code/check.h"
#include "cpu/call.h"
#include "cpu/products.h"
#include "cpu/walk.h"

namespace onward {

namespace {

/** Multiplications of one task at least. */
constexpr int64_t kGrain = 262144;

enum Class { kBatch, kRows, kColumns, kSummed };

Class classOf(const Nest& nest, int axis) {
  const bool out = nest.stride[0][axis] != 0, a = nest.stride[1][axis] != 0, b = nest.stride[2][axis] != 0;
  if (!out) return kSummed;
  return a && b ? kBatch : b ? kColumns : kRows;
}

/** How many products are summed into each place: summed axes before the `inner` last ones. */
int64_t sumsOf(const Nest& nest, int inner) {
  int64_t sums = 1;
  for (int i = 0; i < nest.rank - inner; i++)
    if (nest.stride[0][i] == 0) sums *= nest.size[i];
  return sums;
}

/**
 * One axis each of rows, columns and summed axes makes a matrix product; all other axes are looped over, summed ones
 * innermost: the first product of a place is written there, the others are added.
 */
template <class T>
void runProducts(const Instruction& in, Context& context) {
  const Nest& nest = in.nest;
  const int m = nest.rank - 3, n = nest.rank - 2, k = nest.rank - 1;
  const int64_t work = nest.size[m] * nest.size[n] * nest.size[k];
  const int64_t outer = nest.count() / work;
  const int64_t sums = sumsOf(nest, 3);
  const auto product = [&](const int64_t* at, bool add, auto multiplication) {
    const Matrix<const T> a{in.operands[1].at<T>(at[1]), nest.stride[1][m], nest.stride[1][k]};
    const Matrix<const T> b{in.operands[2].at<T>(at[2]), nest.stride[2][k], nest.stride[2][n]};
    const Matrix<T> c{in.operands[0].at<T>(at[0]), nest.stride[0][m], nest.stride[0][n]};
    multiplication(a, b, c, add);
  };
  // places of the result are shared out whole, each with all of its sums
  const int64_t places = outer / sums;
  if (places == 1) {
    Walk walk(nest, 3);
    for (int64_t i = 0; i < outer; i++, walk.next())
      product(walk.at, i > 0, [&](auto a, auto b, auto c, bool add) {
        multiplyShared<T>(nest.size[m], nest.size[n], nest.size[k], a, b, c, add, context);
      });
    return;
  }
  const int64_t share = std::max<int64_t>(1, kGrain / (work * sums));
  context.pool.each((places + share - 1) / share, [&](int64_t task, int thread) {
    const int64_t first = task * share, end = std::min(places, first + share);
    Walk walk(nest, 3, first * sums);
    for (int64_t i = 0; i < (end - first) * sums; i++, walk.next())
      product(walk.at, i % sums != 0, [&](auto a, auto b, auto c, bool add) {
        multiply<T>(nest.size[m], nest.size[n], nest.size[k], a, b, c, add, context, thread);
      });
  });
}

/**
 * Where the products of matrices would be tiny and there are many side by side: the last axis runs along these, entry by
 * entry, and all others are looped over, summed ones innermost.
 */
template <class T>
void runBeside(const Instruction& in, Context& context) {
  const Nest& nest = in.nest;
  const int last = nest.rank - 1;
  const int64_t n = nest.size[last];
  const int64_t sums = sumsOf(nest, 1);
  const int64_t places = nest.count() / n / sums;
  const int64_t share = std::max<int64_t>(1, kGrain / (n * sums));
  const auto& add = context.table.products<T>().addProducts;
  context.pool.each((places + share - 1) / share, [&](int64_t task, int) {
    const int64_t first = task * share, end = std::min(places, first + share);
    Walk walk(nest, 1, first * sums);
    for (int64_t i = 0; i < (end - first) * sums; i++, walk.next()) {
      T* y = in.operands[0].at<T>(walk.at[0]);
      if (i % sums == 0) std::fill(y, y + n, T(0));
      add(y, in.operands[1].at<T>(walk.at[1]), in.operands[2].at<T>(walk.at[2]), n);
    }
  });
}

/** Products of so few multiplications are tiny, and so many of them side by side make a row. */
constexpr int64_t kTiny = 256;
constexpr int64_t kSideBySide = 4;

/** Plans `runBeside`, where it is the better way. */
bool planBeside(Call& call, const Nest* classes, int64_t work) {
  const Nest batch = merged(classes[kBatch]);
  const int last = batch.rank - 1;
  if (work >= kTiny || last < 0 || batch.size[last] < kSideBySide) return false;
  for (int k = 0; k < 3; k++)
    if (batch.stride[k][last] != 1) return false;
  Nest plan;
  plan.operands = 3;
  for (int c : {kBatch, kRows, kColumns, kSummed}) {
    const Nest nest = merged(classes[c]);
    for (int i = 0; i < nest.rank; i++) {
      if (c == kBatch && i == last) continue;
      if (plan.rank + 1 >= kMaxRank) return false;
      plan.add(nest, i);
    }
  }
  plan.add(batch, last);
  call.in.nest = plan;
  call.run = call.in.operands[0].dtype == DType::Float64 ? runBeside<double> : runBeside<float>;
  return true;
}

template <class T>
void clear(const Instruction& in, Context&) {
  Nest kept;
  kept.operands = 1;
  for (int i = 0; i < in.nest.rank; i++)
    if (in.nest.stride[0][i] != 0) kept.add(in.nest, i);
  const int64_t count = kept.count();
  if (count == 0) return;
  Walk walk(kept, 0);
  for (int64_t i = 0; i < count; i++, walk.next()) *in.operands[0].at<T>(walk.at[0]) = 0;
}

}  // namespace

void planContraction(Call& call) {
  Instruction& in = call.in;
  const bool isDouble = in.operands[0].dtype == DType::Float64;
  if (in.nest.count() == 0) {
    call.run = isDouble ? clear<double> : clear<float>;
    return;
  }
  // axes by class, so that neighbors of one class merge
  Nest classes[4];
  for (Nest& c : classes) c.operands = 3;
  for (int i = 0; i < in.nest.rank; i++)
    if (in.nest.size[i] != 1) classes[classOf(in.nest, i)].add(in.nest, i);
  if (classes[kSummed].rank == 0) {
    in.op = Op::product;
    planPointwise(call);
    return;
  }
  Nest plan, innermost;
  plan.operands = innermost.operands = 3;
  for (int c = 0; c < 4; c++) {
    const Nest nest = c == kBatch ? merged(classes[c]) : looped(classes[c]);
    int longest = 0;
    for (int i = 1; i < nest.rank; i++)
      if (nest.size[i] > nest.size[longest]) longest = i;
    for (int i = 0; i < nest.rank; i++) {
      if (c != kBatch && i == longest) {
        innermost.add(nest, i);
        continue;
      }
      plan.add(nest, i);
    }
  }
  int64_t work = 1;
  for (int i = 0; i < innermost.rank; i++) work *= innermost.size[i];
  if (planBeside(call, classes, work)) return;
  require(plan.rank + 3 <= kMaxRank, in.op, "fewer axes");
  for (int i = 0; i < 3; i++) plan.add(innermost, i);
  in.nest = plan;
  call.run = isDouble ? runProducts<double> : runProducts<float>;
}

}  // namespace onward
