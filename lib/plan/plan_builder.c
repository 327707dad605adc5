/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/abi.h"
#include "base/context_priv.h"
#include "base/diagnostic.h"
#include "plan/plan_priv.h"

/*
 * The tree grows at its end only: every list is the tail of one array, and each
 * element says how many children it has. The tree is put together when sealing.
 */
struct hidp_plan_builder {
	struct hidp_context *ctx;
	struct hidp__arena arena; /* options and lists of layers */
	struct hidp_model *model;
	struct hidp_cluster *cluster;
	struct hidp_cost *cost;
	struct hidp__request request;
	struct hidp__stage *stages;
	struct hidp__share *shares;
	struct hidp__step *steps;
	struct hidp__slice *slices;
	size_t stage_count, stage_capacity;
	size_t share_count, share_capacity;
	size_t step_count, step_capacity;
	size_t slice_count, slice_capacity;
};

#define FAIL(diag, ...) hidp__fail(diag, HIDP_ERR_PLAN, "plan", __VA_ARGS__)

hidp_status hidp_plan_builder_new(const struct hidp_model *model,
                                  const struct hidp_cluster *cluster, const struct hidp_cost *cost,
                                  const struct hidp_plan_options *options,
                                  struct hidp_plan_builder **builder_out,
                                  struct hidp_diagnostic *diagnostic)
{
	if (model == NULL || cluster == NULL || builder_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	hidp_status s = hidp__cost_check(cost, model, cluster, diagnostic);
	if (s != HIDP_OK)
		return s;
	struct hidp_context *ctx = model->arena.ctx;
	struct hidp_plan_builder *b = hidp__calloc(ctx, 1, sizeof *b);
	if (b == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	b->ctx = hidp_context_ref(ctx);
	hidp__arena_init(&b->arena, ctx);
	/* references are counted on const objects too */
	b->model = hidp_model_ref((struct hidp_model *)(uintptr_t)model);
	b->cluster = hidp_cluster_ref((struct hidp_cluster *)(uintptr_t)cluster);
	if (cost != NULL)
		b->cost = hidp_cost_ref((struct hidp_cost *)(uintptr_t)cost);
	s = hidp__request_read(&b->request, model, cluster, options, &b->arena, diagnostic);
	if (s != HIDP_OK) {
		hidp_plan_builder_destroy(b);
		return s;
	}
	*builder_out = b;
	return HIDP_OK;
}

void hidp_plan_builder_destroy(struct hidp_plan_builder *builder)
{
	if (builder == NULL)
		return;
	struct hidp_context *ctx = builder->ctx;
	hidp__free(ctx, builder->stages);
	hidp__free(ctx, builder->shares);
	hidp__free(ctx, builder->steps);
	hidp__free(ctx, builder->slices);
	hidp__arena_destroy(&builder->arena);
	hidp_model_unref(builder->model);
	hidp_cluster_unref(builder->cluster);
	hidp_cost_unref(builder->cost);
	hidp__free(ctx, builder);
	hidp_context_unref(ctx);
}

/* Copies a description of the caller; what nobody defined must be zero. */
static hidp_status read(void *to, size_t size, const void *from, const void *builder,
                        struct hidp_diagnostic *diag)
{
	if (builder == NULL || from == NULL)
		return hidp__fail(diag, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	hidp_status s = hidp__abi_read(to, size, size, from);
	if (s != HIDP_OK)
		return hidp__fail(diag, s, "plan", "description of unknown size");
	return HIDP_OK;
}

static hidp_status no_memory(struct hidp_diagnostic *diag)
{
	return hidp__fail(diag, HIDP_ERR_NOMEM, NULL, "out of memory");
}

/* Room for one more element of a list of the builder. */
#define MAKE_ROOM(b, what)                                                                         \
	hidp__grow((b)->ctx, (void **)&(b)->what##s, (b)->what##_count, &(b)->what##_capacity,     \
	           sizeof *(b)->what##s)

/* A copy of a list of layers, or NULL where there is none: it is given for branches alone. */
static hidp_status keep_layers(struct hidp_plan_builder *b, bool branch,
                               const hidp_layer_id *layers, uint32_t count,
                               const hidp_layer_id **copy_out, struct hidp_diagnostic *diag)
{
	*copy_out = NULL;
	if (!branch && (layers != NULL || count != 0))
		return FAIL(diag, "layers are listed outside a branch");
	if (!branch)
		return HIDP_OK;
	if (layers == NULL || count == 0 || count > b->model->layer_count)
		return FAIL(diag, "a branch lists no layers, or more than there are");
	hidp_layer_id *copy = hidp__arena_alloc(&b->arena, count, sizeof *copy);
	if (copy == NULL)
		return no_memory(diag);
	*copy_out = memcpy(copy, layers, count * sizeof *copy);
	return HIDP_OK;
}

hidp_status hidp_plan_builder_add_stage(struct hidp_plan_builder *builder,
                                        const struct hidp_stage_desc *desc,
                                        struct hidp_diagnostic *diagnostic)
{
	struct hidp_stage_desc d;
	hidp_status s = read(&d, sizeof d, desc, builder, diagnostic);
	if (s != HIDP_OK)
		return s;
	if (d.flags != 0)
		return hidp__fail(diagnostic, HIDP_ERR_ABI, "plan", "flags 0x%x are unknown",
		                  d.flags);
	if (d.kind < HIDP_STAGE_SINGLE || d.kind > HIDP_STAGE_REPLICA)
		return FAIL(diagnostic, "stage kind %u is unknown", d.kind);
	if (d.layer_count == 0 || d.layer_count > builder->model->layer_count)
		return FAIL(diagnostic, "a stage of %u layers, the model has %u", d.layer_count,
		            builder->model->layer_count);
	if (d.kind == HIDP_STAGE_SPLIT ? d.row_units < 1 : d.row_units != 0)
		return FAIL(diagnostic, "%lld row units are out of range", (long long)d.row_units);
	if (!MAKE_ROOM(builder, stage))
		return no_memory(diagnostic);
	builder->stages[builder->stage_count++] = (struct hidp__stage){
	        .kind = d.kind, .layer_count = d.layer_count, .row_units = d.row_units};
	return HIDP_OK;
}

hidp_status hidp_plan_builder_add_share(struct hidp_plan_builder *builder,
                                        const struct hidp_share_desc *desc,
                                        struct hidp_diagnostic *diagnostic)
{
	struct hidp_share_desc d;
	hidp_status s = read(&d, sizeof d, desc, builder, diagnostic);
	if (s != HIDP_OK)
		return s;
	if (d.flags != 0 || d.reserved != 0)
		return hidp__fail(diagnostic, HIDP_ERR_ABI, "plan", "flags 0x%x are unknown",
		                  d.flags);
	if (builder->stage_count == 0)
		return FAIL(diagnostic, "a share without a stage");
	struct hidp__stage *stage = &builder->stages[builder->stage_count - 1];
	if (d.node >= builder->cluster->node_count)
		return FAIL(diagnostic, "a share on node %u, which the cluster does not have",
		            d.node);
	const hidp_layer_id *layers;
	s = keep_layers(builder, stage->kind == HIDP_STAGE_BRANCH, d.layers, d.layer_count, &layers,
	                diagnostic);
	if (s != HIDP_OK)
		return s;
	if (!MAKE_ROOM(builder, share))
		return no_memory(diagnostic);
	builder->shares[builder->share_count++] =
	        (struct hidp__share){.node = d.node,
	                             .units = {d.row_begin, d.row_end},
	                             .fraction = d.fraction,
	                             .layer_count = d.layer_count,
	                             .layers = layers};
	stage->share_count++;
	return HIDP_OK;
}

hidp_status hidp_plan_builder_add_step(struct hidp_plan_builder *builder,
                                       const struct hidp_step_desc *desc,
                                       struct hidp_diagnostic *diagnostic)
{
	struct hidp_step_desc d;
	hidp_status s = read(&d, sizeof d, desc, builder, diagnostic);
	if (s != HIDP_OK)
		return s;
	if (d.flags != 0 || d.reserved != 0)
		return hidp__fail(diagnostic, HIDP_ERR_ABI, "plan", "flags 0x%x are unknown",
		                  d.flags);
	if (builder->stage_count == 0 || builder->stages[builder->stage_count - 1].share_count == 0)
		return FAIL(diagnostic, "a step without a share");
	if (d.kind < HIDP_STEP_SINGLE || d.kind > HIDP_STEP_BRANCH)
		return FAIL(diagnostic, "step kind %u is unknown", d.kind);
	if (d.layer_count == 0 || d.layer_count > builder->model->layer_count)
		return FAIL(diagnostic, "a step of %u layers, the model has %u", d.layer_count,
		            builder->model->layer_count);
	if (!MAKE_ROOM(builder, step))
		return no_memory(diagnostic);
	builder->steps[builder->step_count++] =
	        (struct hidp__step){.kind = d.kind, .layer_count = d.layer_count};
	builder->shares[builder->share_count - 1].step_count++;
	return HIDP_OK;
}

hidp_status hidp_plan_builder_add_slice(struct hidp_plan_builder *builder,
                                        const struct hidp_slice_desc *desc,
                                        struct hidp_diagnostic *diagnostic)
{
	struct hidp_slice_desc d;
	hidp_status s = read(&d, sizeof d, desc, builder, diagnostic);
	if (s != HIDP_OK)
		return s;
	if (d.flags != 0)
		return hidp__fail(diagnostic, HIDP_ERR_ABI, "plan", "flags 0x%x are unknown",
		                  d.flags);
	if (builder->share_count == 0 || builder->shares[builder->share_count - 1].step_count == 0)
		return FAIL(diagnostic, "a slice without a step");
	struct hidp__step *step = &builder->steps[builder->step_count - 1];
	const hidp_layer_id *layers;
	s = keep_layers(builder, step->kind == HIDP_STEP_BRANCH, d.layers, d.layer_count, &layers,
	                diagnostic);
	if (s != HIDP_OK)
		return s;
	if (!MAKE_ROOM(builder, slice))
		return no_memory(diagnostic);
	builder->slices[builder->slice_count++] =
	        (struct hidp__slice){.processor = d.processor,
	                             .layer_count = d.layer_count,
	                             .layers = layers,
	                             .range = {d.begin, d.end}};
	step->slice_count++;
	return HIDP_OK;
}

hidp_status hidp_plan_builder_seal(struct hidp_plan_builder *builder, struct hidp_plan **plan_out,
                                   struct hidp_diagnostic *diagnostic)
{
	if (builder == NULL || plan_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	struct hidp__share *share = builder->shares;
	struct hidp__step *step = builder->steps;
	struct hidp__slice *slice = builder->slices;
	for (size_t s = 0; s < builder->stage_count; s++) {
		builder->stages[s].shares = share;
		for (uint32_t k = 0; k < builder->stages[s].share_count; k++, share++) {
			share->steps = step;
			for (uint32_t t = 0; t < share->step_count; t++, step++) {
				step->slices = slice;
				if (step->slice_count != 0) /* else there may be no array */
					slice += step->slice_count;
			}
		}
	}
	struct hidp__decisions decisions = {(uint32_t)builder->stage_count, builder->stages};
	struct hidp__arena scratch;
	hidp__arena_init(&scratch, builder->ctx);
	hidp_status s = hidp__plan_make(builder->model, builder->cluster, builder->cost,
	                                &builder->request.options, &decisions, plan_out, &scratch,
	                                diagnostic);
	hidp__arena_destroy(&scratch);
	return s;
}
