#pragma once
// A function of vectors over a block of entries.
#include "kernels/convert.h"
#include "kernels/vector.h"

namespace onward {
namespace ONWARD_ISA {

/** The whole vectors of a block, and the last entries in a vector of their own: each entry takes the same path. */
template <class V, class Apply>
inline void blocks(typename Lane<V>::type* out, int64_t n, Apply apply) {
  int64_t j = 0;
  for (; j + lanes<V> <= n; j += lanes<V>) store<V>(out + j, apply([j](auto* p) { return load<V>(p + j); }));
  if (j == n) return;
  const V y = apply([j, n](auto* p) {
    V x{};
    memcpy(&x, p + j, (n - j) * sizeof(typename Lane<V>::type));
    return x;
  });
  memcpy(out + j, &y, (n - j) * sizeof(typename Lane<V>::type));
}

template <class V, V (*f)(V)>
void unary(typename Lane<V>::type* out, const typename Lane<V>::type* const* in, int64_t n, const double*) {
  blocks<V>(out, n, [a = in[0]](auto at) { return f(at(a)); });
}
template <class V, V (*f)(V, V)>
void binary(typename Lane<V>::type* out, const typename Lane<V>::type* const* in, int64_t n, const double*) {
  blocks<V>(out, n, [a = in[0], b = in[1]](auto at) { return f(at(a), at(b)); });
}
template <D (*f)(D, const double*)>
void unaryAttrs(double* out, const double* const* in, int64_t n, const double* attrs) {
  blocks<D>(out, n, [=, a = in[0]](auto at) { return f(at(a), attrs); });
}
template <D (*f)(D, D, D, const double*)>
void ternary(double* out, const double* const* in, int64_t n, const double* attrs) {
  blocks<D>(out, n, [=, a = in[0], b = in[1], c = in[2]](auto at) { return f(at(a), at(b), at(c), attrs); });
}

/** Float32 in and out, float64 between. */
template <D (*f)(D)>
void unaryNarrow(float* out, const float* const* in, int64_t n, const double*) {
  const float* a = in[0];
  int64_t j = 0;
  for (; j + lanes<D> <= n; j += lanes<D>) {
    const Half h = __builtin_convertvector(f(widened(a + j)), Half);
    memcpy(out + j, &h, sizeof h);
  }
  if (j == n) return;
  Half rest{};
  memcpy(&rest, a + j, (n - j) * sizeof(float));
  rest = __builtin_convertvector(f(__builtin_convertvector(rest, D)), Half);
  memcpy(out + j, &rest, (n - j) * sizeof(float));
}

}  // namespace ONWARD_ISA
}  // namespace onward
