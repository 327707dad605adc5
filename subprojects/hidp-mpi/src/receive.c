/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "mpi_priv.h"

void hidp__mpi_drop_parts(struct peer *peer)
{
	for (size_t i = 0; i < peer->part_count; i++) {
		union {
			const void *given;
			void *mine;
		} data = {peer->parts[i].data};
		free(data.mine);
	}
	free(peer->parts);
	peer->parts = NULL;
	peer->part_count = 0;
	peer->part_bytes = 0;
}

/* Memory for a part: the buffer that is kept, unless the part must outlive this call. */
static unsigned char *part_memory(struct hidp_mpi *mpi, size_t size, bool outlives)
{
	if (outlives || size > KEEP_MAX)
		return malloc(size > 0 ? size : 1);
	if (size > mpi->kept_size || mpi->kept == NULL) {
		free(mpi->kept);
		mpi->kept_size = size > COPY_MAX ? size : COPY_MAX;
		mpi->kept = malloc(mpi->kept_size);
		if (mpi->kept == NULL)
			mpi->kept_size = 0;
	}
	return mpi->kept;
}

static bool add_part(struct peer *peer, const void *data, size_t size)
{
	struct hidp_segment *parts = realloc(peer->parts, (peer->part_count + 1) * sizeof *parts);
	if (parts == NULL)
		return false;
	peer->parts = parts;
	parts[peer->part_count++] = (struct hidp_segment){data, size};
	peer->part_bytes += size;
	return true;
}

/* A part came; memory is owned by this call. False if memory is short. */
static bool take_part(struct hidp_mpi *mpi, struct peer *peer, hidp_node_id from,
                      unsigned char *data, size_t size, bool last)
{
	if (last && peer->part_count == 0) {
		const struct hidp_segment segment = {data, size};
		if (!atomic_load(&mpi->closed))
			mpi->receive(mpi->receiver, from, &segment, 1);
		if (data != mpi->kept)
			free(data);
		return true;
	}
	if (!add_part(peer, data, size)) {
		free(data);
		return false;
	}
	if (!last)
		return true;
	if (!atomic_load(&mpi->closed))
		mpi->receive(mpi->receiver, from, peer->parts, peer->part_count);
	hidp__mpi_drop_parts(peer);
	return true;
}

bool hidp__mpi_receive(struct hidp_mpi *mpi)
{
	int found = 0, size = 0;
	MPI_Message message;
	MPI_Status status;
	if (MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, mpi->communicator, &found, &message,
	                &status) != MPI_SUCCESS) {
		atomic_store(&mpi->failed, true);
		return false;
	}
	if (!found)
		return false;
	MPI_Get_count(&status, MPI_BYTE, &size);
	struct peer *peer = &mpi->peers[status.MPI_SOURCE];
	bool last = status.MPI_TAG == TAG_LAST;
	unsigned char *data = part_memory(mpi, (size_t)size, !last || peer->part_count > 0);
	/* what there is no memory for is cut off: MPI then says that it was too long */
	bool whole = MPI_Mrecv(data, data != NULL ? size : 0, MPI_BYTE, &message,
	                       MPI_STATUS_IGNORE) == MPI_SUCCESS &&
	             data != NULL;
	if (status.MPI_TAG == TAG_BYE || !whole) {
		peer->heard_bye |= status.MPI_TAG == TAG_BYE;
		if (data != mpi->kept)
			free(data);
		if (!whole) /* a message with a hole must not be delivered */
			atomic_store(&mpi->failed, true);
		return true;
	}
	if (!take_part(mpi, peer, (hidp_node_id)status.MPI_SOURCE, data, (size_t)size, last))
		atomic_store(&mpi->failed, true);
	return true;
}
