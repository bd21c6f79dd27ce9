#include <math.h>
#include <stdlib.h>

#include "peer.h"

Work *work_new(const int64_t *sizes, void (*run)(Work *), int (*check)(Work *, Checksum *)) {
  Work *w = calloc(1, sizeof *w);
  w->run = run;
  w->check = check;
  for (int i = 0; i < kSizes; i++) w->sizes[i] = sizes[i];
  return w;
}

void work_free(Work *w) {
  for (int i = 0; i < 32; i++) free(w->arrays[i]);
  for (int i = 0; i < kSamples; i++) free(w->inputs[i]);
  free(w);
}

float *array_new(int64_t size) {
  const int64_t bytes = (size * (int64_t)sizeof(float) + 63) / 64 * 64;
  float *out = aligned_alloc(64, bytes);
  for (int64_t i = 0; i < size; i++) out[i] = 0;
  return out;
}

float *wave(int64_t size, double seed, double scale) {
  float *out = array_new(size);
  for (int64_t i = 0; i < size; i++) out[i] = (float)(scale * sin(0.1 + i * (0.73 + 0.19 * seed)));
  return out;
}

Checksum checksum(const float *values, int64_t size) {
  Checksum c = {0, 0};
  for (int64_t i = 0; i < size; i++) {
    c.sum += values[i] * ((uint32_t)i * (uint32_t)i * 2654435761u / 2147483648.0 - 1);
    c.size += fabs(values[i]);
  }
  return c;
}

void stream_inputs(Work *w, int64_t m) {
  for (int k = 0; k < kSamples; k++) w->inputs[k] = wave(m, 10 + k, 1);
}

Checksum stream_check(Work *w) {
  float losses[kChecked];
  for (int i = 0; i < kChecked; i++) {
    w->run(w);
    losses[i] = w->loss;
  }
  return checksum(losses, kChecked);
}
