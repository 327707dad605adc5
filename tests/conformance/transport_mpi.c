/* SPDX-License-Identifier: MIT */
#include <mpi.h>
#include <stdio.h>
#include <string.h>

#include <hidp-mpi.h>

#include "transport.h"

/* Each rank is a process with one node; ranks that a case has no use for only wait. */

static bool make(void *data, unsigned nodes, unsigned absent, struct transport_group *group)
{
	MPI_Comm communicator;
	int rank;
	(void)data;
	(void)absent;
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	memset(group, 0, sizeof *group);
	group->nodes = nodes;
	bool takes_part = (unsigned)rank < nodes;
	MPI_Comm_split(MPI_COMM_WORLD, takes_part ? 0 : MPI_UNDEFINED, rank, &communicator);
	if (!takes_part)
		return true;
	struct hidp_mpi *mpi;
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_mpi_options options = HIDP_MPI_OPTIONS_INIT;
	options.communicator = &communicator;
	options.wait_ms = 20000;
	hidp_status s = hidp_mpi_new(&options, &mpi, &d);
	MPI_Comm_free(&communicator);
	if (s != HIDP_OK) {
		printf("# %s: %s\n", d.subject, d.message);
		return false;
	}
	group->local = 1;
	group->ends[0] = (struct transport_end){hidp_mpi_transport(), mpi, hidp_mpi_node(mpi)};
	return hidp_mpi_node_count(mpi) == nodes && hidp_mpi_node(mpi) == (hidp_node_id)rank;
}

static void destroy(void *data, struct transport_group *group)
{
	(void)data;
	if (group->local > 0)
		hidp_mpi_destroy(group->ends[0].user_data);
}

static bool agree(void *data, bool content)
{
	int mine = content, all = 0;
	(void)data;
	MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
	return all;
}

/* Too few ranks, or threads, are not the transport's fault. */
static bool can_run(int provided, int size)
{
	return provided == MPI_THREAD_MULTIPLE && size >= 4;
}

int main(int argc, char **argv)
{
	int provided, rank, size, status = 77;
	struct hidp_mpi *mpi = NULL;
	if (hidp_mpi_new(NULL, &mpi, NULL) != HIDP_ERR_UNSUPPORTED)
		return 1; /* MPI is not initialised */
	MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	const struct transport_factory factory = {
		.name = "mpi",
		.make = make,
		.destroy = destroy,
		.agree = agree,
		.cannot_be_absent = true,
		.close_needs_all = true,
		.quiet = rank > 0,
	};
	if (can_run(provided, size))
		status = transport_conformance(&factory);
	else if (rank == 0)
		printf("1..0 # SKIP needs 4 ranks and MPI_THREAD_MULTIPLE\n");
	MPI_Finalize();
	return status;
}
