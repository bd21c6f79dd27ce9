#pragma once
#include "code/instruction.h"

namespace onward {

/**
 * What a 2-D convolution and its two transposes go over: [B, C, H, W] images and results, [O, I, kh, kw] kernels. Read from
 * an instruction's attributes, which have to stay: sizes and strides of image, kernel and result, then steps, padding and groups.
 */
struct Convolution {
  static constexpr int kAttrs = 29;

  struct View {
    const int64_t* size;
    const int64_t* stride;

    /** Whether the axes from `first` on can be stepped through as one, and with which stride. */
    bool isOneAxis(int first, int64_t* step) const;
    int64_t count() const { return size[0] * size[1] * size[2] * size[3]; }
  };
  View image, kernel, result;
  int64_t stepY, stepX, padY, padX, groups;
  /** Channels of a group, entries of a kernel of one output, and places of the result in one image and channel. */
  int64_t inputs, outputs, taps, positions;

  explicit Convolution(const Instruction& in)
      : image{in.attrs, in.attrs + 4},
        kernel{in.attrs + 8, in.attrs + 12},
        result{in.attrs + 16, in.attrs + 20},
        stepY(in.attrs[24]),
        stepX(in.attrs[25]),
        padY(in.attrs[26]),
        padX(in.attrs[27]),
        groups(in.attrs[28]),
        inputs(kernel.size[1]),
        outputs(kernel.size[0] / groups),
        taps(inputs * kernel.size[2] * kernel.size[3]),
        positions(result.size[2] * result.size[3]) {}

  /** Which of the three an operand of the instruction is. */
  const View& viewOf(Op op, int operand) const;
};

}  // namespace onward
