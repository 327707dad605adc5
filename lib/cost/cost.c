/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/abi.h"
#include "base/context_priv.h"
#include "base/diagnostic.h"
#include "cluster/cluster_priv.h"
#include "cost/cost_priv.h"
#include "cost/rate.h"
#include "model/model_priv.h"

void hidp_cost_entry_init(struct hidp_cost_entry *entry, size_t struct_size)
{
	hidp__abi_init(entry, struct_size);
}

static size_t entry_count(const struct hidp_cost_builder *b)
{
	return (size_t)b->model->layer_count * b->cluster->processor_count;
}

hidp_status hidp_cost_builder_new(const struct hidp_model *model,
                                  const struct hidp_cluster *cluster,
                                  struct hidp_cost_builder **builder_out)
{
	if (model == NULL || cluster == NULL || builder_out == NULL)
		return HIDP_ERR_ARGUMENT;
	struct hidp_context *ctx = model->arena.ctx;
	struct hidp_cost_builder *b = hidp__calloc(ctx, 1, sizeof *b);
	if (b == NULL)
		return HIDP_ERR_NOMEM;
	b->ctx = ctx;
	b->model = model;
	b->cluster = cluster;
	b->entries = hidp__calloc(ctx, entry_count(b), sizeof *b->entries);
	if (b->entries == NULL) {
		hidp__free(ctx, b);
		return HIDP_ERR_NOMEM;
	}
	hidp_context_ref(ctx);
	/* references are counted on const objects too */
	hidp__ref((atomic_uint *)(uintptr_t)&model->refs);
	hidp__ref((atomic_uint *)(uintptr_t)&cluster->refs);
	*builder_out = b;
	return HIDP_OK;
}

void hidp_cost_builder_destroy(struct hidp_cost_builder *builder)
{
	if (builder == NULL)
		return;
	struct hidp_context *ctx = builder->ctx;
	hidp_model_unref((struct hidp_model *)(uintptr_t)builder->model);
	hidp_cluster_unref((struct hidp_cluster *)(uintptr_t)builder->cluster);
	hidp__free(ctx, builder->entries);
	hidp__free(ctx, builder);
	hidp_context_unref(ctx);
}

static hidp_status check_entry(const struct hidp_cost_builder *b, struct hidp__entry *to,
                               const struct hidp_cost_entry *from, hidp_layer_id layer,
                               hidp_node_id node, hidp_processor_id processor,
                               struct hidp_diagnostic *diag)
{
	struct hidp_cost_entry e;
	const char *name = b->model->layers[layer].name;
	hidp_status s = hidp__abi_read(&e, sizeof e, sizeof e, from);
	if (s != HIDP_OK)
		return hidp__fail(diag, s, name, "cost entry of unknown size");
	if ((e.flags & ~(uint32_t)HIDP_COST_UNSUPPORTED) != 0)
		return hidp__fail(diag, HIDP_ERR_ABI, name,
		                  "flags 0x%x of a cost entry are unknown", e.flags);
	if (e.flags & HIDP_COST_UNSUPPORTED) {
		*to = (struct hidp__entry){.state = HIDP__ENTRY_UNSUPPORTED};
		return HIDP_OK;
	}
	if (!isfinite(e.seconds) || !(e.seconds >= 0) || !(e.row_fixed_s >= 0) ||
	    !(e.channel_fixed_s >= 0) || e.row_fixed_s > e.seconds ||
	    e.channel_fixed_s > e.seconds)
		return hidp__fail(diag, HIDP_ERR_COST, name,
		                  "time %.17g s (fixed %.17g and %.17g) on processor %s of node %s "
		                  "is negative, not finite or smaller than its fixed part",
		                  e.seconds, e.row_fixed_s, e.channel_fixed_s,
		                  b->cluster->nodes[node].processors[processor].name,
		                  b->cluster->nodes[node].desc.name);
	*to = (struct hidp__entry){e.seconds, e.row_fixed_s, e.channel_fixed_s,
	                           HIDP__ENTRY_MEASURED};
	return HIDP_OK;
}

hidp_status hidp_cost_builder_set(struct hidp_cost_builder *builder, hidp_layer_id layer,
                                  hidp_node_id node, hidp_processor_id processor,
                                  const struct hidp_cost_entry *entry,
                                  struct hidp_diagnostic *diagnostic)
{
	if (builder == NULL || entry == NULL || layer >= builder->model->layer_count ||
	    node >= builder->cluster->node_count ||
	    processor >= builder->cluster->nodes[node].processor_count)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "an argument is NULL, or there is no layer %u or processor %u "
		                  "of node %u",
		                  layer, processor, node);
	struct hidp__entry e;
	hidp_status s =
	        check_entry(builder, &e, entry, layer, node, processor, diagnostic);
	if (s == HIDP_OK)
		builder->entries[(size_t)layer * builder->cluster->processor_count +
		                 builder->cluster->nodes[node].first_processor + processor] = e;
	return s;
}

hidp_status hidp_cost_builder_set_callback(struct hidp_cost_builder *builder,
                                           hidp_cost_fn callback, void *user_data)
{
	if (builder == NULL)
		return HIDP_ERR_ARGUMENT;
	builder->callback = callback;
	builder->user_data = user_data;
	return HIDP_OK;
}

/* What a layer takes on a processor free of load. */
static void describe(const struct hidp_model *model, const struct hidp_cluster *cluster,
                     const struct hidp_cost *cost, hidp_layer_id layer, hidp_node_id node,
                     hidp_processor_id processor, struct hidp_cost_entry *out)
{
	struct hidp__rate rate;
	const struct hidp__layer *l = &model->layers[layer];
	hidp__rate_of(&rate, model, cluster, cost, layer, node, processor);
	*out = (struct hidp_cost_entry)HIDP_COST_ENTRY_INIT;
	if (!rate.supported) {
		out->flags = HIDP_COST_UNSUPPORTED;
		return;
	}
	rate.slowdown = 1;
	out->seconds = hidp__slice_time(&rate, HIDP__ROWS, 1,
	                                hidp__slice_bytes(model, l, l->shape.rows, 1));
	out->row_fixed_s = rate.fixed_s[HIDP__ROWS];
	out->channel_fixed_s = rate.fixed_s[HIDP__CHANNELS];
}

/* Asks the callback about every pair that was not set. */
static hidp_status ask(const struct hidp_cost_builder *b, struct hidp_cost *cost,
                       struct hidp_diagnostic *diag)
{
	for (hidp_layer_id l = 0; l < b->model->layer_count; l++) {
		if (b->model->layers[l].op == HIDP_OP_INPUT)
			continue;
		for (hidp_node_id n = 0; n < b->cluster->node_count; n++) {
			const struct hidp__node *node = &b->cluster->nodes[n];
			for (hidp_processor_id p = 0; p < node->processor_count; p++) {
				struct hidp__entry *e =
				        &cost->entries[(size_t)l * cost->processor_count +
				                       node->first_processor + p];
				struct hidp_cost_entry analytic, told;
				if (e->state != HIDP__ENTRY_ANALYTIC)
					continue;
				describe(b->model, b->cluster, NULL, l, n, p, &analytic);
				told = analytic;
				hidp_status s = b->callback(b->user_data, l, n, p, &told);
				if (s != HIDP_OK)
					return hidp__fail(diag, s, b->model->layers[l].name,
					                  "the cost callback failed for processor "
					                  "%s of node %s",
					                  node->processors[p].name,
					                  node->desc.name);
				if (memcmp(&told, &analytic, sizeof told) == 0)
					continue; /* left as it was */
				s = check_entry(b, e, &told, l, n, p, diag);
				if (s != HIDP_OK)
					return s;
			}
		}
	}
	return HIDP_OK;
}

hidp_status hidp_cost_builder_seal(struct hidp_cost_builder *builder, struct hidp_cost **cost_out,
                                   struct hidp_diagnostic *diagnostic)
{
	if (builder == NULL || cost_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	struct hidp_context *ctx = builder->ctx;
	const struct hidp_cluster *cluster = builder->cluster;
	struct hidp_cost *c = hidp__calloc(ctx, 1, sizeof *c);
	if (c == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	atomic_init(&c->refs, 1);
	c->ctx = hidp_context_ref(ctx);
	c->layer_count = builder->model->layer_count;
	c->node_count = cluster->node_count;
	c->processor_count = cluster->processor_count;
	c->first_processor = hidp__calloc(ctx, c->node_count, sizeof *c->first_processor);
	c->entries = hidp__calloc(ctx, entry_count(builder), sizeof *c->entries);
	hidp_status s = HIDP_ERR_NOMEM;
	if (c->first_processor != NULL && c->entries != NULL) {
		for (uint32_t n = 0; n < c->node_count; n++)
			c->first_processor[n] = cluster->nodes[n].first_processor;
		memcpy(c->entries, builder->entries, entry_count(builder) * sizeof *c->entries);
		s = builder->callback != NULL ? ask(builder, c, diagnostic) : HIDP_OK;
	} else {
		hidp__fail(diagnostic, s, NULL, "out of memory");
	}
	if (s != HIDP_OK) {
		hidp_cost_unref(c);
		return s;
	}
	*cost_out = c;
	return HIDP_OK;
}

struct hidp_cost *hidp_cost_ref(struct hidp_cost *cost)
{
	hidp__ref(&cost->refs);
	return cost;
}

void hidp_cost_unref(struct hidp_cost *cost)
{
	if (cost == NULL || !hidp__unref(&cost->refs))
		return;
	struct hidp_context *ctx = cost->ctx;
	hidp__free(ctx, cost->first_processor);
	hidp__free(ctx, cost->entries);
	hidp__free(ctx, cost);
	hidp_context_unref(ctx);
}

hidp_status hidp__cost_check(const struct hidp_cost *cost, const struct hidp_model *model,
                             const struct hidp_cluster *cluster,
                             struct hidp_diagnostic *diagnostic)
{
	if (cost == NULL)
		return HIDP_OK;
	bool fits = cost->layer_count == model->layer_count &&
	            cost->node_count == cluster->node_count &&
	            cost->processor_count == cluster->processor_count;
	for (uint32_t n = 0; fits && n < cost->node_count; n++)
		fits = cost->first_processor[n] == cluster->nodes[n].first_processor;
	if (!fits)
		return hidp__fail(diagnostic, HIDP_ERR_COST, model->name,
		                  "the cost source was made for another model or cluster");
	return HIDP_OK;
}

hidp_status hidp_cost_get(const struct hidp_model *model, const struct hidp_cluster *cluster,
                          const struct hidp_cost *cost, hidp_layer_id layer, hidp_node_id node,
                          hidp_processor_id processor, struct hidp_cost_entry *entry_out)
{
	if (model == NULL || cluster == NULL || entry_out == NULL || layer >= model->layer_count ||
	    node >= cluster->node_count || processor >= cluster->nodes[node].processor_count)
		return HIDP_ERR_ARGUMENT;
	hidp_status s = hidp__cost_check(cost, model, cluster, NULL);
	if (s != HIDP_OK)
		return s;
	struct hidp_cost_entry e;
	describe(model, cluster, cost, layer, node, processor, &e);
	return hidp__abi_write(entry_out, sizeof e, &e, sizeof e);
}
