/* SPDX-License-Identifier: MIT */
/*
 *     onnx-outputs < FILES
 *
 * What the importer makes of files, one a line: "file<tab>PATH", then for every output
 * "output<tab>NAME<tab>TYPE<tab>DIMS<tab>ELEMENTS" (dims and elements parted by spaces; the
 * elements of constant outputs only, "-" for others), or "refused<tab>STATUS<tab>WHY"; then "end".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hidp-onnx.h>
#include <hidp/hidp.h>

/* A tensor that nothing is worked out for by hand is larger than this. */
#define ELEMENTS_MAX ((size_t)1 << 20)

static void print_elements(const struct hidp_onnx *onnx, uint32_t index, size_t count)
{
	float *elements = malloc((count + 1) * sizeof *elements);
	if (elements == NULL || hidp_onnx_from_layer(onnx, index, NULL, elements) != HIDP_OK)
		printf("\tunreadable\n");
	else {
		printf("\t");
		for (size_t i = 0; i < count; i++)
			printf("%s%.9g", i > 0 ? " " : "", (double)elements[i]);
		printf("\n");
	}
	free(elements);
}

static void print_outputs(const struct hidp_onnx *onnx)
{
	for (uint32_t i = 0; i < hidp_onnx_output_count(onnx); i++) {
		struct hidp_onnx_tensor tensor = HIDP_ONNX_TENSOR_INIT;
		if (hidp_onnx_output(onnx, i, &tensor) != HIDP_OK)
			continue;
		printf("output\t%s\t%" PRIu32 "\t", tensor.name, tensor.type);
		for (uint32_t k = 0; k < tensor.rank; k++)
			printf("%s%" PRId64, k > 0 ? " " : "", tensor.dims[k]);
		if (tensor.layer == HIDP_LAYER_NONE && tensor.count <= ELEMENTS_MAX)
			print_elements(onnx, i, tensor.count);
		else
			printf("\t-\n");
	}
}

int main(void)
{
	char path[4096];
	struct hidp_context *context;
	if (hidp_context_new(NULL, &context) != HIDP_OK)
		return 1;
	while (fgets(path, sizeof path, stdin) != NULL) {
		struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
		struct hidp_onnx *onnx;
		path[strcspn(path, "\n")] = '\0';
		printf("file\t%s\n", path);
		fflush(stdout); /* so that one that ends the program is known */
		hidp_status s = hidp_onnx_open(context, path, NULL, &onnx, &d);
		if (s == HIDP_OK) {
			print_outputs(onnx);
			hidp_onnx_destroy(onnx);
		} else {
			printf("refused\t%" PRId32 "\t%s: %s\n", s, d.subject, d.message);
		}
		printf("end\n");
	}
	hidp_context_unref(context);
	return 0;
}
