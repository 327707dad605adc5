/* SPDX-License-Identifier: MIT */
/* The file format of NumPy, versions 1 to 3. */
#include "npy.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "\x93NUMPY"

static const struct {
	const char *descr, *name;
	size_t bytes;
} numbers[] = {
	[NUMBER_FP32] = {"<f4", "float32", 4}, [NUMBER_FP64] = {"<f8", "float64", 8},
	[NUMBER_INT64] = {"<i8", "int64", 8},  [NUMBER_INT32] = {"<i4", "int32", 4},
	[NUMBER_INT16] = {"<i2", "int16", 2},  [NUMBER_INT8] = {"|i1", "int8", 1},
	[NUMBER_UINT64] = {"<u8", "uint64", 8}, [NUMBER_UINT32] = {"<u4", "uint32", 4},
	[NUMBER_UINT16] = {"<u2", "uint16", 2}, [NUMBER_UINT8] = {"|u1", "uint8", 1},
	[NUMBER_BOOL] = {"|b1", "bool", 1},     [NUMBER_OTHER] = {"", "another type", 0},
};

size_t number_bytes(enum number type)
{
	return numbers[type].bytes;
}

const char *number_name(enum number type)
{
	return numbers[type].name;
}

/* C[i] of a type, out of memory that need not be aligned. */
#define READ(T, to)                                                                                \
	do {                                                                                       \
		T value_;                                                                          \
		memcpy(&value_, (const char *)data + i * sizeof value_, sizeof value_);            \
		(to) = value_;                                                                     \
	} while (0)

static int64_t read_signed(enum number type, const void *data, size_t i)
{
	int64_t value = 0;
	switch (type) {
	case NUMBER_INT64:
		READ(int64_t, value);
		break;
	case NUMBER_INT32:
		READ(int32_t, value);
		break;
	case NUMBER_INT16:
		READ(int16_t, value);
		break;
	default:
		READ(int8_t, value);
	}
	return value;
}

static uint64_t read_unsigned(enum number type, const void *data, size_t i)
{
	uint64_t value = 0;
	switch (type) {
	case NUMBER_UINT64:
		READ(uint64_t, value);
		break;
	case NUMBER_UINT32:
		READ(uint32_t, value);
		break;
	case NUMBER_UINT16:
		READ(uint16_t, value);
		break;
	default:
		READ(uint8_t, value);
	}
	return value;
}

bool numbers_to_fp32(enum number type, const void *data, size_t count, float *out,
                     size_t *which_out)
{
	for (size_t i = 0; i < count; i++) {
		double real;
		int64_t whole;
		uint64_t natural;
		bool same = true;
		switch (type) {
		case NUMBER_FP32:
			READ(float, out[i]);
			break;
		case NUMBER_FP64:
			READ(double, real);
			out[i] = (float)real;
			break;
		case NUMBER_INT64:
		case NUMBER_INT32:
		case NUMBER_INT16:
		case NUMBER_INT8:
			whole = read_signed(type, data, i);
			out[i] = (float)whole;
			same = out[i] < 0x1p63f && (int64_t)out[i] == whole;
			break;
		case NUMBER_BOOL:
			out[i] = read_unsigned(NUMBER_UINT8, data, i) != 0;
			break;
		default:
			natural = read_unsigned(type, data, i);
			out[i] = (float)natural;
			same = out[i] < 0x1p64f && (uint64_t)out[i] == natural;
		}
		if (!same) {
			*which_out = i;
			return false;
		}
	}
	return true;
}

/* Rounded and kept within the limits; what is no number becomes 0. */
static double within(float value, double least, double most)
{
	return isnan(value) ? 0 : fmin(fmax(nearbyint((double)value), least), most);
}

#define WRITE(T, value)                                                                            \
	do {                                                                                       \
		T value_ = (T)(value);                                                             \
		memcpy((char *)out + i * sizeof value_, &value_, sizeof value_);                   \
	} while (0)

void numbers_from_fp32(enum number type, const float *values, size_t count, void *out)
{
	for (size_t i = 0; i < count; i++) {
		switch (type) {
		case NUMBER_FP64:
			WRITE(double, values[i]);
			break;
		case NUMBER_INT64:
			WRITE(int64_t, within(values[i], -0x1p63, 0x1p63 - 1024));
			break;
		case NUMBER_INT32:
			WRITE(int32_t, within(values[i], INT32_MIN, INT32_MAX));
			break;
		case NUMBER_INT16:
			WRITE(int16_t, within(values[i], INT16_MIN, INT16_MAX));
			break;
		case NUMBER_INT8:
			WRITE(int8_t, within(values[i], INT8_MIN, INT8_MAX));
			break;
		case NUMBER_UINT64:
			WRITE(uint64_t, within(values[i], 0, 0x1p64 - 2048));
			break;
		case NUMBER_UINT32:
			WRITE(uint32_t, within(values[i], 0, UINT32_MAX));
			break;
		case NUMBER_UINT16:
			WRITE(uint16_t, within(values[i], 0, UINT16_MAX));
			break;
		case NUMBER_UINT8:
			WRITE(uint8_t, within(values[i], 0, UINT8_MAX));
			break;
		case NUMBER_BOOL:
			WRITE(uint8_t, values[i] != 0);
			break;
		default:
			WRITE(float, values[i]);
		}
	}
}

bool npy_is(const char *file, size_t length)
{
	return length >= 6 && memcmp(file, MAGIC, 6) == 0;
}

/* A literal of Python: what the header is. */
struct scanner {
	const char *at;
};

static bool take(struct scanner *s, const char *text)
{
	size_t length = strlen(text);
	s->at += strspn(s->at, " \t\r\n");
	if (strncmp(s->at, text, length) != 0)
		return false;
	s->at += length;
	return true;
}

/* 'text' or "text" */
static bool take_string(struct scanner *s, char *out, size_t size)
{
	s->at += strspn(s->at, " \t\r\n");
	char quote = *s->at;
	const char *end = quote == '\'' || quote == '"' ? strchr(s->at + 1, quote) : NULL;
	if (end == NULL || (size_t)(end - s->at) > size)
		return false;
	memcpy(out, s->at + 1, (size_t)(end - s->at - 1));
	out[end - s->at - 1] = '\0';
	s->at = end + 1;
	return true;
}

/* (1, 3, 224,) */
static bool take_shape(struct scanner *s, struct npy *npy)
{
	if (!take(s, "("))
		return false;
	while (!take(s, ")")) {
		char *end;
		if (!isdigit((unsigned char)*s->at) || npy->rank == PORT_RANK_MAX)
			return false;
		long long size = strtoll(s->at, &end, 10);
		if (end - s->at > 18)
			return false;
		npy->dims[npy->rank++] = size;
		s->at = end;
		if (!take(s, ",")) {
			if (!take(s, ")"))
				return false;
			break;
		}
	}
	return true;
}

static bool take_header(struct scanner *s, struct npy *npy, char descr[32], bool *fortran_out)
{
	unsigned seen = 0;
	char key[32];
	if (!take(s, "{"))
		return false;
	while (!take(s, "}")) {
		if (!take_string(s, key, sizeof key) || !take(s, ":"))
			return false;
		bool ok = false;
		if (strcmp(key, "descr") == 0 && (seen & 1) == 0) {
			ok = take_string(s, descr, 32);
			seen |= 1;
		} else if (strcmp(key, "fortran_order") == 0 && (seen & 2) == 0) {
			*fortran_out = take(s, "True");
			ok = *fortran_out || take(s, "False");
			seen |= 2;
		} else if (strcmp(key, "shape") == 0 && (seen & 4) == 0) {
			ok = take_shape(s, npy);
			seen |= 4;
		}
		if (!ok)
			return false;
		take(s, ",");
	}
	return seen == 7;
}

/* "<f4" and the like; '=' and '|' for what has no order. */
static enum number find_type(const char *descr)
{
	for (enum number t = NUMBER_FP32; t < NUMBER_OTHER; t++)
		if (strcmp(descr + (*descr != '\0'), numbers[t].descr + 1) == 0 && *descr != '>')
			return t;
	return NUMBER_OTHER;
}

static bool check_header(const char *path, struct npy *npy, const char *descr, bool fortran)
{
	if (descr[0] == '>') {
		complain("%s: its elements are big-endian (%s); little-endian ones are wanted, as "
		         "array.astype('<f4') makes them",
		         path, descr);
		return false;
	}
	if (fortran) {
		complain("%s: it is in Fortran's order; C's is wanted, as "
		         "numpy.ascontiguousarray() makes it",
		         path);
		return false;
	}
	npy->type = find_type(descr);
	if (npy->type == NUMBER_OTHER)
		complain("%s: elements of type %s are not understood: float32, float64, whole "
		         "numbers and bool are",
		         path, descr);
	return npy->type != NUMBER_OTHER;
}

/* The bytes that the shape stands for; false: more than there are in any file. */
static bool expected_bytes(const struct npy *npy, size_t *bytes_out)
{
	size_t bytes = numbers[npy->type].bytes;
	for (uint32_t i = 0; i < npy->rank; i++)
		if (npy->dims[i] == 0)
			bytes = 0;
	for (uint32_t i = 0; i < npy->rank && bytes != 0; i++) {
		if ((uint64_t)npy->dims[i] > SIZE_MAX / bytes)
			return false;
		bytes *= (size_t)npy->dims[i];
	}
	*bytes_out = bytes;
	return true;
}

bool npy_parse(const char *path, const char *file, size_t length, struct npy *npy_out)
{
	const unsigned char *f = (const unsigned char *)file;
	struct npy npy = {.type = NUMBER_OTHER};
	char descr[32] = "";
	bool fortran = false;
	size_t size = 0, begin = 0;
	if (length >= 12 && npy_is(file, length)) {
		begin = f[6] == 1 ? 10 : 12;
		size = f[8] | (size_t)f[9] << 8;
		if (f[6] != 1)
			size |= (size_t)f[10] << 16 | (size_t)f[11] << 24;
	}
	char *header = begin != 0 && size <= length - begin ? calloc(1, size + 1) : NULL;
	if (header != NULL)
		memcpy(header, file + begin, size);
	bool ok = header != NULL && f[6] >= 1 && f[6] <= 3 &&
	          take_header(&(struct scanner){header}, &npy, descr, &fortran);
	free(header);
	if (!ok) {
		complain("%s: it begins like a file of NumPy, but its header is damaged", path);
		return false;
	}
	if (!check_header(path, &npy, descr, fortran))
		return false;
	npy.data = file + begin + size;
	if (!expected_bytes(&npy, &npy.bytes) || npy.bytes != length - begin - size) {
		char shape[320];
		complain("%s: it has %zu bytes of elements, which is not what %s of shape %s take",
		         path, length - begin - size, numbers[npy.type].name,
		         npy_shape(npy.rank, npy.dims, shape));
		return false;
	}
	*npy_out = npy;
	return true;
}

char *npy_shape(uint32_t rank, const int64_t *dims, char text[320])
{
	int n = snprintf(text, 320, "(");
	for (uint32_t i = 0; i < rank; i++)
		n += snprintf(text + n, 320 - (size_t)n, "%s%" PRId64, i == 0 ? "" : ", ", dims[i]);
	snprintf(text + n, 320 - (size_t)n, rank == 1 ? ",)" : ")");
	return text;
}

char *npy_make(enum number type, uint32_t rank, const int64_t *dims, size_t count, void **data_out,
               size_t *length_out)
{
	char shape[320], header[448];
	int size = snprintf(header, sizeof header,
	                    "{'descr': '%s', 'fortran_order': False, 'shape': %s, }",
	                    numbers[type].descr, npy_shape(rank, dims, shape));
	size_t begin = ((size_t)size + 10 + 1 + 63) / 64 * 64;
	char *file = malloc(begin + count * numbers[type].bytes + 1);
	if (file == NULL) {
		complain("out of memory");
		return NULL;
	}
	memset(file, ' ', begin);
	memcpy(file, MAGIC "\x01\x00", 8);
	file[8] = (char)((begin - 10) & 0xff);
	file[9] = (char)((begin - 10) >> 8);
	memcpy(file + 10, header, (size_t)size);
	file[begin - 1] = '\n';
	*data_out = file + begin;
	*length_out = begin + count * numbers[type].bytes;
	return file;
}
