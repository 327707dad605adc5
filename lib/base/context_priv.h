/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_CONTEXT_PRIV_H
#define HIDP_BASE_CONTEXT_PRIV_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <hidp/context.h>

struct hidp_context {
	atomic_uint refs;
	hidp_log_level log_level;
	hidp_alloc_fn alloc;
	hidp_free_fn free;
	void *alloc_user_data;
	hidp_log_fn log;
	void *log_user_data;
};

/* Memory that remembers its size; zeroed on request. NULL without memory or on overflow. */
void *hidp__alloc(struct hidp_context *ctx, size_t size);
void *hidp__calloc(struct hidp_context *ctx, size_t count, size_t size);
void hidp__free(struct hidp_context *ctx, void *pointer);
/* Room for one more element: doubles *items if count == *capacity. Items move; false: no memory. */
bool hidp__grow(struct hidp_context *ctx, void **items, size_t count, size_t *capacity,
                size_t size);
char *hidp__strdup(struct hidp_context *ctx, const char *text);

/* Is there a receiver for messages of this level? Ask before formatting. */
static inline bool hidp__logs(const struct hidp_context *ctx, hidp_log_level level)
{
	return ctx->log != NULL && level <= ctx->log_level;
}

__attribute__((format(printf, 4, 5))) void hidp__log(const struct hidp_context *ctx,
                                                     hidp_log_level level, const char *component,
                                                     const char *format, ...);

/* Reference counts of immutable objects; const objects are counted too. */
static inline void hidp__ref(atomic_uint *refs)
{
	atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}

static inline bool hidp__unref(atomic_uint *refs)
{
	return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

#endif
