/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ZMQ_H
#define HIDP_ZMQ_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/context.h>
#include <hidp/export.h>
#include <hidp/plugin/transport.h>
#include <hidp/status.h>

/**
 * @file
 * @brief A transport on ZeroMQ.
 */

/**
 * @defgroup zmq ZeroMQ
 * @brief A transport on ZeroMQ, encrypted and authenticated with CURVE.
 *
 * Every node has a pair of keys and a list of the others with their public keys. Only
 * listed nodes get in, and only the one that was meant can read what is sent to it. Who
 * sent a message is known from its key.
 *
 *     struct hidp_zmq_options options = HIDP_ZMQ_OPTIONS_INIT;
 *     options.node = 0;
 *     options.endpoint = "tcp://0.0.0.0:5555";
 *     options.secret_key = secret;
 *     hidp_zmq_new(&options, &zmq, &diagnostic);
 *     hidp_zmq_add_peer(zmq, 1, "tcp://192.168.1.11:5555", public_key_of_1, &diagnostic);
 *     ... a session takes hidp_zmq_transport() and zmq ...
 *     hidp_zmq_destroy(zmq);
 *
 * Without keys everything is sent in the clear and every process that reaches the endpoint
 * can claim to be any node. That is refused unless the endpoints are those of this machine
 * alone, or #HIDP_ZMQ_ALLOW_CLEAR says that the network is trusted.
 *
 * A listed node is trusted not to waste memory; with keys, what strangers can make a node hold
 * is limited to 256 KiB for each connection, for ten seconds.
 *
 * What is on the wire is described in doc/formats/zmq.md.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_zmq;

/** Bytes of a key as text (Z85), with the end of the string. */
#define HIDP_ZMQ_KEY_SIZE 41u

/** Bits of hidp_zmq_options::flags. */
enum hidp_zmq_flag_value {
	HIDP_ZMQ_ALLOW_CLEAR = 1 << 0 /**< without keys also where others can listen */
};

/** @brief How a transport on ZeroMQ is made. Zero means the default. */
struct hidp_zmq_options {
	uint32_t struct_size;   /**< sizeof(struct hidp_zmq_options) */
	uint32_t flags;         /**< bits of #hidp_zmq_flag_value */
	const char *endpoint;   /**< where the others connect to: "tcp://ADDRESS:PORT", address `*` for
	                             all, port `*` for any free one; or "ipc://PATH"; required */
	const char *secret_key; /**< own secret key; NULL: in the clear */
	hidp_node_id node;      /**< own node */
	uint32_t io_threads;    /**< threads that encrypt and do input and output; 0: 1 */
	uint32_t wait_ms;       /**< longest time that send waits for a node that was not there yet,
	                             or for room in the queue; it does not wait for a node that
	                             was there and is gone, nor again for one that it waited for
	                             in vain, until that is back; 0: 1000 */
	uint32_t silence_ms;    /**< a connection is given up when the other machine has confirmed
	                             nothing for about so long, at least some seconds; 0: 10000 */
	uint32_t queue_length;  /**< most messages that wait to be sent to each node, and most of
	                             each node that arrived and wait to be taken; 0: 256 */
	uint32_t reserved;      /**< 0 */
	uint64_t message_max;   /**< largest message in bytes; 0: #HIDP_TRANSPORT_MESSAGE_MAX */
	hidp_log_fn log;        /**< says who and what was refused (the first time, the second, the
	                             fourth, the eighth, ...), on a thread of the transport; NULL:
	                             silence */
	void *log_user_data;    /**< first argument of `log` */
};

/** Initialiser for a struct hidp_zmq_options: all defaults. */
#define HIDP_ZMQ_OPTIONS_INIT                                                                      \
	{                                                                                          \
		sizeof(struct hidp_zmq_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                \
	}

/** @brief What a transport has done so far. */
struct hidp_zmq_statistics {
	uint32_t struct_size;       /**< sizeof(struct hidp_zmq_statistics) */
	uint32_t reserved;          /**< 0 */
	uint64_t messages_sent;     /**< messages that were accepted */
	uint64_t bytes_sent;        /**< their bytes */
	uint64_t messages_received; /**< messages that were delivered */
	uint64_t bytes_received;    /**< their bytes */
	uint64_t messages_refused;  /**< messages that were malformed, repeated or from nobody known */
	uint64_t keys_refused;      /**< connections with a key that is not listed */
};

/** Initialiser for a struct hidp_zmq_statistics. */
#define HIDP_ZMQ_STATISTICS_INIT                                                                   \
	{                                                                                          \
		sizeof(struct hidp_zmq_statistics), 0, 0, 0, 0, 0, 0, 0                            \
	}

/**
 * @brief Makes a pair of keys.
 *
 * @param[out] public_key For the others to know.
 * @param[out] secret_key For nobody to know.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT, #HIDP_ERR_UNSUPPORTED (ZeroMQ was built without CURVE).
 *
 * Thread safety: any thread, any time.
 */
HIDP_API hidp_status hidp_zmq_keygen(char public_key[HIDP_ZMQ_KEY_SIZE],
                                     char secret_key[HIDP_ZMQ_KEY_SIZE]);

/**
 * @brief The public key that belongs to a secret one.
 *
 * @param[out] public_key The public key.
 * @param[in]  secret_key A secret key.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (not a key), #HIDP_ERR_UNSUPPORTED.
 *
 * Thread safety: any thread, any time.
 */
HIDP_API hidp_status hidp_zmq_public_key(char public_key[HIDP_ZMQ_KEY_SIZE],
                                         const char *secret_key);

/**
 * @brief Makes a transport and binds its endpoint.
 *
 * Others can connect from now on; what they send waits until the transport is opened.
 *
 * @param[in]  options    Options; strings are copied.
 * @param[out] zmq_out    The new transport, for hidp_zmq_destroy().
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI, #HIDP_ERR_LIMIT (node),
 *         #HIDP_ERR_UNSUPPORTED (keys, but ZeroMQ was built without CURVE),
 *         #HIDP_ERR_TRANSPORT (the endpoint cannot be bound).
 *
 * Thread safety: any thread, any time.
 */
HIDP_API hidp_status hidp_zmq_new(const struct hidp_zmq_options *options, struct hidp_zmq **zmq_out,
                                  struct hidp_diagnostic *diagnostic);

/**
 * @brief The endpoint as it was bound, for example "tcp://127.0.0.1:41234".
 *
 * @param[in] zmq A transport.
 * @return A string that lives as long as the transport.
 *
 * Thread safety: any thread, any time.
 */
HIDP_API const char *hidp_zmq_endpoint(const struct hidp_zmq *zmq);

/**
 * @brief Lists another node: lets it in, and connects to it.
 *
 * Before the transport is opened or later. A host name is looked up once, here.
 *
 * @param[in]  zmq        A transport.
 * @param[in]  node       The node's number in the cluster.
 * @param[in]  endpoint   "tcp://ADDRESS:PORT" or "ipc://PATH".
 * @param[in]  public_key Its public key; NULL if, and only if, the transport has no keys.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT (among others if the node or the key is
 *         listed already), #HIDP_ERR_LIMIT (node), #HIDP_ERR_CLOSED, #HIDP_ERR_TRANSPORT (the
 *         host name is unknown).
 *
 * Thread safety: any thread, any time.
 */
HIDP_API hidp_status hidp_zmq_add_peer(struct hidp_zmq *zmq, hidp_node_id node,
                                       const char *endpoint, const char *public_key,
                                       struct hidp_diagnostic *diagnostic);

/**
 * @brief What the transport has done so far.
 *
 * @param[in]  zmq            A transport.
 * @param[out] statistics_out Its figures; the caller has set struct_size.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 */
HIDP_API hidp_status hidp_zmq_get_statistics(const struct hidp_zmq *zmq,
                                             struct hidp_zmq_statistics *statistics_out);

/**
 * @brief The entries for a session; their `user_data` is the struct hidp_zmq.
 *
 * @return A table that lives as long as the program.
 *
 * Thread safety: any thread, any time.
 */
HIDP_API const struct hidp_transport *hidp_zmq_transport(void);

/**
 * @brief Closes and stops the transport if nobody did, and frees it.
 *
 * @param[in] zmq A transport, or NULL; no other thread uses it any more.
 */
HIDP_API void hidp_zmq_destroy(struct hidp_zmq *zmq);

/** @} */

HIDP_END_DECLS

#endif
