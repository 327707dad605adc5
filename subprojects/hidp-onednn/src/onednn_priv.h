/* SPDX-License-Identifier: MIT */
#ifndef ONEDNN_PRIV_H
#define ONEDNN_PRIV_H

#include "kernels/kernels.h"

#include "hidp-onednn.h"
#include <oneapi/dnnl/dnnl.h>

#if DNNL_VERSION_MAJOR != 2
#error "hidp-onednn is written for the interface of oneDNN 2"
#endif

struct packed;

struct hidp_onednn {
	struct kernels kernels;
	uint32_t flags; /* of hidp_onednn_flag */
	dnnl_engine_t engine;
	struct packed *packed; /* a list; changed only while one thread prepares or releases */
	size_t packed_bytes;
};

/* Our status for one of oneDNN's that is not success. */
hidp_status onednn__status(dnnl_status_t status);

/* Threads that oneDNN uses on this thread: sets their number and returns what it was. */
int onednn__set_threads(int count);

#endif
