/* SPDX-License-Identifier: MIT */
/* Models and their weights, however the command line names them. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models.h"
#include "zoo.h"

#if HAVE_ONNX
#include <hidp-onnx.h>
#endif

static bool take_size(const char *text, long *out)
{
	double value;
	if (!parse_number(text, &value) || !(value >= 1 && value <= 1e9) ||
	    value != (double)(long)value)
		return false;
	*out = (long)value;
	return true;
}

bool take_model_size(struct model_request *request, int option, const char *value)
{
	long size;
	const char *equals;
	switch (option) {
	case OPT_BATCH:
		return take_size(value, &request->batch);
	case OPT_IMAGE:
		return take_size(value, &request->image);
	case OPT_TOKENS:
		return take_size(value, &request->tokens);
	case OPT_DIM:
		equals = strrchr(value, '=');
		return equals != NULL && equals != value && take_size(equals + 1, &size) &&
		       list_add(&request->dims, value);
	default:
		return false;
	}
}

static bool in_zoo(const char *name)
{
	for (size_t i = 0; i < zoo_count(); i++)
		if (strcmp(zoo_name(i), name) == 0)
			return true;
	return false;
}

static bool find_dtype(const char *word, hidp_dtype *out)
{
	static const char *const words[] = {"", "fp32", "fp16", "bf16", "int8"};
	for (hidp_dtype i = HIDP_DTYPE_FP32; i <= HIDP_DTYPE_INT8; i++) {
		if (strcmp(words[i], word) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool load_from_zoo(struct hidp_context *context, const struct model_request *request,
                          struct loaded_model *loaded)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct zoo_options options = {.flags = request->flags,
	                              .batch = request->batch,
	                              .image = request->image,
	                              .tokens = request->tokens};
	if (request->dtype != NULL && !find_dtype(request->dtype, &options.dtype)) {
		complain("%s is no element type: fp32, fp16, bf16 or int8", request->dtype);
		return false;
	}
	hidp_status s = zoo_build(context, request->name, &options, &loaded->model, &said);
	if (s != HIDP_OK)
		complain_status(request->name, s, &said);
	return s == HIDP_OK;
}

static bool load_from_json(struct hidp_context *context, const struct model_request *request,
                           struct loaded_model *loaded)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	size_t length;
	if (request->batch != 0) {
		complain("%s: --batch is for networks of the zoo and for ONNX files",
		         request->name);
		return false;
	}
	char *text = read_file(request->name, &length);
	if (text == NULL)
		return false;
	hidp_status s = hidp_model_from_json(context, text, length, request->flags, &loaded->model,
	                                     &said);
	if (s != HIDP_OK)
		complain_status(request->name, s, &said);
	free(text);
	return s == HIDP_OK;
}

/* The weights of what brings none. */
static bool make_weights(struct loaded_model *loaded, uint64_t seed)
{
	if (zoo_weights_new(loaded->model, seed, &loaded->zoo) != HIDP_OK) {
		complain("out of memory");
		return false;
	}
	loaded->weights = zoo_weights_table();
	loaded->weights_data = loaded->zoo;
	return true;
}

/* By its name; else by its content, as no document of JSON begins so. */
static bool is_onnx(const char *path)
{
	size_t length = strlen(path);
	unsigned char first = '{';
	if (length >= 5 && strcmp(path + length - 5, ".onnx") == 0)
		return true;
	FILE *file = strcmp(path, "-") != 0 ? fopen(path, "rb") : NULL;
	if (file == NULL)
		return false;
	bool any = fread(&first, 1, 1, file) == 1;
	fclose(file);
	/* a message of protocol buffers begins with the number of a field, the version's as a rule */
	return any && first == 0x08;
}

#if HAVE_ONNX
/* Has the batch that was asked for become the first dimension of any input? */
static bool has_batch(const struct hidp_onnx *onnx, long batch)
{
	for (uint32_t i = 0; i < hidp_onnx_input_count(onnx); i++) {
		struct hidp_onnx_tensor tensor = HIDP_ONNX_TENSOR_INIT;
		hidp_onnx_input(onnx, i, &tensor);
		if (tensor.rank > 0 && tensor.dims[0] == batch)
			return true;
	}
	return false;
}

static bool open_onnx(struct hidp_context *context, const struct model_request *request,
                      const struct hidp_onnx_dim *dims, struct loaded_model *loaded)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_onnx_options options = HIDP_ONNX_OPTIONS_INIT;
	options.model_flags = request->flags;
	options.dims = dims;
	options.dim_count = (uint32_t)request->dims.count;
	options.batch = request->batch;
	hidp_status s = hidp_onnx_open(context, request->name, &options, &loaded->onnx, &said);
	if (s != HIDP_OK) {
		complain_status(request->name, s, &said);
		return false;
	}
	if (request->batch != 0 && !has_batch(loaded->onnx, request->batch)) {
		complain("%s: --batch %ld: the file leaves no first dimension of an input open",
		         request->name, request->batch);
		return false;
	}
	if (hidp_onnx_model(loaded->onnx) == NULL) {
		complain("%s: its outputs are constant, there is nothing to compute",
		         request->name);
		return false;
	}
	loaded->model = hidp_model_ref(hidp_onnx_model(loaded->onnx));
	loaded->weights = hidp_onnx_weights();
	loaded->weights_data = loaded->onnx;
	return true;
}

static bool load_from_onnx(struct hidp_context *context, const struct model_request *request,
                           struct loaded_model *loaded)
{
	size_t count = request->dims.count;
	struct hidp_onnx_dim *dims = calloc(count + 1, sizeof *dims);
	char **names = calloc(count + 1, sizeof *names);
	bool ok = dims != NULL && names != NULL;
	for (size_t i = 0; i < count && ok; i++) {
		const char *item = request->dims.items[i], *equals = strrchr(item, '=');
		long size = 0;
		names[i] = strndup(item, (size_t)(equals - item));
		ok = names[i] != NULL && take_size(equals + 1, &size);
		dims[i] = (struct hidp_onnx_dim){names[i], size};
	}
	if (!ok)
		complain("out of memory");
	ok = ok && open_onnx(context, request, dims, loaded);
	for (size_t i = 0; i < count && names != NULL; i++)
		free(names[i]);
	free(names);
	free(dims);
	return ok;
}
#else
static bool load_from_onnx(struct hidp_context *context, const struct model_request *request,
                           struct loaded_model *loaded)
{
	(void)context;
	(void)loaded;
	complain("%s: this hidp was built without the importer of ONNX files (hidp-onnx)",
	         request->name);
	return false;
}
#endif

static bool load_file(struct hidp_context *context, const struct model_request *request,
                      struct loaded_model *loaded)
{
	if (strcmp(request->name, "-") != 0 && access(request->name, F_OK) != 0) {
		complain("%s: no such network ('hidp models' lists them) and no such file",
		         request->name);
		return false;
	}
	if (request->dtype != NULL || request->image != 0 || request->tokens != 0) {
		complain("%s: --dtype, --image and --tokens are for networks of the zoo",
		         request->name);
		return false;
	}
	if (is_onnx(request->name))
		return load_from_onnx(context, request, loaded);
	if (request->dims.count != 0) {
		complain("%s: --dim is for ONNX files", request->name);
		return false;
	}
	return load_from_json(context, request, loaded) && make_weights(loaded, request->seed);
}

bool load_model(struct hidp_context *context, const struct model_request *request,
                struct loaded_model *loaded_out)
{
	*loaded_out = (struct loaded_model){0};
	if (!in_zoo(request->name))
		return load_file(context, request, loaded_out);
	if (request->dims.count != 0) {
		complain("%s: --dim is for ONNX files", request->name);
		return false;
	}
	return load_from_zoo(context, request, loaded_out) &&
	       make_weights(loaded_out, request->seed);
}

void free_model(struct loaded_model *loaded)
{
	zoo_weights_destroy(loaded->zoo);
	hidp_model_unref(loaded->model);
#if HAVE_ONNX
	hidp_onnx_destroy(loaded->onnx);
#endif
	*loaded = (struct loaded_model){0};
}
