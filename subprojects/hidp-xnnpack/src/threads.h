/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_THREADS_H
#define XNNPACK_THREADS_H

#include <stddef.h>

#include "xnnpack_priv.h"
#include <pthreadpool.h>

/*
 * Threads that help one: a thread that enters with several cores gets a pool, whose threads
 * inherit its cores; the pool ends with the thread, or with the kernels.
 */

/* HIDP_ERR_NOMEM, HIDP_ERR_LIMIT (too many kernels in this process). */
hidp_status xnnpack__threads_init(struct hidp_xnnpack *xnnpack);
void xnnpack__threads_clear(struct hidp_xnnpack *xnnpack);

/* The table's entry. */
hidp_status xnnpack__enter(void *user_data, uint32_t core_count);

/* This thread's pool, or NULL, which XNNPACK takes for the thread alone. */
pthreadpool_t xnnpack__threads(const struct hidp_xnnpack *xnnpack);

#endif
