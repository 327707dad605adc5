/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_RNG_H
#define HIDP_TESTS_RNG_H

#include <stdbool.h>
#include <stdint.h>

/* Random numbers for tests: the same seed gives the same numbers everywhere (SplitMix64). */
struct rng {
	uint64_t state;
};

void rng_seed(struct rng *rng, uint64_t seed);
uint64_t rng_bits(struct rng *rng);
/* 0 to n - 1; n >= 1. */
uint64_t rng_below(struct rng *rng, uint64_t n);
/* low to high, both included. */
int64_t rng_between(struct rng *rng, int64_t low, int64_t high);
/* true in `percent` of 100 cases. */
bool rng_chance(struct rng *rng, unsigned percent);
/* 0 up to, not including, 1. */
double rng_real(struct rng *rng);
/* low to high, each order of magnitude equally likely; 0 < low <= high. */
double rng_scale(struct rng *rng, double low, double high);
/* Puts a list into random order. */
void rng_shuffle(struct rng *rng, uint32_t *items, uint32_t count);
/*
 * Cuts 0 to total into count parts of at least 1 each, at random: part i is
 * cuts[i] to cuts[i + 1]; total >= count >= 1.
 */
void rng_divide(struct rng *rng, int64_t total, uint32_t count, int64_t *cuts);

#endif
