/* SPDX-License-Identifier: MIT */
#ifndef HIDP_MPI_H
#define HIDP_MPI_H

#include <stdint.h>

#include <hidp/cluster.h>
#include <hidp/export.h>
#include <hidp/plugin/transport.h>
#include <hidp/status.h>

/**
 * @file
 * @brief A transport on MPI.
 */

/**
 * @defgroup mpi MPI
 * @brief A transport on MPI, for clusters that already have it.
 *
 * Nodes are the ranks of a communicator. The program initialises MPI with
 * MPI_THREAD_MULTIPLE, and finalises it after the transport is destroyed:
 *
 *     MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
 *     hidp_mpi_new(&options, &mpi, &diagnostic);
 *     ... a session takes hidp_mpi_transport() and mpi; its node is hidp_mpi_node() ...
 *     hidp_mpi_destroy(mpi);
 *     MPI_Finalize();
 *
 * MPI neither encrypts nor asks who somebody is: it is for networks that are trusted. A rank
 * that dies as a rule ends the whole program.
 *
 * The thread of the transport asks MPI again and again whether something came; when nothing
 * did for a while, it asks less often, up to every half millisecond.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_mpi;

/** @brief How a transport on MPI is made. Zero means the default. */
struct hidp_mpi_options {
	uint32_t struct_size;     /**< sizeof(struct hidp_mpi_options) */
	uint32_t flags;           /**< none defined; 0 */
	const void *communicator; /**< address of an MPI_Comm, which is duplicated; NULL: the world */
	uint32_t queue_length;    /**< most messages on their way to each node; 0: 256 */
	uint32_t wait_ms;         /**< longest time that send waits for room; 0: 1000 */
	uint64_t message_max;     /**< largest message in bytes; 0: #HIDP_TRANSPORT_MESSAGE_MAX */
};

/** Initialiser for a struct hidp_mpi_options: all defaults. */
#define HIDP_MPI_OPTIONS_INIT                                                                      \
	{                                                                                          \
		sizeof(struct hidp_mpi_options), 0, 0, 0, 0, 0                                     \
	}

/**
 * @brief Makes a transport. All ranks of the communicator call it.
 *
 * @param[in]  options    Options, or NULL for all defaults.
 * @param[out] mpi_out    The new transport, for hidp_mpi_destroy().
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI, #HIDP_ERR_LIMIT (more
 *         ranks than #HIDP_CLUSTER_NODES_MAX), #HIDP_ERR_UNSUPPORTED (MPI is not initialised, or
 *         not for several threads), #HIDP_ERR_TRANSPORT (MPI failed).
 *
 * Thread safety: any thread; one at a time for a communicator.
 */
HIDP_API hidp_status hidp_mpi_new(const struct hidp_mpi_options *options, struct hidp_mpi **mpi_out,
                                  struct hidp_diagnostic *diagnostic);

/**
 * @brief The own node: the rank in the communicator.
 *
 * @param[in] mpi A transport.
 * @return A node below hidp_mpi_node_count().
 *
 * Thread safety: any thread, any time.
 */
HIDP_API hidp_node_id hidp_mpi_node(const struct hidp_mpi *mpi);

/**
 * @brief The number of nodes.
 *
 * @param[in] mpi A transport.
 * @return Ranks of the communicator.
 *
 * Thread safety: any thread, any time.
 */
HIDP_API uint32_t hidp_mpi_node_count(const struct hidp_mpi *mpi);

/**
 * @brief The entries for a session; their `user_data` is the struct hidp_mpi.
 *
 * A message is not lost between two ranks that are open. `stop` waits until all ranks that were
 * opened have closed: what is on its way must be taken by somebody. Either all ranks open their
 * transports, or none.
 *
 * @return A table that lives as long as the program.
 *
 * Thread safety: any thread, any time.
 */
HIDP_API const struct hidp_transport *hidp_mpi_transport(void);

/**
 * @brief Closes and stops the transport if nobody did, and frees it. All ranks call it.
 *
 * @param[in] mpi A transport, or NULL; no other thread uses it any more.
 */
HIDP_API void hidp_mpi_destroy(struct hidp_mpi *mpi);

/** @} */

HIDP_END_DECLS

#endif
