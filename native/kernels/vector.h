#pragma once
// Vectors of one instruction set. Everything is in a namespace named after it (ONWARD_ISA), so that no inline function
// compiled for one processor is ever linked into code for another.
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define ONWARD_BYTES 64
#elif defined(__AVX2__)
#define ONWARD_BYTES 32
#else
#define ONWARD_BYTES 16
#endif

namespace onward {
namespace ONWARD_ISA {

typedef double D __attribute__((vector_size(ONWARD_BYTES)));
typedef float F __attribute__((vector_size(ONWARD_BYTES)));
typedef int64_t I __attribute__((vector_size(ONWARD_BYTES)));
typedef uint64_t U __attribute__((vector_size(ONWARD_BYTES)));
typedef int32_t I32 __attribute__((vector_size(ONWARD_BYTES)));

template <class V>
struct Lane;
template <>
struct Lane<D> {
  using type = double;
  using bits = I;
};
template <>
struct Lane<F> {
  using type = float;
  using bits = I32;
};
template <class T>
struct VectorOf;
template <>
struct VectorOf<double> {
  using type = D;
};
template <>
struct VectorOf<float> {
  using type = F;
};

template <class V>
constexpr int lanes = ONWARD_BYTES / sizeof(typename Lane<V>::type);

template <class V>
inline V load(const typename Lane<V>::type* p) {
  V v;
  memcpy(&v, p, sizeof v);
  return v;
}
template <class V>
inline void store(typename Lane<V>::type* p, V v) {
  memcpy(p, &v, sizeof v);
}
/** x in every lane; subtracting zero keeps the sign of a zero. */
template <class V>
inline V filled(typename Lane<V>::type x) {
  return x - V{};
}

/** A whole vector, where the entries of one are to be read or written. */
template <class V>
struct Whole {
  V load(const typename Lane<V>::type* p) const { return ONWARD_ISA::load<V>(p); }
  void store(typename Lane<V>::type* p, V v) const { ONWARD_ISA::store<V>(p, v); }
};

/** The first entries of one: the others are zero when read, and stay as they are when written. */
template <class V>
class First;
#if ONWARD_BYTES == 64
template <>
class First<D> {
 public:
  explicit First(int64_t count) : mask_((__mmask8)((1u << count) - 1)) {}
  D load(const double* p) const { return (D)_mm512_maskz_loadu_pd(mask_, p); }
  void store(double* p, D v) const { _mm512_mask_storeu_pd(p, mask_, (__m512d)v); }

 private:
  __mmask8 mask_;
};
template <>
class First<F> {
 public:
  explicit First(int64_t count) : mask_((__mmask16)((1u << count) - 1)) {}
  F load(const float* p) const { return (F)_mm512_maskz_loadu_ps(mask_, p); }
  void store(float* p, F v) const { _mm512_mask_storeu_ps(p, mask_, (__m512)v); }

 private:
  __mmask16 mask_;
};
#elif ONWARD_BYTES == 32
template <>
class First<D> {
 public:
  explicit First(int64_t count)
      : mask_(_mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3))) {}
  D load(const double* p) const { return (D)_mm256_maskload_pd(p, mask_); }
  void store(double* p, D v) const { _mm256_maskstore_pd(p, mask_, (__m256d)v); }

 private:
  __m256i mask_;
};
template <>
class First<F> {
 public:
  explicit First(int64_t count)
      : mask_(_mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))) {}
  F load(const float* p) const { return (F)_mm256_maskload_ps(p, mask_); }
  void store(float* p, F v) const { _mm256_maskstore_ps(p, mask_, (__m256)v); }

 private:
  __m256i mask_;
};
#else
template <class V>
class First {
  using T = typename Lane<V>::type;

 public:
  explicit First(int64_t count) : count_((int)count) {}
  // entry by entry: a copy whose size is not known is a call
  V load(const T* p) const {
    V v{};
    for (int i = 0; i < lanes<V>; i++)
      if (i < count_) v[i] = p[i];
    return v;
  }
  void store(T* p, V v) const {
    for (int i = 0; i < lanes<V>; i++)
      if (i < count_) p[i] = v[i];
  }

 private:
  int count_;
};
#endif

/** The sum of all lanes. */
inline double laneSum(D v) {
#if ONWARD_BYTES == 64
  return _mm512_reduce_add_pd((__m512d)v);
#else
  double total = 0;
  for (int i = 0; i < lanes<D>; i++) total += v[i];
  return total;
#endif
}
inline float laneSum(F v) {
#if ONWARD_BYTES == 64
  return _mm512_reduce_add_ps((__m512)v);
#else
  float total = 0;
  for (int i = 0; i < lanes<F>; i++) total += v[i];
  return total;
#endif
}

inline I bits(D v) { return (I)v; }
inline D number(I v) { return (D)v; }
/** The same, for arithmetic that wraps around. */
inline U words(D v) { return (U)v; }
inline D number(U v) { return (D)v; }

/** a * b + c, rounded once where the processor can. */
inline D fma(D a, D b, D c) {
#if ONWARD_BYTES == 64
  return (D)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif ONWARD_BYTES == 32
  return (D)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
  return a * b + c;
#endif
}
inline F fma(F a, F b, F c) {
#if ONWARD_BYTES == 64
  return (F)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif ONWARD_BYTES == 32
  return (F)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

/** Rounded once for each entry. */
inline D sqrt(D v) {
#if ONWARD_BYTES == 64
  return (D)_mm512_sqrt_pd((__m512d)v);
#elif ONWARD_BYTES == 32
  return (D)_mm256_sqrt_pd((__m256d)v);
#else
  for (int i = 0; i < lanes<D>; i++) v[i] = __builtin_sqrt(v[i]);
  return v;
#endif
}
inline F sqrt(F v) {
#if ONWARD_BYTES == 64
  return (F)_mm512_sqrt_ps((__m512)v);
#elif ONWARD_BYTES == 32
  return (F)_mm256_sqrt_ps((__m256)v);
#else
  for (int i = 0; i < lanes<F>; i++) v[i] = __builtin_sqrtf(v[i]);
  return v;
#endif
}

/** f of every lane. */
inline D each(D x, double (*f)(double)) {
  for (int i = 0; i < lanes<D>; i++) x[i] = f(x[i]);
  return x;
}
inline D each(D x, D y, double (*f)(double, double)) {
  for (int i = 0; i < lanes<D>; i++) x[i] = f(x[i], y[i]);
  return x;
}

}  // namespace ONWARD_ISA
}  // namespace onward
