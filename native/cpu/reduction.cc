#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "code/check.h"
#include "cpu/call.h"
#include "cpu/pack.h"
#include "cpu/walk.h"

namespace onward {

namespace {

constexpr int64_t kBuffer = 512;
/** Entries whose sum one task forms: a fixed number, so that results do not depend on the number of threads. */
constexpr int64_t kBlock = 65536;
/** Rows that are added up one after the other; more are halved, and the halves added. */
constexpr int64_t kGroup = 64;

/** How many of the first axes are kept; the others are reduced. */
int keptOf(const Nest& nest) {
  int kept = 0;
  while (kept < nest.rank && nest.stride[0][kept] != 0) kept++;
  return kept;
}

struct Sum {
  static constexpr double start = 0;
  static double join(double a, double b) { return a + b; }

  static double row(const Instruction& in, int64_t at, int64_t step, int64_t n, const Table& table) {
    const Instruction::Operand& x = in.operands[1];
    if (step == 1 && x.dtype == DType::Float64) return table.sum64(x.at<double>(at), n);
    if (step == 1 && x.dtype == DType::Float32) return table.sum32(x.at<float>(at), n);
    if (n > kBuffer) {
      const int64_t half = n / 2;
      return row(in, at, step, half, table) + row(in, at + half * step, step, n - half, table);
    }
    double buffer[kBuffer];
    pack(buffer, x, at, step, n, table);
    return table.sum64(buffer, n);
  }

  static void columns(double* total, const Instruction& in, int64_t at, int64_t step, int64_t n, const Table& table) {
    const Instruction::Operand& x = in.operands[1];
    if (step == 1 && x.dtype == DType::Float64) {
      table.accumulate64(total, x.at<double>(at), n);
    } else if (step == 1 && x.dtype == DType::Float32) {
      table.accumulate32(total, x.at<float>(at), n);
    } else {
      double buffer[kBuffer];
      pack(buffer, x, at, step, n, table);
      table.accumulate64(total, buffer, n);
    }
  }
};

/** Sums of integers wrap around; a few hundred of them are exact in float64. */
struct IntegerSum : Sum {
  static double join(double a, double b) { return toInt32(a + b); }

  static double row(const Instruction& in, int64_t at, int64_t step, int64_t n, const Table& table) {
    if (n <= kBuffer) return toInt32(Sum::row(in, at, step, n, table));
    const int64_t half = n / 2;
    return join(row(in, at, step, half, table), row(in, at + half * step, step, n - half, table));
  }
};

/** The first of equal entries stays, and so does NaN. */
struct Max {
  static constexpr double start = -std::numeric_limits<double>::infinity();
  static double join(double a, double b) { return b > a || b != b ? b : a; }

  static double row(const Instruction& in, int64_t at, int64_t step, int64_t n, const Table& table) {
    double most = start;
    double buffer[kBuffer];
    for (int64_t i = 0; i < n; i += kBuffer) {
      const int64_t count = std::min(kBuffer, n - i);
      pack(buffer, in.operands[1], at + i * step, step, count, table);
      for (int64_t j = 0; j < count; j++) most = join(most, buffer[j]);
    }
    return most;
  }

  static void columns(double* most, const Instruction& in, int64_t at, int64_t step, int64_t n, const Table& table) {
    double buffer[kBuffer];
    pack(buffer, in.operands[1], at, step, n, table);
    for (int64_t j = 0; j < n; j++) most[j] = join(most[j], buffer[j]);
  }
};

/** One long row, in blocks. */
template <class R>
double longRow(const Instruction& in, int64_t at, int64_t step, int64_t n, Context& context) {
  if (n <= 2 * kBlock) return R::row(in, at, step, n, context.table);
  std::vector<double> parts((n + kBlock - 1) / kBlock);
  context.pool.each(static_cast<int64_t>(parts.size()), [&](int64_t i, int) {
    parts[i] = R::row(in, at + i * kBlock * step, step, std::min(kBlock, n - i * kBlock), context.table);
  });
  for (size_t apart = 1; apart < parts.size(); apart *= 2)
    for (size_t i = 0; i + apart < parts.size(); i += 2 * apart) parts[i] = R::join(parts[i], parts[i + apart]);
  return parts[0];
}

/** The rows from `first` on, `lines` of them; `alone` where they are all there is to do. */
template <class R>
double joinLines(const Instruction& in, const Nest& inner, int64_t at, int64_t first, int64_t lines, bool alone,
                 Context& context) {
  if (lines > kGroup) {
    const int64_t half = lines / 2;
    const double left = joinLines<R>(in, inner, at, first, half, alone, context);
    return R::join(left, joinLines<R>(in, inner, at, first + half, lines - half, alone, context));
  }
  const int last = inner.rank - 1;
  const int64_t n = inner.size[last], step = inner.stride[1][last];
  double total = R::start;
  Walk line(inner, 1, first);
  for (int64_t i = 0; i < lines; i++, line.next()) {
    const int64_t from = at + line.at[1];
    total = R::join(total, alone ? longRow<R>(in, from, step, n, context) : R::row(in, from, step, n, context.table));
  }
  return total;
}

/** The reduced axis is the inner loop. */
template <class R>
void runRows(const Instruction& in, Context& context) {
  const int kept = keptOf(in.nest);
  const Nest outer = part(in.nest, 0, kept), inner = part(in.nest, kept, in.nest.rank);
  const int64_t n = inner.size[inner.rank - 1];
  const int64_t lines = inner.count() / n, places = outer.count();
  const auto reduce = [&](const Walk& at, bool alone) {
    const double total = joinLines<R>(in, inner, at.at[1], 0, lines, alone, context);
    unpack(in.operands[0], at.at[0], 1, &total, 1, context.table);
  };
  if (places == 1) {
    reduce(Walk(outer, 0), true);
    return;
  }
  const int64_t share = std::max<int64_t>(1, kBlock / (n * lines));
  context.pool.each((places + share - 1) / share, [&](int64_t task, int) {
    const int64_t first = task * share, end = std::min(places, first + share);
    Walk at(outer, 0, first);
    for (int64_t i = first; i < end; i++, at.next()) reduce(at, false);
  });
}

/** Joins the rows from `first` on, `lines` of them, of `count` entries each. */
template <class R>
void joinRows(double* total, const Instruction& in, const Nest& inner, int64_t at, int64_t step, int64_t count,
              int64_t first, int64_t lines, const Table& table) {
  std::fill_n(total, count, R::start);
  if (lines <= kGroup) {
    Walk line(inner, 0, first);
    for (int64_t i = 0; i < lines; i++, line.next()) R::columns(total, in, at + line.at[1], step, count, table);
    return;
  }
  const int64_t half = lines / 2;
  double rest[kBuffer];
  joinRows<R>(total, in, inner, at, step, count, first, half, table);
  joinRows<R>(rest, in, inner, at, step, count, first + half, lines - half, table);
  for (int64_t j = 0; j < count; j++) total[j] = R::join(total[j], rest[j]);
}

/** A kept axis is the inner loop: rows are joined entry by entry. */
template <class R>
void runColumns(const Instruction& in, Context& context) {
  const int kept = keptOf(in.nest);
  const Nest outer = part(in.nest, 0, kept), inner = part(in.nest, kept, in.nest.rank);
  const int last = kept - 1;
  const int64_t n = outer.size[last], step = outer.stride[1][last], outStep = outer.stride[0][last];
  const int64_t pieces = (n + kBuffer - 1) / kBuffer;
  const int64_t lines = inner.count();
  context.pool.each(outer.count() / n * pieces, [&](int64_t task, int) {
    const Walk at(outer, 1, task / pieces);
    const int64_t start = task % pieces * kBuffer, count = std::min(kBuffer, n - start);
    double total[kBuffer];
    joinRows<R>(total, in, inner, at.at[1] + start * step, step, count, 0, lines, context.table);
    unpack(in.operands[0], at.at[0] + start * outStep, outStep, total, count, context.table);
  });
}

/** What nothing sums up to. */
template <class R>
void runEmpty(const Instruction& in, Context& context) {
  const bool isInteger = in.operands[0].dtype != DType::Float64 && in.operands[0].dtype != DType::Float32;
  const double value = isInteger && std::isinf(R::start) ? std::numeric_limits<int32_t>::min() : R::start;
  Nest kept;
  kept.operands = 2;
  for (int i = 0; i < in.nest.rank; i++)
    if (in.nest.stride[0][i] != 0) kept.add(in.nest, i);
  const int64_t count = kept.count();
  if (count == 0) return;
  Walk at(kept, 0);
  for (int64_t i = 0; i < count; i++, at.next()) unpack(in.operands[0], at.at[0], 1, &value, 1, context.table);
}

template <class R>
void choose(Call& call) {
  Instruction& in = call.in;
  if (in.nest.count() == 0) {
    call.run = runEmpty<R>;
    return;
  }
  Nest kept, reduced;
  kept.operands = reduced.operands = 2;
  for (int i = 0; i < in.nest.rank; i++)
    if (in.nest.size[i] != 1) (in.nest.stride[0][i] != 0 ? kept : reduced).add(in.nest, i);
  kept = merged(kept);
  reduced = looped(reduced);
  const auto step = [](const Nest& nest) { return std::abs(nest.stride[1][nest.rank - 1]); };
  // sums of one entry each run across the results too
  const bool columns = kept.rank > 0 && kept.size[kept.rank - 1] > 1 &&
                       (reduced.count() == 1 || step(kept) < step(reduced));
  Nest all = kept;
  for (int i = 0; i < reduced.rank; i++) all.add(reduced, i);
  in.nest = all;
  call.run = columns ? runColumns<R> : runRows<R>;
}

}  // namespace

void planReduction(Call& call) {
  const Instruction& in = call.in;
  // one is added where nothing else is reduced
  require(in.nest.rank < kMaxRank, in.op, "fewer axes");
  if (in.op == Op::sum && in.operands[0].dtype == DType::Int32)
    choose<IntegerSum>(call);
  else if (in.op == Op::sum)
    choose<Sum>(call);
  else
    choose<Max>(call);
}

}  // namespace onward
