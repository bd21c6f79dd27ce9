#include "cpu/blas.h"

#include <dlfcn.h>

#include <climits>
#include <cstdlib>

namespace onward {

namespace {
enum Order { kRowMajor = 101 };
enum Transpose { kPlain = 111, kTransposed = 112 };
template <class T>
using GemmOf = void (*)(int, int, int, int, int, int, T, const T*, int, const T*, int, T, T*, int);

#ifdef ONWARD_OPENBLAS
constexpr const char* kCore = "OPENBLAS_CORETYPE";

/** An OpenBLAS older than the processor may take it for one of 2004: it is told which kernels run well, unless the user did. */
bool tellProcessor() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_is("intel") || std::getenv(kCore)) return false;
  const bool wide = __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
  if (!wide && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))) return false;
  return setenv(kCore, wide ? "SkylakeX" : "Haswell", 1) == 0;
#else
  return false;
#endif
}
#endif
}  // namespace

struct Blas::Library {
  void* handle = nullptr;
  GemmOf<double> dgemm = nullptr;
  GemmOf<float> sgemm = nullptr;
  char* (*config)() = nullptr;

  Library() {
#ifdef ONWARD_OPENBLAS
    const bool told = tellProcessor();
    handle = dlopen(ONWARD_OPENBLAS, RTLD_NOW | RTLD_LOCAL);
    if (told) unsetenv(kCore);
    if (!handle) return;
    dgemm = reinterpret_cast<GemmOf<double>>(dlsym(handle, "cblas_dgemm"));
    sgemm = reinterpret_cast<GemmOf<float>>(dlsym(handle, "cblas_sgemm"));
    config = reinterpret_cast<char* (*)()>(dlsym(handle, "openblas_get_config"));
    const auto threads = reinterpret_cast<void (*)(int)>(dlsym(handle, "openblas_set_num_threads"));
    if (threads) threads(1);
    if (!dgemm || !sgemm || !threads) handle = nullptr;
#endif
  }
  template <class T>
  GemmOf<T> gemm() const;
};
template <>
GemmOf<double> Blas::Library::gemm<double>() const {
  return dgemm;
}
template <>
GemmOf<float> Blas::Library::gemm<float>() const {
  return sgemm;
}

const char* Blas::file() {
#ifdef ONWARD_OPENBLAS
  return ONWARD_OPENBLAS;
#else
  return "";
#endif
}

bool Blas::open() {
  if (!tried_) {
    // opened once for the process, never closed: threads of a BLAS outlive whoever opened it
    static const Library library;
    tried_ = true;
    library_ = library.handle ? &library : nullptr;
  }
  return library_ != nullptr;
}

const char* Blas::config() const { return library_ && library_->config ? library_->config() : ""; }

namespace {
/** Whether BLAS can read it: contiguous along rows or columns, the other stride large enough. */
template <class T>
bool suits(const Matrix<T>& x, int64_t rows, int64_t columns, Transpose* how, int* step) {
  if (x.row > INT_MAX || x.column > INT_MAX) return false;
  if ((x.column == 1 || columns == 1) && (x.row >= columns || rows == 1)) {
    *how = kPlain;
    *step = static_cast<int>(rows == 1 || x.row < columns ? columns : x.row);
    return columns == 1 ? x.row >= 1 || rows == 1 : true;
  }
  if ((x.row == 1 || rows == 1) && x.column >= rows) {
    *how = kTransposed;
    *step = static_cast<int>(x.column);
    return true;
  }
  return false;
}
}  // namespace

template <class T>
bool Blas::gemm(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add) {
  if (c.column != 1 && c.row == 1) return gemm(n, m, k, b.transposed(), a.transposed(), c.transposed(), add);
  Transpose aHow, bHow, cHow;
  int aStep, bStep, cStep;
  if (m > INT_MAX || n > INT_MAX || k > INT_MAX) return false;
  if (!suits(a, m, k, &aHow, &aStep) || !suits(b, k, n, &bHow, &bStep) || !suits(c, m, n, &cHow, &cStep)) return false;
  if (cHow != kPlain || !open()) return false;
  library_->gemm<T>()(kRowMajor, aHow, bHow, static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), T(1),
                      a.data, aStep, b.data, bStep, T(add ? 1 : 0), c.data, cStep);
  return true;
}

template bool Blas::gemm(int64_t, int64_t, int64_t, Matrix<const double>, Matrix<const double>, Matrix<double>, bool);
template bool Blas::gemm(int64_t, int64_t, int64_t, Matrix<const float>, Matrix<const float>, Matrix<float>, bool);

}  // namespace onward
