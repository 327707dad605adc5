/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_ONNX_FILES_H
#define HIDP_TESTS_ONNX_FILES_H

#include "bench.h"

/* What --files says: an ONNX file, or a folder of NETWORK/model.onnx as export.py writes it. */
typedef void (*onnx_file_fn)(void *user_data, const char *name, const char *file);
void onnx_files(const struct bench *bench, onnx_file_fn each, void *user_data);

#endif
