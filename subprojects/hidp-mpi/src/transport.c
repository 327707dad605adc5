/* SPDX-License-Identifier: MIT */
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mpi_priv.h"

/* Times that the thread asks MPI in vain before it begins to sleep, and its longest sleep. */
#define ASK_FIRST 200u
#define SLEEP_MAX_NS 500000

__attribute__((format(printf, 3, 4))) static hidp_status
fail(struct hidp_diagnostic *diagnostic, hidp_status status, const char *format, ...)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	if (diagnostic == NULL || diagnostic->struct_size < sizeof d)
		return status;
	d.struct_size = diagnostic->struct_size;
	d.status = status;
	snprintf(d.subject, sizeof d.subject, "mpi");
	va_list args;
	va_start(args, format);
	vsnprintf(d.message, sizeof d.message, format, args);
	va_end(args);
	memcpy(diagnostic, &d, sizeof d);
	return status;
}

/* Sleeps a little, the longer the more often nothing happened; sending wakes it up. */
static void rest(struct hidp_mpi *mpi, unsigned idle)
{
	if (idle < ASK_FIRST) {
		sched_yield();
		return;
	}
	struct timespec end;
	long sleep_ns = 1000L * (long)(idle - ASK_FIRST + 1);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += sleep_ns < SLEEP_MAX_NS ? sleep_ns : SLEEP_MAX_NS;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mpi->lock);
	pthread_cond_timedwait(&mpi->work, &mpi->lock, &end);
	pthread_mutex_unlock(&mpi->lock);
}

/* After closing: has everybody said that nothing comes any more, and is all of ours gone? */
static bool is_over(struct hidp_mpi *mpi)
{
	for (hidp_node_id n = 0; n < mpi->node_count; n++)
		if (n != mpi->node && !mpi->peers[n].heard_bye)
			return false;
	/* those for which room was taken, too: they are about to be listed, or to fail */
	uint32_t left = 0;
	pthread_mutex_lock(&mpi->lock);
	for (hidp_node_id n = 0; n < mpi->node_count; n++)
		left += mpi->peers[n].on_the_way;
	pthread_mutex_unlock(&mpi->lock);
	return left == 0;
}

static void *run(void *user_data)
{
	struct hidp_mpi *mpi = user_data;
	bool said_bye = false;
	unsigned idle = 0;
	for (;;) {
		bool any = hidp__mpi_receive(mpi);
		any |= hidp__mpi_finish_parcels(mpi);
		if (atomic_load(&mpi->closed) && !said_bye) {
			for (hidp_node_id n = 0; n < mpi->node_count; n++)
				if (n != mpi->node)
					hidp__mpi_say_bye(mpi, n);
			said_bye = true;
		}
		if (said_bye && is_over(mpi))
			return NULL;
		if (said_bye && atomic_load(&mpi->failed)) { /* waiting could be in vain */
			hidp__mpi_abandon_parcels(mpi);
			return NULL;
		}
		idle = any ? 0 : idle + 1;
		if (!any)
			rest(mpi, idle);
	}
}

static hidp_status transport_open(void *user_data, hidp_receive_fn receive, void *receiver,
                                  struct hidp_diagnostic *diagnostic)
{
	struct hidp_mpi *mpi = user_data;
	if (receive == NULL)
		return fail(diagnostic, HIDP_ERR_ARGUMENT, "receive is NULL");
	mpi->receive = receive;
	mpi->receiver = receiver;
	/* signals are for the threads of the program */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&mpi->thread, NULL, run, mpi);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		return fail(diagnostic, HIDP_ERR_NOMEM, "no thread: %s", strerror(error));
	mpi->has_thread = true;
	return HIDP_OK;
}

static void transport_close(void *user_data)
{
	struct hidp_mpi *mpi = user_data;
	pthread_mutex_lock(&mpi->lock);
	atomic_store(&mpi->closed, true);
	pthread_cond_broadcast(&mpi->room);
	pthread_cond_broadcast(&mpi->work);
	pthread_mutex_unlock(&mpi->lock);
}

static void transport_stop(void *user_data)
{
	struct hidp_mpi *mpi = user_data;
	if (mpi->has_thread)
		pthread_join(mpi->thread, NULL);
	mpi->has_thread = false;
	mpi->stopped = true;
}

static const struct hidp_transport transport = {
	.struct_size = sizeof(struct hidp_transport),
	.abi = HIDP_PLUGIN_ABI,
	.name = "mpi",
	.open = transport_open,
	.send = hidp__mpi_send,
	.close = transport_close,
	.stop = transport_stop,
};

const struct hidp_transport *hidp_mpi_transport(void)
{
	return &transport;
}

static bool read_options(struct hidp_mpi_options *to, const struct hidp_mpi_options *from)
{
	const unsigned char *bytes = (const unsigned char *)from;
	if (from == NULL)
		return true;
	if (from->struct_size < sizeof *to)
		return false;
	for (size_t i = sizeof *to; i < from->struct_size; i++)
		if (bytes[i] != 0)
			return false;
	*to = *from;
	return to->flags == 0;
}

static hidp_status check_threads(struct hidp_diagnostic *diagnostic)
{
	int initialized = 0, level = MPI_THREAD_SINGLE;
	MPI_Initialized(&initialized);
	if (!initialized)
		return fail(diagnostic, HIDP_ERR_UNSUPPORTED, "MPI is not initialised");
	MPI_Query_thread(&level);
	if (level < MPI_THREAD_MULTIPLE)
		return fail(diagnostic, HIDP_ERR_UNSUPPORTED,
		            "MPI was not initialised with MPI_THREAD_MULTIPLE");
	return HIDP_OK;
}

/* The own communicator: messages of others cannot get into it. */
static hidp_status join(struct hidp_mpi *mpi, const void *communicator,
                        struct hidp_diagnostic *diagnostic)
{
	MPI_Comm from = MPI_COMM_WORLD;
	int rank, size;
	if (communicator != NULL)
		memcpy(&from, communicator, sizeof from);
	if (MPI_Comm_dup(from, &mpi->communicator) != MPI_SUCCESS)
		return fail(diagnostic, HIDP_ERR_TRANSPORT, "communicator cannot be duplicated");
	MPI_Comm_set_errhandler(mpi->communicator, MPI_ERRORS_RETURN);
	MPI_Comm_rank(mpi->communicator, &rank);
	MPI_Comm_size(mpi->communicator, &size);
	mpi->node = (hidp_node_id)rank;
	mpi->node_count = (uint32_t)size;
	if (mpi->node_count > HIDP_CLUSTER_NODES_MAX)
		return fail(diagnostic, HIDP_ERR_LIMIT, "%d ranks are more than %u nodes", size,
		            HIDP_CLUSTER_NODES_MAX);
	mpi->peers = calloc(mpi->node_count, sizeof *mpi->peers);
	if (mpi->peers == NULL)
		return fail(diagnostic, HIDP_ERR_NOMEM, "out of memory");
	for (hidp_node_id n = 0; n < mpi->node_count; n++)
		pthread_mutex_init(&mpi->peers[n].lock, NULL);
	return HIDP_OK;
}

static void init_locks(struct hidp_mpi *mpi)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&mpi->lock, NULL);
	pthread_cond_init(&mpi->room, &attributes);
	pthread_cond_init(&mpi->work, &attributes);
	pthread_condattr_destroy(&attributes);
}

hidp_status hidp_mpi_new(const struct hidp_mpi_options *options, struct hidp_mpi **mpi_out,
                         struct hidp_diagnostic *diagnostic)
{
	struct hidp_mpi_options o = HIDP_MPI_OPTIONS_INIT;
	if (mpi_out == NULL)
		return fail(diagnostic, HIDP_ERR_ARGUMENT, "an argument is NULL");
	if (!read_options(&o, options))
		return fail(diagnostic, HIDP_ERR_ABI, "options of unknown size or flags");
	if (o.message_max > HIDP_TRANSPORT_MESSAGE_MAX)
		return fail(diagnostic, HIDP_ERR_ARGUMENT, "message_max is out of its range");
	hidp_status s = check_threads(diagnostic);
	if (s != HIDP_OK)
		return s;
	struct hidp_mpi *mpi = calloc(1, sizeof *mpi);
	if (mpi == NULL)
		return fail(diagnostic, HIDP_ERR_NOMEM, "out of memory");
	init_locks(mpi);
	mpi->communicator = MPI_COMM_NULL;
	mpi->queue_length = o.queue_length > 0 ? o.queue_length : 256;
	mpi->wait_ms = o.wait_ms > 0 ? o.wait_ms : 1000;
	mpi->message_max = o.message_max > 0 ? o.message_max : HIDP_TRANSPORT_MESSAGE_MAX;
	s = join(mpi, o.communicator, diagnostic);
	if (s != HIDP_OK) {
		hidp_mpi_destroy(mpi);
		return s;
	}
	*mpi_out = mpi;
	return HIDP_OK;
}

hidp_node_id hidp_mpi_node(const struct hidp_mpi *mpi)
{
	return mpi->node;
}

uint32_t hidp_mpi_node_count(const struct hidp_mpi *mpi)
{
	return mpi->node_count;
}

void hidp_mpi_destroy(struct hidp_mpi *mpi)
{
	if (mpi == NULL)
		return;
	transport_close(mpi);
	if (!mpi->stopped)
		transport_stop(mpi);
	for (hidp_node_id n = 0; mpi->peers != NULL && n < mpi->node_count; n++) {
		hidp__mpi_drop_parts(&mpi->peers[n]);
		pthread_mutex_destroy(&mpi->peers[n].lock);
	}
	if (mpi->communicator != MPI_COMM_NULL)
		MPI_Comm_free(&mpi->communicator);
	pthread_cond_destroy(&mpi->room);
	pthread_cond_destroy(&mpi->work);
	pthread_mutex_destroy(&mpi->lock);
	free(mpi->kept);
	free(mpi->peers);
	free(mpi);
}
