/* The full cell in plain C: the work of twin-models/assembly/cell.ts, to compare with.
   Cells lie in tiles of LANES, two vectors of LANES / 2 side by side per value. Options set the
   vector's width (WIDTH) and the sizes of the cell. Usage: cell IMAGE RESULT STEPS
   IMAGE: four-byte numbers {cells, parameters, plan, state, input, output, work, frames, table
   bytes, 0}, the channel table, then per block [cell][value]; inputs [frame][cell][value].
   Prints the processor seconds of STEPS steps; RESULT gets state and output [cell][value]. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#ifndef WIDTH
#define WIDTH 2
#endif
#define LANES (2 * WIDTH)

typedef uintptr_t place;
typedef double lanes __attribute__((vector_size(8 * WIDTH)));
typedef int64_t whole __attribute__((vector_size(8 * WIDTH)));
#define INLINE static inline __attribute__((always_inline))
#define AT(address) (*(lanes *)(address))
#define LOAD32(address) (*(const int32_t *)(address))
#define LOAD64(address) (*(const double *)(address))

/* Address of the channel table, which has no lanes. */
static place TABLE;

INLINE lanes put(double x) {
  lanes y;
  for (int i = 0; i < WIDTH; i++) y[i] = x;
  return y;
}
INLINE lanes whole_splat(int64_t x) {
  whole y;
  for (int i = 0; i < WIDTH; i++) y[i] = x;
  return (lanes)y;
}
INLINE lanes whole_add(lanes a, lanes b) { return (lanes)((whole)a + (whole)b); }
INLINE lanes whole_shl(lanes a, int n) { return (lanes)((whole)a << n); }
INLINE lanes whole_shr_u(lanes a, int n) {
  typedef uint64_t bits __attribute__((vector_size(8 * WIDTH)));
  return (lanes)((bits)a >> n);
}
INLINE lanes lanes_and(lanes a, lanes b) { return (lanes)((whole)a & (whole)b); }
INLINE lanes lanes_or(lanes a, lanes b) { return (lanes)((whole)a | (whole)b); }
INLINE lanes lanes_xor(lanes a, lanes b) { return (lanes)((whole)a ^ (whole)b); }
INLINE lanes lanes_andnot(lanes a, lanes b) { return (lanes)((whole)a & ~(whole)b); }
INLINE lanes lanes_not(lanes a) { return (lanes)(~(whole)a); }
INLINE lanes lanes_eq(lanes a, lanes b) { return (lanes)(a == b); }
INLINE lanes lanes_ne(lanes a, lanes b) { return (lanes)(a != b); }
INLINE lanes lanes_lt(lanes a, lanes b) { return (lanes)(a < b); }
INLINE lanes lanes_gt(lanes a, lanes b) { return (lanes)(a > b); }
INLINE lanes lanes_le(lanes a, lanes b) { return (lanes)(a <= b); }
INLINE lanes lanes_ge(lanes a, lanes b) { return (lanes)(a >= b); }
INLINE lanes lanes_neg(lanes a) { return -a; }
INLINE lanes lanes_abs(lanes a) { return lanes_andnot(a, put(-0.0)); }
INLINE lanes lanes_bitselect(lanes yes, lanes no, lanes mask) {
#if WIDTH == 8 && defined(__AVX512F__)
  return (lanes)_mm512_ternarylogic_epi64((__m512i)mask, (__m512i)yes, (__m512i)no, 0xca);
#else
  return (lanes)(((whole)yes & (whole)mask) | ((whole)no & ~(whole)mask));
#endif
}

#if WIDTH == 2 && defined(__SSE2__)
INLINE lanes lanes_sqrt(lanes a) { return (lanes)_mm_sqrt_pd((__m128d)a); }
INLINE lanes lanes_min(lanes a, lanes b) { return (lanes)_mm_min_pd((__m128d)a, (__m128d)b); }
INLINE lanes lanes_max(lanes a, lanes b) { return (lanes)_mm_max_pd((__m128d)a, (__m128d)b); }
INLINE int signs(lanes a) { return _mm_movemask_pd((__m128d)a); }
#elif WIDTH == 4 && defined(__AVX__)
INLINE lanes lanes_sqrt(lanes a) { return (lanes)_mm256_sqrt_pd((__m256d)a); }
INLINE lanes lanes_min(lanes a, lanes b) { return (lanes)_mm256_min_pd((__m256d)a, (__m256d)b); }
INLINE lanes lanes_max(lanes a, lanes b) { return (lanes)_mm256_max_pd((__m256d)a, (__m256d)b); }
INLINE int signs(lanes a) { return _mm256_movemask_pd((__m256d)a); }
#elif WIDTH == 8 && defined(__AVX512DQ__)
INLINE lanes lanes_sqrt(lanes a) { return (lanes)_mm512_sqrt_pd((__m512d)a); }
INLINE lanes lanes_min(lanes a, lanes b) { return (lanes)_mm512_min_pd((__m512d)a, (__m512d)b); }
INLINE lanes lanes_max(lanes a, lanes b) { return (lanes)_mm512_max_pd((__m512d)a, (__m512d)b); }
INLINE int signs(lanes a) { return _mm512_movepi64_mask((__m512i)a); }
#else
INLINE lanes lanes_sqrt(lanes a) {
  for (int i = 0; i < WIDTH; i++) a[i] = __builtin_sqrt(a[i]);
  return a;
}
INLINE lanes lanes_min(lanes a, lanes b) { return lanes_bitselect(a, b, lanes_lt(a, b)); }
INLINE lanes lanes_max(lanes a, lanes b) { return lanes_bitselect(a, b, lanes_gt(a, b)); }
INLINE int signs(lanes a) {
  int some = 0;
  for (int i = 0; i < WIDTH; i++) some |= (((whole)a)[i] < 0) << i;
  return some;
}
#endif
/* WebAssembly's pmin(a, b) is b < a ? b : a, what the processor's min(b, a) does. */
INLINE lanes lanes_pmin(lanes a, lanes b) { return lanes_min(b, a); }
INLINE lanes lanes_pmax(lanes a, lanes b) { return lanes_max(b, a); }
/* Masks only: all bits of a lane are alike. */
INLINE int lanes_any_true(lanes a) { return signs(a) != 0; }
INLINE int whole_all_true(lanes a) { return signs(a) == (1 << WIDTH) - 1; }

#include "cell-step.h"

enum { CELLS, PARAMETERS, PLAN, STATE, INPUT, OUTPUT, WORK, FRAMES, TABLE_BYTES, HEAD = 10 };

static void fail(const char *what) {
  fprintf(stderr, "cell: %s\n", what);
  exit(2);
}

static void *room(size_t bytes) {
  void *memory = NULL;
  if (posix_memalign(&memory, 64, bytes + 64) != 0) fail("no memory");
  memset(memory, 0, bytes + 64);
  return memory;
}

static double *block(int32_t tiles, int32_t values) {
  return room(sizeof(double) * (size_t)tiles * (size_t)values * LANES);
}

/* Reads [cell][value] into [tile][value][lane]. */
static void take(FILE *file, double *into, int32_t cells, int32_t values) {
  double *one = room(sizeof(double) * (size_t)values);
  for (int32_t cell = 0; cell < cells; cell++) {
    if (fread(one, sizeof(double), (size_t)values, file) != (size_t)values) fail("short image");
    double *tile = into + (size_t)(cell / LANES) * (size_t)values * LANES + cell % LANES;
    for (int32_t i = 0; i < values; i++) tile[(size_t)i * LANES] = one[i];
  }
  free(one);
}

static void give(FILE *file, const double *from, int32_t cells, int32_t values) {
  for (int32_t cell = 0; cell < cells; cell++) {
    const double *tile = from + (size_t)(cell / LANES) * (size_t)values * LANES + cell % LANES;
    for (int32_t i = 0; i < values; i++) fwrite(tile + (size_t)i * LANES, sizeof(double), 1, file);
  }
}

static double now_s(void) {
  struct timespec at;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

int main(int count, char **argument) {
  if (count != 4) fail("usage: cell IMAGE RESULT STEPS");
  int32_t head[HEAD];
  FILE *file = fopen(argument[1], "rb");
  if (!file || fread(head, sizeof(int32_t), HEAD, file) != HEAD) fail("no image");
  const int32_t cells = head[CELLS];
  if (cells % LANES != 0) fail("cells do not fill tiles");
  const int32_t tiles = cells / LANES;
  char *table = room((size_t)head[TABLE_BYTES]);
  if (fread(table, 1, (size_t)head[TABLE_BYTES], file) != (size_t)head[TABLE_BYTES]) fail("table");
  TABLE = (place)table;
  double *parameters = block(tiles, head[PARAMETERS]);
  double *plan = block(tiles, head[PLAN]);
  double *state = block(tiles, head[STATE]);
  double *output = block(tiles, head[OUTPUT]);
  double *work = block(1, head[WORK]);
  double *input = block(tiles, head[INPUT]);
  const size_t frame = (size_t)tiles * (size_t)head[INPUT] * LANES;
  double *frames = room(sizeof(double) * frame * (size_t)head[FRAMES]);
  take(file, parameters, cells, head[PARAMETERS]);
  take(file, plan, cells, head[PLAN]);
  take(file, state, cells, head[STATE]);
  take(file, output, cells, head[OUTPUT]);
  for (int32_t i = 0; i < head[FRAMES]; i++) {
    take(file, frames + frame * (size_t)i, cells, head[INPUT]);
  }
  fclose(file);

  const long steps = strtol(argument[3], NULL, 10);
  const double begun_s = now_s();
  for (long step = 0; step < steps; step++) {
    memcpy(input, frames + frame * (size_t)(step % head[FRAMES]), sizeof(double) * frame);
    for (int32_t tile = 0; tile < tiles; tile++) {
      const size_t at = (size_t)tile * LANES;
      advanceTile((place)(state + at * (size_t)head[STATE]), (place)(input + at * (size_t)head[INPUT]),
                  (place)(output + at * (size_t)head[OUTPUT]),
                  (place)(parameters + at * (size_t)head[PARAMETERS]),
                  (place)(plan + at * (size_t)head[PLAN]), (place)work, 1.0, 1);
    }
  }
  printf("%.9f\n", now_s() - begun_s);

  file = fopen(argument[2], "wb");
  if (!file) fail("cannot write the result");
  give(file, state, cells, head[STATE]);
  give(file, output, cells, head[OUTPUT]);
  fclose(file);
  return 0;
}
