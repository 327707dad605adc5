/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_ONNX_READING_H
#define HIDP_TESTS_ONNX_READING_H

#include <hidp-onnx.h>

#include "from_text.h"
#include "suite.h"

/* What the tests of the importer share: a file is read into `onnx`, which is NULL if it cannot be.
 */
extern struct hidp_context *context;
extern struct hidp_onnx *onnx;
extern struct hidp_diagnostic said;

void reading_set_up(void);
void reading_tear_down(void);

hidp_status read_bytes(const void *data, size_t size, const struct hidp_onnx_options *options);
/* A file out of lines (from_text.h), read with all defaults. */
hidp_status read_text(const char *text);
hidp_status read_text_with(const char *text, const struct hidp_onnx_options *options);

/* How many layers, or parts of them, have that op. */
uint32_t count_op(hidp_op op);
/* Of the only layer with that op. */
struct hidp_layer_desc only_layer(hidp_op op);
/* Its weights of a role. */
const float *weights_of(hidp_op op, hidp_weight_role role, size_t count);

#define read_ok(text) ck_ok(read_text(text), said)
#define read_refused(text, status, subject, message)                                               \
	ck_refused(read_text(text), said, status, subject, message)

#endif
