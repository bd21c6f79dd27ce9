#include "cpu/products.h"

#include <algorithm>

namespace onward {

namespace {

/** Below so many multiplications the own kernels start sooner than BLAS has looked at its arguments. */
constexpr int64_t kBlasFrom = 32768;

/** A matrix that meets so few vectors had better not be packed, where its rows are long and it is not tiny. */
constexpr int64_t kFew = 32;
constexpr int64_t kSkinnyLength = 64;
constexpr int64_t kSkinnyFrom = 4096;

/** Multiplications from which on a product is shared out, and rows or columns of each part: whole tiles of every kind. */
constexpr int64_t kShareFrom = int64_t(1) << 21;
constexpr int64_t kPart = 192;
/** A BLAS packs the whole of the other matrix for each part. */
constexpr int64_t kBlasPart = 512;

/** The product of a matrix and a vector. */
template <class T>
void multiplyVector(int64_t m, int64_t k, Matrix<const T> a, const T* x, int64_t xStep, T* y, int64_t yStep, bool add,
                    Context& context, int thread) {
  const Products<T>& p = context.table.products<T>();
  if (a.column == 1 || a.row != 1 || m < 8) {
    const bool gather = k > 1 && (xStep != 1 || a.column != 1);
    if (gather && xStep != 1) {
      T* line = context.workspace(thread).template get<T>(Workspace::kRight, k);
      for (int64_t j = 0; j < k; j++) line[j] = x[j * xStep];
      x = line;
    }
    if (a.column == 1 || k <= 1) {
      p.dots(y, yStep, a.data, a.row, x, m, k, add);
      return;
    }
    T* line = context.workspace(thread).template get<T>(Workspace::kLeft, k);
    for (int64_t i = 0; i < m; i++) {
      for (int64_t j = 0; j < k; j++) line[j] = a.data[i * a.row + j * a.column];
      p.dots(y + i * yStep, 1, line, k, x, 1, k, add);
    }
    return;
  }
  // columns of A are contiguous: they are added up, some at a time
  T* sum = yStep == 1 ? y : context.workspace(thread).template get<T>(Workspace::kLeft, m);
  if (!add || sum != y)
    for (int64_t i = 0; i < m; i++) sum[i] = 0;
  for (int64_t j = 0; j < k; j += kMaxAdded) {
    ScaledRow<T> columns[kMaxAdded];
    const int count = static_cast<int>(std::min<int64_t>(kMaxAdded, k - j));
    for (int i = 0; i < count; i++) columns[i] = {x[(j + i) * xStep], a.data + (j + i) * a.column};
    p.addRows(sum, columns, count, m);
  }
  if (sum != y)
    for (int64_t i = 0; i < m; i++) y[i * yStep] = add ? y[i * yStep] + sum[i] : sum[i];
}

/** Whether a large matrix [n, k] meets few vectors, and lies so that it need not be packed. */
template <class T>
bool isSkinny(int64_t few, int64_t n, int64_t k, Matrix<const T> large) {
  return few <= kFew && large.column == 1 && k >= kSkinnyLength && n * k >= kSkinnyFrom;
}

/** C = X L^T, X [few, k] and L [n, k]. */
template <class T>
void skinny(int64_t few, int64_t n, int64_t k, Matrix<const T> x, Matrix<const T> large, Matrix<T> c, bool add,
            Context& context, int thread) {
  if (x.column != 1) {
    T* copy = context.workspace(thread).template get<T>(Workspace::kRight, few * k);
    for (int64_t b = 0; b < few; b++)
      for (int64_t j = 0; j < k; j++) copy[b * k + j] = x.data[b * x.row + j * x.column];
    x = {copy, k, 1};
  }
  context.table.products<T>().skinny(few, n, k, large.data, large.row, x.data, x.row, c.data, c.column, c.row, add);
}

}  // namespace

template <class T>
void multiply(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add,
              Context& context, int thread) {
  if (k == 0) {
    for (int64_t i = 0; i < m && !add; i++)
      for (int64_t j = 0; j < n; j++) c.data[i * c.row + j * c.column] = 0;
    return;
  }
  if (n == 1) {
    multiplyVector(m, k, a, b.data, b.row, c.data, c.row, add, context, thread);
    return;
  }
  if (m == 1) {
    multiplyVector(n, k, b.transposed(), a.data, a.column, c.data, c.column, add, context, thread);
    return;
  }
  const Products<T>& p = context.table.products<T>();
  if (isSkinny(m, n, k, b.transposed())) {
    skinny(m, n, k, a, b.transposed(), c, add, context, thread);
    return;
  }
  if (isSkinny(n, m, k, a)) {
    skinny(n, m, k, b.transposed(), a, c.transposed(), add, context, thread);
    return;
  }
  if (context.usesBlas && m * n * k >= kBlasFrom && context.blas.gemm(m, n, k, a, b, c, add)) return;
  p.gemm(m, n, k, a, b, c, add, context.workspace(thread).template get<T>(Workspace::kGemm, p.gemmWork));
}

template <class T>
void multiplyShared(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add,
                    Context& context) {
  // a sum never depends on which rows and columns are computed with it, unless a BLAS has its own view of that: then the
  // parts are the same for one thread
  const bool byRows = m >= n;
  const int64_t length = byRows ? m : n;
  const int64_t size = context.usesBlas ? kBlasPart : kPart;
  if (m * n * k < kShareFrom || length < 2 * size || (!context.usesBlas && context.pool.threads() == 1)) {
    multiply(m, n, k, a, b, c, add, context);
    return;
  }
  // the last part takes what is left, so that none is a single row, which would be summed in another order
  const int64_t parts = length / size;
  if (context.usesBlas) context.blas.open();
  context.pool.each(parts, [&](int64_t part, int thread) {
    const int64_t from = part * size, count = part == parts - 1 ? length - from : size;
    if (byRows)
      multiply<T>(count, n, k, {a.data + from * a.row, a.row, a.column}, b,
                  {c.data + from * c.row, c.row, c.column}, add, context, thread);
    else
      multiply<T>(m, count, k, a, {b.data + from * b.column, b.row, b.column},
                  {c.data + from * c.column, c.row, c.column}, add, context, thread);
  });
}

#define ONWARD_INSTANTIATE(T)                                                                                  \
  template void multiply(int64_t, int64_t, int64_t, Matrix<const T>, Matrix<const T>, Matrix<T>, bool, Context&, int); \
  template void multiplyShared(int64_t, int64_t, int64_t, Matrix<const T>, Matrix<const T>, Matrix<T>, bool, Context&);
ONWARD_INSTANTIATE(double)
ONWARD_INSTANTIATE(float)
#undef ONWARD_INSTANTIATE

}  // namespace onward
