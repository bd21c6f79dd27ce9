#pragma once
// Patches of an image, laid out as a matrix [taps x positions], a block of positions at a time; kernels and results as matrices.
#include <algorithm>
#include <cstring>

#include "code/convolution.h"
#include "cpu/workspace.h"
#include "kernels/matrix.h"

namespace onward {

/** Entries of a block of patches, so that it stays in the second cache. */
constexpr int64_t kPatchEntries = 48 * 1024;

inline int64_t blockOf(const Convolution& g) {
  const int64_t fitting = kPatchEntries / std::max<int64_t>(1, g.taps);
  return std::min(g.positions, std::max<int64_t>(64, fitting / 32 * 32));
}

/** Calls run(tap row, place in the block, place in the image, count) for all runs of positions that lie inside the image. */
template <class Run>
void eachRun(const Convolution& g, int64_t first, int64_t count, Run run) {
  const int64_t width = g.result.size[3], H = g.image.size[2], W = g.image.size[3];
  const int64_t kh = g.kernel.size[2], kw = g.kernel.size[3];
  for (int64_t at = first; at < first + count;) {
    const int64_t oy = at / width, ox = at % width;
    const int64_t n = std::min(width - ox, first + count - at);
    for (int64_t ky = 0; ky < kh; ky++) {
      const int64_t y = oy * g.stepY - g.padY + ky;
      if (y < 0 || y >= H) continue;
      for (int64_t kx = 0; kx < kw; kx++) {
        // x = (ox + j) stepX - padX + kx lies in [0, W)
        const int64_t x = ox * g.stepX - g.padX + kx;
        const int64_t from = x >= 0 ? 0 : (-x + g.stepX - 1) / g.stepX;
        const int64_t to = x >= W ? 0 : std::min(n, (W - 1 - x) / g.stepX + 1);
        if (from < to) run(ky * kw + kx, at - first + from, y, x + from * g.stepX, to - from);
      }
    }
    at += n;
  }
}

template <class T>
void unfold(const Convolution& g, const T* image, int64_t first, int64_t count, T* patches) {
  std::memset(patches, 0, g.taps * count * sizeof(T));
  const int64_t plane = g.kernel.size[2] * g.kernel.size[3];
  const int64_t* stride = g.image.stride;
  const int64_t step = g.stepX * stride[3];
  eachRun(g, first, count, [&](int64_t tap, int64_t at, int64_t y, int64_t x, int64_t n) {
    for (int64_t c = 0; c < g.inputs; c++) {
      T* to = patches + (c * plane + tap) * count + at;
      const T* from = image + c * stride[1] + y * stride[2] + x * stride[3];
      if (step == 1)
        std::memcpy(to, from, n * sizeof(T));
      else
        for (int64_t j = 0; j < n; j++) to[j] = from[j * step];
    }
  });
}

template <class T>
void fold(const Convolution& g, const T* patches, int64_t first, int64_t count, T* image) {
  const int64_t plane = g.kernel.size[2] * g.kernel.size[3];
  const int64_t* stride = g.image.stride;
  const int64_t step = g.stepX * stride[3];
  eachRun(g, first, count, [&](int64_t tap, int64_t at, int64_t y, int64_t x, int64_t n) {
    for (int64_t c = 0; c < g.inputs; c++) {
      const T* from = patches + (c * plane + tap) * count + at;
      T* to = image + c * stride[1] + y * stride[2] + x * stride[3];
      if (step == 1)
        for (int64_t j = 0; j < n; j++) to[j] += from[j];
      else
        for (int64_t j = 0; j < n; j++) to[j * step] += from[j];
    }
  });
}

/** The kernel of one group as a matrix [outputs x taps]; packed where its last axes are not one. */
template <class T>
Matrix<const T> kernelMatrix(const Convolution& g, const T* data, int64_t group, Workspace& work) {
  const int64_t* stride = g.kernel.stride;
  const T* from = data + group * g.outputs * stride[0];
  int64_t step;
  if (g.kernel.isOneAxis(1, &step)) return {from, stride[0], step};
  T* to = work.get<T>(Workspace::kKernel, g.outputs * g.taps);
  T* at = to;
  for (int64_t o = 0; o < g.outputs; o++)
    for (int64_t i = 0; i < g.inputs; i++)
      for (int64_t y = 0; y < g.kernel.size[2]; y++)
        for (int64_t x = 0; x < g.kernel.size[3]; x++)
          *at++ = from[o * stride[0] + i * stride[1] + y * stride[2] + x * stride[3]];
  return {to, g.taps, 1};
}

/** Cotangents of one image and group as a matrix [outputs x positions]; packed where the plane is not one axis. */
template <class T>
Matrix<const T> errorMatrix(const Convolution& g, const T* data, int64_t b, int64_t group, Workspace& work) {
  const int64_t* stride = g.result.stride;
  const T* from = data + b * stride[0] + group * g.outputs * stride[1];
  int64_t step;
  if (g.result.isOneAxis(2, &step)) return {from, stride[1], step};
  T* to = work.get<T>(Workspace::kErrors, g.outputs * g.positions);
  T* at = to;
  for (int64_t o = 0; o < g.outputs; o++)
    for (int64_t y = 0; y < g.result.size[2]; y++)
      for (int64_t x = 0; x < g.result.size[3]; x++) *at++ = from[o * stride[1] + y * stride[2] + x * stride[3]];
  return {to, g.positions, 1};
}

}  // namespace onward
