// 2-D convolutions and their two transposes: patches of the image are laid out, a block of positions at a time, and
// multiplied.
#include <algorithm>
#include <cstring>

#include "code/convolution.h"
#include "cpu/call.h"
#include "cpu/direct_convolution.h"
#include "cpu/patches.h"
#include "cpu/products.h"

namespace onward {

namespace {

template <class T>
void clearAll(const Instruction& in, const Convolution::View& v) {
  // results are contiguous
  std::memset(in.operands[0].data, 0, v.count() * sizeof(T));
}

template <class T>
void runForward(const Instruction& in, Context& context) {
  const Convolution g(in);
  if (isDirect(g, context.table.products<T>())) {
    runDirect<T>(in, g, context);
    return;
  }
  const int64_t block = blockOf(g), blocks = (g.positions + block - 1) / block;
  context.pool.each(g.image.size[0] * g.groups * blocks, [&](int64_t task, int thread) {
    Workspace& work = context.workspace(thread);
    const int64_t first = task % blocks * block, count = std::min(block, g.positions - first);
    const int64_t group = task / blocks % g.groups, b = task / blocks / g.groups;
    const T* image = in.operands[1].at<T>(b * g.image.stride[0] + group * g.inputs * g.image.stride[1]);
    T* patches = work.get<T>(Workspace::kPatches, g.taps * count);
    unfold(g, image, first, count, patches);
    T* out = in.operands[0].at<T>((b * g.groups + group) * g.outputs * g.positions + first);
    multiply<T>(g.outputs, count, g.taps, kernelMatrix(g, in.operands[2].at<T>(0), group, work), {patches, count, 1},
                {out, g.positions, 1}, false, context, thread);
  });
}

template <class T>
void runInput(const Instruction& in, Context& context) {
  const Convolution g(in);
  clearAll<T>(in, g.image);
  const int64_t block = blockOf(g);
  context.pool.each(g.image.size[0] * g.groups, [&](int64_t task, int thread) {
    Workspace& work = context.workspace(thread);
    const int64_t group = task % g.groups, b = task / g.groups;
    const Matrix<const T> kernel = kernelMatrix(g, in.operands[2].at<T>(0), group, work);
    const Matrix<const T> errors = errorMatrix(g, in.operands[1].at<T>(0), b, group, work);
    T* image = in.operands[0].at<T>(b * g.image.stride[0] + group * g.inputs * g.image.stride[1]);
    for (int64_t first = 0; first < g.positions; first += block) {
      const int64_t count = std::min(block, g.positions - first);
      T* patches = work.get<T>(Workspace::kPatches, g.taps * count);
      multiply<T>(g.taps, count, g.outputs, kernel.transposed(),
                  {errors.data + first * errors.column, errors.row, errors.column}, {patches, count, 1}, false, context,
                  thread);
      fold(g, patches, first, count, image);
    }
  });
}

template <class T>
void runKernel(const Instruction& in, Context& context) {
  const Convolution g(in);
  clearAll<T>(in, g.kernel);
  const int64_t block = blockOf(g);
  context.pool.each(g.groups, [&](int64_t group, int thread) {
    Workspace& work = context.workspace(thread);
    T* out = in.operands[0].at<T>(group * g.outputs * g.taps);
    for (int64_t b = 0; b < g.image.size[0]; b++) {
      const T* image = in.operands[1].at<T>(b * g.image.stride[0] + group * g.inputs * g.image.stride[1]);
      const Matrix<const T> errors = errorMatrix(g, in.operands[2].at<T>(0), b, group, work);
      for (int64_t first = 0; first < g.positions; first += block) {
        const int64_t count = std::min(block, g.positions - first);
        T* patches = work.get<T>(Workspace::kPatches, g.taps * count);
        unfold(g, image, first, count, patches);
        multiply<T>(g.outputs, g.taps, count, {errors.data + first * errors.column, errors.row, errors.column},
                    {patches, 1, count}, {out, g.taps, 1}, true, context, thread);
      }
    }
  });
}

template <class T>
void pick(Call& call) {
  const Op op = call.in.op;
  call.run = op == Op::conv2d ? runForward<T> : op == Op::conv2dInput ? runInput<T> : runKernel<T>;
}

}  // namespace

void planConvolution(Call& call) {
  const Instruction& in = call.in;
  if (Convolution(in).viewOf(in.op, 0).count() == 0)
    call.run = runNothing;
  else if (in.operands[0].dtype == DType::Float64)
    pick<double>(call);
  else
    pick<float>(call);
}

}  // namespace onward
