#pragma once
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>

#include "cpu/blas.h"
#include "cpu/pool.h"
#include "cpu/table.h"

namespace onward {

/** Scratch memory of one thread, kept between calls: a few slots that grow. */
class Workspace {
 public:
  enum Slot { kGemm, kPatches, kResult, kLeft, kRight, kKernel, kErrors, kOld, kKept, kSlots };

  /** At least `n` elements, aligned to 64 bytes, of any contents; valid until the slot is asked for again. */
  template <class T>
  T* get(Slot slot, int64_t n) {
    Buffer& b = buffers_[slot];
    const size_t bytes = (static_cast<size_t>(n) * sizeof(T) + 63) / 64 * 64;
    if (bytes > b.bytes) {
      b.data.reset();
      b.bytes = 0;
      b.data.reset(std::aligned_alloc(64, bytes));
      if (!b.data) throw std::bad_alloc();
      b.bytes = bytes;
    }
    return static_cast<T*>(b.data.get());
  }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  struct Buffer {
    std::unique_ptr<void, Free> data;
    size_t bytes = 0;
  };
  Buffer buffers_[kSlots];
};

/** What kernels run with: one for each instance of the addon, so that worker threads share nothing that changes. */
class Context {
 public:
  /**
   * @param simd the instruction set to use at most; empty for the best that the processor has
   * @param products whose matrix products to use: "openblas", "own", or empty for what is faster
   */
  Context(int threads, const std::string& simd, const std::string& products)
      : table(tableFor(simd.c_str())),
        pool(threads),
        usesBlas(products == "openblas" || (products != "own" && !ownIsFaster())),
        // with vectors of 64 bytes the own products take 0.55 to 0.8 of the time of an OpenBLAS that uses 32
        blas(products == "openblas" ? 0 : vectorBytes()),
        workspaces_(new Workspace[pool.threads()]) {}

  const Table& table;
  Pool pool;
  /** Where it can be opened and is fast enough, which is seen when it is opened. */
  const bool usesBlas;
  Blas blas;

  Workspace& workspace(int thread = 0) { return workspaces_[thread]; }

 private:
  /** Of the own kernels; 0 where these are for any processor. */
  int vectorBytes() const {
    const std::string name = table.name;
    return name == "avx512" ? 64 : name == "avx2" ? 32 : 0;
  }

  /** Where no OpenBLAS is, whichever kernels it chooses: opening it would take longer than most products. */
  bool ownIsFaster() const {
#if defined(__x86_64__)
    return vectorBytes() == 64 && __builtin_cpu_is("amd");
#else
    return false;
#endif
  }

  std::unique_ptr<Workspace[]> workspaces_;
};

}  // namespace onward
