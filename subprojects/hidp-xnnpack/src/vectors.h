/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_VECTORS_H
#define XNNPACK_VECTORS_H

#include <stdint.h>
#include <string.h>

/*
 * What loops in plain C need to be compiled to vector instructions.
 *
 * VECTORS in front of a function: on x86 it is compiled for several sets of instructions, of
 * which the best is chosen when the library is loaded. Arm's 64-bit processors have but one.
 */
#if defined __has_feature
#if __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define VECTORS_PLAIN
#endif
#endif
#if defined __SANITIZE_THREAD__
#define VECTORS_PLAIN /* it is not ready yet when functions are chosen */
#endif

#if defined __x86_64__ && defined __linux__ && defined __GLIBC__ && !defined VECTORS_PLAIN &&      \
	(defined __clang__ ? __clang_major__ >= 14 : 1)
#define VECTORS __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define VECTORS
#endif

/* In front of a loop whose output may be its input, element by element, or is another array. */
#if defined __clang__
#define APART _Pragma("clang loop vectorize(assume_safety)")
#else
#define APART _Pragma("GCC ivdep")
#endif

static inline float clip_to(float x, float low, float high)
{
	x = x > low ? x : low;
	return x < high ? x : high;
}

static inline float absolute(float x)
{
	return x < 0 ? -x : x;
}

/* e^x - 1 - x for |x| <= ln(2) / 2: its Taylor series, fitted (Cephes, expf). */
static inline float exp_rest(float x)
{
	float p = 1.9875691500e-4f;
	p = p * x + 1.3981999507e-3f;
	p = p * x + 8.3334519073e-3f;
	p = p * x + 4.1665795894e-2f;
	p = p * x + 1.6666665459e-1f;
	p = p * x + 5.0000001201e-1f;
	return p * x * x;
}

/* e^x within 2e-7 of itself; beyond +-87 what it is there. */
static inline float exp_of(float x)
{
	const float shift = 12582912.0f; /* 1.5 * 2^23: what is added to it is rounded */
	float y = x < -87 ? -87 : x; /* what is not a number stays so */
	y = y > 88 ? 88 : y;
	float n = y * 1.44269504f + shift;
	int32_t power, bits;
	memcpy(&power, &n, sizeof power);
	n -= shift;
	float r = y - n * 0.693359375f + n * 2.12194440e-4f;
	float e = 1 + (r + exp_rest(r));
	memcpy(&bits, &e, sizeof bits);
	bits += (int32_t)((uint32_t)power << 23);
	memcpy(&e, &bits, sizeof e);
	return e;
}

#endif
