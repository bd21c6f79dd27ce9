#include "cpu/instruction.h"
#include "cpu/products.h"

namespace onward {

namespace {

enum Class { kBatch, kRows, kColumns, kSummed };

Class classOf(const Nest& nest, int axis) {
  const bool out = nest.stride[0][axis] != 0, a = nest.stride[1][axis] != 0, b = nest.stride[2][axis] != 0;
  if (!out) return kSummed;
  return a && b ? kBatch : b ? kColumns : kRows;
}

/** Places of the classes' longest axes in the plan that `attrs` holds. */
enum Plan { kM, kN, kK, kInnerSummed };

/**
 * One axis each of rows, columns and summed axes makes a matrix product; all other axes are looped over, summed ones
 * innermost: the first product of a place is written there, the others are added.
 */
template <class T>
void runProducts(const Instruction& in, Context& context) {
  const Nest& nest = in.nest;
  const int m = nest.rank - 3, n = nest.rank - 2, k = nest.rank - 1;
  const int64_t outer = nest.count() / nest.size[m] / nest.size[n] / nest.size[k];
  const int64_t sums = in.attrs[kInnerSummed];
  Walk walk(nest, 3);
  for (int64_t i = 0; i < outer; i++, walk.next()) {
    const Matrix<const T> a{in.operands[1].at<T>(walk.at[1]), nest.stride[1][m], nest.stride[1][k]};
    const Matrix<const T> b{in.operands[2].at<T>(walk.at[2]), nest.stride[2][k], nest.stride[2][n]};
    const Matrix<T> c{in.operands[0].at<T>(walk.at[0]), nest.stride[0][m], nest.stride[0][n]};
    multiply(nest.size[m], nest.size[n], nest.size[k], a, b, c, i % sums != 0, context);
  }
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

void prepareContract(Instruction& in) {
  const DType dtype = in.operands[0].dtype;
  require(dtype == DType::Float64 || dtype == DType::Float32, in.op, "float64 or float32");
  require(in.operands[1].dtype == dtype && in.operands[2].dtype == dtype, in.op, "one dtype");
  const bool isDouble = dtype == DType::Float64;
  if (in.nest.count() == 0) {
    in.run = isDouble ? clear<double> : clear<float>;
    return;
  }
  // axes by class, so that neighbors of one class merge
  Nest classes[4];
  for (Nest& c : classes) c.operands = 3;
  for (int i = 0; i < in.nest.rank; i++)
    if (in.nest.size[i] != 1) classes[classOf(in.nest, i)].add(in.nest, i);
  if (classes[kSummed].rank == 0) {
    in.op = Op::product;
    preparePointwise(in);
    return;
  }
  Nest plan, innermost;
  plan.operands = innermost.operands = 3;
  int64_t sums = 1;
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
      if (c == kSummed) sums *= nest.size[i];
    }
  }
  require(plan.rank + 3 <= kMaxRank, in.op, "fewer axes");
  for (int i = 0; i < 3; i++) plan.add(innermost, i);
  in.nest = plan;
  in.attrs[kInnerSummed] = sums;
  in.run = isDouble ? runProducts<double> : runProducts<float>;
}

}  // namespace onward
