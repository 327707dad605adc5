/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_PRIV_H
#define XNNPACK_PRIV_H

#include <pthread.h>
#include <stdbool.h>

#include <hidp/hidp.h>

#include "hidp-xnnpack.h"
#include <xnnpack.h>

struct pool;

struct hidp_xnnpack {
	struct hidp_model *model;
	struct hidp_weights weights;
	void *weights_user_data;
	pthread_key_t pool;   /* a thread's pool of threads; NULL: it computes alone */
	pthread_mutex_t lock; /* over the list of all pools */
	struct pool *pools;
};

/* Fills in a diagnostic and returns the status. layer: its name, or NULL. */
__attribute__((format(printf, 4, 5))) hidp_status xnnpack__fail(struct hidp_diagnostic *diagnostic,
                                                                hidp_status status,
                                                                const char *layer,
                                                                const char *format, ...);

/* Our status for one of XNNPACK's that is not success. */
hidp_status xnnpack__status(enum xnn_status status);

#endif
