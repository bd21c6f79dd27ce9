// 2-D convolutions and their two transposes: patches of the image are laid out as a matrix [taps x positions], a block
// of positions at a time, and multiplied. Operands are [B, C, H, W] images and results and [O, I, kh, kw] kernels.
#include <algorithm>
#include <cstring>

#include "cpu/instruction.h"
#include "cpu/products.h"

namespace onward {

namespace {

/** Attributes: sizes and strides of image, kernel and result, then steps, padding and groups. */
struct Geometry {
  struct View {
    const int64_t* size;
    const int64_t* stride;
  };
  View image, kernel, result;
  int64_t stepY, stepX, padY, padX, groups;
  int64_t inputs, outputs, taps, positions;

  explicit Geometry(const int64_t* attrs)
      : image{attrs, attrs + 4},
        kernel{attrs + 8, attrs + 12},
        result{attrs + 16, attrs + 20},
        stepY(attrs[24]),
        stepX(attrs[25]),
        padY(attrs[26]),
        padX(attrs[27]),
        groups(attrs[28]),
        inputs(kernel.size[1]),
        outputs(kernel.size[0] / groups),
        taps(inputs * kernel.size[2] * kernel.size[3]),
        positions(result.size[2] * result.size[3]) {}
};
constexpr int kAttrs = 29;

/** Entries of a block of patches, so that it stays in the second cache. */
constexpr int64_t kPatchEntries = 48 * 1024;

int64_t blockOf(const Geometry& g) {
  const int64_t fitting = kPatchEntries / std::max<int64_t>(1, g.taps);
  return std::min(g.positions, std::max<int64_t>(64, fitting / 32 * 32));
}

/** Calls run(tap row, place in the block, place in the image, count) for all runs of positions that lie inside the image. */
template <class Run>
void eachRun(const Geometry& g, int64_t first, int64_t count, Run run) {
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
void unfold(const Geometry& g, const T* image, int64_t first, int64_t count, T* patches) {
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
void fold(const Geometry& g, const T* patches, int64_t first, int64_t count, T* image) {
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

/** Whether the axes from `first` on can be stepped through as one, and with which stride. */
bool isOneAxis(const Geometry::View& v, int first, int64_t* stride) {
  int64_t expected = 0;
  bool any = false;
  *stride = 1;
  for (int i = 3; i >= first; i--) {
    if (v.size[i] == 1) continue;
    if (!any) *stride = v.stride[i];
    if (any && v.stride[i] != expected) return false;
    any = true;
    expected = v.stride[i] * v.size[i];
  }
  return true;
}

/** The kernel of one group as a matrix [outputs x taps]; packed where its last axes are not one. */
template <class T>
Matrix<const T> kernelMatrix(const Geometry& g, const T* data, int64_t group, Workspace& work) {
  const int64_t* stride = g.kernel.stride;
  const T* from = data + group * g.outputs * stride[0];
  int64_t step;
  if (isOneAxis(g.kernel, 1, &step)) return {from, stride[0], step};
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
Matrix<const T> errorMatrix(const Geometry& g, const T* data, int64_t b, int64_t group, Workspace& work) {
  const int64_t* stride = g.result.stride;
  const T* from = data + b * stride[0] + group * g.outputs * stride[1];
  int64_t step;
  if (isOneAxis(g.result, 2, &step)) return {from, stride[1], step};
  T* to = work.get<T>(Workspace::kErrors, g.outputs * g.positions);
  T* at = to;
  for (int64_t o = 0; o < g.outputs; o++)
    for (int64_t y = 0; y < g.result.size[2]; y++)
      for (int64_t x = 0; x < g.result.size[3]; x++) *at++ = from[o * stride[1] + y * stride[2] + x * stride[3]];
  return {to, g.positions, 1};
}

template <class T>
void clearAll(const Instruction& in, const Geometry::View& v) {
  // results are contiguous
  std::memset(in.operands[0].data, 0, v.size[0] * v.size[1] * v.size[2] * v.size[3] * sizeof(T));
}

/** Whether rows of results are long enough to be computed from the image where it lies. */
template <class T>
bool isDirect(const Geometry& g, const Products<T>& p) {
  return g.stepX == 1 && 2 * g.result.size[3] >= p.convolvedColumns && g.outputs >= p.convolvedOutputs;
}

/** An image and its padding, [inputs, height, width], with room at its end for vectors that begin inside. */
template <class T>
struct Padded {
  int64_t height, width;
  T* data;

  Padded(const Geometry& g, const T* image, int64_t room, Workspace& work)
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
void runDirect(const Instruction& in, const Geometry& g, Context& context) {
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

template <class T>
void runForward(const Instruction& in, Context& context) {
  const Geometry g(in.attrs);
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
  const Geometry g(in.attrs);
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
  const Geometry g(in.attrs);
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
void pick(Instruction& in) {
  in.run = in.op == Op::conv2d ? runForward<T> : in.op == Op::conv2dInput ? runInput<T> : runKernel<T>;
}

void runNothing(const Instruction&, Context&) {}

bool isContiguous(const Geometry::View& v) {
  int64_t step;
  return isOneAxis(v, 0, &step) && step == 1;
}

}  // namespace

void prepareConvolution(Instruction& in) {
  const DType dtype = in.operands[0].dtype;
  require(dtype == DType::Float64 || dtype == DType::Float32, in.op, "float64 or float32");
  require(in.operands[1].dtype == dtype && in.operands[2].dtype == dtype, in.op, "one dtype");
  require(in.nest.rank == 0 && in.attrCount == kAttrs, in.op, "29 attributes");
  for (int v = 0; v < 3; v++)
    for (int i = 0; i < 4; i++) require(in.attrs[8 * v + i] >= 0, in.op, "sizes of at least 0");
  for (int v = 0; v < 3; v++) {
    int64_t count = 1;
    for (int i = 0; i < 4; i++) {
      const int64_t size = std::max<int64_t>(1, in.attrs[8 * v + i]);
      require(count <= (int64_t(1) << 40) / size, in.op, "at most 2^40 entries");
      count *= size;
    }
  }
  const int64_t* rest = in.attrs + 24;
  require(rest[0] >= 1 && rest[1] >= 1 && rest[2] >= 0 && rest[3] >= 0 && rest[4] >= 1, in.op,
          "steps and groups of at least 1 and padding of at least 0");
  const Geometry g(in.attrs);
  const auto output = [](int64_t n, int64_t kernel, int64_t step, int64_t pad) {
    return n + 2 * pad < kernel ? -1 : (n + 2 * pad - kernel) / step + 1;
  };
  require(g.kernel.size[0] % g.groups == 0 && g.image.size[1] == g.groups * g.inputs &&
              g.result.size[1] == g.kernel.size[0] && g.result.size[0] == g.image.size[0],
          in.op, "channels and images that agree");
  require(g.result.size[2] == output(g.image.size[2], g.kernel.size[2], g.stepY, g.padY) &&
              g.result.size[3] == output(g.image.size[3], g.kernel.size[3], g.stepX, g.padX),
          in.op, "sizes that agree");
  // which operand is which
  const Geometry::View views[3] = {
      in.op == Op::conv2d ? g.result : in.op == Op::conv2dInput ? g.image : g.kernel,
      in.op == Op::conv2dInput ? g.result : g.image,
      in.op == Op::conv2dKernel ? g.result : g.kernel,
  };
  bool outEmpty = false;
  for (int k = 0; k < 3; k++) {
    Extent extent;
    bool none = false;
    for (int i = 0; i < 4; i++) {
      extent.add(views[k].size[i], views[k].stride[i]);
      none = none || views[k].size[i] == 0;
    }
    require(extent.within(in.operands[k]), in.op, "operands that lie within their arrays");
    if (k == 0) outEmpty = none;
  }
  require(outEmpty || isContiguous(views[0]), in.op, "a contiguous result");
  if (outEmpty) {
    in.run = runNothing;
  } else if (dtype == DType::Float64) {
    pick<double>(in);
  } else {
    pick<float>(in);
  }
}

}  // namespace onward
