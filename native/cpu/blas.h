#pragma once
#include <cstdint>

#include "cpu/table.h"

namespace onward {

/**
 * Matrix products by OpenBLAS, where CMake found it and it can be opened. It is opened when first asked for, since that
 * takes longer than Node takes to start, and runs on the calling thread only: the addon has threads of its own.
 *
 * An OpenBLAS older than the processor may take it for one of 2004, and run at an eighth of its pace. It can be told better by
 * the environment alone, which is the whole process's: a library does not touch that, and asks what was chosen instead.
 */
class Blas {
 public:
  /** @param least bytes of the vectors that it has to compute with; where its are shorter, own products are faster */
  explicit Blas(int least) : least_(least) {}
  /** Whether this build knows of a BLAS at all, and its file. */
  static const char* file();
  /** Opens it, before threads ask for products at once; false where there is none that is fast enough. */
  bool open();
  /** What it says of itself; empty before it is open. */
  const char* config() const;
  /** C = A B or C += A B; false where the strides do not suit it. */
  template <class T>
  bool gemm(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add);

 private:
  struct Library;
  const int least_;
  const Library* library_ = nullptr;
  bool tried_ = false;
};

}  // namespace onward
