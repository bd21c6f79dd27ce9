#include "cpu/blas.h"

#include <dlfcn.h>

#include <climits>
#include <cstring>
#include <initializer_list>

namespace onward {

namespace {
enum Order { kRowMajor = 101 };
enum Transpose { kPlain = 111, kTransposed = 112 };
template <class T>
using GemmOf = void (*)(int, int, int, int, int, int, T, const T*, int, const T*, int, T, T*, int);

#ifdef ONWARD_OPENBLAS
/** Bytes of the vectors that OpenBLAS computes with, by the name of the processor that it takes this one for. */
int widthOf(const char* core) {
  // the last four have vectors of 32 bytes, but no fused products of them
  for (const char* narrow :
       {"Katmai", "Coppermine", "Northwood", "Prescott", "Banias", "Core2", "Penryn", "Dunnington", "Nehalem", "Atom", "Athlon",
        "Opteron", "Opteron_SSE3", "Barcelona", "Nano", "Bobcat", "Sandybridge", "Bulldozer", "Piledriver", "Steamroller"})
    if (std::strcmp(core, narrow) == 0) return 16;
  for (const char* wide : {"Haswell", "Zen", "Excavator"})
    if (std::strcmp(core, wide) == 0) return 32;
  return 64;
}
#endif
}  // namespace

struct Blas::Library {
  void* handle = nullptr;
  GemmOf<double> dgemm = nullptr;
  GemmOf<float> sgemm = nullptr;
  char* (*config)() = nullptr;
  int width = 64;

  Library() {
#ifdef ONWARD_OPENBLAS
    handle = dlopen(ONWARD_OPENBLAS, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return;
    const auto core = reinterpret_cast<char* (*)()>(dlsym(handle, "openblas_get_corename"));
    if (core) width = widthOf(core());
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
    library_ = library.handle && library.width >= least_ ? &library : nullptr;
    tried_ = true;
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
