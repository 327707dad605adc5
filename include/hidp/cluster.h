/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CLUSTER_H
#define HIDP_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hidp/context.h>
#include <hidp/export.h>
#include <hidp/model.h>
#include <hidp/status.h>

/**
 * @file
 * @brief Clusters: nodes, processors, links, shared media.
 */

/**
 * @defgroup cluster Cluster
 * @brief Nodes joined by links; immutable once sealed.
 *
 * A node is a machine with memory and one or more processors; a processor is a
 * schedulable group of like cores: a CPU cluster, one core, a GPU, an NPU. Links
 * are directed. What changes at run time (load, availability, a link that slows
 * down) makes a new cluster from the old one: hidp_cluster_builder_from(), edit,
 * seal; a struct hidp_planner reuses what did not change.
 *
 * Thread safety: a builder belongs to one thread at a time; a sealed cluster can
 * be used from any number of threads.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_cluster;
struct hidp_cluster_builder;

/** Number of a node in its cluster, from 0. */
typedef uint32_t hidp_node_id;
/** Number of a processor in its node, from 0. */
typedef uint32_t hidp_processor_id;
/** Number of a shared medium in its cluster, from 0. */
typedef uint32_t hidp_medium_id;

/** No node. */
#define HIDP_NODE_NONE UINT32_MAX
/** No processor; in pins: any processor of the node. */
#define HIDP_PROCESSOR_NONE UINT32_MAX
/** No medium: the link is shared with no other. */
#define HIDP_MEDIUM_NONE UINT32_MAX

/** Largest number of nodes in a cluster. */
#define HIDP_CLUSTER_NODES_MAX 1024u
/** Largest number of processors in a node. */
#define HIDP_NODE_PROCESSORS_MAX 64u
/** Largest number of core numbers of a processor. */
#define HIDP_PROCESSOR_CORES_MAX 4096u

/** Kinds of processors. The library plans by rates alone; the kind is for people and kernels. */
enum hidp_processor_kind_value {
	HIDP_PROCESSOR_CPU = 0,
	HIDP_PROCESSOR_GPU = 1,
	HIDP_PROCESSOR_NPU = 2,
	HIDP_PROCESSOR_DSP = 3,
	HIDP_PROCESSOR_OTHER = 4
};

/** One of #hidp_processor_kind_value. */
typedef uint32_t hidp_processor_kind;

/** Flags of a node. */
enum hidp_node_flag {
	HIDP_NODE_UNAVAILABLE = 1u << 0, /**< plans leave the node alone (it may still lead and relay) */
	HIDP_NODE_TRANSFERS_ARE_WORK = 1u << 1, /**< its processors move the messages themselves: in the period each of
	                                             them is busy for all that the node sends and receives, too */
	HIDP_NODE_HUB = 1u << 2 /**< memory through which others exchange tensors: sending and receiving do not limit
	                             its rate, and what it receives stays there as long as some layer will read it;
	                             not together with #HIDP_NODE_TRANSFERS_ARE_WORK */
};

/** @brief Description of a node. Zero means "none" or "no limit" unless said otherwise. */
struct hidp_node_desc {
	uint32_t struct_size;         /**< sizeof(struct hidp_node_desc) */
	uint32_t flags;               /**< any of #hidp_node_flag */
	const char *name;             /**< unique, 1 to #HIDP_NAME_MAX bytes; NULL: "node" and the number */
	uint64_t memory_bytes;        /**< memory that plans may use; 0: no limit */
	double memory_bandwidth_Bps;  /**< what all processors together can move; 0: no limit */
	double sync_s;                /**< one hand-over between processors of the node */
	double nic_bandwidth_Bps;     /**< limit on every transfer of the node, in and out; 0: none */
	double load_bandwidth_Bps;    /**< speed of loading weights into the node's memory; 0: free */
	double power_idle_w;          /**< drawn while the node takes part in a plan */
	double power_transmit_w;      /**< in addition while it sends */
	double power_receive_w;       /**< in addition while it receives */
	uint32_t receive_buffers;     /**< copies of what it receives that its memory holds besides */
	uint32_t send_buffers;        /**< copies of what it sends that its memory holds besides */
};

/** Initialiser for a struct hidp_node_desc. */
#define HIDP_NODE_DESC_INIT                                                                        \
	{                                                                                          \
		sizeof(struct hidp_node_desc), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                  \
	}

/** @brief Description of a processor. */
struct hidp_processor_desc {
	uint32_t struct_size;     /**< sizeof(struct hidp_processor_desc) */
	uint32_t flags;           /**< none defined; 0 */
	const char *name;         /**< unique in its node, 1 to #HIDP_NAME_MAX bytes; NULL: the kind and the number */
	hidp_processor_kind kind; /**< one of #hidp_processor_kind_value */
	uint32_t core_count;      /**< length of core_ids; 0: unknown */
	const uint32_t *core_ids; /**< [core_count] operating system numbers of its cores, for pinning */
	/** FLOP/s per #hidp_op_class, [#HIDP_CLASS_COUNT] used; 0 with bandwidth 0: the class
	 *  cannot run here; 0 alone: computing takes no time beside moving the bytes. */
	double rate_flops[16];
	/** Bytes/s per #hidp_op_class, likewise; 0 alone: moving bytes takes no time. */
	double bandwidth_Bps[16];
	double overhead_s;        /**< for every layer that is started */
	double load;              /**< part of the processor that others take, 0 to 1; 1: unavailable */
	double power_active_w;    /**< above idle, while it computes */
	uint64_t memory_bytes;    /**< limit of what its slices hold; 0: none but the node's */
	double copy_bandwidth_Bps; /**< 0: it works in the node's memory; else it has memory of its own, and
	                                tensors are copied in and out at this speed */
};

/** Initialiser for a struct hidp_processor_desc. */
#define HIDP_PROCESSOR_DESC_INIT                                                                   \
	{                                                                                          \
		sizeof(struct hidp_processor_desc), 0, 0, 0, 0, 0, { 0 }, { 0 }, 0, 0, 0, 0, 0     \
	}

/** Flags of a link. */
enum hidp_link_flag {
	HIDP_LINK_BOTH_WAYS = 1u << 0 /**< adds the opposite link too, with the same figures */
};

/** @brief Description of a link. */
struct hidp_link_desc {
	uint32_t struct_size;  /**< sizeof(struct hidp_link_desc) */
	uint32_t flags;        /**< any of #hidp_link_flag */
	hidp_node_id from;     /**< sender */
	hidp_node_id to;       /**< receiver, another node */
	double bandwidth_Bps;  /**< more than 0; may be infinite */
	double latency_s;      /**< from the last byte sent to the data being usable; 0 or more */
	hidp_dtype wire_dtype; /**< element type on the wire; 0: the tensor's */
	hidp_medium_id medium; /**< medium that the link shares with others, or #HIDP_MEDIUM_NONE */
};

/** Initialiser for a struct hidp_link_desc. */
#define HIDP_LINK_DESC_INIT                                                                        \
	{                                                                                          \
		sizeof(struct hidp_link_desc), 0, 0, 0, 0, 0, 0, HIDP_MEDIUM_NONE                  \
	}

/**
 * @brief Sets a node description to its defaults; the same as #HIDP_NODE_DESC_INIT.
 *
 * @param[out] desc        The description; not NULL.
 * @param[in]  struct_size sizeof(struct hidp_node_desc) as the caller knows it.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API void hidp_node_desc_init(struct hidp_node_desc *desc, size_t struct_size);

/**
 * @brief Sets a processor description to its defaults; the same as
 *        #HIDP_PROCESSOR_DESC_INIT.
 *
 * @param[out] desc        The description; not NULL.
 * @param[in]  struct_size sizeof(struct hidp_processor_desc) as the caller knows it.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API void hidp_processor_desc_init(struct hidp_processor_desc *desc, size_t struct_size);

/**
 * @brief Sets a link description to its defaults; the same as #HIDP_LINK_DESC_INIT.
 *
 * @param[out] desc        The description; not NULL.
 * @param[in]  struct_size sizeof(struct hidp_link_desc) as the caller knows it.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API void hidp_link_desc_init(struct hidp_link_desc *desc, size_t struct_size);

/**
 * @brief Begins an empty cluster.
 *
 * @param[in]  context     Where memory comes from; the builder keeps a reference.
 * @param[out] builder_out The new builder; destroy it with
 *                         hidp_cluster_builder_destroy().
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_builder_new(struct hidp_context *context,
                                              struct hidp_cluster_builder **builder_out);

/**
 * @brief Begins a cluster as a copy of another, to change it.
 *
 * Nodes, processors, links and media keep their numbers.
 *
 * @param[in]  cluster     The cluster to start from.
 * @param[out] builder_out The new builder.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_builder_from(const struct hidp_cluster *cluster,
                                               struct hidp_cluster_builder **builder_out);

/**
 * @brief Frees a builder.
 *
 * @param[in] builder A builder, or NULL.
 *
 * Thread safety: the builder must not be in use.
 * @since 1.0
 */
HIDP_API void hidp_cluster_builder_destroy(struct hidp_cluster_builder *builder);

/**
 * @brief Adds a node.
 *
 * @param[in]  builder    The builder.
 * @param[in]  desc       The node; copied.
 * @param[out] id_out     Its number: 0, 1, 2, ... May be NULL.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI,
 *         #HIDP_ERR_CLUSTER (a value out of range, a name used twice, flags that
 *         exclude each other), #HIDP_ERR_LIMIT. After an error the builder is as
 *         it was before.
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_builder_add_node(struct hidp_cluster_builder *builder,
                                                   const struct hidp_node_desc *desc,
                                                   hidp_node_id *id_out,
                                                   struct hidp_diagnostic *diagnostic);

/**
 * @brief Adds a processor to a node.
 *
 * @param[in]  builder    The builder.
 * @param[in]  node       The node.
 * @param[in]  desc       The processor; copied.
 * @param[out] id_out     Its number in the node: 0, 1, 2, ... May be NULL.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return As hidp_cluster_builder_add_node().
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_builder_add_processor(struct hidp_cluster_builder *builder,
                                                        hidp_node_id node,
                                                        const struct hidp_processor_desc *desc,
                                                        hidp_processor_id *id_out,
                                                        struct hidp_diagnostic *diagnostic);

/**
 * @brief Adds a shared medium: links that name it take turns.
 *
 * @param[in]  builder    The builder.
 * @param[in]  name       Unique among the media, 1 to #HIDP_NAME_MAX bytes; NULL:
 *                        "medium" and the number.
 * @param[out] id_out     Its number: 0, 1, 2, ... May be NULL.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return As hidp_cluster_builder_add_node().
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_builder_add_medium(struct hidp_cluster_builder *builder,
                                                     const char *name, hidp_medium_id *id_out,
                                                     struct hidp_diagnostic *diagnostic);

/**
 * @brief Adds a link; a link between the same nodes in the same direction is replaced.
 *
 * @param[in]  builder    The builder.
 * @param[in]  desc       The link; copied.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return As hidp_cluster_builder_add_node().
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_builder_add_link(struct hidp_cluster_builder *builder,
                                                   const struct hidp_link_desc *desc,
                                                   struct hidp_diagnostic *diagnostic);

/**
 * @brief Links every pair of nodes both ways with the same figures; existing
 *        links are replaced. A LAN or, with a medium, a Wi-Fi cell.
 *
 * @param[in]  builder    The builder.
 * @param[in]  desc       The figures; `from`, `to` and `flags` are not read.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return As hidp_cluster_builder_add_node().
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_builder_link_all(struct hidp_cluster_builder *builder,
                                                   const struct hidp_link_desc *desc,
                                                   struct hidp_diagnostic *diagnostic);

/**
 * @brief Takes a link away; it is no error if there is none.
 *
 * @param[in]  builder    The builder.
 * @param[in]  from       Sender.
 * @param[in]  to         Receiver.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such node).
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_builder_remove_link(struct hidp_cluster_builder *builder,
                                                      hidp_node_id from, hidp_node_id to,
                                                      struct hidp_diagnostic *diagnostic);

/**
 * @brief Says whether plans may use a node.
 *
 * @param[in]  builder    The builder.
 * @param[in]  node       The node.
 * @param[in]  available  false: #HIDP_NODE_UNAVAILABLE.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such node).
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_builder_set_available(struct hidp_cluster_builder *builder,
                                                        hidp_node_id node, bool available,
                                                        struct hidp_diagnostic *diagnostic);

/**
 * @brief Says how much of a processor others take.
 *
 * @param[in]  builder    The builder.
 * @param[in]  node       The node.
 * @param[in]  processor  The processor.
 * @param[in]  load       0 (all of it is free) to 1 (unavailable).
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such processor, load out of range).
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_builder_set_load(struct hidp_cluster_builder *builder,
                                                   hidp_node_id node, hidp_processor_id processor,
                                                   double load,
                                                   struct hidp_diagnostic *diagnostic);

/**
 * @brief Checks the cluster, finds routes between nodes without a link of their
 *        own, and makes an immutable cluster.
 *
 * Nodes that no route joins are allowed; plans cannot use both of them then.
 *
 * @param[in]  builder     The builder; it can be used further.
 * @param[out] cluster_out The cluster, reference count 1; release it with
 *                         hidp_cluster_unref().
 * @param[out] diagnostic  Names the node and the reason, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_CLUSTER (no
 *         node, a node without a processor).
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_builder_seal(struct hidp_cluster_builder *builder,
                                               struct hidp_cluster **cluster_out,
                                               struct hidp_diagnostic *diagnostic);

/**
 * @brief Adds a reference.
 *
 * @param[in] cluster A cluster; not NULL.
 * @return The same pointer.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API struct hidp_cluster *hidp_cluster_ref(struct hidp_cluster *cluster);

/**
 * @brief Gives a reference back; the last one frees the cluster.
 *
 * @param[in] cluster A cluster, or NULL.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API void hidp_cluster_unref(struct hidp_cluster *cluster);

/**
 * @brief Number of nodes.
 *
 * @param[in] cluster The cluster.
 * @return 1 or more.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API uint32_t hidp_cluster_node_count(const struct hidp_cluster *cluster);

/**
 * @brief Number of processors of a node.
 *
 * @param[in] cluster The cluster.
 * @param[in] node    A node of it.
 * @return 1 or more; 0 if there is no such node.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API uint32_t hidp_cluster_processor_count(const struct hidp_cluster *cluster,
                                               hidp_node_id node);

/**
 * @brief Number of shared media.
 *
 * @param[in] cluster The cluster.
 * @return 0 or more.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API uint32_t hidp_cluster_medium_count(const struct hidp_cluster *cluster);

/**
 * @brief What is known of a node.
 *
 * @param[in]  cluster  The cluster.
 * @param[in]  node     A node of it.
 * @param[out] desc_out Filled in, defaults included; `struct_size` set by the
 *                      caller; its pointers live as long as the cluster.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such node), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_node(const struct hidp_cluster *cluster, hidp_node_id node,
                                       struct hidp_node_desc *desc_out);

/**
 * @brief What is known of a processor.
 *
 * @param[in]  cluster   The cluster.
 * @param[in]  node      A node of it.
 * @param[in]  processor A processor of the node.
 * @param[out] desc_out  Filled in, defaults included; `struct_size` set by the
 *                       caller; its pointers live as long as the cluster.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such processor), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_processor(const struct hidp_cluster *cluster, hidp_node_id node,
                                            hidp_processor_id processor,
                                            struct hidp_processor_desc *desc_out);

/**
 * @brief The link from one node to another.
 *
 * @param[in]  cluster  The cluster.
 * @param[in]  from     Sender.
 * @param[in]  to       Receiver.
 * @param[out] desc_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such node or no direct link),
 *         #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_link(const struct hidp_cluster *cluster, hidp_node_id from,
                                       hidp_node_id to, struct hidp_link_desc *desc_out);

/**
 * @brief The next node on the way from one node to another.
 *
 * Routes make a message of 1 MiB arrive earliest; of equal ones, the one over
 * the smaller node numbers.
 *
 * @param[in] cluster The cluster.
 * @param[in] from    Where the message is.
 * @param[in] to      Where it is going.
 * @return A neighbour of `from` (`to` itself where they are linked and no detour
 *         is faster); `to` if both are the same; #HIDP_NODE_NONE without a
 *         route or if there is no such node.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_node_id hidp_cluster_next_hop(const struct hidp_cluster *cluster, hidp_node_id from,
                                            hidp_node_id to);

/**
 * @brief Name of a shared medium.
 *
 * @param[in] cluster The cluster.
 * @param[in] medium  A medium of it.
 * @return A string that lives as long as the cluster; NULL if there is no such
 *         medium.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API const char *hidp_cluster_medium_name(const struct hidp_cluster *cluster,
                                              hidp_medium_id medium);

/**
 * @brief Finds a node by its name.
 *
 * @param[in]  cluster  The cluster.
 * @param[in]  name     Name of a node.
 * @param[out] node_out Its number.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such name).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_find(const struct hidp_cluster *cluster, const char *name,
                                       hidp_node_id *node_out);

/**
 * @brief Makes a cluster from a line of text, for tests and quick trials.
 *
 * For example `"2*cpu:50,gpu:400; cpu:20 | lan 940M 0.25ms"`: two nodes with a
 * CPU of 50 GFLOP/s and a GPU of 400, one node with a CPU of 20, all linked with
 * 940 Mbit/s and 0.25 ms. doc/formats/cluster.md has the grammar.
 *
 * @param[in]  context     Where memory comes from.
 * @param[in]  text        The line, NUL-terminated.
 * @param[out] cluster_out The cluster, reference count 1.
 * @param[out] diagnostic  Column and reason, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_SYNTAX,
 *         #HIDP_ERR_CLUSTER, #HIDP_ERR_LIMIT.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_from_string(struct hidp_context *context, const char *text,
                                              struct hidp_cluster **cluster_out,
                                              struct hidp_diagnostic *diagnostic);

/**
 * @brief Finds the text of a node profile that a cluster document names.
 *
 * Called during hidp_cluster_from_json() on the calling thread; it may block; it
 * must not call the library with objects of the running call.
 *
 * @param[in]  user_data  The pointer given with the callback.
 * @param[in]  name       Name of the profile, for example "jetson_tx2"; letters,
 *                        digits, '_' and '-' only.
 * @param[out] text_out   The JSON text of the profile; it must stay valid until
 *                        hidp_cluster_from_json() returns.
 * @param[out] length_out Bytes of the text.
 * @return #HIDP_OK; anything else: there is no such profile.
 */
typedef hidp_status (*hidp_profile_fn)(void *user_data, const char *name, const char **text_out,
                                       size_t *length_out);

/**
 * @brief Reads a cluster from JSON (doc/formats/cluster.md).
 *
 * @param[in]  context     Where memory comes from.
 * @param[in]  text        UTF-8; need not end with a NUL.
 * @param[in]  length      Bytes of text.
 * @param[in]  profile     Finds node profiles that the document names; NULL: it
 *                         may name none.
 * @param[in]  user_data   First argument of `profile`.
 * @param[out] cluster_out The cluster, reference count 1.
 * @param[out] diagnostic  Line, column and reason, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_SYNTAX,
 *         #HIDP_ERR_CLUSTER, #HIDP_ERR_LIMIT, #HIDP_ERR_UNSUPPORTED (built
 *         without JSON).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_from_json(struct hidp_context *context, const char *text,
                                            size_t length, hidp_profile_fn profile,
                                            void *user_data, struct hidp_cluster **cluster_out,
                                            struct hidp_diagnostic *diagnostic);

/**
 * @brief Writes a cluster as JSON (doc/formats/cluster.md), profiles written out.
 *
 * @param[in]  cluster    The cluster.
 * @param[out] buffer     Receives the text and a NUL, as far as it fits; may be
 *                        NULL if size is 0.
 * @param[in]  size       Bytes of buffer.
 * @param[out] needed_out Bytes of the whole text without the NUL. May be NULL.
 * @return #HIDP_OK (also when the text was cut short), #HIDP_ERR_NOMEM,
 *         #HIDP_ERR_ARGUMENT, #HIDP_ERR_UNSUPPORTED (built without JSON).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cluster_to_json(const struct hidp_cluster *cluster, char *buffer,
                                          size_t size, size_t *needed_out);

/** @} */

HIDP_END_DECLS

#endif
