/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_ARITHMETIC_H
#define HIDP_ONNX_ARITHMETIC_H

#include "graph.h"

/*
 * What elementwise ops do to one number. Whole numbers come as 64 bits, of an unsigned type of 64
 * bits as they are, and wrap. NULL: not for numbers of that kind.
 */
struct unary {
	const char *op;
	double (*real)(double);
	int64_t (*whole)(int64_t, enum element);
};

struct binary {
	const char *op;
	double (*real)(double, double);
	int64_t (*whole)(int64_t, int64_t, enum element);
	bool divides; /* a whole second operand of 0 makes no sense */
};

/* NULL: it is no such op. */
const struct unary *hidp_onnx__unary(const char *op);
/* `fmod`: the remainder has the sign of what is divided. */
const struct binary *hidp_onnx__binary(const char *op, bool fmod);

#endif
