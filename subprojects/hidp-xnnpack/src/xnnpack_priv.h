/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_PRIV_H
#define XNNPACK_PRIV_H

#include <pthread.h>

#include "kernels/kernels.h"

#include "hidp-xnnpack.h"
#include <xnnpack.h>

struct pool;

struct hidp_xnnpack {
	struct kernels kernels;
	pthread_key_t pool;   /* a thread's pool of threads; NULL: it computes alone */
	pthread_mutex_t lock; /* over the list of all pools */
	struct pool *pools;
};

/* Our status for one of XNNPACK's that is not success. */
hidp_status xnnpack__status(enum xnn_status status);

#endif
