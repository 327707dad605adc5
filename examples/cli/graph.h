/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CLI_GRAPH_H
#define HIDP_CLI_GRAPH_H

/* A model as a graph for Graphviz. */

#include "cli.h"

/* NULL after a message; free it. */
char *model_to_dot(const struct hidp_model *model, size_t *length_out);
/* Draws such a text, through `dot`; false after a message. */
bool write_svg(const char *path, const char *dot, size_t length);

#endif
