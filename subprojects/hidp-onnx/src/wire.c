/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include <string.h>

/* A length in the skeleton is written before it is known: always in so many bytes. */
#define LENGTH_BYTES 5u
/* What protobuf-c counts on. */
#define SKELETON_MAX ((size_t)INT32_MAX)

bool hidp_onnx__varint(struct walk *walk, uint64_t *value_out)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 70 && walk->at < walk->end; shift += 7) {
		uint8_t byte = *walk->at++;
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*value_out = value;
			return true;
		}
	}
	return false;
}

int hidp_onnx__field(struct walk *walk, struct field *field)
{
	uint64_t tag = 0, length = 0;
	if (walk->at == walk->end)
		return 0;
	*field = (struct field){.begin = walk->at};
	if (!hidp_onnx__varint(walk, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
		return -1;
	field->number = (uint32_t)(tag >> 3);
	field->type = (uint32_t)(tag & 7);
	size_t left = (size_t)(walk->end - walk->at);
	field->bytes = walk->at;
	switch (field->type) {
	case WIRE_VARINT:
		if (!hidp_onnx__varint(walk, &field->value))
			return -1;
		field->size = (size_t)(walk->at - field->bytes);
		return 1;
	case WIRE_FIXED64:
	case WIRE_FIXED32:
		field->size = field->type == WIRE_FIXED64 ? 8 : 4;
		break;
	case WIRE_BYTES:
		if (!hidp_onnx__varint(walk, &length))
			return -1;
		field->bytes = walk->at;
		left = (size_t)(walk->end - walk->at);
		if (length > left)
			return -1;
		field->size = (size_t)length;
		break;
	default: /* groups were never part of ONNX */
		return -1;
	}
	if (field->size > left)
		return -1;
	walk->at += field->size;
	return 1;
}

/* What becomes of a field. */
enum action {
	COPY,    /* it is copied as it stands */
	MESSAGE, /* a message, copied by rules of its own */
	NODE,    /* the same, counted */
	TENSOR   /* the same, and its elements are recorded */
};

struct rule {
	uint32_t field;
	enum action action;
	const struct rule *inner; /* for messages; ends with field 0 */
};

/* The numbers are those of onnx.proto; what is not listed is left out. */
static const struct rule copy_name[] = {
	{8, COPY, NULL},
	{0, COPY, NULL},
};
static const struct rule in_sparse[] = {
	{1, MESSAGE, copy_name}, /* values */
	{0, COPY, NULL},
};
static const struct rule in_tensor[] = {
	{1, COPY, NULL},  /* dims */
	{2, COPY, NULL},  /* data_type */
	{3, COPY, NULL},  /* segment */
	{8, COPY, NULL},  /* name */
	{13, COPY, NULL}, /* external_data */
	{14, COPY, NULL}, /* data_location */
	{0, COPY, NULL},
};
static const struct rule in_type[] = {
	{1, COPY, NULL}, /* tensor_type */
	{0, COPY, NULL},
};
static const struct rule in_value[] = {
	{1, COPY, NULL}, /* name */
	{2, MESSAGE, in_type},
	{0, COPY, NULL},
};
static const struct rule in_attribute[] = {
	{1, COPY, NULL},                         /* name */
	{2, COPY, NULL},                         /* f */
	{3, COPY, NULL},                         /* i */
	{4, COPY, NULL},                         /* s */
	{5, TENSOR, in_tensor}, {7, COPY, NULL}, /* floats */
	{8, COPY, NULL},                         /* ints */
	{9, COPY, NULL},                         /* strings */
	{20, COPY, NULL},                        /* type */
	{21, COPY, NULL},                        /* ref_attr_name */
	{0, COPY, NULL},
};
static const struct rule in_node[] = {
	{1, COPY, NULL}, /* input */
	{2, COPY, NULL}, /* output */
	{3, COPY, NULL}, /* name */
	{4, COPY, NULL}, /* op_type */
	{5, MESSAGE, in_attribute},
	{7, COPY, NULL}, /* domain */
	{0, COPY, NULL},
};
static const struct rule in_graph[] = {
	{1, NODE, in_node},       {2, COPY, NULL},         /* name */
	{5, TENSOR, in_tensor},   {11, MESSAGE, in_value}, /* input */
	{12, MESSAGE, in_value},                           /* output */
	{13, MESSAGE, in_value},                           /* value_info */
	{15, MESSAGE, in_sparse}, {0, COPY, NULL},
};
static const struct rule in_function[] = {
	{1, COPY, NULL},  /* name */
	{10, COPY, NULL}, /* domain */
	{0, COPY, NULL},
};
static const struct rule in_model[] = {
	{1, COPY, NULL}, /* ir_version */
	{7, MESSAGE, in_graph},
	{8, COPY, NULL}, /* opset_import */
	{25, MESSAGE, in_function},
	{0, COPY, NULL},
};

/* Writes the skeleton, or, without a buffer, finds out how large it is. */
struct writer {
	struct skeleton *skeleton;
	size_t room; /* bytes of the buffer; 0: there is none */
	uint32_t record_room;
	const uint8_t *damage; /* where the file makes no sense; NULL: it is too large */
};

static void put(struct writer *w, const void *bytes, size_t size)
{
	struct skeleton *s = w->skeleton;
	/* a file that somebody writes to while it is read must not lead beyond the buffer */
	if (s->size < w->room && size <= w->room - s->size)
		memcpy(s->bytes + s->size, bytes, size);
	s->size += size;
}

/* `value` in exactly `size` bytes. */
static void put_padded(struct writer *w, uint64_t value, size_t size)
{
	uint8_t bytes[LENGTH_BYTES];
	for (size_t i = 0; i < size; i++, value >>= 7)
		bytes[i] = (uint8_t)((value & 0x7f) | (i + 1 < size ? 0x80 : 0));
	put(w, bytes, size);
}

/* The tag of a field whose number is below 2^11. */
static void put_tag(struct writer *w, uint32_t field, uint32_t type)
{
	put_padded(w, field << 3 | type, 2);
}

static bool holds_elements(uint32_t field)
{
	switch (field) {
	case TENSOR_FLOAT:
	case TENSOR_INT32:
	case TENSOR_STRING:
	case TENSOR_INT64:
	case TENSOR_RAW:
	case TENSOR_DOUBLE:
	case TENSOR_UINT64:
		return true;
	default:
		return false;
	}
}

static void record(struct writer *w, const struct field *tensor)
{
	struct record r = {.message = tensor->bytes, .message_size = tensor->size};
	struct walk walk = {tensor->bytes, tensor->bytes + tensor->size};
	struct field f;
	while (hidp_onnx__field(&walk, &f) == 1) {
		/* writers of proto3 may leave empty ones behind */
		if (!holds_elements(f.number) ||
		    (f.type == WIRE_BYTES && f.size == 0 && f.number != TENSOR_STRING))
			continue;
		r.mixed = r.mixed || (r.field != TENSOR_NONE && r.field != f.number);
		r.field = (enum tensor_field)f.number;
		r.pieces++;
		r.bytes = f.bytes;
		r.size = f.size;
		r.type = f.type;
	}
	struct skeleton *s = w->skeleton;
	uint32_t number = s->record_count++;
	if (number < w->record_room)
		s->records[number] = r;
	uint8_t bytes[RECORD_BYTES];
	for (size_t i = 0; i < RECORD_BYTES; i++)
		bytes[i] = (uint8_t)(number >> (8 * i));
	put_tag(w, TENSOR_RAW, WIRE_BYTES);
	put_padded(w, RECORD_BYTES, 1);
	put(w, bytes, RECORD_BYTES);
}

/* Copies a message by the rules. As deep as the rules are, and no deeper. */
static bool copy(struct writer *w, const uint8_t *bytes, size_t size, const struct rule *rules)
{
	struct walk walk = {bytes, bytes + size};
	struct field f;
	int more;
	while ((more = hidp_onnx__field(&walk, &f)) == 1) {
		const struct rule *rule = rules;
		while (rule->field != 0 && rule->field != f.number)
			rule++;
		if (rule->field == 0)
			continue;
		if (w->skeleton->size > SKELETON_MAX || w->skeleton->record_count == UINT32_MAX) {
			w->damage = NULL;
			return false;
		}
		if (rule->action == COPY) {
			put(w, f.begin, (size_t)(f.bytes + f.size - f.begin));
			continue;
		}
		if (f.type != WIRE_BYTES) {
			w->damage = f.begin;
			return false;
		}
		w->skeleton->node_count += rule->action == NODE;
		put_tag(w, f.number, WIRE_BYTES);
		size_t length_at = w->skeleton->size;
		put_padded(w, 0, LENGTH_BYTES);
		size_t begin = w->skeleton->size;
		if (!copy(w, f.bytes, f.size, rule->inner))
			return false;
		if (rule->action == TENSOR)
			record(w, &f);
		size_t end = w->skeleton->size;
		w->skeleton->size = length_at;
		put_padded(w, end - begin, LENGTH_BYTES);
		w->skeleton->size = end;
	}
	if (more < 0)
		w->damage = f.begin;
	return more == 0;
}

hidp_status hidp_onnx__skeleton(const struct graph *graph, const void *data, size_t size,
                                struct skeleton *skeleton_out)
{
	struct skeleton s = {0};
	/* nothing at all may be NULL, which has no place behind it */
	const uint8_t *file = size > 0 ? data : (const uint8_t *)"";
	struct writer w = {.skeleton = &s};
	bool done = copy(&w, file, size, in_model);
	if (!done && w.damage != NULL)
		return hidp_onnx__fail(graph, "file", HIDP_ERR_SYNTAX,
		                       "it is no ONNX file, or a damaged one: no sense can be made "
		                       "of what stands at byte %zu",
		                       (size_t)(w.damage - file));
	if (!done || s.size > SKELETON_MAX)
		return hidp_onnx__fail(graph, "file", HIDP_ERR_LIMIT,
		                       "it is larger than 2 GiB without its weights");
	if (s.node_count > graph->options->node_max)
		return hidp_onnx__fail(graph, "file", HIDP_ERR_LIMIT, "it has more than %u nodes",
		                       graph->options->node_max);
	s.bytes = hidp_onnx__take(graph->pool, s.size, 1);
	s.records = hidp_onnx__take(graph->pool, s.record_count, sizeof *s.records);
	if (s.bytes == NULL || s.records == NULL)
		return hidp_onnx__no_memory(graph);
	w.room = s.size;
	w.record_room = s.record_count;
	s.size = 0;
	s.record_count = 0;
	if (!copy(&w, file, size, in_model) || s.size != w.room || s.record_count != w.record_room)
		return hidp_onnx__fail(graph, "file", HIDP_ERR_SYNTAX,
		                       "it changed while it was read");
	*skeleton_out = s;
	return HIDP_OK;
}
