/* SPDX-License-Identifier: MIT */
#ifndef HIDP_SESSION_H
#define HIDP_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/cluster.h>
#include <hidp/export.h>
#include <hidp/plan.h>
#include <hidp/program.h>
#include <hidp/status.h>

/**
 * @file
 * @brief Sessions: a plan carried out on one node, by threads of the library.
 */

/**
 * @defgroup session Session
 * @brief A plan bound to kernels and a transport on one node, ready to run requests.
 *
 * Every node of a plan runs a session of its own. A session lowers the plan to the node's
 * programs (hidp_programs_new()), prepares the kernels, and starts one worker thread per
 * processor that has tasks, pinned to the processor's cores. Workers wait for the rows that
 * their next task reads, not for whole layers or stages, so computing and communication
 * overlap; as many requests are under way at once as there are slots.
 *
 * Requests are submitted at the plan's input node and waited for at its output node, which
 * usually are the same one, the leader. On all other nodes a session works by itself, from
 * hidp_session_start() until hidp_session_close(). Requests are numbered from 0 in the order
 * of submission.
 *
 * After the first request on each slot nothing is allocated any more, but for messages that
 * come before there is room for them.
 *
 * Thread safety: hidp_session_submit(), hidp_session_wait(), hidp_session_cancel() and
 * hidp_session_close() may be called from any threads at the same time; everything else from
 * one thread, before the session is started or after it was closed.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_kernels;
struct hidp_session;
struct hidp_transport;

/** Largest number of slots. */
#define HIDP_SESSION_SLOTS_MAX 256u

/** Flags of a session. */
enum hidp_session_flag {
	HIDP_SESSION_UNPINNED = 1u << 0 /**< workers may run on any core */
};

/** @brief How a session is made. Zero means the default in every field. */
struct hidp_session_options {
	uint32_t struct_size; /**< sizeof(struct hidp_session_options) */
	uint32_t flags;       /**< any of #hidp_session_flag */
	hidp_node_id node;    /**< the node that this is */
	uint32_t slots;       /**< requests under way at once, on all nodes the same; 0: 1 for single requests,
	                           twice the plan's stages for streams, each replica
	                           counted; at most #HIDP_SESSION_SLOTS_MAX */
	double spin_s;        /**< how long a worker without work looks for more before it sleeps; 0: 50
	                           microseconds, less than 0: not at all */
	uint64_t plan_id;     /**< the same on all nodes of a plan, another one for every other plan that uses
	                           the same transport; messages of other plans are refused */
};

/** Initialiser for a struct hidp_session_options: all defaults. */
#define HIDP_SESSION_OPTIONS_INIT                                                                  \
	{                                                                                          \
		sizeof(struct hidp_session_options), 0, 0, 0, 0, 0                                 \
	}

/**
 * @brief Makes a session.
 *
 * @param[in]  plan        The plan; a reference is kept. Memory comes from its context.
 * @param[in]  options     Options, or NULL for all defaults.
 * @param[out] session_out The session; destroy it with hidp_session_destroy().
 * @param[out] diagnostic  Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI, #HIDP_ERR_LIMIT
 *         (more memory than can be addressed).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_session_new(const struct hidp_plan *plan,
                                      const struct hidp_session_options *options,
                                      struct hidp_session **session_out,
                                      struct hidp_diagnostic *diagnostic);

/**
 * @brief Closes a session, waits for its threads, and frees it.
 *
 * @param[in] session A session, or NULL.
 *
 * Thread safety: the session must not be in use.
 * @since 1.0
 */
HIDP_API void hidp_session_destroy(struct hidp_session *session);

/**
 * @brief Sets the kernels of a processor.
 *
 * @param[in] session   The session, not yet started.
 * @param[in] processor A processor of the node; #HIDP_PROCESSOR_NONE: all that have none.
 * @param[in] kernels   The kernels; must outlive the session.
 * @param[in] user_data Their first argument.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such processor, already started), #HIDP_ERR_ABI
 *         (kernels of another #HIDP_PLUGIN_ABI, or a required entry is NULL).
 *
 * Thread safety: one thread at a time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_session_set_kernels(struct hidp_session *session,
                                              hidp_processor_id processor,
                                              const struct hidp_kernels *kernels, void *user_data);

/**
 * @brief Sets the transport; only needed if messages go in or out.
 *
 * The session opens it when it starts, closes and stops it when it is closed.
 *
 * @param[in] session   The session, not yet started.
 * @param[in] transport The transport; must outlive the session.
 * @param[in] user_data Its first argument.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (already started), #HIDP_ERR_ABI (a transport of another
 *         #HIDP_PLUGIN_ABI, or a required entry is NULL).
 *
 * Thread safety: one thread at a time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_session_set_transport(struct hidp_session *session,
                                                const struct hidp_transport *transport,
                                                void *user_data);

/**
 * @brief Prepares the kernels, allocates memory and starts the workers.
 *
 * @param[in]  session    The session.
 * @param[out] diagnostic Names layer, processor or node, and the reason, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT (already started; a processor that has
 *         tasks has no kernels; messages, but no transport), #HIDP_ERR_UNSUPPORTED (a layer that
 *         the kernels cannot run, a dtype that a link cannot carry), #HIDP_ERR_LIMIT, or what
 *         kernels or transport returned. After an error the session can only be destroyed.
 *
 * Thread safety: one thread at a time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_session_start(struct hidp_session *session,
                                        struct hidp_diagnostic *diagnostic);

/**
 * @brief Begins a request. At the plan's input node.
 *
 * @param[in]  session     The session.
 * @param[in]  inputs      [input_count] the elements of the model inputs, by rising number of their
 *                         layers; each dense, image by image, row by row, pixel by pixel (NHWC),
 *                         in the layer's dtype. Copied during the call.
 * @param[in]  input_count Number of model inputs.
 * @param[out] request_out Its number.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (not the input node, not started, another number of
 *         inputs), #HIDP_ERR_BUSY (no slot is free), #HIDP_ERR_CLOSED.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_session_submit(struct hidp_session *session, const void *const *inputs,
                                         uint32_t input_count, uint64_t *request_out);

/**
 * @brief Waits for a request, takes its result, and frees its slot. At the plan's output node.
 *
 * @param[in]  session      The session.
 * @param[in]  request      A request; each can be waited for once.
 * @param[in]  timeout_s    How long to wait; 0: not at all, less than 0: for ever.
 * @param[out] outputs      [output_count] receive the elements of the model outputs, by rising
 *                          number of their layers, laid out as inputs are; NULL entries are left
 *                          out. Untouched after an error.
 * @param[in]  output_count Number of model outputs; 0: none is wanted.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (not the output node, not started, another number of
 *         outputs, a request that was waited for before, or that never reached this node while a
 *         later one did, since another node ended), #HIDP_ERR_TIMEOUT (the request goes on),
 *         #HIDP_ERR_CANCELLED, #HIDP_ERR_CLOSED, #HIDP_ERR_TRANSPORT (a message could not be sent),
 *         or what a kernel returned. After all but #HIDP_ERR_ARGUMENT and #HIDP_ERR_TIMEOUT the
 *         request is over.
 *
 * Thread safety: any thread, any time, one at a time per request.
 * @since 1.0
 */
HIDP_API hidp_status hidp_session_wait(struct hidp_session *session, uint64_t request,
                                       double timeout_s, void *const *outputs,
                                       uint32_t output_count);

/**
 * @brief Gives up a request, on this node and on all others that work on it.
 *
 * It still has to be waited for; hidp_session_wait() then returns #HIDP_ERR_CANCELLED, unless the
 * request was done or had failed before.
 *
 * @param[in] session The session.
 * @param[in] request A request that was submitted and not yet waited for.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such request).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_session_cancel(struct hidp_session *session, uint64_t request);

/**
 * @brief Stops everything: requests under way end with #HIDP_ERR_CLOSED.
 *
 * Returns when no thread of the session runs any more. The transport is closed and stopped.
 *
 * @param[in] session The session; may be closed, or never have been started.
 *
 * Thread safety: any thread, any time, but none that kernels or transport run on.
 * @since 1.0
 */
HIDP_API void hidp_session_close(struct hidp_session *session);

/** @brief How far a request is on one node. */
struct hidp_session_progress {
	uint32_t struct_size; /**< sizeof(struct hidp_session_progress), set by the caller */
	uint32_t route;       /**< that it takes */
	uint32_t task_count;  /**< tasks of the route on this node: computing, sending, receiving */
	uint32_t tasks_done;  /**< of them; at least so many: some that are done may not be counted yet */
	double elapsed_s;     /**< since it began on this node */
};

/** Initialiser for a struct hidp_session_progress. */
#define HIDP_SESSION_PROGRESS_INIT                                                                 \
	{                                                                                          \
		sizeof(struct hidp_session_progress), 0, 0, 0, 0                                   \
	}

/**
 * @brief How far a request is on this node.
 *
 * @param[in]  session      The session.
 * @param[in]  request      A request that has begun here and, at the output node, was not waited for.
 * @param[out] progress_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such request, not started), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_session_get_progress(struct hidp_session *session, uint64_t request,
                                               struct hidp_session_progress *progress_out);

/** @brief What a session has done since it was started. */
struct hidp_session_statistics {
	uint32_t struct_size;      /**< sizeof(struct hidp_session_statistics), set by the caller */
	uint32_t flags;            /**< none defined; 0 */
	uint64_t requests;         /**< requests that this node took part in and that are over */
	uint64_t failed;           /**< of them, failed or cancelled */
	uint64_t messages_sent;    /**< messages with rows */
	uint64_t messages_received; /**< messages with rows */
	uint64_t messages_refused; /**< messages that made no sense: too short, of another plan, unexpected, ... */
	uint64_t messages_held;    /**< messages that came before there was room for them */
	uint64_t memory_bytes;     /**< blocks of all slots, scratch memory of all workers */
};

/** Initialiser for a struct hidp_session_statistics. */
#define HIDP_SESSION_STATISTICS_INIT                                                               \
	{                                                                                          \
		sizeof(struct hidp_session_statistics), 0, 0, 0, 0, 0, 0, 0, 0                     \
	}

/**
 * @brief What a session has done.
 *
 * @param[in]  session        The session.
 * @param[out] statistics_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_session_get_statistics(const struct hidp_session *session,
                                                 struct hidp_session_statistics *statistics_out);

/**
 * @brief The programs that a session runs.
 *
 * @param[in] session The session.
 * @param[in] route   Which route.
 * @return The programs, which live as long as the session; NULL if there is no such route.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API const struct hidp_programs *hidp_session_programs(const struct hidp_session *session,
                                                           uint32_t route);

/** @brief The times of a task, over all requests so far. */
struct hidp_task_statistics {
	uint32_t struct_size; /**< sizeof(struct hidp_task_statistics), set by the caller */
	uint32_t flags;       /**< none defined; 0 */
	uint64_t count;       /**< how often it was run */
	double total_s;       /**< of all runs; a message is under way until its memory is free again (send), or
	                           as long as it takes to copy it (receive) */
	double least_s;       /**< the shortest run; 0 if there was none */
	double most_s;        /**< the longest run */
	double last_begin_s;  /**< of the last run: its beginning after that of the request on this node */
	double last_end_s;    /**< its end likewise */
};

/** Initialiser for a struct hidp_task_statistics. */
#define HIDP_TASK_STATISTICS_INIT                                                                  \
	{                                                                                          \
		sizeof(struct hidp_task_statistics), 0, 0, 0, 0, 0, 0, 0                           \
	}

/**
 * @brief The times of a task.
 *
 * @param[in]  session        The session.
 * @param[in]  route          Which route.
 * @param[in]  task           A task of its programs.
 * @param[out] statistics_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such route or task), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_session_get_task_statistics(const struct hidp_session *session,
                                                      uint32_t route, uint32_t task,
                                                      struct hidp_task_statistics *statistics_out);

/** @} */

HIDP_END_DECLS

#endif
