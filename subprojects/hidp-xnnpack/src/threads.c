/* SPDX-License-Identifier: MIT */
#include "threads.h"

#include <stdlib.h>

struct pool {
	struct pool *next;
	struct hidp_xnnpack *owner;
	pthreadpool_t threads;
};

static void free_pool(struct pool *pool)
{
	pthreadpool_destroy(pool->threads);
	free(pool);
}

/* A thread ends, or enters anew. */
static void drop_pool(void *argument)
{
	struct pool *pool = argument;
	struct hidp_xnnpack *xnnpack = pool->owner;
	pthread_mutex_lock(&xnnpack->lock);
	struct pool **at = &xnnpack->pools;
	while (*at != pool)
		at = &(*at)->next;
	*at = pool->next;
	pthread_mutex_unlock(&xnnpack->lock);
	free_pool(pool);
}

hidp_status xnnpack__threads_init(struct hidp_xnnpack *xnnpack)
{
	if (pthread_mutex_init(&xnnpack->lock, NULL) != 0)
		return HIDP_ERR_NOMEM;
	if (pthread_key_create(&xnnpack->pool, drop_pool) == 0)
		return HIDP_OK;
	pthread_mutex_destroy(&xnnpack->lock);
	return HIDP_ERR_LIMIT;
}

void xnnpack__threads_clear(struct hidp_xnnpack *xnnpack)
{
	pthread_key_delete(xnnpack->pool);
	while (xnnpack->pools != NULL) {
		struct pool *next = xnnpack->pools->next;
		free_pool(xnnpack->pools);
		xnnpack->pools = next;
	}
	pthread_mutex_destroy(&xnnpack->lock);
}

static hidp_status make_pool(struct hidp_xnnpack *xnnpack, size_t count)
{
	struct pool *pool = malloc(sizeof *pool);
	if (pool == NULL)
		return HIDP_ERR_NOMEM;
	*pool = (struct pool){.owner = xnnpack, .threads = pthreadpool_create(count)};
	if (pool->threads == NULL || pthread_setspecific(xnnpack->pool, pool) != 0) {
		free_pool(pool); /* which takes NULL for none */
		return HIDP_ERR_NOMEM;
	}
	pthread_mutex_lock(&xnnpack->lock);
	pool->next = xnnpack->pools;
	xnnpack->pools = pool;
	pthread_mutex_unlock(&xnnpack->lock);
	return HIDP_OK;
}

hidp_status xnnpack__enter(void *user_data, uint32_t core_count)
{
	struct hidp_xnnpack *xnnpack = user_data;
	struct pool *pool = pthread_getspecific(xnnpack->pool);
	if (pool != NULL) {
		(void)pthread_setspecific(xnnpack->pool, NULL);
		drop_pool(pool);
	}
	return core_count > 1 ? make_pool(xnnpack, core_count) : HIDP_OK;
}

pthreadpool_t xnnpack__threads(const struct hidp_xnnpack *xnnpack)
{
	const struct pool *pool = pthread_getspecific(xnnpack->pool);
	return pool != NULL ? pool->threads : NULL;
}
