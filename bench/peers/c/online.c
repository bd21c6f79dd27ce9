/* Traces by hand: the ceiling of learning forward in time, in loops that the compiler vectorizes. */
#include <math.h>

#include "peer.h"

/** S = a * S + d x in place, G += e * S, in one pass: a, d and e per row. */
static void trace_rows(float *restrict S, float *restrict G, const float *restrict x, const float *a,
                       const float *d, const float *e, int64_t rows, int64_t inner) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < rows; i++) {
    float *restrict s = S + i * inner;
    float *restrict g = G + i * inner;
    const float ai = a[i], di = d[i], ei = e[i];
    for (int64_t j = 0; j < inner; j++) {
      const float v = ai * s[j] + di * x[j];
      s[j] = v;
      g[j] += ei * v;
    }
  }
}

enum { S, G, X, A, D, E };

static void trace_run(Work *w) {
  float **t = w->arrays;
  trace_rows(t[S], t[G], t[X], t[A], t[D], t[E], w->sizes[0], w->sizes[1]);
}

static int trace_check(Work *w, Checksum *out) {
  const int64_t size = w->sizes[0] * w->sizes[1];
  for (int i = 0; i < kChecked; i++) w->run(w);
  out[0] = checksum(w->arrays[S], size);
  out[1] = checksum(w->arrays[G], size);
  return 2;
}

Work *trace_prepare(const int64_t *sizes) {
  const int64_t n = sizes[0], m = sizes[1];
  Work *w = work_new(sizes, trace_run, trace_check);
  float **t = w->arrays;
  t[S] = array_new(n * m);
  t[G] = array_new(n * m);
  t[X] = wave(m, 1, 1);
  t[A] = wave(n, 2, 0.9);
  t[D] = wave(n, 3, 1);
  t[E] = wave(n, 4, 1);
  return w;
}

enum { Wz, bz, Wg, bg, h, Sz, Sg, Tz, Tg, Gz, Gg, gz, gg, a, dz, dg };

/** One exact step of a mingru area: forward, traces, gradient and the loss |h|^2 / 2. */
static void online_run(Work *w) {
  float **t = w->arrays;
  const int64_t n = w->sizes[0], m = w->sizes[1];
  const float *restrict x = w->inputs[w->at++ % kSamples];
  for (int64_t i = 0; i < n; i++) {
    const float *restrict p = t[Wz] + i * m, *restrict q = t[Wg] + i * m;
    float u = 0, v = 0;
    for (int64_t j = 0; j < m; j++) {
      u += p[j] * x[j];
      v += q[j] * x[j];
    }
    t[dz][i] = u + t[bz][i];
    t[dg][i] = v + t[bg][i];
  }
  float *restrict state = t[h], *restrict keep = t[a], *restrict slopeZ = t[dz], *restrict slopeG = t[dg];
  float loss = 0;
  for (int64_t i = 0; i < n; i++) {
    const float z = 1 / (1 + expf(-slopeZ[i])), g = tanhf(slopeG[i]);
    keep[i] = 1 - z;
    slopeZ[i] = (g - state[i]) * z * (1 - z);
    slopeG[i] = z * (1 - g * g);
    state[i] = (1 - z) * state[i] + z * g;
    loss += state[i] * state[i];
  }
  w->loss = loss / 2;
  trace_rows(t[Sz], t[Gz], x, keep, slopeZ, state, n, m);
  trace_rows(t[Sg], t[Gg], x, keep, slopeG, state, n, m);
  for (int64_t i = 0; i < n; i++) {
    t[gz][i] += state[i] * (t[Tz][i] = keep[i] * t[Tz][i] + slopeZ[i]);
    t[gg][i] += state[i] * (t[Tg][i] = keep[i] * t[Tg][i] + slopeG[i]);
  }
}

static int online_check(Work *w, Checksum *out) {
  const int64_t n = w->sizes[0], m = w->sizes[1];
  out[0] = stream_check(w);
  out[1] = checksum(w->arrays[Gz], n * m);
  out[2] = checksum(w->arrays[gz], n);
  out[3] = checksum(w->arrays[Gg], n * m);
  out[4] = checksum(w->arrays[gg], n);
  return 5;
}

Work *online_prepare(const int64_t *sizes) {
  const int64_t n = sizes[0], m = sizes[1];
  const double scale = 1 / sqrt((double)m);
  Work *w = work_new(sizes, online_run, online_check);
  float **t = w->arrays;
  t[Wz] = wave(n * m, 1, scale);
  t[bz] = wave(n, 2, 0.1);
  t[Wg] = wave(n * m, 3, scale);
  t[bg] = wave(n, 4, 0.1);
  for (int k = h; k <= dg; k++) t[k] = array_new(k == Sz || k == Sg || k == Gz || k == Gg ? n * m : n);
  stream_inputs(w, m);
  return w;
}
