/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/abi.h"
#include "base/context_priv.h"
#include "base/diagnostic.h"
#include "cluster/cluster_priv.h"

struct built_node {
	struct hidp_node_desc desc;
	struct hidp_processor_desc *processors;
	size_t count;
	size_t capacity;
};

struct hidp_cluster_builder {
	struct hidp_context *ctx;
	struct hidp__arena arena; /* names and core numbers */
	struct built_node *nodes;
	size_t node_count;
	size_t node_capacity;
	struct hidp_link_desc *links;
	size_t link_count;
	size_t link_capacity;
	uint32_t *slots; /* [slot_count] links by their ends: hash table of link numbers plus 1 */
	size_t slot_count; /* a power of two; 0: there is no table */
	const char **media;
	size_t medium_count;
	size_t medium_capacity;
};

void hidp_node_desc_init(struct hidp_node_desc *desc, size_t struct_size)
{
	hidp__abi_init(desc, struct_size);
}

void hidp_processor_desc_init(struct hidp_processor_desc *desc, size_t struct_size)
{
	hidp__abi_init(desc, struct_size);
}

void hidp_link_desc_init(struct hidp_link_desc *desc, size_t struct_size)
{
	hidp__abi_init(desc, struct_size);
	const struct hidp_link_desc init = HIDP_LINK_DESC_INIT;
	if (struct_size >= sizeof init)
		desc->medium = init.medium;
}

hidp_status hidp_cluster_builder_new(struct hidp_context *context,
                                     struct hidp_cluster_builder **builder_out)
{
	if (context == NULL || builder_out == NULL)
		return HIDP_ERR_ARGUMENT;
	struct hidp_cluster_builder *b = hidp__calloc(context, 1, sizeof *b);
	if (b == NULL)
		return HIDP_ERR_NOMEM;
	b->ctx = hidp_context_ref(context);
	hidp__arena_init(&b->arena, context);
	*builder_out = b;
	return HIDP_OK;
}

void hidp_cluster_builder_destroy(struct hidp_cluster_builder *builder)
{
	if (builder == NULL)
		return;
	struct hidp_context *ctx = builder->ctx;
	for (size_t n = 0; n < builder->node_count; n++)
		hidp__free(ctx, builder->nodes[n].processors);
	hidp__free(ctx, builder->nodes);
	hidp__free(ctx, builder->links);
	hidp__free(ctx, builder->slots);
	hidp__free(ctx, builder->media);
	hidp__arena_destroy(&builder->arena);
	hidp__free(ctx, builder);
	hidp_context_unref(ctx);
}

/* A figure that must be finite and not negative. */
static bool sane(double v)
{
	return isfinite(v) && v >= 0;
}

static char *keep(struct hidp_cluster_builder *b, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = hidp__arena_alloc(&b->arena, size, 1);
	return copy != NULL ? memcpy(copy, text, size) : NULL;
}

static hidp_status check_name(const char *name, const char *what, struct hidp_diagnostic *diag)
{
	if (name[0] == '\0' || strlen(name) > HIDP_NAME_MAX)
		return hidp__fail(diag, HIDP_ERR_CLUSTER, name,
		                  "name of a %s is empty or longer than %u bytes", what,
		                  HIDP_NAME_MAX);
	return HIDP_OK;
}

#define NOMEM(diag, name) hidp__fail(diag, HIDP_ERR_NOMEM, name, "out of memory")

hidp_status hidp_cluster_builder_add_node(struct hidp_cluster_builder *builder,
                                          const struct hidp_node_desc *desc, hidp_node_id *id_out,
                                          struct hidp_diagnostic *diagnostic)
{
	if (builder == NULL || desc == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	struct hidp_node_desc d;
	hidp_status s = hidp__abi_read(&d, sizeof d, sizeof d, desc);
	if (s != HIDP_OK)
		return hidp__fail(diagnostic, s, NULL, "node description of unknown size");
	d.struct_size = sizeof d;
	char unnamed[32];
	if (d.name == NULL) {
		snprintf(unnamed, sizeof unnamed, "node%zu", builder->node_count);
		d.name = unnamed;
	}
	if ((s = check_name(d.name, "node", diagnostic)) != HIDP_OK)
		return s;
	if (builder->node_count >= HIDP_CLUSTER_NODES_MAX)
		return hidp__fail(diagnostic, HIDP_ERR_LIMIT, d.name,
		                  "cluster has %u nodes already", HIDP_CLUSTER_NODES_MAX);
	for (size_t n = 0; n < builder->node_count; n++)
		if (strcmp(builder->nodes[n].desc.name, d.name) == 0)
			return hidp__fail(diagnostic, HIDP_ERR_CLUSTER, d.name,
			                  "name of a node is used twice");
	const uint32_t known =
	        HIDP_NODE_UNAVAILABLE | HIDP_NODE_TRANSFERS_ARE_WORK | HIDP_NODE_HUB;
	if ((d.flags & ~known) != 0)
		return hidp__fail(diagnostic, HIDP_ERR_ABI, d.name, "flags 0x%x are unknown",
		                  d.flags);
	if ((d.flags & HIDP_NODE_HUB) && (d.flags & HIDP_NODE_TRANSFERS_ARE_WORK))
		return hidp__fail(diagnostic, HIDP_ERR_CLUSTER, d.name,
		                  "is a hub, whose transfers cannot be work of its processors");
	const struct {
		const char *name;
		double value;
	} figures[] = {
	        {"memory_bandwidth_Bps", d.memory_bandwidth_Bps},
	        {"sync_s", d.sync_s},
	        {"nic_bandwidth_Bps", d.nic_bandwidth_Bps},
	        {"load_bandwidth_Bps", d.load_bandwidth_Bps},
	        {"power_idle_w", d.power_idle_w},
	        {"power_transmit_w", d.power_transmit_w},
	        {"power_receive_w", d.power_receive_w},
	};
	for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
		if (!sane(figures[i].value))
			return hidp__fail(diagnostic, HIDP_ERR_CLUSTER, d.name,
			                  "%s is negative or not finite", figures[i].name);
	if (!hidp__grow(builder->ctx, (void **)&builder->nodes, builder->node_count,
	                &builder->node_capacity, sizeof *builder->nodes) ||
	    (d.name = keep(builder, d.name)) == NULL)
		return NOMEM(diagnostic, NULL);
	builder->nodes[builder->node_count] = (struct built_node){.desc = d};
	if (id_out != NULL)
		*id_out = (hidp_node_id)builder->node_count;
	builder->node_count++;
	return HIDP_OK;
}

hidp_status hidp_cluster_builder_add_processor(struct hidp_cluster_builder *builder,
                                               hidp_node_id node,
                                               const struct hidp_processor_desc *desc,
                                               hidp_processor_id *id_out,
                                               struct hidp_diagnostic *diagnostic)
{
	static const char *const kinds[] = {"cpu", "gpu", "npu", "dsp", "other"};
	if (builder == NULL || desc == NULL || node >= builder->node_count)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "an argument is NULL, or there is no node %u", node);
	struct built_node *at = &builder->nodes[node];
	struct hidp_processor_desc d;
	hidp_status s = hidp__abi_read(&d, sizeof d, sizeof d, desc);
	if (s != HIDP_OK)
		return hidp__fail(diagnostic, s, NULL, "processor description of unknown size");
	d.struct_size = sizeof d;
	if (d.kind > HIDP_PROCESSOR_OTHER)
		return hidp__fail(diagnostic, HIDP_ERR_CLUSTER, at->desc.name,
		                  "processor kind %u is unknown", d.kind);
	char unnamed[32];
	if (d.name == NULL) {
		snprintf(unnamed, sizeof unnamed, "%s%zu", kinds[d.kind], at->count);
		d.name = unnamed;
	}
	if ((s = check_name(d.name, "processor", diagnostic)) != HIDP_OK)
		return s;
	if (at->count >= HIDP_NODE_PROCESSORS_MAX)
		return hidp__fail(diagnostic, HIDP_ERR_LIMIT, at->desc.name,
		                  "node has %u processors already", HIDP_NODE_PROCESSORS_MAX);
	for (size_t p = 0; p < at->count; p++)
		if (strcmp(at->processors[p].name, d.name) == 0)
			return hidp__fail(diagnostic, HIDP_ERR_CLUSTER, d.name,
			                  "name of a processor is used twice in node %s",
			                  at->desc.name);
	if (d.flags != 0)
		return hidp__fail(diagnostic, HIDP_ERR_ABI, d.name, "flags 0x%x are unknown",
		                  d.flags);
	if (d.core_count > HIDP_PROCESSOR_CORES_MAX)
		return hidp__fail(diagnostic, HIDP_ERR_LIMIT, d.name, "has more than %u cores",
		                  HIDP_PROCESSOR_CORES_MAX);
	if (d.core_count != 0 && d.core_ids == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, d.name, "core_ids is NULL");
	for (unsigned c = 0; c < sizeof d.rate_flops / sizeof d.rate_flops[0]; c++)
		if (!sane(d.rate_flops[c]) || !sane(d.bandwidth_Bps[c]))
			return hidp__fail(diagnostic, HIDP_ERR_CLUSTER, d.name,
			                  "rate or bandwidth of class %u is negative or not finite",
			                  c);
	if (!sane(d.overhead_s) || !sane(d.power_active_w) || !sane(d.copy_bandwidth_Bps))
		return hidp__fail(diagnostic, HIDP_ERR_CLUSTER, d.name,
		                  "overhead, power or copy bandwidth is negative or not finite");
	if (!(d.load >= 0 && d.load <= 1))
		return hidp__fail(diagnostic, HIDP_ERR_CLUSTER, d.name,
		                  "load is not within 0 to 1");

	uint32_t *cores = NULL;
	if (!hidp__grow(builder->ctx, (void **)&at->processors, at->count, &at->capacity,
	                sizeof *at->processors) ||
	    (d.name = keep(builder, d.name)) == NULL ||
	    (d.core_count != 0 &&
	     (cores = hidp__arena_alloc(&builder->arena, d.core_count, sizeof *cores)) == NULL))
		return NOMEM(diagnostic, NULL);
	if (d.core_count != 0)
		memcpy(cores, d.core_ids, d.core_count * sizeof *cores);
	d.core_ids = cores;
	at->processors[at->count] = d;
	if (id_out != NULL)
		*id_out = (hidp_processor_id)at->count;
	at->count++;
	return HIDP_OK;
}

hidp_status hidp_cluster_builder_add_medium(struct hidp_cluster_builder *builder, const char *name,
                                            hidp_medium_id *id_out,
                                            struct hidp_diagnostic *diagnostic)
{
	if (builder == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	char unnamed[32];
	if (name == NULL) {
		snprintf(unnamed, sizeof unnamed, "medium%zu", builder->medium_count);
		name = unnamed;
	}
	hidp_status s = check_name(name, "medium", diagnostic);
	if (s != HIDP_OK)
		return s;
	if (builder->medium_count >= HIDP_CLUSTER_NODES_MAX)
		return hidp__fail(diagnostic, HIDP_ERR_LIMIT, name, "cluster has %u media already",
		                  HIDP_CLUSTER_NODES_MAX);
	for (size_t m = 0; m < builder->medium_count; m++)
		if (strcmp(builder->media[m], name) == 0)
			return hidp__fail(diagnostic, HIDP_ERR_CLUSTER, name,
			                  "name of a medium is used twice");
	char *copy = NULL;
	if (!hidp__grow(builder->ctx, (void **)&builder->media, builder->medium_count,
	                &builder->medium_capacity, sizeof *builder->media) ||
	    (copy = keep(builder, name)) == NULL)
		return NOMEM(diagnostic, NULL);
	builder->media[builder->medium_count] = copy;
	if (id_out != NULL)
		*id_out = (hidp_medium_id)builder->medium_count;
	builder->medium_count++;
	return HIDP_OK;
}

static const char *node_name(const struct hidp_cluster_builder *b, hidp_node_id node)
{
	return node < b->node_count ? b->nodes[node].desc.name : NULL;
}

static hidp_status read_link(const struct hidp_cluster_builder *b, struct hidp_link_desc *d,
                             const struct hidp_link_desc *from, struct hidp_diagnostic *diag)
{
	hidp_status s = hidp__abi_read(d, sizeof *d, sizeof *d, from);
	if (s != HIDP_OK)
		return hidp__fail(diag, s, NULL, "link description of unknown size");
	d->struct_size = sizeof *d;
	const char *name = node_name(b, d->from);
	if ((d->flags & ~(uint32_t)HIDP_LINK_BOTH_WAYS) != 0)
		return hidp__fail(diag, HIDP_ERR_ABI, name, "flags 0x%x of a link are unknown",
		                  d->flags);
	if (!(d->bandwidth_Bps > 0))
		return hidp__fail(diag, HIDP_ERR_CLUSTER, name,
		                  "bandwidth of a link is not above 0");
	if (!sane(d->latency_s))
		return hidp__fail(diag, HIDP_ERR_CLUSTER, name,
		                  "latency of a link is negative or not finite");
	if (d->wire_dtype > HIDP_DTYPE_INT8)
		return hidp__fail(diag, HIDP_ERR_CLUSTER, name, "wire dtype %u is unknown",
		                  d->wire_dtype);
	if (d->medium != HIDP_MEDIUM_NONE && d->medium >= b->medium_count)
		return hidp__fail(diag, HIDP_ERR_CLUSTER, name, "there is no medium %u", d->medium);
	return HIDP_OK;
}

/* The slot of a link: where it is, or where it would be. */
static uint32_t *slot_of(const struct hidp_cluster_builder *b, hidp_node_id from, hidp_node_id to)
{
	uint64_t h = ((uint64_t)from << 32 | to) * 0x9e3779b97f4a7c15u;
	size_t i = (size_t)(h >> 32) & (b->slot_count - 1);
	while (b->slots[i] != 0 && (b->links[b->slots[i] - 1].from != from ||
	                            b->links[b->slots[i] - 1].to != to))
		i = (i + 1) & (b->slot_count - 1);
	return &b->slots[i];
}

/* Sees to a table with room for two more links; false: no memory. */
static bool index_links(struct hidp_cluster_builder *b)
{
	size_t wanted = 64;
	if (b->slot_count >= 2 * (b->link_count + 2))
		return true;
	while (wanted < 4 * (b->link_count + 2))
		wanted *= 2;
	uint32_t *slots = hidp__calloc(b->ctx, wanted, sizeof *slots);
	if (slots == NULL)
		return false;
	hidp__free(b->ctx, b->slots);
	b->slots = slots;
	b->slot_count = wanted;
	for (size_t i = 0; i < b->link_count; i++)
		*slot_of(b, b->links[i].from, b->links[i].to) = (uint32_t)i + 1;
	return true;
}

/* Links got other numbers. */
static void drop_index(struct hidp_cluster_builder *b)
{
	hidp__free(b->ctx, b->slots);
	b->slots = NULL;
	b->slot_count = 0;
}

/* Where the link between two nodes is, or the number of links. */
static size_t find_link(const struct hidp_cluster_builder *b, hidp_node_id from, hidp_node_id to)
{
	size_t i = 0;
	if (b->slot_count != 0) {
		i = *slot_of(b, from, to);
		return i != 0 ? i - 1 : b->link_count;
	}
	while (i < b->link_count && (b->links[i].from != from || b->links[i].to != to))
		i++;
	return i;
}

/* Adds or replaces a link; there is room for one more, and a table. */
static void put_link(struct hidp_cluster_builder *b, const struct hidp_link_desc *d,
                     hidp_node_id from, hidp_node_id to)
{
	size_t i = find_link(b, from, to);
	if (i == b->link_count)
		*slot_of(b, from, to) = (uint32_t)++b->link_count;
	b->links[i] = *d;
	b->links[i].from = from;
	b->links[i].to = to;
	b->links[i].flags = 0;
}

hidp_status hidp_cluster_builder_add_link(struct hidp_cluster_builder *builder,
                                          const struct hidp_link_desc *desc,
                                          struct hidp_diagnostic *diagnostic)
{
	if (builder == NULL || desc == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	struct hidp_link_desc d;
	hidp_status s = read_link(builder, &d, desc, diagnostic);
	if (s != HIDP_OK)
		return s;
	if (d.from >= builder->node_count || d.to >= builder->node_count)
		return hidp__fail(diagnostic, HIDP_ERR_CLUSTER, NULL,
		                  "link from node %u to node %u: there is no such node", d.from,
		                  d.to);
	if (d.from == d.to)
		return hidp__fail(diagnostic, HIDP_ERR_CLUSTER, node_name(builder, d.from),
		                  "link of a node with itself");
	while (builder->link_capacity < builder->link_count + 2)
		if (!hidp__grow(builder->ctx, (void **)&builder->links, builder->link_capacity,
		                &builder->link_capacity, sizeof *builder->links))
			return NOMEM(diagnostic, NULL);
	if (!index_links(builder))
		return NOMEM(diagnostic, NULL);
	put_link(builder, &d, d.from, d.to);
	if (d.flags & HIDP_LINK_BOTH_WAYS)
		put_link(builder, &d, d.to, d.from);
	return HIDP_OK;
}

hidp_status hidp_cluster_builder_link_all(struct hidp_cluster_builder *builder,
                                          const struct hidp_link_desc *desc,
                                          struct hidp_diagnostic *diagnostic)
{
	if (builder == NULL || desc == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	struct hidp_link_desc d;
	hidp_status s = read_link(builder, &d, desc, diagnostic);
	if (s != HIDP_OK)
		return s;
	/* all pairs replace all links: build the new list aside, so that failing changes nothing */
	size_t n = builder->node_count, wanted = n * (n == 0 ? 0 : n - 1);
	struct hidp_link_desc *links =
	        hidp__alloc(builder->ctx, (wanted + 1) * sizeof *links);
	if (links == NULL)
		return NOMEM(diagnostic, NULL);
	size_t count = 0;
	d.flags = 0;
	for (hidp_node_id from = 0; from < n; from++) {
		for (hidp_node_id to = 0; to < n; to++) {
			if (from == to)
				continue;
			links[count] = d;
			links[count].from = from;
			links[count++].to = to;
		}
	}
	hidp__free(builder->ctx, builder->links);
	builder->links = links;
	builder->link_count = count;
	builder->link_capacity = wanted + 1;
	drop_index(builder);
	return HIDP_OK;
}

hidp_status hidp_cluster_builder_remove_link(struct hidp_cluster_builder *builder,
                                             hidp_node_id from, hidp_node_id to,
                                             struct hidp_diagnostic *diagnostic)
{
	if (builder == NULL || from >= builder->node_count || to >= builder->node_count)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "there is no such node");
	size_t i = find_link(builder, from, to);
	if (i < builder->link_count) {
		memmove(builder->links + i, builder->links + i + 1,
		        (builder->link_count - i - 1) * sizeof *builder->links);
		builder->link_count--;
		drop_index(builder);
	}
	return HIDP_OK;
}

hidp_status hidp_cluster_builder_set_available(struct hidp_cluster_builder *builder,
                                               hidp_node_id node, bool available,
                                               struct hidp_diagnostic *diagnostic)
{
	if (builder == NULL || node >= builder->node_count)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "there is no node %u", node);
	if (available)
		builder->nodes[node].desc.flags &= ~(uint32_t)HIDP_NODE_UNAVAILABLE;
	else
		builder->nodes[node].desc.flags |= HIDP_NODE_UNAVAILABLE;
	return HIDP_OK;
}

hidp_status hidp_cluster_builder_set_load(struct hidp_cluster_builder *builder, hidp_node_id node,
                                          hidp_processor_id processor, double load,
                                          struct hidp_diagnostic *diagnostic)
{
	if (builder == NULL || node >= builder->node_count ||
	    processor >= builder->nodes[node].count)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "there is no processor %u in node %u", processor, node);
	if (!(load >= 0 && load <= 1))
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, node_name(builder, node),
		                  "load is not within 0 to 1");
	builder->nodes[node].processors[processor].load = load;
	return HIDP_OK;
}

/* Bytes of the message by which routes are chosen. */
#define ROUTE_BYTES 1048576.0

static double route_time(const struct hidp__link *l)
{
	return l->bandwidth_Bps > 0 ? l->latency_s + ROUTE_BYTES / l->bandwidth_Bps : INFINITY;
}

/*
 * Next hops on the routes on which a message of 1 MiB arrives earliest
 * (Floyd and Warshall). A detour must be faster, so that of equal routes the
 * direct one, and then the one over smaller numbers, is taken.
 */
static bool find_routes(struct hidp_cluster *c, struct hidp__arena *scratch)
{
	size_t n = c->node_count;
	double *time = hidp__arena_alloc(scratch, n * n, sizeof *time);
	/* no time from a node is above it */
	double *most = hidp__arena_calloc(scratch, n, sizeof *most);
	if (time == NULL || most == NULL)
		return false;
	for (size_t i = 0; i < n * n; i++) {
		time[i] = route_time(&c->links[i]);
		c->next[i] = isinf(time[i]) && !(c->links[i].bandwidth_Bps > 0)
		                     ? HIDP_NODE_NONE
		                     : (hidp_node_id)(i % n);
	}
	for (size_t i = 0; i < n; i++) {
		time[i * n + i] = 0;
		c->next[i * n + i] = (hidp_node_id)i;
		for (size_t j = 0; j < n; j++)
			if (most[i] < time[i * n + j])
				most[i] = time[i * n + j];
	}
	for (size_t k = 0; k < n; k++) {
		double least = INFINITY;
		for (size_t j = 0; j < n; j++)
			if (j != k && time[k * n + j] < least)
				least = time[k * n + j];
		for (size_t i = 0; i < n; i++) {
			double to_k = time[i * n + k];
			/* large clusters are mostly alike: look only where a detour can be */
			if (i == k || to_k + least >= most[i])
				continue;
			for (size_t j = 0; j < n; j++) {
				double t = to_k + time[k * n + j];
				if (j != k && j != i && t < time[i * n + j]) {
					time[i * n + j] = t;
					c->next[i * n + j] = c->next[i * n + k];
				}
			}
		}
	}
	return true;
}

static bool copy_node(struct hidp_cluster *c, struct hidp__node *to, const struct built_node *from)
{
	to->desc = from->desc;
	to->processor_count = (uint32_t)from->count;
	to->first_processor = c->processor_count;
	c->processor_count += to->processor_count;
	to->processors = hidp__arena_alloc(&c->arena, from->count, sizeof *to->processors);
	size_t size = strlen(from->desc.name) + 1;
	char *name = hidp__arena_alloc(&c->arena, size, 1);
	if (to->processors == NULL || name == NULL)
		return false;
	to->desc.name = memcpy(name, from->desc.name, size);
	for (size_t p = 0; p < from->count; p++) {
		const struct hidp_processor_desc *f = &from->processors[p];
		struct hidp_processor_desc *t = &to->processors[p];
		*t = *f;
		size = strlen(f->name) + 1;
		name = hidp__arena_alloc(&c->arena, size, 1);
		uint32_t *cores =
		        hidp__arena_alloc(&c->arena, (size_t)f->core_count + 1, sizeof *cores);
		if (name == NULL || cores == NULL)
			return false;
		t->name = memcpy(name, f->name, size);
		if (f->core_count != 0)
			memcpy(cores, f->core_ids, f->core_count * sizeof *cores);
		t->core_ids = f->core_count != 0 ? cores : NULL;
	}
	return true;
}

static bool copy_everything(struct hidp_cluster *c, const struct hidp_cluster_builder *b)
{
	size_t n = b->node_count;
	c->node_count = (uint32_t)n;
	c->medium_count = (uint32_t)b->medium_count;
	c->nodes = hidp__arena_calloc(&c->arena, n, sizeof *c->nodes);
	c->media = hidp__arena_alloc(&c->arena, b->medium_count + 1, sizeof *c->media);
	c->links = hidp__arena_calloc(&c->arena, n * n, sizeof *c->links);
	c->next = hidp__arena_alloc(&c->arena, n * n, sizeof *c->next);
	if (c->nodes == NULL || c->media == NULL || c->links == NULL || c->next == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!copy_node(c, &c->nodes[i], &b->nodes[i]))
			return false;
	for (size_t m = 0; m < b->medium_count; m++) {
		size_t size = strlen(b->media[m]) + 1;
		char *name = hidp__arena_alloc(&c->arena, size, 1);
		if (name == NULL)
			return false;
		c->media[m] = memcpy(name, b->media[m], size);
	}
	for (size_t i = 0; i < n * n; i++)
		c->links[i].medium = HIDP_MEDIUM_NONE;
	for (size_t i = 0; i < b->link_count; i++) {
		const struct hidp_link_desc *d = &b->links[i];
		struct hidp__link *l = &c->links[(size_t)d->from * n + d->to];
		double nic_from = c->nodes[d->from].desc.nic_bandwidth_Bps;
		double nic_to = c->nodes[d->to].desc.nic_bandwidth_Bps;
		l->stated_Bps = l->bandwidth_Bps = d->bandwidth_Bps;
		if (nic_from > 0 && nic_from < l->bandwidth_Bps)
			l->bandwidth_Bps = nic_from;
		if (nic_to > 0 && nic_to < l->bandwidth_Bps)
			l->bandwidth_Bps = nic_to;
		l->latency_s = d->latency_s;
		l->wire_dtype = d->wire_dtype;
		l->medium = d->medium;
	}
	return true;
}

hidp_status hidp_cluster_builder_seal(struct hidp_cluster_builder *builder,
                                      struct hidp_cluster **cluster_out,
                                      struct hidp_diagnostic *diagnostic)
{
	if (builder == NULL || cluster_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	if (builder->node_count == 0)
		return hidp__fail(diagnostic, HIDP_ERR_CLUSTER, NULL, "cluster has no nodes");
	for (size_t n = 0; n < builder->node_count; n++)
		if (builder->nodes[n].count == 0)
			return hidp__fail(diagnostic, HIDP_ERR_CLUSTER, builder->nodes[n].desc.name,
			                  "node has no processor");
	struct hidp_context *ctx = builder->ctx;
	struct hidp_cluster *c = hidp__calloc(ctx, 1, sizeof *c);
	if (c == NULL)
		return NOMEM(diagnostic, NULL);
	atomic_init(&c->refs, 1);
	hidp__arena_init(&c->arena, ctx);
	hidp_context_ref(ctx);
	struct hidp__arena scratch;
	hidp__arena_init(&scratch, ctx);
	bool ok = copy_everything(c, builder) && find_routes(c, &scratch);
	hidp__arena_destroy(&scratch);
	if (!ok) {
		hidp_cluster_unref(c);
		return NOMEM(diagnostic, NULL);
	}
	*cluster_out = c;
	return HIDP_OK;
}

hidp_status hidp_cluster_builder_from(const struct hidp_cluster *cluster,
                                      struct hidp_cluster_builder **builder_out)
{
	struct hidp_cluster_builder *b = NULL;
	if (cluster == NULL || builder_out == NULL)
		return HIDP_ERR_ARGUMENT;
	hidp_status s = hidp_cluster_builder_new(cluster->arena.ctx, &b);
	if (s != HIDP_OK)
		return s;
	uint32_t n = cluster->node_count;
	for (hidp_medium_id m = 0; m < cluster->medium_count && s == HIDP_OK; m++)
		s = hidp_cluster_builder_add_medium(b, cluster->media[m], NULL, NULL);
	for (hidp_node_id i = 0; i < n && s == HIDP_OK; i++) {
		const struct hidp__node *node = &cluster->nodes[i];
		s = hidp_cluster_builder_add_node(b, &node->desc, NULL, NULL);
		for (uint32_t p = 0; p < node->processor_count && s == HIDP_OK; p++)
			s = hidp_cluster_builder_add_processor(b, i, &node->processors[p], NULL,
			                                       NULL);
	}
	/* links are distinct: append them without looking for earlier ones */
	for (size_t i = 0; i < (size_t)n * n && s == HIDP_OK; i++) {
		const struct hidp__link *l = &cluster->links[i];
		if (!(l->bandwidth_Bps > 0))
			continue;
		if (!hidp__grow(b->ctx, (void **)&b->links, b->link_count, &b->link_capacity,
		                sizeof *b->links)) {
			s = HIDP_ERR_NOMEM;
			break;
		}
		struct hidp_link_desc d = HIDP_LINK_DESC_INIT;
		d.from = (hidp_node_id)(i / n);
		d.to = (hidp_node_id)(i % n);
		d.bandwidth_Bps = l->stated_Bps;
		d.latency_s = l->latency_s;
		d.wire_dtype = l->wire_dtype;
		d.medium = l->medium;
		b->links[b->link_count++] = d;
	}
	if (s != HIDP_OK) {
		hidp_cluster_builder_destroy(b);
		return s;
	}
	*builder_out = b;
	return HIDP_OK;
}
