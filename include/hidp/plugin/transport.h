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
 * from one node to another. Messages can be lost when a connection breaks or a node ends,
 * also in the middle of a row of them; none arrives twice. It need not tell the sender
 * whether one arrived: sessions find out by themselves. It must never mix up who sent a
 * message.
 * @{
 */

HIDP_BEGIN_DECLS

/** Largest message that a transport must be able to carry, in bytes. */
#define HIDP_TRANSPORT_MESSAGE_MAX ((uint64_t)1 << 32)

/** Most pieces that a message can be sent in. */
#define HIDP_TRANSPORT_SEGMENTS_MAX 64u

/** A piece of a message. */
struct hidp_segment {
	const void *data; /**< first byte; NULL is allowed if size is 0 */
	size_t size;      /**< bytes; may be 0 */
};

/**
 * @brief Takes a message that arrived.
 *
 * Called by the transport on a thread of its own, one call at a time; it does not wait for
 * other messages. It may call send, though one that waits for room then holds up all that
 * arrives, and close, but not stop.
 *
 * The message comes in pieces so that a transport need not copy it into one block. They are
 * cut where it suits the transport, not where the sender cut them.
 *
 * @param[in] receiver What open was given.
 * @param[in] from     The node that sent it, as far as the transport knows for sure.
 * @param[in] segments [count] The message, in order; any alignment; valid during the call,
 *                     as is what the pieces point to.
 * @param[in] count    Pieces, at least 1; they may be empty.
 */
typedef void (*hidp_receive_fn)(void *receiver, hidp_node_id from,
                                const struct hidp_segment *segments, size_t count);

/**
 * @brief Learns that a message is off: its pieces are the sender's again.
 *
 * Called exactly once for every accepted message, on any thread, also during send; it
 * does not block.
 *
 * @param[in] done_data What send was given.
 * @param[in] status    #HIDP_OK: handed on (which does not mean that it arrived);
 *                      #HIDP_ERR_CLOSED: the transport closed meanwhile.
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
	 * Called once, before the other entries. What arrived earlier is delivered now, or lost.
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
	 * message; may wait for a limited time until there is room for it or a connection. A
	 * node that cannot be reached does not hold up messages to others.
	 *
	 * @param[in] user_data The pointer given with the table.
	 * @param[in] to        The node to send to; not the own one.
	 * @param[in] segments  [count] the pieces of the message, in order; the array is read
	 *                      during the call, what the pieces point to until `done`.
	 * @param[in] count     1 to #HIDP_TRANSPORT_SEGMENTS_MAX.
	 * @param[in] done      Called when the pieces may be changed again; not called if send fails.
	 * @param[in] done_data Its first argument.
	 * @return #HIDP_OK (accepted), #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT (no such node, too
	 *         many pieces), #HIDP_ERR_LIMIT (larger than #HIDP_TRANSPORT_MESSAGE_MAX, or
	 *         what the transport was told), #HIDP_ERR_CLOSED, #HIDP_ERR_TRANSPORT (the node
	 *         cannot be reached, or takes nothing).
	 */
	hidp_status (*send)(void *user_data, hidp_node_id to, const struct hidp_segment *segments,
	                    size_t count, hidp_sent_fn done, void *done_data);

	/**
	 * @brief Stops everything new. Required.
	 *
	 * From now on, until the object is destroyed, send fails with #HIDP_ERR_CLOSED; calls
	 * of it that wait return. Messages that were accepted may be dropped. Does not block.
	 * Any thread, also twice.
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
