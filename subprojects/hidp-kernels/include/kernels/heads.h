/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_HEADS_H
#define KERNELS_HEADS_H

#include "build.h"

/* What an attention reads and writes. */
struct heads {
	struct tensor q, out; /* the call's rows of the call's heads */
	struct tensor k, v;   /* all rows of them */
	bool masked;
	struct tensor mask;       /* the call's rows, or one; keys on the channels; its width is the
	                             call's heads, or 1 */
	int64_t count;            /* the call's heads of an image */
	int64_t size, value_size; /* channels of a head: of Q and K, of V */
	float scale;              /* of scores */
};

void kernels__heads_read(const struct build *b, struct heads *heads);

/* One head of an image; size: its channels. */
struct tensor kernels__head(const struct tensor *t, int64_t image, int64_t head, int64_t size);

#endif
