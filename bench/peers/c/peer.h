/* What works of the C competitor share. */
#ifndef ONWARD_PEER_H
#define ONWARD_PEER_H

#include <stdint.h>

enum { kSizes = 4, kChecks = 8, kSamples = 16, kChecked = 5 };

typedef struct {
  double sum, size;
} Checksum;

/** A work that is ready to run. `check` makes the first repetitions and gives their checksums. */
typedef struct Work {
  void (*run)(struct Work *);
  int (*check)(struct Work *, Checksum *);
  int64_t sizes[kSizes];
  int64_t at;
  /* Arrays, by a name of the work's own; freed with the work. */
  float *arrays[32];
  float *inputs[kSamples];
  float loss;
} Work;

/** Prepares a work of given sizes; null where there is no memory. */
typedef Work *(*Prepare)(const int64_t *sizes);

Work *work_new(const int64_t *sizes, void (*run)(Work *), int (*check)(Work *, Checksum *));
void work_free(Work *);
float *array_new(int64_t size);
/** scale * sin(0.1 + i (0.73 + 0.19 seed)): the numbers of every competitor. */
float *wave(int64_t size, double seed, double scale);
Checksum checksum(const float *values, int64_t size);
/** Inputs of size m that take turns. */
void stream_inputs(Work *, int64_t m);
/** Runs the first steps of a stream; the checksum of their losses. */
Checksum stream_check(Work *);

Work *trace_prepare(const int64_t *sizes);
Work *online_prepare(const int64_t *sizes);
#ifdef WITH_OPENBLAS
Work *matmul_prepare(const int64_t *sizes);
Work *mlp_prepare(const int64_t *sizes);
Work *rtrl_prepare(const int64_t *sizes);
#endif

#endif
