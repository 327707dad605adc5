/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_CHECKED_H
#define HIDP_BASE_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

/* Signed arithmetic that says whether the result fits. */
static inline bool hidp__add(int64_t a, int64_t b, int64_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

static inline bool hidp__sub(int64_t a, int64_t b, int64_t *out)
{
	return !__builtin_sub_overflow(a, b, out);
}

static inline bool hidp__mul(int64_t a, int64_t b, int64_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

/* Division that rounds towards minus infinity; b > 0. */
static inline int64_t hidp__floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;
	return a % b < 0 ? q - 1 : q;
}

#endif
