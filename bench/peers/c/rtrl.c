/* Real-time recurrent learning of a vanilla network: every state by every parameter, dense, on OpenBLAS. */
#ifdef WITH_OPENBLAS
#include <cblas.h>
#include <math.h>

#include "peer.h"

enum { W, U, b, h, old, d, J, M, N, G };

static int64_t parameters(const Work *w) { return w->sizes[0] * (w->sizes[1] + w->sizes[0] + 1); }

/** M = diag(d) U M + the direct influence of W, U and b; G += h M. */
static void rtrl_run(Work *w) {
  float **t = w->arrays;
  const int64_t n = w->sizes[0], m = w->sizes[1], p = parameters(w);
  const float *restrict x = w->inputs[w->at++ % kSamples];
  float loss = 0;
  for (int64_t i = 0; i < n; i++) t[old][i] = t[h][i];
  for (int64_t i = 0; i < n; i++) {
    float v = t[b][i];
    for (int64_t j = 0; j < m; j++) v += t[W][i * m + j] * x[j];
    for (int64_t j = 0; j < n; j++) v += t[U][i * n + j] * t[old][j];
    t[h][i] = v;
  }
  for (int64_t i = 0; i < n; i++) {
    t[h][i] = tanhf(t[h][i]);
    t[d][i] = 1 - t[h][i] * t[h][i];
    loss += t[h][i] * t[h][i];
    for (int64_t j = 0; j < n; j++) t[J][i * n + j] = t[d][i] * t[U][i * n + j];
  }
  w->loss = loss / 2;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, p, n, 1, t[J], n, t[M], p, 0, t[N], p);
  float *now = t[N];
  t[N] = t[M];
  t[M] = now;
  for (int64_t i = 0; i < n; i++) {
    float *restrict row = now + i * p;
    for (int64_t j = 0; j < m; j++) row[i * m + j] += t[d][i] * x[j];
    for (int64_t j = 0; j < n; j++) row[n * m + i * n + j] += t[d][i] * t[old][j];
    row[n * (m + n) + i] += t[d][i];
  }
  cblas_sgemv(CblasRowMajor, CblasTrans, n, p, 1, now, p, t[h], 1, 1, t[G], 1);
}

static int rtrl_check(Work *w, Checksum *out) {
  const int64_t n = w->sizes[0], m = w->sizes[1];
  out[0] = stream_check(w);
  out[1] = checksum(w->arrays[G], n * m);
  out[2] = checksum(w->arrays[G] + n * m, n * n);
  out[3] = checksum(w->arrays[G] + n * (m + n), n);
  return 4;
}

Work *rtrl_prepare(const int64_t *sizes) {
  const int64_t n = sizes[0], m = sizes[1];
  Work *w = work_new(sizes, rtrl_run, rtrl_check);
  float **t = w->arrays;
  const int64_t p = parameters(w);
  t[W] = wave(n * m, 1, 1 / sqrt((double)m));
  t[U] = wave(n * n, 2, 1 / sqrt((double)n));
  t[b] = wave(n, 3, 0.1);
  t[h] = array_new(n);
  t[old] = array_new(n);
  t[d] = array_new(n);
  t[J] = array_new(n * n);
  t[M] = array_new(n * p);
  t[N] = array_new(n * p);
  t[G] = array_new(p);
  stream_inputs(w, m);
  return w;
}
#endif
