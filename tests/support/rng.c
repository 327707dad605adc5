/* SPDX-License-Identifier: MIT */
#include "rng.h"

#include <math.h>

void rng_seed(struct rng *rng, uint64_t seed)
{
	rng->state = seed;
	rng_bits(rng); /* neighbouring seeds part at once */
}

uint64_t rng_bits(struct rng *rng)
{
	uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t rng_below(struct rng *rng, uint64_t n)
{
	return rng_bits(rng) % n; /* the bias is far below what tests could see */
}

int64_t rng_between(struct rng *rng, int64_t low, int64_t high)
{
	return low + (int64_t)rng_below(rng, (uint64_t)(high - low) + 1);
}

bool rng_chance(struct rng *rng, unsigned percent)
{
	return rng_below(rng, 100) < percent;
}

double rng_real(struct rng *rng)
{
	return (double)(rng_bits(rng) >> 11) * 0x1p-53;
}

double rng_scale(struct rng *rng, double low, double high)
{
	return low * pow(high / low, rng_real(rng));
}

void rng_shuffle(struct rng *rng, uint32_t *items, uint32_t count)
{
	for (uint32_t i = count; i > 1; i--) {
		uint32_t k = (uint32_t)rng_below(rng, i), item = items[k];
		items[k] = items[i - 1];
		items[i - 1] = item;
	}
}

void rng_divide(struct rng *rng, int64_t total, uint32_t count, int64_t *cuts)
{
	cuts[0] = 0;
	for (uint32_t i = 1; i <= count; i++) {
		int64_t left = (int64_t)(count - i);
		int64_t most = total - left;
		/* half of the time about the same for all, so that divisions that make sense occur */
		if (i == count)
			cuts[i] = total;
		else if (rng_chance(rng, 50))
			cuts[i] = rng_between(rng, cuts[i - 1] + 1, most);
		else
			cuts[i] = cuts[i - 1] + 1 + (most - cuts[i - 1] - 1) / (left + 1);
	}
}
