/* SPDX-License-Identifier: MIT */
#ifndef HIDP_COST_H
#define HIDP_COST_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/cluster.h>
#include <hidp/export.h>
#include <hidp/model.h>
#include <hidp/status.h>

/**
 * @file
 * @brief Cost sources: measured tables and callbacks in place of the analytic model.
 */

/**
 * @defgroup cost Cost
 * @brief How long a layer takes on a processor.
 *
 * Without a cost source the library reckons analytically, from FLOPs, bytes and
 * the rates of the processor's profile (doc/cost-model.md). A host that has
 * measured says so, layer by layer and processor by processor; what it leaves
 * out stays analytic. Everything is flattened to arrays before a search begins,
 * so a callback is never called during one.
 *
 * Thread safety: a builder belongs to one thread at a time; a sealed cost source
 * can be used from any number of threads.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_cost;
struct hidp_cost_builder;

/** Flags of a cost entry. */
enum hidp_cost_flag {
	HIDP_COST_UNSUPPORTED = 1u << 0 /**< the processor cannot run the layer; the other fields are not read */
};

/**
 * @brief Time of one layer on one processor, free of other load.
 *
 * A slice with the fraction q of the layer's output rows takes
 * row_fixed_s + q * (seconds - row_fixed_s); a slice with the fraction q of its
 * output channels takes channel_fixed_s + q * (seconds - channel_fixed_s). Both
 * fixed parts lie between 0 and `seconds`.
 */
struct hidp_cost_entry {
	uint32_t struct_size;   /**< sizeof(struct hidp_cost_entry) */
	uint32_t flags;         /**< any of #hidp_cost_flag */
	double seconds;         /**< the whole layer; 0 or more */
	double row_fixed_s;     /**< part that does not shrink with the rows */
	double channel_fixed_s; /**< part that does not shrink with the channels */
};

/** Initialiser for a struct hidp_cost_entry. */
#define HIDP_COST_ENTRY_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_cost_entry), 0, 0, 0, 0                                         \
	}

/**
 * @brief Sets a cost entry to its defaults; the same as #HIDP_COST_ENTRY_INIT.
 *
 * @param[out] entry       The entry; not NULL.
 * @param[in]  struct_size sizeof(struct hidp_cost_entry) as the caller knows it.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API void hidp_cost_entry_init(struct hidp_cost_entry *entry, size_t struct_size);

/**
 * @brief Tells the time of a layer on a processor.
 *
 * Called once for each pair during hidp_cost_builder_seal(), on the calling
 * thread; it may block; it must not call the library with the builder.
 * Exceptions and panics must not leave it.
 *
 * @param[in]     user_data The pointer given with the callback.
 * @param[in]     layer     A layer of the model.
 * @param[in]     node      A node of the cluster.
 * @param[in]     processor A processor of the node.
 * @param[in,out] entry     Holds the analytic time; the callback may change it.
 * @return #HIDP_OK, or a status with which hidp_cost_builder_seal() then fails.
 */
typedef hidp_status (*hidp_cost_fn)(void *user_data, hidp_layer_id layer, hidp_node_id node,
                                    hidp_processor_id processor, struct hidp_cost_entry *entry);

/**
 * @brief Begins a cost source: everything analytic.
 *
 * @param[in]  model       The model; a reference is kept.
 * @param[in]  cluster     The cluster; a reference is kept. The cost source then
 *                         serves every cluster with the same number of nodes and
 *                         processors, so also one with other loads or links.
 * @param[out] builder_out The new builder; destroy it with
 *                         hidp_cost_builder_destroy().
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cost_builder_new(const struct hidp_model *model,
                                            const struct hidp_cluster *cluster,
                                           struct hidp_cost_builder **builder_out);

/**
 * @brief Frees a builder.
 *
 * @param[in] builder A builder, or NULL.
 *
 * Thread safety: the builder must not be in use.
 * @since 1.0
 */
HIDP_API void hidp_cost_builder_destroy(struct hidp_cost_builder *builder);

/**
 * @brief Sets the measured time of a layer on a processor.
 *
 * @param[in]  builder    The builder.
 * @param[in]  layer      A layer of the model.
 * @param[in]  node       A node of the cluster.
 * @param[in]  processor  A processor of the node.
 * @param[in]  entry      The time; copied.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such layer or processor),
 *         #HIDP_ERR_ABI, #HIDP_ERR_COST (a time that is negative, not finite, or
 *         smaller than its fixed part).
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cost_builder_set(struct hidp_cost_builder *builder, hidp_layer_id layer,
                                           hidp_node_id node, hidp_processor_id processor,
                                           const struct hidp_cost_entry *entry,
                                           struct hidp_diagnostic *diagnostic);

/**
 * @brief Sets the callback that is asked for every pair not set otherwise.
 *
 * @param[in] builder   The builder.
 * @param[in] callback  The callback, or NULL for none.
 * @param[in] user_data Its first argument.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT.
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cost_builder_set_callback(struct hidp_cost_builder *builder,
                                                    hidp_cost_fn callback, void *user_data);

/**
 * @brief Makes an immutable cost source.
 *
 * @param[in]  builder    The builder; it can be used further.
 * @param[out] cost_out   The cost source, reference count 1; release it with
 *                        hidp_cost_unref().
 * @param[out] diagnostic Names layer and processor, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_COST, or what
 *         the callback returned.
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cost_builder_seal(struct hidp_cost_builder *builder,
                                            struct hidp_cost **cost_out,
                                            struct hidp_diagnostic *diagnostic);

/**
 * @brief Adds a reference.
 *
 * @param[in] cost A cost source; not NULL.
 * @return The same pointer.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API struct hidp_cost *hidp_cost_ref(struct hidp_cost *cost);

/**
 * @brief Gives a reference back; the last one frees the cost source.
 *
 * @param[in] cost A cost source, or NULL.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API void hidp_cost_unref(struct hidp_cost *cost);

/**
 * @brief The time of a layer on a processor, free of other load.
 *
 * @param[in]  model     The model.
 * @param[in]  cluster   The cluster.
 * @param[in]  cost      A cost source for them; NULL: analytic.
 * @param[in]  layer     A layer of the model.
 * @param[in]  node      A node of the cluster.
 * @param[in]  processor A processor of the node.
 * @param[out] entry_out Filled in; `struct_size` set by the caller. For an
 *                       analytic time the fixed parts are the overhead, which is
 *                       exact where the layer is bound by FLOPs.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI, #HIDP_ERR_COST (the cost
 *         source is for another model or cluster).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cost_get(const struct hidp_model *model,
                                   const struct hidp_cluster *cluster,
                                   const struct hidp_cost *cost, hidp_layer_id layer,
                                   hidp_node_id node, hidp_processor_id processor,
                                   struct hidp_cost_entry *entry_out);

/**
 * @brief Sets the times that a JSON document tells (doc/formats/cost.md).
 *
 * Several documents can be read, for example one from every node; what a later one tells
 * of a layer and a processor counts.
 *
 * @param[in]  builder    The builder.
 * @param[in]  text       UTF-8; need not end with a NUL.
 * @param[in]  length     Bytes of text.
 * @param[in]  node       #HIDP_NODE_NONE: nodes are found by their names. Else the node that
 *                        the document is for, whatever it calls it; it must tell of but one.
 * @param[out] diagnostic Line, column and reason, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT (no such node), #HIDP_ERR_SYNTAX,
 *         #HIDP_ERR_COST (measured on another model, no such layer or processor, a time that
 *         cannot be), #HIDP_ERR_LIMIT, #HIDP_ERR_UNSUPPORTED (built without JSON). After an
 *         error the builder is as it was before.
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cost_builder_add_json(struct hidp_cost_builder *builder,
                                                const char *text, size_t length, hidp_node_id node,
                                                struct hidp_diagnostic *diagnostic);

/**
 * @brief Makes a cost source from one JSON document: hidp_cost_builder_new(),
 *        hidp_cost_builder_add_json() and hidp_cost_builder_seal() in one.
 *
 * @param[in]  model      The model.
 * @param[in]  cluster    The cluster.
 * @param[in]  text       UTF-8; need not end with a NUL.
 * @param[in]  length     Bytes of text.
 * @param[out] cost_out   The cost source, reference count 1.
 * @param[out] diagnostic Line, column and reason, or NULL.
 * @return As hidp_cost_builder_add_json().
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cost_from_json(const struct hidp_model *model,
                                         const struct hidp_cluster *cluster, const char *text,
                                         size_t length, struct hidp_cost **cost_out,
                                         struct hidp_diagnostic *diagnostic);

/**
 * @brief Writes what a cost source tells as JSON (doc/formats/cost.md); what is analytic is
 *        left out.
 *
 * @param[in]  model      The model it is for.
 * @param[in]  cluster    The cluster it is for.
 * @param[in]  cost       The cost source.
 * @param[out] buffer     Receives the text and a NUL, as far as it fits; may be NULL if size
 *                        is 0.
 * @param[in]  size       Bytes of buffer.
 * @param[out] needed_out Bytes of the whole text without the NUL. May be NULL.
 * @return #HIDP_OK (also when the text was cut short), #HIDP_ERR_ARGUMENT, #HIDP_ERR_COST (it
 *         is for another model or cluster), #HIDP_ERR_UNSUPPORTED (built without JSON).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_cost_to_json(const struct hidp_model *model,
                                       const struct hidp_cluster *cluster,
                                       const struct hidp_cost *cost, char *buffer, size_t size,
                                       size_t *needed_out);

/** @} */

HIDP_END_DECLS

#endif
