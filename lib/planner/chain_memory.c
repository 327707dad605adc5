/* SPDX-License-Identifier: MIT */
/*
 * Which runs memory has room for: what a stream holds on a node that has a run and nothing else
 * (doc/cost-model.md section 9). Never more than it takes, so that no run is left out wrongly.
 */
#include <string.h>

#include "planner/chain_priv.h"

/* What an item takes, where every item is a layer. */
struct needs {
	double weights;
	double output;  /* that others read, or the host */
	double inside;  /* of it that takes memory where nobody outside reads it */
	double workspace;
};

static void read_needs(const struct hidp__chain *c, struct needs *needs)
{
	const struct hidp_model *m = c->tables->problem->model;
	memset(needs, 0, c->items * sizeof *needs);
	for (uint32_t i = 0; i < c->items; i++)
		for (uint32_t l = c->first[i]; l < c->first[i + 1]; l++) {
			const struct hidp__layer *layer = &m->layers[c->tables->layers[l].id];
			double bytes = (double)layer->row_bytes * (double)layer->shape.rows;
			needs[i].weights += (double)layer->weight_bytes;
			if (l + 1 == c->first[i + 1])
				needs[i].output = bytes;
			if (c->first[i + 1] - c->first[i] > 1)
				continue; /* only the least is known */
			needs[i].inside = layer->memory_measured ? 0 : bytes;
			needs[i].workspace = (double)layer->workspace_bytes;
		}
}

/* Bytes of the tensors of a run: the largest working set while its items run. */
struct growing {
	double inside; /* with nothing of the last item read outside */
	double before; /* the output of the item before */
};

/* The least memory of a node, and of its processor, that has items up to `item`. */
static void measure(const struct hidp__chain *c, uint32_t class, const struct needs *n,
                    uint32_t begin, uint32_t item, const struct growing *g, double *node,
                    double *processor)
{
	const struct hidp__request *r = c->tables->problem->request;
	const struct hidp_node_desc *d =
	        &c->tables->problem->cluster->nodes[c->node[c->one[class]]].desc;
	hidp_node_id at = c->node[c->one[class]];
	bool receives = begin > 0 || at != r->input_node;
	bool sends = item + 1 < c->items || at != r->output_node;
	double set = fmax(g->inside, g->before + n[item].output + n[item].workspace);
	*processor = c->bytes[begin] + set;
	*node = 0;
	if (c->tables->sites[at].usable_count > 1)
		return; /* it may read of, and be read by, others of its node */
	*node = *processor + c->bytes[begin] * (receives ? d->receive_buffers : 0) +
	        n[item].output; /* until it was sent */
	if (sends)
		*node += c->bytes[item + 1] * d->send_buffers;
}

/* false: no memory for the answer. */
static bool find_fits(struct hidp__chain *c, uint32_t class, const struct needs *n)
{
	const struct hidp__node *node =
	        &c->tables->problem->cluster->nodes[c->node[c->one[class]]];
	const struct hidp_processor_desc *p =
	        &node->processors[c->number[c->one[class]] - node->first_processor];
	double most = node->desc.memory_bytes > 0 ? (double)node->desc.memory_bytes : INFINITY;
	double own = p->memory_bytes > 0 ? (double)p->memory_bytes : INFINITY;
	uint64_t *fits = NULL;
	for (uint32_t pass = 0; pass < 2; pass++) {
		bool all = true;
		for (uint32_t begin = 0; begin < c->items && (all || pass > 0); begin++) {
			struct growing g = {0, 0};
			double weights = 0, whole, part;
			for (uint32_t i = begin; i < c->items; i++) {
				weights += n[i].weights;
				measure(c, class, n, begin, i, &g, &whole, &part);
				bool room = weights + whole <= most && weights + part <= own;
				all &= room;
				if (pass > 0 && room)
					hidp__put(fits + (size_t)begin * c->words, i + 1);
				g.inside = fmax(g.inside, g.before + n[i].inside + n[i].workspace);
				g.before = n[i].inside;
			}
			c->work += c->items - begin;
		}
		if (all)
			return true;
		if (pass == 0)
			fits = hidp__arena_calloc(c->arena, (size_t)c->items * c->words,
			                          sizeof *fits);
		if (fits == NULL)
			return false;
		c->fits[class] = fits;
	}
	return true;
}

/* Has every node room for everything, whatever it is sent? */
static bool has_room(const struct hidp__chain *c, uint32_t class, const struct needs *n)
{
	const struct hidp__node *node =
	        &c->tables->problem->cluster->nodes[c->node[c->one[class]]];
	const struct hidp_processor_desc *p =
	        &node->processors[c->number[c->one[class]] - node->first_processor];
	double buffers = 3 + (double)node->desc.receive_buffers + (double)node->desc.send_buffers;
	double all = 0, largest = c->bytes[0];
	for (uint32_t i = 0; i < c->items; i++) {
		all += n[i].weights + n[i].workspace;
		largest = fmax(largest, fmax(n[i].output, c->bytes[i + 1]));
	}
	all += (buffers + 2) * largest;
	return (node->desc.memory_bytes == 0 || all <= (double)node->desc.memory_bytes) &&
	       (p->memory_bytes == 0 || all <= (double)p->memory_bytes);
}

bool hidp__chain_memory(struct hidp__chain *c)
{
	struct hidp__arena_mark mark;
	c->fits = hidp__arena_calloc(c->arena, c->classes, sizeof *c->fits);
	mark = hidp__arena_here(c->arena);
	struct needs *n = hidp__arena_alloc(c->arena, c->items, sizeof *n);
	if (c->fits == NULL || n == NULL)
		return false;
	read_needs(c, n);
	bool any = false;
	for (uint32_t k = 0; k < c->classes; k++) {
		if (has_room(c, k, n))
			continue;
		any = true;
		if (!find_fits(c, k, n))
			return false;
	}
	if (!any)
		hidp__arena_back(c->arena, mark);
	return true;
}
