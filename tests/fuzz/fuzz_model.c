/* SPDX-License-Identifier: MIT */
/* Models from JSON. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static void check_layers(const struct hidp_model *a, const struct hidp_model *b)
{
	FUZZ_MUST(hidp_model_layer_count(a) == hidp_model_layer_count(b));
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(a); l++) {
		struct hidp_layer_info x = HIDP_LAYER_INFO_INIT, y = HIDP_LAYER_INFO_INIT;
		FUZZ_MUST(hidp_model_layer(a, l, &x) == HIDP_OK);
		FUZZ_MUST(hidp_model_layer(b, l, &y) == HIDP_OK);
		FUZZ_MUST(strcmp(x.name, y.name) == 0);
		FUZZ_MUST(x.op == y.op && x.op_class == y.op_class && x.dtype == y.dtype);
		FUZZ_MUST(memcmp(&x.shape, &y.shape, sizeof x.shape) == 0);
		FUZZ_MUST(x.shape.batch > 0 && x.shape.channels > 0 && x.shape.rows > 0 &&
		          x.shape.width > 0);
		FUZZ_MUST(x.flops == y.flops && x.flops >= 0);
		FUZZ_MUST(x.output_bytes == y.output_bytes && x.weight_bytes == y.weight_bytes);
		FUZZ_MUST(x.part_count == y.part_count && x.input_count == y.input_count);
		for (uint32_t i = 0; i < x.input_count; i++) {
			hidp_layer_id in;
			FUZZ_MUST(hidp_model_layer_input(a, l, i, &in, NULL, NULL) == HIDP_OK);
			FUZZ_MUST(in < l);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_context *context = fuzz_begin();
	struct hidp_model *model = NULL, *again = NULL;
	hidp_status s = hidp_model_from_json(context, (const char *)data, size, 0, &model, &said);
	if (s == HIDP_OK) {
		char *text, *second;
		size_t length, second_length;
		FUZZ_WRITE(hidp_model_to_json, model, text, length);
		FUZZ_MUST(hidp_model_from_json(context, text, length, 0, &again, &said) == HIDP_OK);
		FUZZ_WRITE(hidp_model_to_json, again, second, second_length);
		FUZZ_MUST(length == second_length && memcmp(text, second, length) == 0);
		check_layers(model, again);
		free(text);
		free(second);
	} else {
		FUZZ_MUST(model == NULL);
		fuzz_check_refusal(s, &said);
	}
	hidp_model_unref(model);
	hidp_model_unref(again);
	fuzz_end(context);
	return 0;
}
