#pragma once
#include <memory>
#include <string>

#include "cpu/blas.h"
#include "cpu/pool.h"
#include "cpu/table.h"
#include "cpu/workspace.h"

namespace onward {

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
