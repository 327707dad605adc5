/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_POOL_H
#define HIDP_ONNX_POOL_H

#include <stddef.h>

/* Memory that is given back all at once. */
struct pool {
	struct chunk *chunks; /* the newest first */
	size_t used;          /* bytes of the newest that are taken */
	size_t left;          /* bytes that may still be taken; 0: the limit is reached */
};

/* At most `limit` bytes in all. */
void hidp_onnx__pool_init(struct pool *pool, size_t limit);
void hidp_onnx__pool_free(struct pool *pool);
/* count * size bytes, zeroed, aligned to 16 (large ones to 64); NULL: none left or an overflow. */
void *hidp_onnx__take(struct pool *pool, size_t count, size_t size);
char *hidp_onnx__copy_text(struct pool *pool, const char *text, size_t length);
__attribute__((format(printf, 2, 3))) char *hidp_onnx__print(struct pool *pool, const char *format,
                                                             ...);

#endif
