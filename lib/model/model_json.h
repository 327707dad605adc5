/* SPDX-License-Identifier: MIT */
#ifndef HIDP_MODEL_MODEL_JSON_H
#define HIDP_MODEL_MODEL_JSON_H

#include <hidp/model.h>

#include "base/json_read.h"
#include "base/json_write.h"

/* Models as JSON (doc/formats/model.md), in other documents too. Only in builds with JSON. */

extern const struct hidp__words hidp__op_words;
extern const struct hidp__words hidp__op_class_words;
/* A row rule, struct hidp_row_rule. */
extern const struct hidp__json_table hidp__row_rule_table;

/* Flags are added to those in the document. */
hidp_status hidp__model_read(struct hidp_context *ctx, const struct hidp__json *at, uint32_t flags,
                             struct hidp_model **model_out);
void hidp__model_write(struct hidp__json_writer *w, const char *key,
                       const struct hidp_model *model);

#endif
