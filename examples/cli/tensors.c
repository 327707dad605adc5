/* SPDX-License-Identifier: MIT */
/* What goes into a model and what comes out of it. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tensors.h"

static struct hidp_layer_info get_layer(const struct hidp_model *model, hidp_layer_id layer)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	hidp_model_layer(model, layer, &info);
	return info;
}

bool tensors_new(struct tensors *t, const struct hidp_model *model, bool outputs)
{
	uint32_t layers = hidp_model_layer_count(model);
	*t = (struct tensors){0};
	t->layers = calloc(layers, sizeof *t->layers);
	t->data = calloc(layers, sizeof *t->data);
	t->bytes = calloc(layers, sizeof *t->bytes);
	bool ok = t->layers != NULL && t->data != NULL && t->bytes != NULL;
	for (hidp_layer_id l = 0; ok && l < layers; l++) {
		struct hidp_layer_info info = get_layer(model, l);
		if (outputs ? (info.flags & HIDP_LAYER_OUTPUT) == 0 : info.op != HIDP_OP_INPUT)
			continue;
		t->layers[t->count] = l;
		t->bytes[t->count] = (size_t)info.output_bytes;
		t->data[t->count] = calloc(1, t->bytes[t->count] + 1);
		ok = t->data[t->count] != NULL;
		t->count++;
	}
	if (!ok)
		complain("out of memory");
	return ok;
}

void tensors_free(struct tensors *t)
{
	for (uint32_t i = 0; i < t->count; i++)
		free(t->data[i]);
	free(t->layers);
	free(t->data);
	free(t->bytes);
	*t = (struct tensors){0};
}

/* SplitMix64 */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static bool must_be_fp32(const struct hidp_layer_info *info)
{
	if (info->dtype == HIDP_DTYPE_FP32)
		return true;
	complain("%s: its elements are not fp32, and kernels compute nothing else", info->name);
	return false;
}

bool tensors_fill(const struct tensors *t, const struct hidp_model *model, uint64_t seed)
{
	uint64_t state = seed;
	for (uint32_t i = 0; i < t->count; i++) {
		struct hidp_layer_info info = get_layer(model, t->layers[i]);
		float *values = t->data[i];
		if (!must_be_fp32(&info))
			return false;
		for (size_t k = 0; k < t->bytes[i] / sizeof *values; k++)
			values[k] = (float)(next_random(&state) >> 40) * 0x1p-23f - 1;
	}
	return true;
}

/* "(1, 224, 224, 3)": how NumPy writes a shape; NHWC. */
static void shape_text(const struct hidp_layer_info *info, char text[128])
{
	snprintf(text, 128, "(%" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64 ")",
	         info->shape.batch, info->shape.rows, info->shape.width, info->shape.channels);
}

/* Where the elements of a file begin; 0: it is not such a file, or has other elements. */
static size_t npy_data(const unsigned char *file, size_t length)
{
	size_t size, at;
	if (length < 12 || memcmp(file, "\x93NUMPY", 6) != 0)
		return 0;
	at = file[6] == 1 ? 10 : 12;
	size = file[8] | (size_t)file[9] << 8;
	if (file[6] != 1)
		size |= (size_t)file[10] << 16 | (size_t)file[11] << 24;
	if (size > length - at)
		return 0;
	char *header = calloc(1, size + 1);
	if (header == NULL)
		return 0;
	memcpy(header, file + at, size);
	bool ok = (strstr(header, "'<f4'") != NULL || strstr(header, "\"<f4\"") != NULL) &&
	          strstr(header, "'fortran_order': False") != NULL;
	free(header);
	return ok ? at + size : 0;
}

bool tensors_read(const struct tensors *t, uint32_t which, const struct hidp_model *model,
                  const char *path)
{
	struct hidp_layer_info info = get_layer(model, t->layers[which]);
	char shape[128];
	size_t length, begin = 0;
	if (!must_be_fp32(&info))
		return false;
	char *file = read_file(path, &length);
	if (file == NULL)
		return false;
	shape_text(&info, shape);
	bool npy = length >= 6 && memcmp(file, "\x93NUMPY", 6) == 0;
	if (npy)
		begin = npy_data((const unsigned char *)file, length);
	bool ok = (!npy || begin != 0) && length - begin == t->bytes[which];
	if (ok)
		memcpy(t->data[which], file + begin, t->bytes[which]);
	else
		complain("%s: input %s wants little-endian fp32 of shape %s, in this order", path,
		         info.name, shape);
	free(file);
	return ok;
}

bool tensors_write(const struct tensors *t, uint32_t which, const struct hidp_model *model,
                   const char *path)
{
	struct hidp_layer_info info = get_layer(model, t->layers[which]);
	char shape[128], header[256];
	if (!must_be_fp32(&info))
		return false;
	shape_text(&info, shape);
	int size = snprintf(header, sizeof header,
	                    "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", shape);
	size_t total = ((size_t)size + 10 + 1 + 63) / 64 * 64;
	char *file = malloc(total + t->bytes[which]);
	if (file == NULL) {
		complain("out of memory");
		return false;
	}
	memset(file, ' ', total);
	memcpy(file, "\x93NUMPY\x01\x00", 8);
	file[8] = (char)((total - 10) & 0xff);
	file[9] = (char)((total - 10) >> 8);
	memcpy(file + 10, header, (size_t)size);
	file[total - 1] = '\n';
	memcpy(file + total, t->data[which], t->bytes[which]);
	bool ok = write_file(path, file, total + t->bytes[which]);
	free(file);
	return ok;
}

/* FNV-1a */
uint64_t tensors_digest(const struct tensors *t)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (uint32_t i = 0; i < t->count; i++)
		for (size_t k = 0; k < t->bytes[i]; k++)
			h = (h ^ ((const uint8_t *)t->data[i])[k]) * 0x100000001b3u;
	return h;
}

double tensors_difference(const struct tensors *t, const struct tensors *right)
{
	double most = 0, largest = 0;
	bool same = true;
	for (uint32_t i = 0; i < right->count; i++) {
		const float *a = t->data[i], *b = right->data[i];
		same &= memcmp(a, b, right->bytes[i]) == 0;
		for (size_t k = 0; k < right->bytes[i] / sizeof *b; k++) {
			double difference = fabs((double)a[k] - (double)b[k]);
			if (isnan(difference) || isinf(difference))
				return INFINITY;
			most = fmax(most, difference);
			largest = fmax(largest, fabs((double)b[k]));
		}
	}
	if (same)
		return 0;
	/* not the same, and yet no difference: zeros of other signs */
	return fmax(largest > 0 ? most / largest : INFINITY, 1e-300);
}
