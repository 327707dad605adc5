/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_ORT_H
#define HIDP_TESTS_ORT_H

#include <stddef.h>
#include <stdint.h>

/*
 * ONNX Runtime as a peer: its library is opened while the program runs, so nothing of it is
 * needed to build. Whatever goes wrong ends the program.
 */

struct ort;
struct ort_session;

/* A tensor of a graph; elements are lent, and written where it is an output. */
struct ort_tensor {
	const char *name;
	int32_t type; /* as in the file: TensorProto.DataType */
	uint32_t rank;
	const int64_t *dims; /* [rank] */
	void *data;
	size_t bytes;
};

struct ort *ort_open(const char *library);
const char *ort_version(const struct ort *ort);
void ort_close(struct ort *ort);

/* A network with so many threads for every operator, the caller's one of them. */
struct ort_session *ort_session_new(struct ort *ort, const char *file, int threads,
                                    const struct ort_tensor *inputs, size_t input_count,
                                    const struct ort_tensor *outputs, size_t output_count);
/* Reads a network as it stands, without making it quicker, and lets it go. */
void ort_load(struct ort *ort, const char *file);
void ort_session_run(struct ort_session *session);
void ort_session_destroy(struct ort_session *session);

#endif
