/* SPDX-License-Identifier: MIT */
#include "reading.h"

#include <string.h>

#include <hidp/hidp.h>

struct hidp_context *context;
struct hidp_onnx *onnx;
struct hidp_diagnostic said;
static struct bytes file; /* what `onnx` was read from */

void reading_set_up(void)
{
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
	said = (struct hidp_diagnostic)HIDP_DIAGNOSTIC_INIT;
}

void reading_tear_down(void)
{
	hidp_onnx_destroy(onnx);
	hidp_context_unref(context);
	bytes_free(&file);
	onnx = NULL;
}

/* The file before is over. */
static void begin(struct bytes bytes)
{
	hidp_onnx_destroy(onnx);
	onnx = NULL;
	bytes_free(&file);
	file = bytes;
}

hidp_status read_bytes(const void *data, size_t size, const struct hidp_onnx_options *options)
{
	struct bytes copy = {0};
	bytes_add(&copy, data, size);
	begin(copy);
	return hidp_onnx_read(context, file.data, file.size, NULL, options, &onnx, &said);
}

hidp_status read_text_with(const char *text, const struct hidp_onnx_options *options)
{
	begin(onnx_from_text(text));
	return hidp_onnx_read(context, file.data, file.size, NULL, options, &onnx, &said);
}

hidp_status read_text(const char *text)
{
	return read_text_with(text, NULL);
}

/* The parts of all layers with that op; the last of them. */
static uint32_t find_op(hidp_op op, hidp_layer_id *layer_out, uint32_t *part_out,
                        struct hidp_layer_desc *desc_out)
{
	const struct hidp_model *model = hidp_onnx_model(onnx);
	uint32_t found = 0;
	for (hidp_layer_id i = 0; i < hidp_model_layer_count(model); i++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		ck_assert_int_eq(hidp_model_layer(model, i, &info), HIDP_OK);
		for (uint32_t k = 0; k < info.part_count; k++) {
			struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
			ck_assert_int_eq(hidp_model_part(model, i, k, &desc), HIDP_OK);
			if (desc.op != op)
				continue;
			*desc_out = desc;
			*layer_out = i;
			*part_out = k;
			found++;
		}
	}
	return found;
}

uint32_t count_op(hidp_op op)
{
	struct hidp_layer_desc desc;
	hidp_layer_id layer;
	uint32_t part;
	return find_op(op, &layer, &part, &desc);
}

struct hidp_layer_desc only_layer(hidp_op op)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	hidp_layer_id layer;
	uint32_t part;
	ck_assert_uint_eq(find_op(op, &layer, &part, &desc), 1);
	return desc;
}

const float *weights_of(hidp_op op, hidp_weight_role role, size_t count)
{
	struct hidp_layer_desc desc;
	hidp_layer_id layer = HIDP_LAYER_NONE;
	uint32_t part = 0;
	const void *data = NULL;
	size_t given = 0;
	ck_assert_uint_eq(find_op(op, &layer, &part, &desc), 1);
	ck_assert_int_eq(hidp_onnx_weights()->get(onnx, layer, part, role, &data, &given), HIDP_OK);
	ck_assert_uint_eq(given, count);
	return data;
}
