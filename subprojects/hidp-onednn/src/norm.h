/* SPDX-License-Identifier: MIT */
#ifndef ONEDNN_NORM_H
#define ONEDNN_NORM_H

#include "post.h"

/* Adds a softmax over the channels of every position of a dense tensor; also in place. */
hidp_status onednn__add_softmax(struct build *b, const struct tensor *in, const struct tensor *out);

#endif
