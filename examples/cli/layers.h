/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CLI_LAYERS_H
#define HIDP_CLI_LAYERS_H

/* Layers in words. */

#include "cli.h"

/* "conv"; "?" for an op that this command is older than. */
const char *op_word(hidp_op op);
struct hidp_layer_info layer_info(const struct hidp_model *model, hidp_layer_id layer);
/* "conv+batch_norm+add+relu": everything that was fused. Returns text. */
char *parts_text(const struct hidp_model *model, hidp_layer_id layer, char text[128]);
/* "64 x 56 x 56", "8 x 64 x 56 x 56": channels, rows, width; images first if there are several. */
char *dims_text(const struct hidp_shape *shape, char text[96]);
/*
 * Which rows of the inputs an output row needs: "same", "window k3 s2 p1", "all", one after
 * another if they differ; "-" without inputs. Returns text.
 */
char *rows_text(const struct hidp_model *model, hidp_layer_id layer, char text[128]);

struct totals {
	double macs, parameters, weight_bytes;
};

struct totals add_up(const struct hidp_model *model);

/*
 * Cut points, [layer count] of them: whether behind the layer, in the order of the model, just
 * one tensor is still needed. NULL without memory; free it.
 */
bool *find_cuts(const struct hidp_model *model);

#endif
