/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REFERENCE_TENSOR_H
#define HIDP_REFERENCE_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/model.h>

/*
 * Some rows of a tensor: image by image, row by row, pixel by pixel, the channels of a
 * pixel side by side. It lies in the block of memory of a request, or is a constant.
 */
struct tensor {
	const float *constant;   /* first element; NULL: in the block */
	size_t offset;           /* bytes of the block before the first element */
	struct hidp_shape shape; /* of the whole tensor */
	int64_t row_begin;       /* first row that is there */
	int64_t image_stride;    /* elements from an image to the next */
	int64_t row_stride;      /* elements from a row to the next */
	int64_t pixel_stride;    /* elements from a pixel to the next */
};

struct part;

/*
 * What a part of a layer is to compute: rows and channels of one image of its output. The
 * output is an input as well, in place, where a part follows another one of its layer.
 */
struct work {
	const struct part *part;
	const struct tensor *const *in; /* the part's inputs; a constant comes last */
	const struct tensor *out;
	unsigned char *memory; /* block of the request */
	float *scratch;        /* as many elements as the part asked for */
	int64_t image;
	int64_t row_begin, row_end;
	int64_t channel_begin, channel_end;
	hidp_status *status; /* HIDP_OK; set where the input has no meaning */
};

/* Elements before a pixel; tensors of one image serve all images. */
static inline int64_t tensor_index(const struct tensor *t, int64_t image, int64_t row,
                                   int64_t column)
{
	return (t->shape.batch == 1 ? 0 : image) * t->image_stride +
	       (row - t->row_begin) * t->row_stride + column * t->pixel_stride;
}

/* The channels of a pixel of an input. */
static inline const float *work_in(const struct work *w, uint32_t input, int64_t row,
                                   int64_t column)
{
	const struct tensor *t = w->in[input];
	const float *first = t->constant;
	if (first == NULL)
		first = (const float *)(const void *)(w->memory + t->offset);
	return first + tensor_index(t, w->image, row, column);
}

/* The channels of a pixel of the output. */
static inline float *work_out(const struct work *w, int64_t row, int64_t column)
{
	float *first = (float *)(void *)(w->memory + w->out->offset);
	return first + tensor_index(w->out, w->image, row, column);
}

#endif
