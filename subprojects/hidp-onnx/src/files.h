/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_FILES_H
#define HIDP_ONNX_FILES_H

#include <stddef.h>

#include "graph.h"

/*
 * Files that are mapped for reading, each once, until they are all let go. Nobody may make them
 * shorter meanwhile: touching what is no longer there ends a program by SIGBUS, as with every
 * mapped file.
 */
struct files {
	struct mapping *mappings;
	uint32_t count, room;
}; /* all 0: none yet */

void hidp_onnx__files_free(struct files *files);
/* Maps a file that the user names. */
hidp_status hidp_onnx__map_file(const struct graph *graph, struct files *files, const char *path,
                                const void **data_out, size_t *size_out);
/*
 * Maps a file that the tensor `subject` names: below the folder, and reached without a symbolic
 * link, so that a model cannot show what lies elsewhere.
 */
hidp_status hidp_onnx__map_external(const struct graph *graph, struct files *files,
                                    const char *subject, const char *folder, const char *location,
                                    const void **data_out, size_t *size_out);

#endif
