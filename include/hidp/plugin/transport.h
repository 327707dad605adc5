/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLUGIN_TRANSPORT_H
#define HIDP_PLUGIN_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/cluster.h>
#include <hidp/export.h>
#include <hidp/status.h>
#include <hidp/version.h>

/**
 * @file
 * @brief What moves bytes between the nodes of a cluster.
 */

/**
 * @defgroup transport Transport
 * @brief What moves bytes between the nodes of a cluster.
 *
 * A transport carries messages, whole and unchanged, and keeps the order of the messages
 * from one node to another. It need not tell the sender whether one arrived: sessions find
 * out by themselves. It must never mix up who sent a message.
 * @{
 */

HIDP_BEGIN_DECLS

/** Largest message that a transport must be able to carry, in bytes. */
#define HIDP_TRANSPORT_MESSAGE_MAX ((uint64_t)1 << 32)

/** A piece of a message. */
struct hidp_segment {
	const void *data; /**< first byte */
	size_t size;      /**< bytes; may be 0 */
};

/**
 * @brief Takes a message that arrived.
 *
 * Called by the transport on a thread of its own, one call at a time; it does not wait for
 * other messages.
 *
 * @param[in] receiver What open was given.
 * @param[in] from     The node that sent it, as far as the transport knows for sure.
 * @param[in] data     The message, aligned to 8 bytes; valid during the call.
 * @param[in] size     Its bytes.
 */
typedef void (*hidp_receive_fn)(void *receiver, hidp_node_id from, const void *data, size_t size);

/**
 * @brief Learns that a message is off: its pieces are the sender's again.
 *
 * Called exactly once for every accepted message, on any thread, also during send; it
 * does not block.
 *
 * @param[in] done_data What send was given.
 * @param[in] status    #HIDP_OK: handed on (which does not mean that it arrived);
 *                      #HIDP_ERR_CLOSED: the transport closed before.
 */
typedef void (*hidp_sent_fn)(void *done_data, hidp_status status);

/**
 * @brief A transport.
 *
 * Exceptions and panics must not leave any entry. Closing has three steps: close, stop, and
 * whatever the plug-in offers to destroy the object.
 */
struct hidp_transport {
	uint32_t struct_size; /**< sizeof(struct hidp_transport) */
	uint32_t abi;         /**< #HIDP_PLUGIN_ABI */
	const char *name;     /**< for people, for example "zmq" */

	/**
	 * @brief Begins to deliver what arrives. Required.
	 *
	 * Called once, before everything else. What arrived earlier is delivered now, or lost.
	 *
	 * @param[in]  user_data  The pointer given with the table.
	 * @param[in]  receive    Takes messages.
	 * @param[in]  receiver   Its first argument.
	 * @param[out] diagnostic Says what is wrong, or NULL.
	 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_TRANSPORT.
	 */
	hidp_status (*open)(void *user_data, hidp_receive_fn receive, void *receiver,
	                    struct hidp_diagnostic *diagnostic);

	/**
	 * @brief Sends a message. Required.
	 *
	 * Called from any thread, several at a time. Does not wait until the receiver has the
	 * message; may wait until there is room for it.
	 *
	 * @param[in] user_data The pointer given with the table.
	 * @param[in] to        The node to send to; not the own one.
	 * @param[in] segments  [count] the pieces of the message, in order; the array is read
	 *                      during the call, what the pieces point to until `done`.
	 * @param[in] count     1 to 64.
	 * @param[in] done      Called when the pieces may be changed again; not called if send fails.
	 * @param[in] done_data Its first argument.
	 * @return #HIDP_OK (accepted), #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT (no such node, too
	 *         many pieces), #HIDP_ERR_CLOSED, #HIDP_ERR_TRANSPORT (the node cannot be reached).
	 */
	hidp_status (*send)(void *user_data, hidp_node_id to, const struct hidp_segment *segments,
	                    size_t count, hidp_sent_fn done, void *done_data);

	/**
	 * @brief Stops everything new. Required.
	 *
	 * From now on send fails with #HIDP_ERR_CLOSED. Messages that were accepted may be
	 * dropped. Does not block. Any thread, also twice.
	 *
	 * @param[in] user_data The pointer given with the table.
	 */
	void (*close)(void *user_data);

	/**
	 * @brief Waits until nothing of the transport runs any more. Required.
	 *
	 * Called once, after close, on no thread of the transport. When it returns, every
	 * accepted message has had its `done`, and `receive` is not called again.
	 *
	 * @param[in] user_data The pointer given with the table.
	 */
	void (*stop)(void *user_data);
};

/** @} */

HIDP_END_DECLS

#endif
