/* SPDX-License-Identifier: MIT */
/* Which function lowers which op. */
#include <string.h>

#include "lower_ops.h"

static const struct lower_entry *find(const struct lower_entry *table, const char *op)
{
	for (; table->op != NULL; table++)
		if (strcmp(table->op, op) == 0)
			return table;
	return NULL;
}

const struct lower_entry *hidp_onnx__find_lower(const struct node *node)
{
	static const struct lower_entry *const tables[] = {
		hidp_onnx__lower_math, hidp_onnx__lower_shape, hidp_onnx__lower_matrix,
		hidp_onnx__lower_norm, hidp_onnx__lower_image};
	if (strcmp(node->domain, "hidp") == 0)
		return find(hidp_onnx__lower_own, node->op);
	if (node->domain[0] != '\0')
		return NULL;
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		const struct lower_entry *entry = find(tables[i], node->op);
		if (entry != NULL)
			return entry;
	}
	return NULL;
}
