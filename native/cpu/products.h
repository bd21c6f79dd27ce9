#pragma once
#include "cpu/context.h"

namespace onward {

/**
 * C = A B, or C += A B, with A [m x k], B [k x n], C [m x n] of any strides; C overlaps neither A nor B.
 * `thread` is the pool's thread that this runs on; its workspace slot kGemm is used.
 */
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add,
              Context& context, int thread = 0);

}  // namespace onward
