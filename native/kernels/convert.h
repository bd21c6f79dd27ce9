#pragma once
// Between float32 and float64.
#include "kernels/vector.h"

namespace onward {
namespace ONWARD_ISA {

typedef float Half __attribute__((vector_size(ONWARD_BYTES / 2)));

inline D widened(const float* p) {
  Half h;
  memcpy(&h, p, sizeof h);
  return __builtin_convertvector(h, D);
}

inline void widen(double* out, const float* in, int64_t n) {
  int64_t j = 0;
  for (; j + lanes<D> <= n; j += lanes<D>) store<D>(out + j, widened(in + j));
  for (; j < n; j++) out[j] = in[j];
}

inline void narrow(float* out, const double* in, int64_t n) {
  int64_t j = 0;
  for (; j + lanes<D> <= n; j += lanes<D>) {
    const Half h = __builtin_convertvector(load<D>(in + j), Half);
    memcpy(out + j, &h, sizeof h);
  }
  for (; j < n; j++) out[j] = (float)in[j];
}

inline D asDouble(const double* p) { return load<D>(p); }
inline D asDouble(const float* p) { return widened(p); }

}  // namespace ONWARD_ISA
}  // namespace onward
