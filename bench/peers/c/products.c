/* Works that are products of matrices, on OpenBLAS. */
#ifdef WITH_OPENBLAS
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "peer.h"

/** C = A B + beta C, row-major; `ta` and `tb` transpose. */
static void gemm(int ta, int tb, int64_t m, int64_t n, int64_t k, const float *A, const float *B, float beta,
                 float *C) {
  cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, 1, A,
              ta ? m : k, B, tb ? k : n, beta, C, n);
}

static void matmul_run(Work *w) {
  const int64_t n = w->sizes[0];
  gemm(0, 0, n, n, n, w->arrays[0], w->arrays[1], 0, w->arrays[2]);
}

static int matmul_check(Work *w, Checksum *out) {
  w->run(w);
  out[0] = checksum(w->arrays[2], w->sizes[0] * w->sizes[0]);
  return 1;
}

Work *matmul_prepare(const int64_t *sizes) {
  const int64_t size = sizes[0] * sizes[0];
  Work *w = work_new(sizes, matmul_run, matmul_check);
  w->arrays[0] = wave(size, 1, 1);
  w->arrays[1] = wave(size, 2, 1);
  w->arrays[2] = array_new(size);
  return w;
}

enum { X, W, b, V, c, H, Y, GW, gb, GV, gc, EH };

/** Two layers with a ReLU between them, softmax cross-entropy against class b modulo classes, and the gradient. */
static void mlp_run(Work *w) {
  float **t = w->arrays;
  const int64_t B = w->sizes[0], m = w->sizes[1], n = w->sizes[2], k = w->sizes[3];
  gemm(0, 1, B, n, m, t[X], t[W], 0, t[H]);
  for (int64_t r = 0; r < B; r++)
    for (int64_t i = 0; i < n; i++) {
      const float v = t[H][r * n + i] + t[b][i];
      t[H][r * n + i] = v > 0 ? v : 0;
    }
  gemm(0, 1, B, k, n, t[H], t[V], 0, t[Y]);
  float loss = 0;
  memset(t[gc], 0, k * sizeof(float));
  for (int64_t r = 0; r < B; r++) {
    float *y = t[Y] + r * k, most = y[0] + t[c][0], total = 0;
    for (int64_t i = 0; i < k; i++) most = fmaxf(most, y[i] += t[c][i]);
    const float right = y[r % k];
    for (int64_t i = 0; i < k; i++) total += y[i] = expf(y[i] - most);
    loss += logf(total) + most - right;
    for (int64_t i = 0; i < k; i++) t[gc][i] += y[i] = (y[i] / total - (i == r % k)) / B;
  }
  w->loss = loss / B;
  gemm(1, 0, k, n, B, t[Y], t[H], 0, t[GV]);
  gemm(0, 0, B, n, k, t[Y], t[V], 0, t[EH]);
  memset(t[gb], 0, n * sizeof(float));
  for (int64_t r = 0; r < B; r++)
    for (int64_t i = 0; i < n; i++) t[gb][i] += t[EH][r * n + i] *= t[H][r * n + i] > 0;
  gemm(1, 0, n, m, B, t[EH], t[X], 0, t[GW]);
}

static int mlp_check(Work *w, Checksum *out) {
  const int64_t m = w->sizes[1], n = w->sizes[2], k = w->sizes[3];
  w->run(w);
  out[0] = checksum(&w->loss, 1);
  out[1] = checksum(w->arrays[GW], n * m);
  out[2] = checksum(w->arrays[gb], n);
  out[3] = checksum(w->arrays[GV], k * n);
  out[4] = checksum(w->arrays[gc], k);
  return 5;
}

Work *mlp_prepare(const int64_t *sizes) {
  const int64_t B = sizes[0], m = sizes[1], n = sizes[2], k = sizes[3];
  Work *w = work_new(sizes, mlp_run, mlp_check);
  float **t = w->arrays;
  t[X] = wave(B * m, 1, 1);
  t[W] = wave(n * m, 2, 1 / sqrt((double)m));
  t[b] = wave(n, 3, 0.1);
  t[V] = wave(k * n, 4, 1 / sqrt((double)n));
  t[c] = wave(k, 5, 0.1);
  t[H] = array_new(B * n);
  t[Y] = array_new(B * k);
  t[GW] = array_new(n * m);
  t[gb] = array_new(n);
  t[GV] = array_new(k * n);
  t[gc] = array_new(k);
  t[EH] = array_new(B * n);
  return w;
}
#endif
