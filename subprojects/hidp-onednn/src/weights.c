/* SPDX-License-Identifier: MIT */
#include "weights.h"

#include <stdlib.h>
#include <string.h>

/* What a packed array is made of. */
enum packed_kind { PACKED_KERNEL, PACKED_BIAS, PACKED_CONSTANT };

struct packed {
	struct packed *next;
	hidp_layer_id layer;
	uint32_t part;
	enum packed_kind kind;
	int64_t channel_begin, channel_end;
	dnnl_memory_desc_t md;
	uint32_t uses; /* tasks that hold it, as often as they do */
	size_t bytes;
	void *data;
};

/* Finding and making packed arrays */

static struct packed *find(const struct build *b, const struct packed *key)
{
	for (struct packed *p = onednn__of(b)->packed; p != NULL; p = p->next)
		if (p->layer == key->layer && p->part == key->part && p->kind == key->kind &&
		    p->channel_begin == key->channel_begin && p->channel_end == key->channel_end &&
		    dnnl_memory_desc_equal(&p->md, &key->md))
			return p;
	return NULL;
}

/* The packed array of this key, made by `fill` if there is none. */
static hidp_status packed(struct build *b, const struct packed *key,
                          hidp_status (*fill)(struct build *b, struct packed *p, const void *how),
                          const void *how, struct place *out)
{
	struct packed *p = find(b, key);
	if (p == NULL) {
		size_t bytes = dnnl_memory_desc_get_size(&key->md);
		p = malloc(sizeof *p);
		if (p == NULL)
			return kernels__no_memory(b);
		*p = *key;
		p->uses = 0;
		p->bytes = (bytes + 63) / 64 * 64;
		p->data = aligned_alloc(64, p->bytes);
		hidp_status s = p->data != NULL ? fill(b, p, how) : kernels__no_memory(b);
		if (s != HIDP_OK) {
			free(p->data);
			free(p);
			return s;
		}
		p->next = onednn__of(b)->packed;
		onednn__of(b)->packed = p;
		onednn__of(b)->packed_bytes += p->bytes;
	}
	p->uses++;
	if (!onednn__task_hold(onednn__task(b), p)) {
		onednn__packed_unref(onednn__of(b), p);
		return kernels__no_memory(b);
	}
	*out = kernels__constant_place(p->data);
	return HIDP_OK;
}

void onednn__packed_unref(struct hidp_onednn *onednn, struct packed *packed)
{
	if (--packed->uses > 0)
		return;
	struct packed **at = &onednn->packed;
	while (*at != packed)
		at = &(*at)->next;
	*at = packed->next;
	onednn->packed_bytes -= packed->bytes;
	free(packed->data);
	free(packed);
}

static struct packed key_of(const struct build *b, uint32_t part, enum packed_kind kind)
{
	return (struct packed){.layer = b->call->layer,
	                       .part = part,
	                       .kind = kind,
	                       .channel_begin = b->call->channel_begin,
	                       .channel_end = b->call->channel_end};
}

/* With batch normalisations folded into them */

bool onednn__has_bias(struct build *b)
{
	return kernels__own_bias(b) || kernels__norm_count(b) > 0;
}

static hidp_status fill_bias(struct build *b, struct packed *p, const void *how)
{
	int64_t begin = b->call->channel_begin, count = b->call->channel_end - begin;
	float *shift = p->data, *scale = malloc((size_t)count * sizeof *scale);
	const float *bias = how;
	hidp_status s =
		scale != NULL ? kernels__fold_norms(b, scale, shift) : kernels__no_memory(b);
	for (int64_t c = 0; s == HIDP_OK && bias != NULL && c < count; c++)
		shift[c] += scale[c] * bias[begin + c];
	free(scale);
	return s;
}

hidp_status onednn__bias(struct build *b, struct argument *bias)
{
	const dnnl_dims_t dims = {b->call->channel_end - b->call->channel_begin};
	const float *lent = NULL;
	hidp_status s = HIDP_OK;
	bias->index = DNNL_ARG_BIAS;
	if (kernels__own_bias(b))
		s = kernels__weights(b, 0, HIDP_WEIGHT_BIAS, b->call->info.shape.channels, &lent);
	if (s == HIDP_OK)
		s = onednn__check(
			b, dnnl_memory_desc_init_by_tag(&bias->md, 1, dims, dnnl_f32, dnnl_a),
			"the bias");
	if (s != HIDP_OK)
		return s;
	if (kernels__norm_count(b) == 0) {
		bias->place = kernels__constant_place(lent + b->call->channel_begin);
		return HIDP_OK;
	}
	struct packed key = key_of(b, 0, PACKED_BIAS);
	key.md = bias->md;
	return packed(b, &key, fill_bias, lent, &bias->place);
}

/* Where a kernel comes from. */
struct source {
	const dnnl_memory_desc_t *md;
	const float *weights; /* of the call's first output channel */
	int64_t per_channel;
};

static hidp_status reorder(struct build *b, const dnnl_memory_desc_t *from_md, const void *from,
                           const dnnl_memory_desc_t *to_md, void *to)
{
	dnnl_engine_t engine = onednn__of(b)->engine;
	dnnl_memory_t memory[2] = {NULL, NULL};
	dnnl_primitive_desc_t pd = NULL;
	dnnl_primitive_t primitive = NULL;
	dnnl_stream_t stream = NULL;
	union {
		const void *in;
		void *out;
	} source = {from}; /* oneDNN knows no memory that is only read */
	dnnl_status_t s = dnnl_memory_create(&memory[0], from_md, engine, source.out);
	if (s == dnnl_success)
		s = dnnl_memory_create(&memory[1], to_md, engine, to);
	if (s == dnnl_success)
		s = dnnl_reorder_primitive_desc_create(&pd, from_md, engine, to_md, engine, NULL);
	if (s == dnnl_success)
		s = dnnl_primitive_create(&primitive, pd);
	if (s == dnnl_success)
		s = dnnl_stream_create(&stream, engine, dnnl_stream_in_order);
	const dnnl_exec_arg_t arguments[2] = {{DNNL_ARG_FROM, memory[0]}, {DNNL_ARG_TO, memory[1]}};
	if (s == dnnl_success)
		s = dnnl_primitive_execute(primitive, stream, 2, arguments);
	if (stream != NULL)
		dnnl_stream_destroy(stream);
	if (primitive != NULL)
		dnnl_primitive_destroy(primitive);
	if (pd != NULL)
		dnnl_primitive_desc_destroy(pd);
	for (int i = 0; i < 2; i++)
		if (memory[i] != NULL)
			dnnl_memory_destroy(memory[i]);
	return onednn__check(b, s, "to pack weights");
}

/* The kernel with all normalisations in it, in memory of its own. */
static hidp_status folded(struct build *b, const struct source *source, float **out)
{
	size_t channels = (size_t)(b->call->channel_end - b->call->channel_begin);
	size_t per_channel = (size_t)source->per_channel;
	float *scale = malloc(2 * channels * sizeof *scale);
	float *kernel = malloc(channels * per_channel * sizeof *kernel);
	hidp_status s = scale != NULL && kernel != NULL
	                        ? kernels__fold_norms(b, scale, scale + channels)
	                        : kernels__no_memory(b);
	for (size_t c = 0; s == HIDP_OK && c < channels; c++)
		for (size_t i = 0; i < per_channel; i++)
			kernel[c * per_channel + i] =
				source->weights[c * per_channel + i] * scale[c];
	free(scale);
	if (s == HIDP_OK)
		*out = kernel;
	else
		free(kernel);
	return s;
}

static hidp_status fill_kernel(struct build *b, struct packed *p, const void *how)
{
	const struct source *source = how;
	const float *from = source->weights;
	float *own = NULL;
	hidp_status s = HIDP_OK;
	if (kernels__norm_count(b) > 0) {
		s = folded(b, source, &own);
		from = own;
	}
	if (s == HIDP_OK)
		s = reorder(b, source->md, from, &p->md, p->data);
	free(own);
	return s;
}

hidp_status onednn__kernel(struct build *b, const dnnl_memory_desc_t *lent, int64_t per_channel,
                           struct argument *kernel)
{
	const float *weights = NULL;
	hidp_status s = kernels__weights(b, 0, HIDP_WEIGHT_KERNEL,
	                                 per_channel * b->call->info.shape.channels, &weights);
	if (s != HIDP_OK)
		return s;
	kernel->index = DNNL_ARG_WEIGHTS;
	const struct source source = {lent, weights + b->call->channel_begin * per_channel,
	                              per_channel};
	if (kernels__norm_count(b) == 0 && dnnl_memory_desc_equal(lent, &kernel->md)) {
		kernel->place = kernels__constant_place(source.weights);
		return HIDP_OK;
	}
	struct packed key = key_of(b, 0, PACKED_KERNEL);
	key.md = kernel->md;
	return packed(b, &key, fill_kernel, &source, &kernel->place);
}

/* Constants */

static hidp_status fill_constant(struct build *b, struct packed *p, const void *how)
{
	const struct source *source = how;
	return reorder(b, source->md, source->weights, &p->md, p->data);
}

hidp_status onednn__constant(struct build *b, uint32_t part, const int64_t dims[4],
                             const float *lent, struct place *place)
{
	const dnnl_dims_t all = {dims[0], dims[1], dims[2], dims[3]};
	struct packed key = key_of(b, part, PACKED_CONSTANT);
	key.channel_begin = 0;
	key.channel_end = dims[1];
	dnnl_memory_desc_t plain;
	dnnl_status_t status = dnnl_memory_desc_init_by_tag(&plain, 4, all, dnnl_f32, dnnl_nchw);
	if (status == dnnl_success)
		status = dnnl_memory_desc_init_by_tag(&key.md, 4, all, dnnl_f32, dnnl_nhwc);
	hidp_status s = onednn__check(b, status, "the constant");
	if (s != HIDP_OK)
		return s;
	const struct source source = {&plain, lent, 0};
	return packed(b, &key, fill_constant, &source, place);
}
