// The table of vector kernels, once for each instruction set: a file that includes this defines ONWARD_ISA, and is
// compiled with the flags of that set. It must not instantiate inline functions of the standard library: the linker
// might keep such a copy for code that runs on every processor.
#include "cpu/table.h"
#include "kernels/direct_convolution.h"
#include "kernels/functions.h"
#include "kernels/gemm.h"
#include "kernels/narrow.h"
#include "kernels/skinny.h"
#include "kernels/trace_column.h"
#include "kernels/trace_rows.h"

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

typedef float Half __attribute__((vector_size(ONWARD_BYTES / 2)));

inline D widened(const float* p) {
  Half h;
  memcpy(&h, p, sizeof h);
  return __builtin_convertvector(h, D);
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

void widen(double* out, const float* in, int64_t n) {
  int64_t j = 0;
  for (; j + lanes<D> <= n; j += lanes<D>) store<D>(out + j, widened(in + j));
  for (; j < n; j++) out[j] = in[j];
}

void narrow(float* out, const double* in, int64_t n) {
  int64_t j = 0;
  for (; j + lanes<D> <= n; j += lanes<D>) {
    const Half h = __builtin_convertvector(load<D>(in + j), Half);
    memcpy(out + j, &h, sizeof h);
  }
  for (; j < n; j++) out[j] = (float)in[j];
}

inline D asDouble(const double* p) { return load<D>(p); }
inline D asDouble(const float* p) { return widened(p); }

/** Four running vectors over up to 256 entries, and halves added pairwise above that. */
template <class T>
double sum(const T* x, int64_t n) {
  if (n > 256) {
    const int64_t half = (n / 2 + 63) / 64 * 64;
    return sum(x, half) + sum(x + half, n - half);
  }
  constexpr int w = lanes<D>;
  D s[4] = {};
  int64_t j = 0;
  for (; j + 4 * w <= n; j += 4 * w)
    for (int v = 0; v < 4; v++) s[v] += asDouble(x + j + v * w);
  for (; j + w <= n; j += w) s[0] += asDouble(x + j);
  const D t = (s[0] + s[1]) + (s[2] + s[3]);
  double total = 0;
  for (int i = 0; i < w; i++) total += t[i];
  double rest = 0;
  for (; j < n; j++) rest += x[j];
  return total + rest;
}

template <class T>
void accumulate(double* y, const T* x, int64_t n) {
  int64_t j = 0;
  for (; j + lanes<D> <= n; j += lanes<D>) store<D>(y + j, load<D>(y + j) + asDouble(x + j));
  for (; j < n; j++) y[j] += x[j];
}

template <class T>
T dot(const T* a, const T* b, int64_t n) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  V s[4] = {};
  int64_t j = 0;
  for (; j + 4 * w <= n; j += 4 * w)
    for (int v = 0; v < 4; v++) s[v] = fma(load<V>(a + j + v * w), load<V>(b + j + v * w), s[v]);
  for (; j + w <= n; j += w) s[0] = fma(load<V>(a + j), load<V>(b + j), s[0]);
  const V t = (s[0] + s[1]) + (s[2] + s[3]);
  T total = 0;
  for (int i = 0; i < w; i++) total += t[i];
  for (; j < n; j++) total += a[j] * b[j];
  return total;
}

/** R rows at once, so that x is loaded once for all of them; each row is summed in the same order whatever R is. */
template <class T, int R>
inline void dotRows(T* total, const T* a, int64_t row, const T* x, int64_t n) {
  using V = typename VectorOf<T>::type;
  constexpr int w = lanes<V>;
  V s[R][2] = {};
  int64_t j = 0;
  for (; j + 2 * w <= n; j += 2 * w)
    for (int u = 0; u < 2; u++) {
      const V at = load<V>(x + j + u * w);
      for (int r = 0; r < R; r++) s[r][u] = fma(load<V>(a + r * row + j + u * w), at, s[r][u]);
    }
  for (; j + w <= n; j += w) {
    const V at = load<V>(x + j);
    for (int r = 0; r < R; r++) s[r][0] = fma(load<V>(a + r * row + j), at, s[r][0]);
  }
  if (j < n) {
    const First<V> rest(n - j);
    const V at = rest.load(x + j);
    for (int r = 0; r < R; r++) s[r][1] = fma(rest.load(a + r * row + j), at, s[r][1]);
  }
  for (int r = 0; r < R; r++) total[r] = laneSum(s[r][0] + s[r][1]);
}

template <class T>
void dots(T* y, int64_t yStep, const T* a, int64_t row, const T* x, int64_t m, int64_t n, bool add) {
  T total[4];
  for (int64_t i = 0; i < m; i += 4) {
    const int count = m - i < 4 ? (int)(m - i) : 4;
    if (count == 4)
      dotRows<T, 4>(total, a + i * row, row, x, n);
    else
      for (int r = 0; r < count; r++) dotRows<T, 1>(total + r, a + (i + r) * row, row, x, n);
    for (int r = 0; r < count; r++) {
      T& to = y[(i + r) * yStep];
      to = add ? to + total[r] : total[r];
    }
  }
}

template <class T>
void axpy(T* y, T c, const T* x, int64_t n) {
  using V = typename VectorOf<T>::type;
  const V k = filled<V>(c);
  int64_t j = 0;
  for (; j + lanes<V> <= n; j += lanes<V>) store<V>(y + j, fma(k, load<V>(x + j), load<V>(y + j)));
  for (; j < n; j++) y[j] += c * x[j];
}

template <class T>
void addProducts(T* y, const T* a, const T* b, int64_t n) {
  using V = typename VectorOf<T>::type;
  int64_t j = 0;
  for (; j + lanes<V> <= n; j += lanes<V>)
    store<V>(y + j, fma(load<V>(a + j), load<V>(b + j), load<V>(y + j)));
  for (; j < n; j++) y[j] += a[j] * b[j];
}

template <class T>
constexpr Products<T> productsOf() {
  return {dot<T>, dots<T>, axpy<T>, addProducts<T>, Gemm<T>::run, Gemm<T>::work,
          DirectConvolution<T>::row, DirectConvolution<T>::kRows, DirectConvolution<T>::kColumns, Gemm<T>::depth, Skinny<T>::run,
          {traceRows<T, 1>, traceRows<T, 2>, traceRows<T, 3>, traceRows<T, 4>},
          {traceColumn<T, 1>, traceColumn<T, 2>, traceColumn<T, 3>, traceColumn<T, 4>},
          addRows<T>};
}

extern const Table table;
const Table table = {
    ONWARD_ISA_NAME,
    {
#define ONWARD_ENTRY(name) unary<D, Functions::name>,
        ONWARD_EXACT_1(ONWARD_ENTRY) ONWARD_NARROW_1(ONWARD_ENTRY) ONWARD_DOUBLE_1(ONWARD_ENTRY)
#undef ONWARD_ENTRY
#define ONWARD_ENTRY(name) binary<D, Functions::name>,
            ONWARD_EXACT_2(ONWARD_ENTRY) ONWARD_DOUBLE_2(ONWARD_ENTRY)
#undef ONWARD_ENTRY
#define ONWARD_ENTRY(name) unaryAttrs<Functions::name>,
                ONWARD_ATTRS_1(ONWARD_ENTRY)
#undef ONWARD_ENTRY
#define ONWARD_ENTRY(name) ternary<Functions::name>,
                    ONWARD_ATTRS_3(ONWARD_ENTRY)
#undef ONWARD_ENTRY
    },
    {
#define ONWARD_NONE(name) nullptr,
#define ONWARD_ENTRY(name) unary<F, Exact<F>::name>,
        ONWARD_EXACT_1(ONWARD_ENTRY)
#undef ONWARD_ENTRY
#define ONWARD_ENTRY(name) unaryNarrow<Narrow::name>,
        ONWARD_NARROW_1(ONWARD_ENTRY) ONWARD_DOUBLE_1(ONWARD_NONE)
#undef ONWARD_ENTRY
#define ONWARD_ENTRY(name) binary<F, Exact<F>::name>,
            ONWARD_EXACT_2(ONWARD_ENTRY) ONWARD_DOUBLE_2(ONWARD_NONE)
#undef ONWARD_ENTRY
                ONWARD_ATTRS_1(ONWARD_NONE) ONWARD_ATTRS_3(ONWARD_NONE)
#undef ONWARD_NONE
    },
    widen,
    narrow,
    sum<double>,
    sum<float>,
    accumulate<double>,
    accumulate<float>,
    productsOf<double>(),
    productsOf<float>(),
};

}  // namespace ONWARD_ISA
}  // namespace onward
