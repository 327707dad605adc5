/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_PLAIN_H
#define KERNELS_PLAIN_H

#include "kernels/build.h"

/* Ops that no engine is needed for: each adds the steps of the call. */
hidp_status kernels__build_concat(struct build *b);
hidp_status kernels__build_slice(struct build *b);
hidp_status kernels__build_pad(struct build *b);
hidp_status kernels__build_transpose(struct build *b);
hidp_status kernels__build_reshape(struct build *b); /* flatten, too */
hidp_status kernels__build_resize(struct build *b);
hidp_status kernels__build_embedding(struct build *b);

#endif
