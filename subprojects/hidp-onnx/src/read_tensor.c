/* SPDX-License-Identifier: MIT */
/* Constants: where their elements lie, or what they are. */
#include <string.h>

#include "read.h"
#include "tensor.h"

/* A tensor on its way in. */
struct incoming {
	struct reading *reading;
	const Onnx__TensorProto *source;
	const char *subject;
	struct tensor *tensor;
	size_t bytes; /* how many its elements take */
};

#define FAIL(in, status, ...)                                                                      \
	hidp_onnx__fail((in)->reading->graph, (in)->subject, status, __VA_ARGS__)

static hidp_status read_head(struct incoming *in)
{
	const Onnx__TensorProto *source = in->source;
	struct tensor *t = in->tensor;
	int32_t type = source->has_data_type ? source->data_type : 0;
	if (type == ELEMENT_NONE)
		return FAIL(in, HIDP_ERR_MODEL, "it has no element type");
	if (type < 0 || type > ELEMENT_BFLOAT16)
		return FAIL(in, HIDP_ERR_UNSUPPORTED, "its element type, number %d, is not known",
		            type);
	if (type == ELEMENT_COMPLEX64 || type == ELEMENT_COMPLEX128)
		return FAIL(in, HIDP_ERR_UNSUPPORTED, "its elements are complex numbers");
	if (source->segment != NULL)
		return FAIL(in, HIDP_ERR_UNSUPPORTED, "it is stored in segments");
	if (source->n_dims > HIDP_ONNX_RANK_MAX)
		return FAIL(in, HIDP_ERR_LIMIT, "it has %zu dimensions, more than %u",
		            source->n_dims, HIDP_ONNX_RANK_MAX);
	t->type = (enum element)type;
	t->dims.rank = (int)source->n_dims;
	for (size_t i = 0; i < source->n_dims; i++) {
		t->dims.size[i] = source->dims[i];
		if (source->dims[i] < 0)
			return FAIL(in, HIDP_ERR_MODEL, "its dimension %zu is negative", i);
	}
	t->count = hidp_onnx__count(&t->dims);
	size_t element = hidp_onnx__element_bytes(t->type);
	if (t->count < 0 || (element > 0 && (uint64_t)t->count > SIZE_MAX / 2 / element))
		return FAIL(in, HIDP_ERR_LIMIT, "its dimensions are too large");
	in->bytes = (size_t)t->count * element;
	return HIDP_OK;
}

/* Files have the least byte first. */
static hidp_status in_machine_order(struct incoming *in, const void *data)
{
	in->tensor->data = data;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	size_t element = hidp_onnx__element_bytes(in->tensor->type);
	uint8_t *turned = hidp_onnx__take(in->reading->graph->pool, in->bytes, 1);
	if (turned == NULL)
		return hidp_onnx__no_memory(in->reading->graph);
	for (size_t i = 0; i < in->bytes; i++)
		turned[i] =
			((const uint8_t *)data)[i / element * element + element - 1 - i % element];
	in->tensor->data = turned;
#endif
	return HIDP_OK;
}

static bool parse_size(const char *text, uint64_t *size_out)
{
	uint64_t size = 0;
	if (text[0] == '\0' || strlen(text) > 19)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		size = 10 * size + (uint64_t)(*text - '0');
	}
	*size_out = size;
	return true;
}

static hidp_status read_external(struct incoming *in)
{
	const char *location = NULL;
	uint64_t offset = 0, length = in->bytes;
	for (size_t i = 0; i < in->source->n_external_data; i++) {
		const Onnx__StringStringEntryProto *entry = in->source->external_data[i];
		const char *key = entry->key != NULL ? entry->key : "";
		const char *text = entry->value != NULL ? entry->value : "";
		if (strcmp(key, "location") == 0)
			location = text;
		else if ((strcmp(key, "offset") == 0 && !parse_size(text, &offset)) ||
		         (strcmp(key, "length") == 0 && !parse_size(text, &length)))
			return FAIL(in, HIDP_ERR_MODEL, "the %s of its external data is no number",
			            key);
	}
	if (location == NULL)
		return FAIL(in, HIDP_ERR_MODEL, "it does not say where its external data lies");
	if (in->reading->folder == NULL)
		return FAIL(in, HIDP_ERR_ARGUMENT,
		            "its data lies in another file, %.150s, and no folder was given",
		            location);
	const void *data = NULL;
	size_t size = 0;
	hidp_status status =
		hidp_onnx__map_external(in->reading->graph, in->reading->files, in->subject,
	                                in->reading->folder, location, &data, &size);
	if (status != HIDP_OK)
		return status;
	if (length != in->bytes)
		return FAIL(in, HIDP_ERR_MODEL,
		            "its external data has %llu bytes, and its dimensions make %zu",
		            (unsigned long long)length, in->bytes);
	if (offset > size || in->bytes > size - offset)
		return FAIL(in, HIDP_ERR_MODEL,
		            "its external data ends behind the end of %.150s, %zu bytes", location,
		            size);
	return in_machine_order(in, (const uint8_t *)data + offset);
}

static hidp_status wrong_count(struct incoming *in, const char *compared)
{
	char text[160];
	return FAIL(in, HIDP_ERR_MODEL, "it has %s elements than its dimensions, %s, make",
	            compared, hidp_onnx__dims_text(&in->tensor->dims, text));
}

/* Elements as they lie in memory, too. */
static hidp_status read_raw(struct incoming *in, const struct record *record)
{
	if (record->size != in->bytes)
		return wrong_count(in, record->size < in->bytes ? "fewer" : "more");
	return in_machine_order(in, record->bytes);
}

/* Walks over the numbers of a repeated field, packed or not. */
struct numbers {
	enum tensor_field field;
	struct walk tensor;
	struct walk packed; /* the piece that is under way */
};

static struct numbers numbers_of(const struct record *record)
{
	return (struct numbers){
		.field = record->field,
		.tensor = {record->message, record->message + record->message_size},
	};
}

static bool take_fixed(struct walk *walk, size_t size, uint64_t *bits_out)
{
	if ((size_t)(walk->end - walk->at) < size)
		return false;
	*bits_out = 0;
	for (size_t i = 0; i < size; i++)
		*bits_out |= (uint64_t)walk->at[i] << (8 * i);
	walk->at += size;
	return true;
}

/* The next number's bits; 0: that was all; -1: they are damaged. */
static int next_number(struct numbers *n, uint64_t *bits_out)
{
	size_t width = n->field == TENSOR_FLOAT ? 4 : n->field == TENSOR_DOUBLE ? 8 : 0;
	uint32_t single = width == 4 ? WIRE_FIXED32 : width == 8 ? WIRE_FIXED64 : WIRE_VARINT;
	struct field f;
	while (n->packed.at == n->packed.end) {
		int more = hidp_onnx__field(&n->tensor, &f);
		if (more <= 0)
			return more;
		if (f.number != n->field)
			continue;
		if (f.type != WIRE_BYTES && f.type != single)
			return -1;
		n->packed = (struct walk){f.bytes, f.bytes + f.size};
	}
	bool taken = width > 0 ? take_fixed(&n->packed, width, bits_out)
	                       : hidp_onnx__varint(&n->packed, bits_out);
	return taken ? 1 : -1;
}

/* Does a whole number fit into an element of so many bytes, with or without a sign? */
static bool fits(uint64_t bits, size_t element)
{
	if (element >= 8)
		return true;
	int64_t half = (int64_t)1 << (8 * element - 1);
	int64_t number = (int64_t)bits;
	return number >= -half && number < 2 * half;
}

static hidp_status read_numbers(struct incoming *in, const struct record *record)
{
	struct graph *graph = in->reading->graph;
	size_t element = hidp_onnx__element_bytes(in->tensor->type);
	/* memory is taken only for as many as there are */
	struct numbers numbers = numbers_of(record);
	uint64_t bits = 0;
	int64_t count = 0;
	int more;
	while ((more = next_number(&numbers, &bits)) == 1)
		count++;
	if (more < 0)
		return FAIL(in, HIDP_ERR_SYNTAX, "its elements are damaged");
	if (count != in->tensor->count)
		return wrong_count(in, count < in->tensor->count ? "fewer" : "more");
	uint8_t *data = hidp_onnx__take(graph->pool, (size_t)count, element);
	if (data == NULL)
		return hidp_onnx__no_memory(graph);
	numbers = numbers_of(record);
	for (int64_t i = 0; i < count && next_number(&numbers, &bits) == 1; i++) {
		if (!fits(bits, element) && record->field != TENSOR_FLOAT)
			return FAIL(in, HIDP_ERR_MODEL, "its element %lld does not fit its type",
			            (long long)i);
		uint8_t *to = data + (size_t)i * element;
		/* through a number of the right size, so that it has the machine's byte order */
		uint8_t as8 = (uint8_t)bits;
		uint16_t as16 = (uint16_t)bits;
		uint32_t as32 = (uint32_t)bits;
		memcpy(to,
		       element == 1   ? (const void *)&as8
		       : element == 2 ? (const void *)&as16
		       : element == 4 ? (const void *)&as32
		                      : (const void *)&bits,
		       element);
	}
	in->tensor->data = data;
	return HIDP_OK;
}

/* The field that elements of a type are in, if not raw. */
static enum tensor_field field_of(enum element type)
{
	switch (type) {
	case ELEMENT_FLOAT:
		return TENSOR_FLOAT;
	case ELEMENT_DOUBLE:
		return TENSOR_DOUBLE;
	case ELEMENT_INT64:
		return TENSOR_INT64;
	case ELEMENT_UINT32:
	case ELEMENT_UINT64:
		return TENSOR_UINT64;
	case ELEMENT_STRING:
		return TENSOR_STRING;
	default:
		return TENSOR_INT32;
	}
}

static hidp_status read_inline(struct incoming *in)
{
	const struct skeleton *skeleton = &in->reading->skeleton;
	const ProtobufCBinaryData *number = &in->source->raw_data;
	uint32_t i = 0;
	for (size_t k = 0; in->source->has_raw_data && k < number->len && k < RECORD_BYTES; k++)
		i |= (uint32_t)number->data[k] << (8 * k);
	if (!in->source->has_raw_data || number->len != RECORD_BYTES || i >= skeleton->record_count)
		return FAIL(in, HIDP_ERR_SYNTAX, "it is damaged");
	const struct record *record = &skeleton->records[i];
	if (record->mixed || (record->field == TENSOR_RAW && record->pieces > 1))
		return FAIL(in, HIDP_ERR_MODEL, "its elements are there more than once");
	if (record->field == TENSOR_NONE)
		return in->tensor->count == 0 ? HIDP_OK : wrong_count(in, "fewer");
	if (record->field == TENSOR_RAW ? in->tensor->type == ELEMENT_STRING
	                                : record->field != field_of(in->tensor->type))
		return FAIL(in, HIDP_ERR_MODEL, "its elements are not of the type that it names");
	if (in->tensor->type == ELEMENT_STRING)
		return HIDP_OK;
	if (record->field == TENSOR_RAW && record->type != WIRE_BYTES)
		return FAIL(in, HIDP_ERR_SYNTAX, "it is damaged");
	/* packed numbers of fixed width lie as raw ones do */
	if (record->field == TENSOR_RAW ||
	    (record->pieces == 1 && record->type == WIRE_BYTES &&
	     (record->field == TENSOR_FLOAT || record->field == TENSOR_DOUBLE)))
		return read_raw(in, record);
	return read_numbers(in, record);
}

hidp_status hidp_onnx__read_tensor(struct reading *reading, const Onnx__TensorProto *source,
                                   const char *subject, const struct tensor **tensor_out)
{
	struct incoming in = {reading, source, subject, NULL, 0};
	in.tensor = hidp_onnx__take(reading->graph->pool, 1, sizeof *in.tensor);
	if (in.tensor == NULL)
		return hidp_onnx__no_memory(reading->graph);
	hidp_status status = read_head(&in);
	if (status != HIDP_OK)
		return status;
	bool external = source->has_data_location &&
	                source->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
	if (external && in.tensor->type == ELEMENT_STRING)
		return FAIL(&in, HIDP_ERR_UNSUPPORTED, "strings as external data");
	/* data is never NULL, but for strings */
	in.tensor->data = in.tensor->type == ELEMENT_STRING ? NULL : "";
	status = external ? read_external(&in) : read_inline(&in);
	if (status == HIDP_OK)
		*tensor_out = in.tensor;
	return status;
}
