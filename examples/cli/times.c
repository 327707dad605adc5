/* SPDX-License-Identifier: MIT */
/* Files with the times of tasks, as nodes write them. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "timeline.h"

bool bars_add(struct bars *bars, struct bar bar)
{
	if (bars->count == bars->capacity) {
		size_t capacity = bars->capacity != 0 ? 2 * bars->capacity : 256;
		struct bar *items = realloc(bars->items, capacity * sizeof *items);
		if (items == NULL) {
			complain("out of memory");
			return false;
		}
		bars->items = items;
		bars->capacity = capacity;
	}
	bars->items[bars->count++] = bar;
	return true;
}

static bool take_task(struct comparison *c, const char *path, size_t i, const json_t *task,
                      hidp_node_id node)
{
	static const char *const members[] = {"processor", "stage", "step"};
	uint32_t values[3];
	const json_t *begin = json_object_get(task, "begin_s"),
		     *end = json_object_get(task, "end_s");
	struct bar bar = {.node = node};
	bool ok = json_is_number(begin) && json_is_number(end);
	for (size_t m = 0; m < 3; m++) {
		const json_t *value = json_object_get(task, members[m]);
		ok = ok && json_is_integer(value) && json_integer_value(value) >= 0 &&
		     json_integer_value(value) < UINT32_MAX;
		values[m] = (uint32_t)json_integer_value(value);
	}
	ok = ok && values[0] < hidp_cluster_processor_count(c->cluster, node);
	if (!ok) {
		complain("%s: tasks[%zu]: this is no task of a processor of the node", path, i);
		return false;
	}
	bar.processor = values[0];
	bar.stage = values[1];
	bar.step = values[2];
	bar.begin_s = json_number_value(begin);
	bar.end_s = json_number_value(end);
	return bars_add(&c->measured, bar);
}

static bool take_document(struct comparison *c, const char *path, const json_t *document)
{
	const char *format = json_string_value(json_object_get(document, "format"));
	const char *name = json_string_value(json_object_get(document, "node"));
	const json_t *tasks = json_object_get(document, "tasks");
	const json_t *request = json_object_get(document, "request");
	hidp_node_id node;
	if (format == NULL || strcmp(format, "hidp-times") != 0 ||
	    json_integer_value(json_object_get(document, "version")) != 1 ||
	    !json_is_array(tasks)) {
		complain("%s: this is no document of format hidp-times, version 1", path);
		return false;
	}
	if (name == NULL || hidp_cluster_find(c->cluster, name, &node) != HIDP_OK) {
		complain("%s: node: the plan has no node %s", path, name != NULL ? name : "");
		return false;
	}
	for (size_t i = 0; i < json_array_size(tasks); i++)
		if (!take_task(c, path, i, json_array_get(tasks, i), node))
			return false;
	if (request == NULL)
		return true;
	/* a mark among the bars: where the request begins and ends */
	c->measured.end_s = json_number_value(json_object_get(request, "end_s"));
	return bars_add(&c->measured, (struct bar){.node = HIDP_NODE_NONE,
	                                           .begin_s = json_number_value(
							   json_object_get(request, "begin_s")),
	                                           .end_s = c->measured.end_s});
}

bool read_times(struct comparison *c, const char *path)
{
	json_error_t error;
	size_t length;
	char *text = read_file(path, &length);
	if (text == NULL)
		return false;
	json_t *document = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	if (document == NULL)
		complain("%s:%d:%d: %s", path, error.line, error.column, error.text);
	bool ok = document != NULL && take_document(c, path, document);
	json_decref(document);
	free(text);
	return ok;
}
