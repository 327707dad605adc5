/* SPDX-License-Identifier: MIT */
/* Products of matrices. */
#include "infer.h"

#include <string.h>

/* Numpy's matmul of inputs a and b: vectors, matrices, stacks of matrices. */
static hidp_status matmul(struct graph *graph, struct node *node, uint32_t a, uint32_t b,
                          enum element type)
{
	hidp_status s = hidp_onnx__check_rank(graph, node, a, 1, RANK_MAX);
	if (s == HIDP_OK)
		s = hidp_onnx__check_rank(graph, node, b, 1, RANK_MAX);
	if (s != HIDP_OK)
		return s;
	const struct dims *x = &node->inputs[a]->dims, *y = &node->inputs[b]->dims;
	const int64_t x_inner = x->size[x->rank - 1];
	const int64_t y_inner = y->size[y->rank == 1 ? 0 : y->rank - 2];
	struct dims dims = *x, stack = *y;
	dims.rank = x->rank > 2 ? x->rank - 2 : 0;
	stack.rank = y->rank > 2 ? y->rank - 2 : 0;
	if (x_inner != y_inner || !hidp_onnx__broadcast(&dims, &stack))
		return hidp_onnx__mismatch(graph, node, a, b);
	if (x->rank > 1)
		dims.size[dims.rank++] = x->size[x->rank - 2];
	if (y->rank > 1)
		dims.size[dims.rank++] = y->size[y->rank - 1];
	return hidp_onnx__set_output(graph, node, 0, type, &dims);
}

hidp_status hidp_onnx__infer_matmul(struct graph *graph, struct node *node)
{
	/* QLinearMatMul: a and b each with scale and zero point, then y's */
	if (strcmp(node->op, "QLinearMatMul") == 0)
		return matmul(graph, node, 0, 3, node->inputs[7]->type);
	hidp_status s = hidp_onnx__check_type(graph, node, 0, 1);
	return s == HIDP_OK ? matmul(graph, node, 0, 1, node->inputs[0]->type) : s;
}

hidp_status hidp_onnx__infer_matmul_integer(struct graph *graph, struct node *node)
{
	return matmul(graph, node, 0, 1, ELEMENT_INT32);
}

hidp_status hidp_onnx__infer_gemm(struct graph *graph, struct node *node)
{
	hidp_status s = hidp_onnx__check_rank(graph, node, 0, 2, 2);
	if (s == HIDP_OK)
		s = hidp_onnx__check_rank(graph, node, 1, 2, 2);
	if (s == HIDP_OK)
		s = hidp_onnx__check_type(graph, node, 0, 1);
	if (s != HIDP_OK)
		return s;
	const struct dims *a = &node->inputs[0]->dims, *b = &node->inputs[1]->dims;
	const bool turn_a = hidp_onnx__int(node, "transA", 0) != 0;
	const bool turn_b = hidp_onnx__int(node, "transB", 0) != 0;
	if (a->size[!turn_a] != b->size[turn_b])
		return hidp_onnx__mismatch(graph, node, 0, 1);
	const struct dims dims = {.rank = 2, .size = {a->size[turn_a], b->size[!turn_b]}};
	const struct value *c = hidp_onnx__input(node, 2);
	if (c != NULL) {
		struct dims joined = dims;
		char sum[160], product[160];
		s = hidp_onnx__check_type(graph, node, 0, 2);
		if (s != HIDP_OK)
			return s;
		if (!hidp_onnx__broadcast(&joined, &c->dims) ||
		    !hidp_onnx__same_dims(&joined, &dims))
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "C of size %s does not match a product of %s",
			                            hidp_onnx__dims_text(&c->dims, sum),
			                            hidp_onnx__dims_text(&dims, product));
	}
	return hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims);
}

/* The terms of an equation, one for each input: letters, and perhaps an ellipsis that stands for
 * the dims which have no letter. */
struct equation {
	int64_t size[128]; /* of each letter that was seen */
	int seen[128];     /* how often, in all inputs */
	struct dims rest;  /* what the ellipses stand for, broadcast */
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters of a term before the next comma, arrow or end; -1: it makes no sense. */
static int count_letters(const char *term, bool *ellipsis_out)
{
	int letters = 0;
	*ellipsis_out = false;
	for (; *term != '\0' && *term != ',' && *term != '-'; term++) {
		if (*term == ' ')
			continue;
		if (*term == '.') {
			if (*ellipsis_out || strncmp(term, "...", 3) != 0)
				return -1;
			*ellipsis_out = true;
			term += 2;
		} else if (!is_letter(*term) || ++letters > RANK_MAX) {
			return -1;
		}
	}
	return letters;
}

/* Reads the term of one input; returns what comes behind it, NULL: they do not match. */
static const char *read_term(struct equation *e, const char *term, const struct dims *dims)
{
	bool ellipsis;
	const int letters = count_letters(term, &ellipsis);
	if (letters < 0 || letters > dims->rank || (!ellipsis && letters != dims->rank))
		return NULL;
	int at = 0;
	for (; *term != '\0' && *term != ',' && *term != '-'; term++) {
		if (*term == ' ')
			continue;
		if (*term == '.') {
			struct dims rest = {.rank = dims->rank - letters};
			memcpy(rest.size, dims->size + at, (size_t)rest.rank * sizeof rest.size[0]);
			if (!hidp_onnx__broadcast(&e->rest, &rest))
				return NULL;
			at += rest.rank;
			term += 2;
			continue;
		}
		int64_t *size = &e->size[(unsigned char)*term];
		const int64_t here = dims->size[at++];
		if (e->seen[(unsigned char)*term]++ == 0 || *size == 1)
			*size = here;
		else if (here != *size && here != 1)
			return NULL;
	}
	return term;
}

/* The term after the arrow. */
static bool read_result(const struct equation *e, const char *term, struct dims *dims)
{
	bool ellipsis, used[128] = {false};
	if (count_letters(term, &ellipsis) < 0 || strpbrk(term, ",-") != NULL)
		return false;
	for (; *term != '\0'; term++) {
		if (*term == ' ')
			continue;
		const int more = *term == '.' ? e->rest.rank : 1;
		if (dims->rank + more > RANK_MAX)
			return false;
		if (*term == '.') {
			memcpy(dims->size + dims->rank, e->rest.size,
			       (size_t)more * sizeof dims->size[0]);
			term += 2;
		} else {
			if (e->seen[(unsigned char)*term] == 0 || used[(unsigned char)*term])
				return false;
			used[(unsigned char)*term] = true;
			dims->size[dims->rank] = e->size[(unsigned char)*term];
		}
		dims->rank += more;
	}
	return true;
}

/* Where there is no arrow: the letters that occur once, in the alphabet's order. */
static bool implied_result(const struct equation *e, struct dims *dims)
{
	*dims = e->rest;
	for (int c = 0; c < 128; c++) {
		if (e->seen[c] != 1)
			continue;
		if (dims->rank == RANK_MAX)
			return false;
		dims->size[dims->rank++] = e->size[c];
	}
	return true;
}

hidp_status hidp_onnx__infer_einsum(struct graph *graph, struct node *node)
{
	struct equation e = {.rest = {.rank = 0}};
	struct dims dims = {.rank = 0};
	const char *equation = hidp_onnx__string(node, "equation", "");
	const char *p = equation;
	bool ok = true;
	for (uint32_t i = 0; ok && i < node->input_count; i++) {
		if (i > 0)
			ok = *p++ == ',';
		if (ok && (node->inputs[i] == NULL ||
		           (p = read_term(&e, p, &node->inputs[i]->dims)) == NULL))
			ok = false;
	}
	if (ok && *p == '\0')
		ok = implied_result(&e, &dims);
	else if (ok)
		ok = strncmp(p, "->", 2) == 0 && read_result(&e, p + 2, &dims);
	if (!ok)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "the equation \"%.60s\" does not match the inputs",
		                            equation);
	return hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims);
}
