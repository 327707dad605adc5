/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mpi_priv.h"

/* Where in a message the next part begins. */
struct rest {
	const struct hidp_segment *segments;
	size_t count;
	size_t offset; /* in the first one */
};

/* Takes the next pieces, together at most PART_MAX bytes; returns their number. */
static int take(struct rest *rest, int lengths[HIDP_TRANSPORT_SEGMENTS_MAX],
                MPI_Aint places[HIDP_TRANSPORT_SEGMENTS_MAX])
{
	size_t bytes = 0;
	int count = 0;
	while (rest->count > 0 && bytes < PART_MAX) {
		size_t size = rest->segments->size - rest->offset;
		if (size > PART_MAX - bytes)
			size = PART_MAX - bytes;
		if (size > 0) {
			const unsigned char *data = rest->segments->data;
			MPI_Get_address(data + rest->offset, &places[count]);
			lengths[count++] = (int)size;
		}
		bytes += size;
		rest->offset += size;
		if (rest->offset == rest->segments->size) {
			rest->segments++;
			rest->count--;
			rest->offset = 0;
		}
	}
	return count;
}

/* Begins to send the next part from where it is. */
static bool begin_part(struct hidp_mpi *mpi, struct parcel *parcel, struct rest *rest)
{
	int lengths[HIDP_TRANSPORT_SEGMENTS_MAX];
	MPI_Aint places[HIDP_TRANSPORT_SEGMENTS_MAX];
	int count = take(rest, lengths, places);
	int tag = parcel->begun + 1 < parcel->count ? TAG_MORE : TAG_LAST;
	MPI_Datatype type;
	if (MPI_Type_create_hindexed(count, lengths, places, MPI_BYTE, &type) != MPI_SUCCESS)
		return false;
	bool ok = MPI_Type_commit(&type) == MPI_SUCCESS &&
	          MPI_Isend(MPI_BOTTOM, 1, type, (int)parcel->to, tag, mpi->communicator,
	                    &parcel->requests[parcel->begun]) == MPI_SUCCESS;
	MPI_Type_free(&type); /* MPI keeps it until the transfer is over */
	parcel->begun += ok;
	return ok;
}

/* Begins all parts; the peer is locked, so that they stay together. */
static bool begin(struct hidp_mpi *mpi, struct parcel *parcel, const struct hidp_segment *segments,
                  size_t count)
{
	struct rest rest = {segments, count, 0};
	while (parcel->begun < parcel->count)
		if (!begin_part(mpi, parcel, &rest))
			return false;
	return true;
}

static struct parcel *make_parcel(hidp_node_id to, const struct hidp_segment *segments,
                                  size_t count, uint64_t size)
{
	size_t parts = size > 0 ? (size_t)((size + PART_MAX - 1) / PART_MAX) : 1;
	struct parcel *parcel = calloc(1, sizeof *parcel + parts * sizeof(MPI_Request));
	if (parcel == NULL)
		return NULL;
	parcel->to = to;
	parcel->count = parts;
	if (size > COPY_MAX)
		return parcel;
	parcel->copy = malloc(size + 1);
	if (parcel->copy == NULL) {
		free(parcel);
		return NULL;
	}
	unsigned char *at = parcel->copy;
	for (size_t i = 0; i < count; i++) {
		if (segments[i].size > 0)
			memcpy(at, segments[i].data, segments[i].size);
		at += segments[i].size;
	}
	return parcel;
}

static void free_parcel(struct parcel *parcel)
{
	free(parcel->copy);
	free(parcel);
}

/* Waits until there is room for a parcel, and takes it. */
static hidp_status take_room(struct hidp_mpi *mpi, struct peer *peer)
{
	struct timespec end;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += mpi->wait_ms / 1000;
	end.tv_nsec += (long)(mpi->wait_ms % 1000) * 1000000;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	hidp_status s = HIDP_OK;
	pthread_mutex_lock(&mpi->lock);
	while (s == HIDP_OK && !atomic_load(&mpi->closed) && peer->on_the_way >= mpi->queue_length)
		if (pthread_cond_timedwait(&mpi->room, &mpi->lock, &end) == ETIMEDOUT)
			s = HIDP_ERR_TRANSPORT;
	if (atomic_load(&mpi->closed))
		s = HIDP_ERR_CLOSED;
	if (s == HIDP_OK)
		peer->on_the_way++;
	pthread_mutex_unlock(&mpi->lock);
	return s;
}

static void give_room(struct hidp_mpi *mpi, hidp_node_id to)
{
	mpi->peers[to].on_the_way--;
	pthread_cond_broadcast(&mpi->room);
}

static void add_parcel(struct hidp_mpi *mpi, struct parcel *parcel)
{
	pthread_mutex_lock(&mpi->lock);
	parcel->next = mpi->parcels;
	mpi->parcels = parcel;
	pthread_cond_signal(&mpi->work);
	pthread_mutex_unlock(&mpi->lock);
}

/* The bytes of a message, or false if its pieces are not in order. */
static bool measure(const struct hidp_segment *segments, size_t count, uint64_t *size_out)
{
	uint64_t size = 0;
	if (segments == NULL || count == 0 || count > HIDP_TRANSPORT_SEGMENTS_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (segments[i].size > 0 && segments[i].data == NULL)
			return false;
		if (segments[i].size > UINT64_MAX - size)
			return false;
		size += segments[i].size;
	}
	*size_out = size;
	return true;
}

/* Begins to send a parcel for which there is room. */
static hidp_status send_parcel(struct hidp_mpi *mpi, struct parcel *parcel,
                               const struct hidp_segment *segments, size_t count, uint64_t size)
{
	struct peer *peer = &mpi->peers[parcel->to];
	const struct hidp_segment copied = {parcel->copy, (size_t)size};
	hidp_status s = HIDP_OK;
	pthread_mutex_lock(&peer->lock);
	if (peer->said_bye)
		s = HIDP_ERR_CLOSED;
	else if (!(parcel->copy != NULL ? begin(mpi, parcel, &copied, 1)
	                                : begin(mpi, parcel, segments, count)))
		s = HIDP_ERR_TRANSPORT;
	pthread_mutex_unlock(&peer->lock);
	if (s == HIDP_ERR_TRANSPORT)
		atomic_store(&mpi->failed, true); /* a message may have been begun and not ended */
	return s;
}

hidp_status hidp__mpi_send(void *user_data, hidp_node_id to, const struct hidp_segment *segments,
                           size_t count, hidp_sent_fn done, void *done_data)
{
	struct hidp_mpi *mpi = user_data;
	uint64_t size;
	if (to >= mpi->node_count || to == mpi->node || done == NULL ||
	    !measure(segments, count, &size))
		return HIDP_ERR_ARGUMENT;
	if (size > mpi->message_max)
		return HIDP_ERR_LIMIT;
	if (atomic_load(&mpi->closed))
		return HIDP_ERR_CLOSED;
	if (atomic_load(&mpi->failed))
		return HIDP_ERR_TRANSPORT;
	hidp_status s = take_room(mpi, &mpi->peers[to]);
	if (s != HIDP_OK)
		return s;
	struct parcel *parcel = make_parcel(to, segments, count, size);
	s = parcel != NULL ? send_parcel(mpi, parcel, segments, count, size) : HIDP_ERR_NOMEM;
	if (s != HIDP_OK && (parcel == NULL || parcel->begun == 0)) {
		if (parcel != NULL)
			free_parcel(parcel);
		pthread_mutex_lock(&mpi->lock);
		give_room(mpi, to);
		pthread_mutex_unlock(&mpi->lock);
		return s;
	}
	/* after the parcel is listed it belongs to the thread */
	bool copied = parcel->copy != NULL;
	parcel->done = copied ? NULL : done;
	parcel->done_data = done_data;
	add_parcel(mpi, parcel);
	if (copied)
		done(done_data, HIDP_OK);
	return HIDP_OK;
}

void hidp__mpi_say_bye(struct hidp_mpi *mpi, hidp_node_id to)
{
	struct peer *peer = &mpi->peers[to];
	struct parcel *parcel = calloc(1, sizeof *parcel + sizeof(MPI_Request));
	pthread_mutex_lock(&peer->lock);
	peer->said_bye = true;
	if (parcel == NULL) { /* without memory: at least the other one must not wait for ever */
		MPI_Send(NULL, 0, MPI_BYTE, (int)to, TAG_BYE, mpi->communicator);
	} else {
		parcel->to = to;
		parcel->count = 1;
		if (MPI_Isend(NULL, 0, MPI_BYTE, (int)to, TAG_BYE, mpi->communicator,
		              &parcel->requests[0]) == MPI_SUCCESS)
			parcel->begun = 1;
	}
	pthread_mutex_unlock(&peer->lock);
	if (parcel == NULL)
		return;
	pthread_mutex_lock(&mpi->lock);
	peer->on_the_way++;
	pthread_mutex_unlock(&mpi->lock);
	add_parcel(mpi, parcel);
}

/* Takes the parcels that are over out of the list, last ones first. */
static struct parcel *take_finished(struct hidp_mpi *mpi)
{
	struct parcel *finished = NULL, **at = &mpi->parcels;
	while (*at != NULL) {
		struct parcel *parcel = *at;
		int over = 0;
		if (MPI_Testall((int)parcel->begun, parcel->requests, &over, MPI_STATUSES_IGNORE) !=
		    MPI_SUCCESS) {
			atomic_store(&mpi->failed, true);
			over = 1;
		}
		if (!over) {
			at = &parcel->next;
			continue;
		}
		*at = parcel->next;
		parcel->next = finished;
		finished = parcel;
		give_room(mpi, parcel->to);
	}
	return finished;
}

/* Tells the senders of a list of parcels, and frees it. */
static void finish(struct hidp_mpi *mpi, struct parcel *finished)
{
	while (finished != NULL) {
		struct parcel *parcel = finished;
		finished = parcel->next;
		if (parcel->done != NULL)
			parcel->done(parcel->done_data,
			             atomic_load(&mpi->closed) ? HIDP_ERR_CLOSED : HIDP_OK);
		free_parcel(parcel);
	}
}

bool hidp__mpi_finish_parcels(struct hidp_mpi *mpi)
{
	pthread_mutex_lock(&mpi->lock);
	struct parcel *finished = take_finished(mpi);
	pthread_mutex_unlock(&mpi->lock);
	finish(mpi, finished);
	return finished != NULL;
}

void hidp__mpi_abandon_parcels(struct hidp_mpi *mpi)
{
	pthread_mutex_lock(&mpi->lock);
	struct parcel *parcels = mpi->parcels;
	mpi->parcels = NULL;
	for (struct parcel *parcel = parcels; parcel != NULL; parcel = parcel->next) {
		for (size_t i = 0; i < parcel->begun; i++)
			if (parcel->requests[i] != MPI_REQUEST_NULL)
				MPI_Request_free(&parcel->requests[i]);
		give_room(mpi, parcel->to);
	}
	pthread_mutex_unlock(&mpi->lock);
	finish(mpi, parcels);
}
