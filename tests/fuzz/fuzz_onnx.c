/* SPDX-License-Identifier: MIT */
/* Files of ONNX: the whole importer, and the weights and tensors of what it could read. */
#include <stdlib.h>
#include <string.h>

#include <hidp-onnx.h>

#include "fuzz.h"

/* Arrays beyond that are not asked for, so that an input does not take for ever. */
#define WEIGHT_BYTES_MAX ((uint64_t)4 << 20)
#define TENSOR_COUNT_MAX ((size_t)1 << 16)

static void read_weights(const struct hidp_onnx *onnx, const struct hidp_model *model)
{
	const struct hidp_weights *weights = hidp_onnx_weights();
	for (hidp_layer_id i = 0; i < hidp_model_layer_count(model); i++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		FUZZ_MUST(hidp_model_layer(model, i, &info) == HIDP_OK);
		for (uint32_t part = 0; part < info.part_count; part++)
			for (hidp_weight_role role = 0; role <= HIDP_WEIGHT_CONSTANT + 1; role++) {
				const void *data = NULL;
				size_t count = 0;
				if (info.weight_bytes > WEIGHT_BYTES_MAX ||
				    weights->get((void *)(uintptr_t)onnx, i, part, role, &data,
				                 &count) != HIDP_OK)
					continue;
				float sum = 0;
				for (size_t k = 0; k < count; k++)
					sum += ((const float *)data)[k];
				FUZZ_MUST(sum == sum || sum != sum);
			}
	}
}

static void move_tensors(const struct hidp_onnx *onnx)
{
	float *from = calloc(TENSOR_COUNT_MAX, sizeof *from);
	float *to = calloc(TENSOR_COUNT_MAX, sizeof *to);
	FUZZ_MUST(from != NULL && to != NULL);
	for (uint32_t i = 0; i <= hidp_onnx_input_count(onnx); i++) {
		struct hidp_onnx_tensor tensor = HIDP_ONNX_TENSOR_INIT;
		hidp_status status = hidp_onnx_input(onnx, i, &tensor);
		FUZZ_MUST((status == HIDP_OK) == (i < hidp_onnx_input_count(onnx)));
		if (status == HIDP_OK && tensor.count <= TENSOR_COUNT_MAX)
			(void)hidp_onnx_to_layer(onnx, i, from, to);
	}
	for (uint32_t i = 0; i <= hidp_onnx_output_count(onnx); i++) {
		struct hidp_onnx_tensor tensor = HIDP_ONNX_TENSOR_INIT;
		hidp_status status = hidp_onnx_output(onnx, i, &tensor);
		FUZZ_MUST((status == HIDP_OK) == (i < hidp_onnx_output_count(onnx)));
		if (status == HIDP_OK && tensor.count <= TENSOR_COUNT_MAX)
			(void)hidp_onnx_from_layer(onnx, i, from, to);
	}
	free(from);
	free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct hidp_onnx_dim dims[] = {{"n", 2}, {"x:1", 3}};
	struct hidp_context *context = fuzz_begin();
	struct hidp_onnx_options options = HIDP_ONNX_OPTIONS_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_onnx *onnx = NULL;
	options.node_max = 2000;
	options.tensor_bytes_max = 1 << 20;
	/* sizes that are given are mostly refused: few inputs have such names */
	options.dims = dims;
	options.dim_count = size % 16 == 0 ? 2 : 0;
	hidp_status status = hidp_onnx_read(context, data, size, NULL, &options, &onnx, &said);
	if (status == HIDP_OK) {
		if (hidp_onnx_model(onnx) != NULL)
			read_weights(onnx, hidp_onnx_model(onnx));
		move_tensors(onnx);
		hidp_onnx_destroy(onnx);
	} else {
		FUZZ_MUST(onnx == NULL && status < 0 && said.status == status);
		FUZZ_MUST(said.subject[0] != '\0' && said.message[0] != '\0');
	}
	fuzz_end(context);
	return 0;
}
