/* SPDX-License-Identifier: MIT */
#ifndef ZOO_COMMON_H
#define ZOO_COMMON_H

#include "zoo.h"

/* A fixture: the context in which tests build. */
extern struct hidp_context *context;
void set_up(void);
void tear_down(void);

/* These fail the test where they cannot return what is asked for. */
struct hidp_model *build(const char *name, struct zoo_options options);
struct hidp_layer_info info_of(const struct hidp_model *model, hidp_layer_id layer);
struct hidp_layer_desc part_of(const struct hidp_model *model, hidp_layer_id layer, uint32_t part);

#endif
