/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/abi.h"
#include "base/checked.h"
#include "base/context_priv.h"
#include "base/diagnostic.h"
#include "model/model_priv.h"

/* Bounds of what a description may say, so that arithmetic on it cannot overflow. */
#define ATTRIBUTE_MAX ((int64_t)1 << 31)
#define RULE_MAX ((int64_t)1 << 40)
#define BYTES_MAX ((double)((int64_t)1 << 60))

struct hidp_model_builder {
	struct hidp_context *ctx;
	struct hidp__arena arena; /* names, inputs, rules of the descriptions */
	char *name;
	uint32_t flags;
	hidp_dtype dtype;
	struct hidp__described *layers;
	size_t count;
	size_t capacity;
};

void hidp_layer_desc_init(struct hidp_layer_desc *desc, size_t struct_size)
{
	hidp__abi_init(desc, struct_size);
}

hidp_status hidp_model_builder_new(struct hidp_context *context,
                                   const struct hidp_model_options *options,
                                   struct hidp_model_builder **builder_out)
{
	struct hidp_model_options o = HIDP_MODEL_OPTIONS_INIT;
	if (context == NULL || builder_out == NULL)
		return HIDP_ERR_ARGUMENT;
	if (options != NULL) {
		hidp_status s = hidp__abi_read(&o, sizeof o, sizeof o, options);
		if (s != HIDP_OK)
			return s;
	}
	if ((o.flags & ~(uint32_t)HIDP_MODEL_KEEP_UNFUSED) != 0 || o.reserved != 0)
		return HIDP_ERR_ABI;
	const char *name = o.name != NULL ? o.name : "model";
	if (o.dtype > HIDP_DTYPE_INT8 || name[0] == '\0' || strlen(name) > HIDP_NAME_MAX)
		return HIDP_ERR_ARGUMENT;
	struct hidp_model_builder *b = hidp__calloc(context, 1, sizeof *b);
	if (b == NULL)
		return HIDP_ERR_NOMEM;
	b->ctx = context;
	b->flags = o.flags;
	b->dtype = o.dtype != HIDP_DTYPE_DEFAULT ? o.dtype : HIDP_DTYPE_FP32;
	hidp__arena_init(&b->arena, context);
	b->name = hidp__strdup(context, name);
	if (b->name == NULL) {
		hidp__free(context, b);
		return HIDP_ERR_NOMEM;
	}
	hidp_context_ref(context);
	*builder_out = b;
	return HIDP_OK;
}

void hidp_model_builder_destroy(struct hidp_model_builder *builder)
{
	if (builder == NULL)
		return;
	struct hidp_context *ctx = builder->ctx;
	hidp__arena_destroy(&builder->arena);
	hidp__free(ctx, builder->layers);
	hidp__free(ctx, builder->name);
	hidp__free(ctx, builder);
	hidp_context_unref(ctx);
}

static bool takes_window(hidp_op op)
{
	return op == HIDP_OP_CONV || op == HIDP_OP_MAX_POOL || op == HIDP_OP_AVERAGE_POOL;
}

/* Checks what can be judged without other layers, and fills in defaults. */
static hidp_status check_description(struct hidp_layer_desc *d, struct hidp_diagnostic *diag)
{
#define REFUSE(...) return hidp__fail(diag, HIDP_ERR_MODEL, d->name, __VA_ARGS__)
	if (d->op < HIDP_OP_INPUT || d->op > HIDP_OP_EMBEDDING)
		REFUSE("op %u is unknown", d->op);
	if (d->dtype > HIDP_DTYPE_INT8)
		REFUSE("dtype %u is unknown", d->dtype);
	const uint32_t known = HIDP_LAYER_OUTPUT | HIDP_LAYER_CEIL_MODE | HIDP_LAYER_NO_BIAS |
	                       HIDP_LAYER_TRANSPOSE_B | HIDP_LAYER_OWN_CHANNELS |
	                       HIDP_LAYER_EXCLUDE_PAD | HIDP_LAYER_MEMORY_MEASURED |
	                       HIDP_LAYER_CHANNELS_LAST;
	if ((d->flags & ~known) != 0 || d->reserved != 0)
		return hidp__fail(diag, HIDP_ERR_ABI, d->name, "flags 0x%x are unknown", d->flags);
	if (d->input_count > HIDP_LAYER_INPUTS_MAX)
		return hidp__fail(diag, HIDP_ERR_LIMIT, d->name, "has more than %u inputs",
		                  HIDP_LAYER_INPUTS_MAX);
	if (d->input_count != 0 && d->inputs == NULL)
		return hidp__fail(diag, HIDP_ERR_ARGUMENT, d->name, "inputs is NULL");
	for (uint32_t i = 0; i < d->input_count; i++)
		if (d->inputs[i] >= HIDP_MODEL_LAYERS_MAX)
			REFUSE("input %u names layer %u, which cannot exist", i, d->inputs[i]);
	const char *unused = hidp__find_unused(d);
	if (unused != NULL)
		REFUSE("states %s, which its op does not use", unused);
	if (!isfinite(d->alpha) || !isfinite(d->beta))
		REFUSE("a parameter is not finite");
	if (!(d->flops >= 0 && d->flops <= 1e30))
		REFUSE("FLOPs are negative, not finite or too many");
	if (!(d->weight_bytes >= 0 && d->weight_bytes <= BYTES_MAX) ||
	    d->weight_bytes != floor(d->weight_bytes))
		REFUSE("bytes of weights are negative, not whole or too many");
	if (!(d->workspace_bytes >= 0 && d->workspace_bytes <= BYTES_MAX))
		REFUSE("bytes of workspace are negative, not finite or too many");
	for (int i = 0; i < 4; i++)
		if (d->pad[i] < 0 || d->pad[i] > ATTRIBUTE_MAX)
			REFUSE("padding of %lld is out of range", (long long)d->pad[i]);

	if (takes_window(d->op)) {
		for (int i = 0; i < 2; i++) {
			if (d->kernel[i] < 1 || d->kernel[i] > ATTRIBUTE_MAX)
				REFUSE("kernel of %lld is out of range", (long long)d->kernel[i]);
			if (d->stride[i] == 0)
				d->stride[i] = d->op == HIDP_OP_CONV ? 1 : d->kernel[i];
			if (d->dilation[i] == 0)
				d->dilation[i] = 1;
			if (d->stride[i] < 1 || d->stride[i] > ATTRIBUTE_MAX)
				REFUSE("stride of %lld is out of range", (long long)d->stride[i]);
			if (d->dilation[i] < 1 || d->dilation[i] > ATTRIBUTE_MAX)
				REFUSE("dilation of %lld is out of range",
				       (long long)d->dilation[i]);
			if (d->dilation[i] > ATTRIBUTE_MAX / d->kernel[i])
				REFUSE("dilated kernel is too large");
		}
	}
	if (d->op == HIDP_OP_CONV || d->op == HIDP_OP_DENSE || d->op == HIDP_OP_EMBEDDING) {
		if (d->out_channels < 1 || d->out_channels > ATTRIBUTE_MAX)
			REFUSE("%lld output channels are out of range", (long long)d->out_channels);
	}
	if (d->op == HIDP_OP_CONV) {
		if (d->groups == 0)
			d->groups = 1;
		if (d->groups < 1)
			REFUSE("%lld groups are out of range", (long long)d->groups);
	}
	if (d->op == HIDP_OP_EMBEDDING && (d->end < 1 || d->end > ATTRIBUTE_MAX))
		REFUSE("%lld entries are out of range", (long long)d->end);
	if (d->op == HIDP_OP_ATTENTION) {
		if (d->heads == 0)
			d->heads = 1;
		/* kernels take it as fp32, where it must not become 0 */
		if (d->alpha != 0 && !(fabs(d->alpha) >= FLT_MIN && fabs(d->alpha) <= FLT_MAX))
			REFUSE("factor of %g for its scores is out of range", d->alpha);
	}
	if (d->op == HIDP_OP_LAYER_NORM) {
		if (d->alpha < 0)
			REFUSE("epsilon of %g is negative", d->alpha);
		if (d->alpha == 0)
			d->alpha = HIDP__EPSILON;
	}
	if (hidp__is_hard(d) && d->alpha == 0 && d->beta == 0) {
		d->alpha = HIDP__HARD_ALPHA;
		d->beta = HIDP__HARD_BETA;
	}
	if (d->op == HIDP_OP_ACTIVATION &&
	    (d->function < HIDP_ACTIVATION_RELU || d->function > HIDP_ACTIVATION_SOFTSIGN))
		REFUSE("activation %u is unknown", d->function);
	if (d->op == HIDP_OP_BINARY &&
	    (d->function < HIDP_BINARY_ADD || d->function > HIDP_BINARY_POW))
		REFUSE("binary function %u is unknown", d->function);
	if (d->op == HIDP_OP_RESIZE &&
	    (d->function < HIDP_RESIZE_NEAREST || d->function > HIDP_RESIZE_BILINEAR_CORNERS))
		REFUSE("resize mode %u is unknown", d->function);
	if ((d->op == HIDP_OP_CONCAT || d->op == HIDP_OP_SLICE) &&
	    (d->axis < HIDP_AXIS_CHANNELS || d->axis > HIDP_AXIS_WIDTH))
		REFUSE("axis %u is out of range", d->axis);
	if (d->op == HIDP_OP_CUSTOM) {
		if (d->op_class == 0)
			d->op_class = HIDP_CLASS_CUSTOM;
		if (d->op_class >= HIDP_CLASS_COUNT)
			REFUSE("op class %u is unknown", d->op_class);
		if (d->channel_grain < 0)
			REFUSE("channel grain is negative");
		if (d->input_count != 0 && d->row_rules == NULL)
			REFUSE("states no row rules");
	}
	for (uint32_t i = 0; d->row_rules != NULL && i < d->input_count; i++) {
		const struct hidp_row_rule *r = &d->row_rules[i];
		if (r->stride < 0 || r->stride > ATTRIBUTE_MAX / 2 || r->divisor < 1 ||
		    r->divisor > RULE_MAX || r->extent < 1 || r->extent > RULE_MAX ||
		    r->pad < -RULE_MAX || r->pad > RULE_MAX)
			REFUSE("row rule of input %u is out of range", i);
	}
	return HIDP_OK;
#undef REFUSE
}

hidp_status hidp_model_builder_add(struct hidp_model_builder *builder,
                                   const struct hidp_layer_desc *desc, hidp_layer_id *id_out,
                                   struct hidp_diagnostic *diagnostic)
{
	if (builder == NULL || desc == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	struct hidp_layer_desc d;
	hidp_status s = hidp__abi_read(&d, sizeof d, sizeof d, desc);
	if (s != HIDP_OK)
		return hidp__fail(diagnostic, s, NULL, "layer description of unknown size");
	d.struct_size = sizeof d;
	char unnamed[32];
	if (d.name == NULL) {
		snprintf(unnamed, sizeof unnamed, "layer%zu", builder->count);
		d.name = unnamed;
	}
	size_t length = strlen(d.name);
	if (length == 0 || length > HIDP_NAME_MAX)
		return hidp__fail(diagnostic, HIDP_ERR_MODEL, d.name,
		                  "name is empty or longer than %u bytes", HIDP_NAME_MAX);
	if (builder->count >= HIDP_MODEL_LAYERS_MAX)
		return hidp__fail(diagnostic, HIDP_ERR_LIMIT, d.name, "model has %u layers already",
		                  HIDP_MODEL_LAYERS_MAX);
	if ((s = check_description(&d, diagnostic)) != HIDP_OK)
		return s;
	if (d.dtype == HIDP_DTYPE_DEFAULT)
		d.dtype = builder->dtype;

	struct hidp__arena_mark mark = hidp__arena_here(&builder->arena);
	char *name = hidp__arena_alloc(&builder->arena, length + 1, 1);
	hidp_layer_id *inputs =
	        hidp__arena_alloc(&builder->arena, d.input_count + 1, sizeof *inputs);
	struct hidp_row_rule *rules = NULL;
	if (d.row_rules != NULL)
		rules = hidp__arena_alloc(&builder->arena, d.input_count + 1, sizeof *rules);
	if (name == NULL || inputs == NULL || (d.row_rules != NULL && rules == NULL) ||
	    !hidp__grow(builder->ctx, (void **)&builder->layers, builder->count,
	                &builder->capacity, sizeof *builder->layers)) {
		hidp__arena_back(&builder->arena, mark);
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, d.name, "out of memory");
	}
	memcpy(name, d.name, length + 1);
	if (d.input_count != 0)
		memcpy(inputs, d.inputs, d.input_count * sizeof *inputs);
	if (d.row_rules != NULL)
		memcpy(rules, d.row_rules, d.input_count * sizeof *rules);
	d.name = name;
	d.inputs = inputs;
	d.row_rules = rules;
	builder->layers[builder->count] = (struct hidp__described){.desc = d};
	if (id_out != NULL)
		*id_out = (hidp_layer_id)builder->count;
	builder->count++;
	return HIDP_OK;
}

/* What sealing works on; all arrays are in the scratch arena. */
struct sealing {
	struct hidp_model_builder *builder;
	struct hidp_diagnostic *diagnostic;
	struct hidp__arena *scratch;
	uint32_t count;
	uint32_t *order;    /* [count] described layers in topological order */
	uint32_t *position; /* [count] place of a described layer in order */
	uint32_t *sealed;   /* [count] sealed layer of a described layer */
	struct hidp_model *model;
};

#define NOMEM(seal) hidp__fail((seal)->diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory")

static void push(uint32_t *heap, uint32_t *size, uint32_t value)
{
	uint32_t i = (*size)++;
	for (; i > 0 && heap[(i - 1) / 2] > value; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = value;
}

static uint32_t pop(uint32_t *heap, uint32_t *size)
{
	uint32_t top = heap[0], last = heap[--*size], i = 0;
	for (;;) {
		uint32_t child = 2 * i + 1;
		if (child >= *size)
			break;
		if (child + 1 < *size && heap[child + 1] < heap[child])
			child++;
		if (heap[child] >= last)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return top;
}

/* Orders the layers topologically, the earliest added first wherever there is a choice. */
static hidp_status order_layers(struct sealing *seal)
{
	struct hidp__described *layers = seal->builder->layers;
	uint32_t n = seal->count, edges = 0;
	uint32_t *waiting = hidp__arena_calloc(seal->scratch, n, sizeof *waiting);
	uint32_t *first = hidp__arena_calloc(seal->scratch, (size_t)n + 1, sizeof *first);
	uint32_t *heap = hidp__arena_alloc(seal->scratch, n, sizeof *heap);
	seal->order = hidp__arena_alloc(seal->scratch, n, sizeof *seal->order);
	seal->position = hidp__arena_alloc(seal->scratch, n, sizeof *seal->position);
	seal->sealed = hidp__arena_alloc(seal->scratch, n, sizeof *seal->sealed);
	if (waiting == NULL || first == NULL || heap == NULL || seal->order == NULL ||
	    seal->position == NULL || seal->sealed == NULL)
		return NOMEM(seal);
	for (uint32_t i = 0; i < n; i++) {
		layers[i].uses = 0;
		layers[i].user = UINT32_MAX;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct hidp_layer_desc *d = &layers[i].desc;
		for (uint32_t k = 0; k < d->input_count; k++) {
			if (d->inputs[k] >= n)
				return hidp__fail(seal->diagnostic, HIDP_ERR_MODEL, d->name,
				                  "input %u is layer %u, which was never added", k,
				                  d->inputs[k]);
			layers[d->inputs[k]].uses++;
			layers[d->inputs[k]].user = i;
		}
		waiting[i] = d->input_count;
		edges += d->input_count; /* at most 2^16 * 2^10 */
	}
	/* users[first[i] .. first[i + 1]) read layer i */
	uint32_t *users = hidp__arena_alloc(seal->scratch, (size_t)edges + 1, sizeof *users);
	if (users == NULL)
		return NOMEM(seal);
	for (uint32_t i = 0; i < n; i++)
		first[i + 1] = first[i] + layers[i].uses;
	for (uint32_t i = n; i-- > 0;) {
		const struct hidp_layer_desc *d = &layers[i].desc;
		for (uint32_t k = 0; k < d->input_count; k++)
			users[--first[d->inputs[k] + 1]] = i;
	}
	/* first[i + 1] now is where i's users begin */
	uint32_t size = 0, done = 0;
	for (uint32_t i = 0; i < n; i++)
		if (waiting[i] == 0)
			push(heap, &size, i);
	while (size > 0) {
		uint32_t i = pop(heap, &size);
		seal->order[done++] = i;
		const uint32_t *u = users + first[i + 1];
		for (uint32_t k = 0; k < layers[i].uses; k++)
			if (--waiting[u[k]] == 0)
				push(heap, &size, u[k]);
	}
	for (uint32_t i = 0; done < n && i < n; i++)
		if (waiting[i] != 0)
			return hidp__fail(seal->diagnostic, HIDP_ERR_MODEL, layers[i].desc.name,
			                  "is part of a cycle, or reads one");
	return HIDP_OK;
}

static int by_name(const void *a, const void *b)
{
	const struct hidp__part_name *x = a, *y = b;
	return strcmp(x->name, y->name);
}

/* The names of all parts, sorted; no two may be equal. */
static hidp_status index_names(struct sealing *seal)
{
	struct hidp_model *m = seal->model;
	m->names = hidp__arena_alloc(&m->arena, seal->count, sizeof *m->names);
	if (m->names == NULL)
		return NOMEM(seal);
	uint32_t n = 0;
	for (uint32_t l = 0; l < m->layer_count; l++)
		for (uint32_t p = 0; p < m->layers[l].part_count; p++)
			m->names[n++] = (struct hidp__part_name){m->layers[l].parts[p].name, l};
	qsort(m->names, n, sizeof *m->names, by_name);
	for (uint32_t i = 1; i < n; i++)
		if (strcmp(m->names[i - 1].name, m->names[i].name) == 0)
			return hidp__fail(seal->diagnostic, HIDP_ERR_MODEL, m->names[i].name,
			                  "name is used twice");
	m->part_count = n;
	return HIDP_OK;
}

/* Copies one described layer into the model as a part of sealed layer `to`. */
static bool copy_part(struct sealing *seal, struct hidp_layer_desc *part,
                      const struct hidp__described *from, hidp_layer_id to)
{
	struct hidp__arena *arena = &seal->model->arena;
	const struct hidp_layer_desc *d = &from->desc;
	size_t length = strlen(d->name) + 1;
	char *name = hidp__arena_alloc(arena, length, 1);
	hidp_layer_id *inputs = hidp__arena_alloc(arena, d->input_count + 1, sizeof *inputs);
	struct hidp_row_rule *rules =
	        hidp__arena_alloc(arena, d->input_count + 1, sizeof *rules);
	if (name == NULL || inputs == NULL || rules == NULL)
		return false;
	memcpy(name, d->name, length);
	for (uint32_t k = 0; k < d->input_count; k++) {
		hidp_layer_id in = seal->sealed[d->inputs[k]];
		inputs[k] = in != to ? in : HIDP_LAYER_NONE;
		rules[k] = from->figures.rules[k];
	}
	*part = *d;
	part->name = name;
	part->inputs = inputs;
	part->row_rules = d->op == HIDP_OP_CUSTOM ? rules : NULL;
	if (d->op == HIDP_OP_RESHAPE || d->op == HIDP_OP_RESIZE)
		part->shape = from->figures.shape;
	return true;
}

/* Does a share of the part's output channels need only its share of input number `k`'s? */
static bool own_channels(const struct hidp__described *layers, const struct hidp__described *part,
                         uint32_t k)
{
	const struct hidp_layer_desc *d = &part->desc;
	const struct hidp_shape *in = &layers[d->inputs[k]].figures.shape;
	if (!part->figures.own_channels)
		return false;
	switch (d->op) {
	case HIDP_OP_BINARY: /* a single channel that is broadcast is needed by every share */
		return in->channels == part->figures.shape.channels;
	case HIDP_OP_ATTENTION: /* Q, K, V side by side lie apart; a mask has rows of K there */
		return d->input_count != 1 && k < 3;
	default:
		return true;
	}
}

/* Figures of the sealed layer `id`, whose parts are layers[i] with group == last. */
static hidp_status fill_layer(struct sealing *seal, hidp_layer_id id, const uint32_t *parts,
                              uint32_t part_count)
{
	const struct hidp__described *layers = seal->builder->layers;
	struct hidp_model *m = seal->model;
	struct hidp__layer *l = &m->layers[id];
	const struct hidp__described *first = &layers[parts[0]],
	                             *last = &layers[parts[part_count - 1]];
	uint32_t inputs_max = 0;
	for (uint32_t p = 0; p < part_count; p++)
		inputs_max += layers[parts[p]].desc.input_count;
	struct hidp_layer_desc *descs = hidp__arena_alloc(&m->arena, part_count, sizeof *descs);
	struct hidp__input *inputs =
	        hidp__arena_alloc(&m->arena, (size_t)inputs_max + 1, sizeof *inputs);
	if (descs == NULL || inputs == NULL)
		return NOMEM(seal);

	double weight_bytes = 0, workspace = 0;
	for (uint32_t p = 0; p < part_count; p++) {
		const struct hidp__described *part = &layers[parts[p]];
		if (!copy_part(seal, &descs[p], part, id))
			return NOMEM(seal);
		for (uint32_t k = 0; k < part->desc.input_count; k++)
			if (descs[p].inputs[k] != HIDP_LAYER_NONE)
				inputs[l->input_count++] = (struct hidp__input){
					descs[p].inputs[k], own_channels(layers, part, k),
					part->figures.rules[k]};
		l->flops += part->figures.flops;
		weight_bytes += part->desc.op == HIDP_OP_CUSTOM
		                        ? part->desc.weight_bytes
		                        : (double)part->figures.weight_elements *
		                                  (double)hidp__dtype_bytes(part->desc.dtype);
		workspace += part->desc.workspace_bytes;
		if (part->desc.colocation != 0)
			l->colocation = part->desc.colocation;
	}
	m->colocated += l->colocation != 0;
	l->name = descs[0].name;
	l->op = first->desc.op;
	l->op_class = first->figures.op_class;
	l->dtype = last->desc.dtype;
	l->parts = descs;
	l->part_count = part_count;
	l->inputs = inputs;
	l->shape = last->figures.shape;
	l->elements_per_row = l->shape.batch * l->shape.channels * l->shape.width;
	l->row_bytes = l->elements_per_row * hidp__dtype_bytes(l->dtype);
	if (weight_bytes > BYTES_MAX || workspace > BYTES_MAX)
		return hidp__fail(seal->diagnostic, HIDP_ERR_MODEL, l->name,
		                  "has too many bytes of weights or workspace");
	l->weight_bytes = (int64_t)weight_bytes;
	l->workspace_bytes = (int64_t)workspace;
	l->channel_grain = first->figures.channel_grain;
	l->channel_groups = l->channel_grain > 0 ? l->shape.channels / l->channel_grain : 1;
	l->is_output = (last->desc.flags & HIDP_LAYER_OUTPUT) != 0 || last->uses == 0;
	l->looks_up = l->op == HIDP_OP_EMBEDDING; /* nothing is fused behind one */
	l->memory_measured = (last->desc.flags & HIDP_LAYER_MEMORY_MEASURED) != 0;
	return HIDP_OK;
}

/* Who reads whom among the sealed layers. */
static hidp_status link_consumers(struct sealing *seal)
{
	struct hidp_model *m = seal->model;
	uint32_t n = m->layer_count, edges = 0;
	for (uint32_t l = 0; l < n; l++)
		edges += m->layers[l].input_count;
	hidp_layer_id *all = hidp__arena_alloc(&m->arena, (size_t)edges + 1, sizeof *all);
	uint32_t *first = hidp__arena_calloc(seal->scratch, (size_t)n + 1, sizeof *first);
	if (all == NULL || first == NULL)
		return NOMEM(seal);
	for (uint32_t l = 0; l < n; l++)
		for (uint32_t i = 0; i < m->layers[l].input_count; i++)
			first[m->layers[l].inputs[i].layer]++;
	for (uint32_t l = 0, sum = 0; l < n; l++) {
		uint32_t uses = first[l];
		first[l] = sum;
		sum += uses;
	}
	for (uint32_t l = 0; l < n; l++)
		m->layers[l].consumers = all + first[l];
	for (uint32_t l = 0; l < n; l++) {
		for (uint32_t i = 0; i < m->layers[l].input_count; i++) {
			struct hidp__layer *from = &m->layers[m->layers[l].inputs[i].layer];
			/* one entry even if it is read twice by the same layer */
			if (from->consumer_count == 0 || from->last_consumer != l)
				all[(size_t)(from->consumers - all) + from->consumer_count++] = l;
			from->last_consumer = l;
		}
	}
	for (uint32_t l = 0; l < n; l++)
		if (m->layers[l].is_output)
			m->layers[l].last_consumer = n;
	return HIDP_OK;
}

static bool twins(const struct hidp_model *m, const struct hidp__layer *a,
                  const struct hidp__layer *b)
{
	if (a->op_class != b->op_class || a->flops != b->flops || a->row_bytes != b->row_bytes ||
	    a->weight_bytes != b->weight_bytes || a->shape.rows != b->shape.rows ||
	    a->channel_groups != b->channel_groups || a->looks_up != b->looks_up ||
	    a->input_count != b->input_count)
		return false;
	for (uint32_t i = 0; i < a->input_count; i++) {
		const struct hidp__input *x = &a->inputs[i], *y = &b->inputs[i];
		const struct hidp__layer *p = &m->layers[x->layer], *q = &m->layers[y->layer];
		if (x->own_channels != y->own_channels || p->row_bytes != q->row_bytes ||
		    p->shape.rows != q->shape.rows ||
		    memcmp(&x->rule, &y->rule, sizeof x->rule) != 0)
			return false;
	}
	return true;
}

/* Finds layers with the same figures, so that planning reckons each kind once. */
static hidp_status find_twins(struct sealing *seal)
{
	struct hidp_model *m = seal->model;
	uint32_t buckets = 1;
	while (buckets < 2 * m->layer_count)
		buckets *= 2;
	uint32_t *table = hidp__arena_alloc(seal->scratch, buckets, sizeof *table);
	if (table == NULL)
		return NOMEM(seal);
	memset(table, 0xff, buckets * sizeof *table);
	for (uint32_t l = 0; l < m->layer_count; l++) {
		struct hidp__layer *layer = &m->layers[l];
		uint64_t h;
		memcpy(&h, &layer->flops, sizeof h);
		h *= 0x9e3779b97f4a7c15u;
		h = (h ^ (uint64_t)layer->row_bytes) * 0xff51afd7ed558ccdu;
		h = (h ^ (uint64_t)layer->shape.rows) * 0xc4ceb9fe1a85ec53u;
		h = (h ^ layer->op_class ^ (uint64_t)layer->weight_bytes) * 0x9e3779b97f4a7c15u;
		uint32_t b = (uint32_t)(h >> 32) & (buckets - 1);
		while (table[b] != UINT32_MAX && !twins(m, &m->layers[table[b]], layer))
			b = (b + 1) & (buckets - 1);
		if (table[b] == UINT32_MAX)
			table[b] = l;
		layer->twin = table[b];
	}
	return HIDP_OK;
}

static int by_group(const void *a, const void *b)
{
	const struct hidp__layer *x = *(const struct hidp__layer *const *)a;
	const struct hidp__layer *y = *(const struct hidp__layer *const *)b;
	if (x->colocation != y->colocation)
		return x->colocation < y->colocation ? -1 : 1;
	return (x > y) - (x < y); /* places in one array */
}

/* Finds the first layer of every colocation group. */
static hidp_status find_mates(struct sealing *seal)
{
	struct hidp_model *m = seal->model;
	struct hidp__layer **grouped =
	        hidp__arena_alloc(seal->scratch, (size_t)m->colocated + 1, sizeof *grouped);
	uint32_t count = 0;
	if (grouped == NULL)
		return NOMEM(seal);
	for (uint32_t l = 0; l < m->layer_count; l++) {
		m->layers[l].mate = l;
		if (m->layers[l].colocation != 0)
			grouped[count++] = &m->layers[l];
	}
	qsort(grouped, count, sizeof *grouped, by_group);
	for (uint32_t i = 1; i < count; i++)
		if (grouped[i]->colocation == grouped[i - 1]->colocation)
			grouped[i]->mate = grouped[i - 1]->mate;
	return HIDP_OK;
}

static hidp_status build_layers(struct sealing *seal)
{
	struct hidp__described *layers = seal->builder->layers;
	struct hidp_model *m = seal->model;
	uint32_t n = seal->count;
	/* parts of the group that ends at position g: chain[first_part[g]], in order */
	uint32_t *size = hidp__arena_calloc(seal->scratch, n, sizeof *size);
	uint32_t *chain = hidp__arena_alloc(seal->scratch, n, sizeof *chain);
	uint32_t *first = hidp__arena_alloc(seal->scratch, n, sizeof *first);
	if (size == NULL || chain == NULL || first == NULL)
		return NOMEM(seal);
	for (uint32_t i = 0; i < n; i++)
		size[layers[i].group]++;
	for (uint32_t g = 0, sum = 0; g < n; g++) {
		if (size[g] == 0)
			continue;
		first[g] = sum;
		sum += size[g];
		size[g] = 0;
		m->layer_count++;
	}
	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = seal->order[k], g = layers[i].group;
		chain[first[g] + size[g]++] = i;
	}
	for (uint32_t g = 0, id = 0; g < n; g++) {
		for (uint32_t p = 0; p < size[g]; p++)
			seal->sealed[chain[first[g] + p]] = id;
		id += size[g] != 0;
	}
	m->layers = hidp__arena_calloc(&m->arena, m->layer_count, sizeof *m->layers);
	if (m->layers == NULL)
		return NOMEM(seal);
	hidp_status s = HIDP_OK;
	for (uint32_t g = 0, id = 0; g < n && s == HIDP_OK; g++)
		if (size[g] != 0)
			s = fill_layer(seal, id++, chain + first[g], size[g]);
	if (s == HIDP_OK)
		s = link_consumers(seal);
	if (s == HIDP_OK)
		s = find_twins(seal);
	if (s == HIDP_OK)
		s = find_mates(seal);
	if (s == HIDP_OK)
		s = index_names(seal);
	return s;
}

static hidp_status seal_model(struct sealing *seal)
{
	struct hidp__described *layers = seal->builder->layers;
	bool computes = false;
	hidp_status s = order_layers(seal);
	for (uint32_t k = 0; k < seal->count && s == HIDP_OK; k++) {
		s = hidp__infer(layers, seal->order[k], seal->scratch, seal->diagnostic);
		computes |= layers[seal->order[k]].desc.op != HIDP_OP_INPUT;
	}
	if (s != HIDP_OK)
		return s;
	if (!computes)
		return hidp__fail(seal->diagnostic, HIDP_ERR_MODEL, seal->model->name,
		                  "has no layer that computes anything");
	if (seal->model->flags & HIDP_MODEL_KEEP_UNFUSED) {
		for (uint32_t k = 0; k < seal->count; k++)
			layers[seal->order[k]].group = k;
	} else {
		hidp__fuse(layers, seal->order, seal->count, seal->position);
	}
	return build_layers(seal);
}

hidp_status hidp_model_builder_seal(struct hidp_model_builder *builder,
                                    struct hidp_model **model_out,
                                    struct hidp_diagnostic *diagnostic)
{
	if (builder == NULL || model_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	struct hidp_context *ctx = builder->ctx;
	struct hidp_model *m = hidp__calloc(ctx, 1, sizeof *m);
	if (m == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	atomic_init(&m->refs, 1);
	m->flags = builder->flags;
	m->dtype = builder->dtype;
	hidp__arena_init(&m->arena, ctx);
	hidp_context_ref(ctx);

	struct hidp__arena scratch;
	hidp__arena_init(&scratch, ctx);
	struct sealing seal = {.builder = builder,
	                       .diagnostic = diagnostic,
	                       .scratch = &scratch,
	                       .count = (uint32_t)builder->count,
	                       .model = m};
	hidp_status s = HIDP_ERR_NOMEM;
	size_t length = strlen(builder->name) + 1;
	char *name = hidp__arena_alloc(&m->arena, length, 1);
	if (name != NULL) {
		m->name = memcpy(name, builder->name, length);
		s = seal_model(&seal);
	} else {
		NOMEM(&seal);
	}
	hidp__arena_destroy(&scratch);
	if (s != HIDP_OK) {
		hidp_model_unref(m);
		return s;
	}
	*model_out = m;
	return HIDP_OK;
}
