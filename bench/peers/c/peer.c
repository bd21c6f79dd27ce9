/* The C competitor: hand-written loops and, where it is found, OpenBLAS. ../serve.mjs says how it is asked. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_OPENBLAS
#include <cblas.h>
#endif

#include "peer.h"

static const struct {
  const char *name;
  Prepare prepare;
} works[] = {
    {"trace", trace_prepare},
    {"online", online_prepare},
#ifdef WITH_OPENBLAS
    {"matmul", matmul_prepare},
    {"mlp", mlp_prepare},
    {"rtrl", rtrl_prepare},
#endif
};

enum { kPrepared = 8, kKey = 128 };

static struct {
  char key[kKey];
  Work *work;
} prepared[kPrepared];

static void forget(void) {
  for (int i = 0; i < kPrepared; i++) {
    if (prepared[i].work) work_free(prepared[i].work);
    prepared[i].work = NULL;
  }
}

/** What follows `"name":` in a line of JSON as JSON.stringify writes it. */
static const char *field(const char *line, const char *name) {
  char quoted[32];
  snprintf(quoted, sizeof quoted, "\"%s\":", name);
  const char *at = strstr(line, quoted);
  return at ? at + strlen(quoted) : NULL;
}

/** Whether loops run on fewer threads than they are asked to: the compiler had no OpenMP. */
static int lacks_threads(void) {
#ifdef _OPENMP
  return 0;
#else
  const char *wanted = getenv("OMP_NUM_THREADS");
  return wanted && strtol(wanted, NULL, 10) > 1;
#endif
}

static void prepare(const char *key, const char *name, const int64_t *sizes) {
  if (lacks_threads()) {
    printf("{\"missing\":\"it was compiled without OpenMP, and so has one thread\"}\n");
    return;
  }
  Prepare make = NULL;
  for (size_t i = 0; i < sizeof works / sizeof *works; i++)
    if (strcmp(works[i].name, name) == 0) make = works[i].prepare;
  int slot = 0;
  while (slot < kPrepared && prepared[slot].work) slot++;
  if (!make || slot == kPrepared) {
    printf("{\"missing\":\"it has no work \\\"%s\\\"%s\"}\n", name, make ? " left" : "");
    return;
  }
  snprintf(prepared[slot].key, kKey, "%s", key);
  Work *w = prepared[slot].work = make(sizes);
  Checksum checks[kChecks];
  const int count = w->check(w, checks);
  printf("{\"check\":[");
  for (int i = 0; i < count; i++) printf("%s[%.17g,%.17g]", i ? "," : "", checks[i].sum, checks[i].size);
  printf("]}\n");
}

static double milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void measure(const char *key, long repetitions) {
  Work *w = NULL;
  for (int i = 0; i < kPrepared; i++)
    if (prepared[i].work && strcmp(prepared[i].key, key) == 0) w = prepared[i].work;
  if (!w) {
    printf("{\"error\":\"c: expected a work that is prepared, got %s\"}\n", key);
    return;
  }
  if (repetitions > 1) w->run(w);
  const double start = milliseconds();
  for (long i = 0; i < repetitions; i++) w->run(w);
  printf("{\"ms\":%.9g}\n", (milliseconds() - start) / repetitions);
}

/**
 * OpenBLAS takes processors younger than itself for old ones, and then runs on kernels of half a vector: where it does
 * and the processor has more, the program starts again with OpenBLAS told so. A ceiling must not be a low one.
 */
static void tell_openblas(char **argv) {
#if defined WITH_OPENBLAS && defined __x86_64__
  const char *core = openblas_get_corename();
  const int is_old = !strcmp(core, "Prescott") || !strcmp(core, "Core2") || !strcmp(core, "Nehalem");
  const int is_half = is_old || !strcmp(core, "Haswell") || !strcmp(core, "Sandybridge");
  const int has_512 = __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
  const char *better = is_half && has_512 ? "SKYLAKEX" : is_old && __builtin_cpu_supports("avx2") ? "HASWELL" : NULL;
  if (!better || getenv("OPENBLAS_CORETYPE")) return;
  setenv("OPENBLAS_CORETYPE", better, 1);
  execv("/proc/self/exe", argv);
#else
  (void)argv;
#endif
}

/** What the program runs on, for the record. */
static void tell_versions(void) {
#ifdef WITH_OPENBLAS
  const char *config = openblas_get_config();
  printf("{\"C\":\"%s\",\"OpenBLAS\":\"%.*s, %s kernels\"}\n", __VERSION__,
         (int)strcspn(config + strcspn(config, " ") + 1, " "), config + strcspn(config, " ") + 1,
         openblas_get_corename());
#else
  printf("{\"C\":\"%s\"}\n", __VERSION__);
#endif
}

int main(int argc, char **argv) {
  (void)argc;
  tell_openblas(argv);
  char line[4096];
  while (fgets(line, sizeof line, stdin)) {
    const char *work = field(line, "work"), *sizes = field(line, "sizes"), *count = field(line, "repetitions");
    if (field(line, "forget")) {
      forget();
      printf("{}\n");
    } else if (field(line, "versions")) {
      tell_versions();
    } else if (!work || !sizes || !count) {
      printf("{\"error\":\"c: expected work, sizes and repetitions, got something else\"}\n");
    } else {
      char name[32] = "", key[kKey];
      sscanf(work, "\"%31[^\"]", name);
      int64_t found[kSizes] = {0};
      sscanf(sizes, "[%" SCNd64 ",%" SCNd64 ",%" SCNd64 ",%" SCNd64, found, found + 1, found + 2, found + 3);
      snprintf(key, sizeof key, "%s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, name, found[0], found[1],
               found[2], found[3]);
      const long repetitions = strtol(count, NULL, 10);
      if (repetitions == 0)
        prepare(key, name, found);
      else
        measure(key, repetitions);
    }
    fflush(stdout);
  }
  forget();
  return 0;
}
