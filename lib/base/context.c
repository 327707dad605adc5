/* SPDX-License-Identifier: MIT */
#include "base/context_priv.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/abi.h"

#define ALIGNMENT 16

/* Precedes every block, so that the host's allocator gets the size back. */
union header {
	size_t size;
	unsigned char padding[ALIGNMENT];
};

static void *default_alloc(void *user_data, size_t size, size_t alignment)
{
	(void)user_data;
	void *p = NULL;
	if (alignment <= _Alignof(max_align_t))
		return malloc(size);
	return posix_memalign(&p, alignment, size) == 0 ? p : NULL;
}

static void default_free(void *user_data, void *pointer, size_t size, size_t alignment)
{
	(void)user_data;
	(void)size;
	(void)alignment;
	free(pointer);
}

hidp_status hidp_context_new(const struct hidp_context_options *options,
                             struct hidp_context **context_out)
{
	struct hidp_context_options o = HIDP_CONTEXT_OPTIONS_INIT;
	if (context_out == NULL)
		return HIDP_ERR_ARGUMENT;
	if (options != NULL) {
		hidp_status s = hidp__abi_read(&o, sizeof o, sizeof o, options);
		if (s != HIDP_OK)
			return s;
	}
	if ((o.alloc == NULL) != (o.free == NULL) || o.log_level > HIDP_LOG_DEBUG)
		return HIDP_ERR_ARGUMENT;
	if (o.flags != 0 || o.reserved != 0)
		return HIDP_ERR_ABI;
	if (o.alloc == NULL) {
		o.alloc = default_alloc;
		o.free = default_free;
	}
	struct hidp_context *ctx =
	        o.alloc(o.alloc_user_data, sizeof *ctx, _Alignof(struct hidp_context));
	if (ctx == NULL)
		return HIDP_ERR_NOMEM;
	atomic_init(&ctx->refs, 1);
	ctx->log_level = o.log_level;
	ctx->alloc = o.alloc;
	ctx->free = o.free;
	ctx->alloc_user_data = o.alloc_user_data;
	ctx->log = o.log;
	ctx->log_user_data = o.log_user_data;
	*context_out = ctx;
	return HIDP_OK;
}

struct hidp_context *hidp_context_ref(struct hidp_context *context)
{
	hidp__ref(&context->refs);
	return context;
}

void hidp_context_unref(struct hidp_context *context)
{
	if (context != NULL && hidp__unref(&context->refs))
		context->free(context->alloc_user_data, context, sizeof *context,
		              _Alignof(struct hidp_context));
}

void *hidp__alloc(struct hidp_context *ctx, size_t size)
{
	if (size > SIZE_MAX - sizeof(union header))
		return NULL;
	union header *h =
	        ctx->alloc(ctx->alloc_user_data, size + sizeof(union header), ALIGNMENT);
	if (h == NULL)
		return NULL;
	h->size = size + sizeof(union header);
	return h + 1;
}

void *hidp__calloc(struct hidp_context *ctx, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	void *p = hidp__alloc(ctx, count * size);
	if (p != NULL)
		memset(p, 0, count * size);
	return p;
}

void hidp__free(struct hidp_context *ctx, void *pointer)
{
	if (pointer == NULL)
		return;
	union header *h = (union header *)pointer - 1;
	ctx->free(ctx->alloc_user_data, h, h->size, ALIGNMENT);
}

bool hidp__grow(struct hidp_context *ctx, void **items, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return true;
	size_t wanted = *capacity < 8 ? 8 : *capacity * 2;
	if (wanted < *capacity || wanted > SIZE_MAX / size)
		return false;
	void *p = hidp__alloc(ctx, wanted * size);
	if (p == NULL)
		return false;
	if (count != 0)
		memcpy(p, *items, count * size);
	hidp__free(ctx, *items);
	*items = p;
	*capacity = wanted;
	return true;
}

char *hidp__strdup(struct hidp_context *ctx, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = hidp__alloc(ctx, size);
	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

void hidp__log(const struct hidp_context *ctx, hidp_log_level level, const char *component,
               const char *format, ...)
{
	if (!hidp__logs(ctx, level))
		return;
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	ctx->log(ctx->log_user_data, level, component, text);
}
