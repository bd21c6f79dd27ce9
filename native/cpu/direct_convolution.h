#pragma once
// Convolutions that read the image where it lies.
#include <algorithm>
#include <cstring>

#include "cpu/context.h"
#include "cpu/patches.h"

namespace onward {

/** Whether rows of results are long enough to be computed from the image where it lies. */
template <class T>
bool isDirect(const Convolution& g, const Products<T>& p) {
  return g.stepX == 1 && 2 * g.result.size[3] >= p.convolvedColumns && g.outputs >= p.convolvedOutputs;
}

/** An image and its padding, [inputs, height, width], with room at its end for vectors that begin inside. */
template <class T>
struct Padded {
  int64_t height, width;
  T* data;

  Padded(const Convolution& g, const T* image, int64_t room, Workspace& work)
      : height((g.result.size[2] - 1) * g.stepY + g.kernel.size[2]), width(g.result.size[3] + g.kernel.size[3] - 1) {
    const int64_t size = g.inputs * height * width + room;
    data = work.get<T>(Workspace::kPatches, size);
    std::memset(data, 0, size * sizeof(T));
    const int64_t* stride = g.image.stride;
    const int64_t columns = std::min(g.image.size[3], width - g.padX);
    for (int64_t c = 0; c < g.inputs; c++)
      for (int64_t y = 0; y < g.image.size[2] && y + g.padY < height; y++) {
        T* to = data + (c * height + y + g.padY) * width + g.padX;
        const T* from = image + c * stride[1] + y * stride[2];
        for (int64_t x = 0; x < columns; x++) to[x] = from[x * stride[3]];
      }
  }
};

template <class T>
void runDirect(const Instruction& in, const Convolution& g, Context& context) {
  const Products<T>& p = context.table.products<T>();
  const int64_t tiles = (g.outputs + p.convolvedOutputs - 1) / p.convolvedOutputs;
  context.pool.each(g.image.size[0] * g.groups, [&](int64_t task, int thread) {
    Workspace& work = context.workspace(thread);
    const int64_t group = task % g.groups, b = task / g.groups;
    const T* from = in.operands[1].at<T>(b * g.image.stride[0] + group * g.inputs * g.image.stride[1]);
    const Padded<T> image(g, from, p.convolvedColumns, work);
    const Matrix<const T> kernel = kernelMatrix(g, in.operands[2].at<T>(0), group, work);
    T* packed = work.get<T>(Workspace::kLeft, tiles * g.taps * p.convolvedOutputs);
    std::memset(packed, 0, tiles * g.taps * p.convolvedOutputs * sizeof(T));
    for (int64_t o = 0; o < g.outputs; o++)
      for (int64_t t = 0; t < g.taps; t++)
        packed[(o / p.convolvedOutputs * g.taps + t) * p.convolvedOutputs + o % p.convolvedOutputs] =
            kernel.data[o * kernel.row + t * kernel.column];
    int64_t* offset = work.get<int64_t>(Workspace::kRight, g.taps);
    int64_t* at = offset;
    for (int64_t c = 0; c < g.inputs; c++)
      for (int64_t ky = 0; ky < g.kernel.size[2]; ky++)
        for (int64_t kx = 0; kx < g.kernel.size[3]; kx++) *at++ = (c * image.height + ky) * image.width + kx;
    T* out = in.operands[0].at<T>(task * g.outputs * g.positions);
    for (int64_t y = 0; y < g.result.size[2]; y++)
      p.convolveRow(packed, g.outputs, offset, g.taps, image.data + y * g.stepY * image.width, out + y * g.result.size[3],
                    g.positions, g.result.size[3]);
  });
}

}  // namespace onward
