#include <algorithm>

#include "cpu/call.h"
#include "cpu/pack.h"
#include "cpu/walk.h"

namespace onward {

namespace {

/** Entries that are converted or gathered at a time, so that they stay in the nearest cache. */
constexpr int64_t kBuffer = 512;
/** Entries at a time where all operands are read and written in place. */
constexpr int64_t kPiece = 16384;
/** Shorter rows are gathered, several to a buffer. */
constexpr int64_t kShort = 48;
/** Work for one thread at least, in entries. */
constexpr int64_t kGrain = 65536;

template <class T>
Block<T> blockOf(const Table& table, Op op);
template <>
Block<double> blockOf<double>(const Table& table, Op op) {
  return table.block64[static_cast<int>(op)];
}
template <>
Block<float> blockOf<float>(const Table& table, Op op) {
  return table.block32[static_cast<int>(op)];
}

/** Buffers of the operands, for one thread. */
template <class T>
struct Buffers {
  alignas(64) T entries[kMaxOperands][kBuffer];
};

template <class T>
bool isDirect(const Instruction& in, int k) {
  return in.operands[k].dtype == dtypeOf<T>() && in.nest.stride[k][in.nest.rank - 1] == 1;
}

/** Rows of some length: pieces of them one after the other. */
template <class T>
void runRows(const Instruction& in, Context& context) {
  const Nest& nest = in.nest;
  const int last = nest.rank - 1;
  const int64_t n = nest.size[last];
  const int64_t rows = nest.count() / n;
  bool direct[kMaxOperands];
  bool all = true;
  for (int k = 0; k < nest.operands; k++) all = (direct[k] = isDirect<T>(in, k)) && all;
  const int64_t piece = all ? kPiece : kBuffer;
  const int64_t pieces = (n + piece - 1) / piece;
  const int64_t total = rows * pieces;
  const int64_t share = std::max<int64_t>(1, kGrain / std::min(n, piece));
  const Block<T> block = blockOf<T>(context.table, in.op);
  context.pool.each((total + share - 1) / share, [&](int64_t task, int) {
    Buffers<T> buffers;
    const int64_t first = task * share;
    const int64_t end = std::min(total, first + share);
    Walk walk(nest, 1, first / pieces);
    int64_t part = first % pieces;
    for (int64_t i = first; i < end; i++) {
      const int64_t start = part * piece;
      const int64_t length = std::min(piece, n - start);
      const T* from[kMaxOperands] = {};
      for (int k = 1; k < nest.operands; k++) {
        const int64_t step = nest.stride[k][last];
        const int64_t at = walk.at[k] + start * step;
        if (direct[k]) {
          from[k] = in.operands[k].at<T>(at);
        } else {
          pack(buffers.entries[k], in.operands[k], at, step, length, context.table);
          from[k] = buffers.entries[k];
        }
      }
      const int64_t step = nest.stride[0][last];
      const int64_t at = walk.at[0] + start * step;
      if (direct[0]) {
        block(in.operands[0].at<T>(at), from + 1, length, in.numbers);
      } else {
        block(buffers.entries[0], from + 1, length, in.numbers);
        unpack(in.operands[0], at, step, buffers.entries[0], length, context.table);
      }
      if (++part == pieces) {
        part = 0;
        walk.next();
      }
    }
  });
}

/** Short rows: as many as fill a buffer are gathered, computed together and put back. */
template <class T>
void runShort(const Instruction& in, Context& context) {
  const Nest& nest = in.nest;
  const int last = nest.rank - 1;
  const int64_t n = nest.size[last];
  const int64_t rows = nest.count() / n;
  const int64_t batch = kBuffer / n;
  const int64_t batches = (rows + batch - 1) / batch;
  const int64_t share = std::max<int64_t>(1, kGrain / kBuffer);
  const Block<T> block = blockOf<T>(context.table, in.op);
  context.pool.each((batches + share - 1) / share, [&](int64_t task, int) {
    Buffers<T> buffers;
    int64_t row = task * share * batch;
    const int64_t end = std::min(rows, row + share * batch);
    Walk walk(nest, 1, row);
    while (row < end) {
      const int64_t count = std::min(batch, end - row);
      int64_t places[kBuffer];
      for (int64_t r = 0; r < count; r++) {
        for (int k = 1; k < nest.operands; k++)
          pack(buffers.entries[k] + r * n, in.operands[k], walk.at[k], nest.stride[k][last], n, context.table);
        places[r] = walk.at[0];
        walk.next();
      }
      const T* from[kMaxOperands] = {};
      for (int k = 1; k < nest.operands; k++) from[k] = buffers.entries[k];
      block(buffers.entries[0], from + 1, count * n, in.numbers);
      for (int64_t r = 0; r < count; r++)
        unpack(in.operands[0], places[r], nest.stride[0][last], buffers.entries[0] + r * n, n, context.table);
      row += count;
    }
  });
}

/** Products of 32-bit integers wrap around, which those of float64 do only where they are exact. */
void runIntegerProduct(const Instruction& in, Context& context) {
  const Nest& nest = in.nest;
  const int last = nest.rank - 1, other = nest.operands - 1;
  const int64_t n = nest.size[last], rows = nest.count() / n;
  const int64_t step = nest.stride[0][last], left = nest.stride[1][last], right = nest.stride[other][last];
  const int64_t share = std::max<int64_t>(1, kGrain / n);
  context.pool.each((rows + share - 1) / share, [&](int64_t task, int) {
    const int64_t first = task * share, end = std::min(rows, first + share);
    Walk walk(nest, 1, first);
    for (int64_t i = first; i < end; i++, walk.next()) {
      int32_t* out = in.operands[0].at<int32_t>(walk.at[0]);
      const int32_t* a = in.operands[1].at<int32_t>(walk.at[1]);
      const int32_t* b = in.operands[other].at<int32_t>(walk.at[other]);
      for (int64_t j = 0; j < n; j++)
        out[j * step] = static_cast<int32_t>(static_cast<uint32_t>(a[j * left]) * static_cast<uint32_t>(b[j * right]));
    }
  });
}

}  // namespace

void planPointwise(Call& call) {
  Instruction& in = call.in;
  if (in.nest.count() == 0) {
    call.run = runNothing;
    return;
  }
  in.nest = looped(in.nest);
  bool integers = in.op == Op::mul || in.op == Op::square;
  for (int k = 0; k < in.nest.operands; k++) integers = integers && in.operands[k].dtype == DType::Int32;
  if (integers) {
    call.run = runIntegerProduct;
    return;
  }
  bool single = isNarrow(in.op);
  for (int k = 0; k < in.nest.operands; k++)
    single = single && (in.operands[k].dtype == DType::Float32 || (k == 0 && in.operands[k].dtype == DType::Bool));
  const bool rows = in.nest.rank == 1 || in.nest.size[in.nest.rank - 1] >= kShort;
  if (single)
    call.run = rows ? runRows<float> : runShort<float>;
  else
    call.run = rows ? runRows<double> : runShort<double>;
}

}  // namespace onward
