/* SPDX-License-Identifier: MIT */
#ifndef HIDP_AGENT_H
#define HIDP_AGENT_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/cluster.h>
#include <hidp/context.h>
#include <hidp/export.h>
#include <hidp/model.h>
#include <hidp/options.h>
#include <hidp/plan.h>
#include <hidp/session.h>
#include <hidp/status.h>

/**
 * @file
 * @brief Agents: nodes that follow each other's plans, lead their own, and recover.
 */

/**
 * @defgroup agent Agent
 * @brief What runs on a node of a cluster: it follows others' plans and leads its own.
 *
 * Every node runs an agent over one transport. Each can lead: hidp_agent_run() finds out who
 * is there, has a plan made, sends it to the nodes that take part, and runs the request. The
 * others follow: they get ready for a plan that a leader sends them and carry it out. Only
 * decisions travel, and tensors: models, kernels and weights are what each node has loaded
 * itself, and a node that lacks the model says so.
 *
 * A node that dies, does not answer or is cut off costs time, not the request: the leader has a
 * new plan made without it and runs the request again, from the inputs that it kept.
 *
 * Plans travel as JSON, so agents need a library built with it.
 *
 * Thread safety: hidp_agent_run(), hidp_agent_measure_link() and hidp_agent_close() may be called
 * from any threads at the same time; requests of several threads are pipelined. Everything else from
 * one thread, before the agent is started or after it was closed.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_agent;
struct hidp_kernels;
struct hidp_transport;

/** What an agent is about, after Figure 4 of HiDP (DATE 2025), and one more. */
enum hidp_agent_state_value {
	HIDP_AGENT_IDLE = 0,    /**< nothing is asked of it */
	HIDP_AGENT_ANALYSE = 1, /**< leader: finds out which nodes are there */
	HIDP_AGENT_EXPLORE = 2, /**< leader: has a plan made */
	HIDP_AGENT_OFFLOAD = 3, /**< leader: sends the plan to those who take part */
	HIDP_AGENT_MAP = 4,     /**< gets ready: programs, kernels, memory, workers */
	HIDP_AGENT_EXECUTE = 5, /**< runs requests */
	HIDP_AGENT_RECOVER = 6  /**< leader: a plan failed, another one is needed */
};

/** One of #hidp_agent_state_value. */
typedef uint32_t hidp_agent_state;

/**
 * @brief Learns what an agent is about.
 *
 * Called on threads of the agent and on those that call hidp_agent_run(), several at a time; it
 * must not call the agent. Exceptions and panics must not leave it.
 *
 * @param[in] user_data The pointer given with the callback.
 * @param[in] state     One of #hidp_agent_state_value.
 * @param[in] plan_id   The plan it is about; 0: none yet.
 * @param[in] text      Why, or who, for people; UTF-8, valid during the call.
 */
typedef void (*hidp_agent_state_fn)(void *user_data, hidp_agent_state state, uint64_t plan_id,
                                    const char *text);

/**
 * @brief Makes a plan, for a leader. Usually calls hidp_planner_plan().
 *
 * Called by one thread at a time, one that called hidp_agent_run(); it must not call the agent.
 * Exceptions and panics must not leave it.
 *
 * @param[in]  user_data  The pointer given with the callback.
 * @param[in]  model      The model.
 * @param[in]  cluster    The cluster as it is now: nodes that do not answer are unavailable, links
 *                        that failed are gone.
 * @param[in]  options    What is asked; the leader is the agent's own node.
 * @param[out] plan_out   The plan, reference count 1; it must be of this model and cluster.
 * @param[out] diagnostic Says what is wrong; never NULL.
 * @return #HIDP_OK, or the status with which hidp_agent_run() then fails.
 */
typedef hidp_status (*hidp_agent_plan_fn)(void *user_data, const struct hidp_model *model,
                                          const struct hidp_cluster *cluster,
                                          const struct hidp_plan_options *options,
                                          struct hidp_plan **plan_out,
                                          struct hidp_diagnostic *diagnostic);

/** @brief How an agent is made. Zero means the default in every field. */
struct hidp_agent_options {
	uint32_t struct_size; /**< sizeof(struct hidp_agent_options) */
	uint32_t flags;       /**< any of #hidp_session_flag, for the agent's sessions */
	hidp_node_id node;    /**< the node that this is */
	uint32_t slots;       /**< requests under way at once in each plan that it leads; as in a
	                           struct hidp_session_options */
	hidp_agent_state_fn on_state; /**< learns what the agent is about; NULL: nobody does */
	void *state_data;             /**< first argument of `on_state` */
	double spin_s;                /**< as in a struct hidp_session_options */
	double heartbeat_s;           /**< a leader calls its followers so often; 0: every 50 ms */
	double silence_s;             /**< a node that has not been heard for so long is lost; 0: 0.5 s */
	double ready_s;               /**< how long followers may take to get ready; 0: 60 s */
	double attempt_s;             /**< a request that takes longer has lost its way; 0: twenty times what the plan
	                                   says, and a second */
};

/** Initialiser for a struct hidp_agent_options: all defaults. */
#define HIDP_AGENT_OPTIONS_INIT                                                                    \
	{                                                                                          \
		sizeof(struct hidp_agent_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                    \
	}

/**
 * @brief Makes an agent.
 *
 * @param[in]  context    Where memory comes from; a reference is kept.
 * @param[in]  cluster    The cluster, the same on all nodes; a reference is kept.
 * @param[in]  options    Options, or NULL for all defaults.
 * @param[out] agent_out  The agent; destroy it with hidp_agent_destroy().
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI,
 *         #HIDP_ERR_UNSUPPORTED (built without JSON).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_agent_new(struct hidp_context *context,
                                    const struct hidp_cluster *cluster,
                                    const struct hidp_agent_options *options,
                                    struct hidp_agent **agent_out,
                                    struct hidp_diagnostic *diagnostic);

/**
 * @brief Closes an agent and frees it.
 *
 * @param[in] agent An agent, or NULL.
 *
 * Thread safety: the agent must not be in use.
 * @since 1.0
 */
HIDP_API void hidp_agent_destroy(struct hidp_agent *agent);

/**
 * @brief Sets the transport. Required.
 *
 * @param[in] agent     The agent, not yet started.
 * @param[in] transport The transport; must outlive the agent.
 * @param[in] user_data Its first argument.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (already started), #HIDP_ERR_ABI (a transport of another
 *         #HIDP_PLUGIN_ABI, or a required entry is NULL).
 *
 * Thread safety: one thread at a time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_agent_set_transport(struct hidp_agent *agent,
                                              const struct hidp_transport *transport,
                                              void *user_data);

/**
 * @brief Loads a model: the agent can lead and follow plans for it.
 *
 * @param[in] agent     The agent, not yet started.
 * @param[in] model     The model; a reference is kept.
 * @param[in] kernels   The kernels of all processors, which only meet programs of this very
 *                      model; must outlive the agent.
 * @param[in] user_data Their first argument.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT (already started), #HIDP_ERR_ABI
 *         (kernels of another #HIDP_PLUGIN_ABI, or a required entry is NULL).
 *
 * Thread safety: one thread at a time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_agent_add_model(struct hidp_agent *agent, const struct hidp_model *model,
                                          const struct hidp_kernels *kernels, void *user_data);

/**
 * @brief Sets who makes plans; only needed to lead.
 *
 * @param[in] agent     The agent, not yet started.
 * @param[in] planner   Makes plans.
 * @param[in] user_data Its first argument.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (already started).
 *
 * Thread safety: one thread at a time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_agent_set_planner(struct hidp_agent *agent, hidp_agent_plan_fn planner,
                                            void *user_data);

/**
 * @brief Opens the transport; from now on the agent follows.
 *
 * @param[in]  agent      The agent.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT (already started, no transport), or what
 *         the transport returned.
 *
 * Thread safety: one thread at a time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_agent_start(struct hidp_agent *agent, struct hidp_diagnostic *diagnostic);

/**
 * @brief Learns how far a request is.
 *
 * Called by hidp_agent_run(), on the thread that called that, once every `heartbeat_s` while the
 * request is under way; it may block, but holds the request up, and must not call the agent.
 * Exceptions and panics must not leave it.
 *
 * @param[in] user_data The pointer given with the callback.
 * @param[in] attempt   How often the request was begun, from 1.
 * @param[in] part_done Part of the tasks on the leader that are done, 0 to 1.
 */
typedef void (*hidp_agent_progress_fn)(void *user_data, uint32_t attempt, double part_done);

/** @brief A request to an agent that leads. */
struct hidp_agent_request {
	uint32_t struct_size;  /**< sizeof(struct hidp_agent_request) */
	uint32_t flags;        /**< none defined; 0 */
	uint32_t model;        /**< which of the models that were added, from 0 */
	uint32_t input_count;  /**< number of model inputs */
	uint32_t output_count; /**< number of model outputs; 0: none is wanted */
	uint32_t reserved;     /**< 0 */
	const struct hidp_plan_options *options; /**< what is asked of the plan; leader, input and output are this
	                                              node, whatever they say; NULL: all defaults */
	const void *const *inputs; /**< [input_count] as in hidp_session_submit(); read until the call returns */
	void *const *outputs;      /**< [output_count] as in hidp_session_wait() */
	double deadline_s;         /**< from the call on; then another plan is made, and if that does not get
	                                through either, the leader does it alone; 0: none */
	hidp_agent_progress_fn on_progress; /**< learns how far it is; NULL: nobody does */
	void *progress_data;                /**< first argument of `on_progress` */
};

/** Initialiser for a struct hidp_agent_request. */
#define HIDP_AGENT_REQUEST_INIT                                                                    \
	{                                                                                          \
		sizeof(struct hidp_agent_request), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                 \
	}

/** @brief How a request went. */
struct hidp_agent_report {
	uint32_t struct_size;  /**< sizeof(struct hidp_agent_report), set by the caller */
	uint32_t attempts;     /**< how often it was begun; 1 if nothing went wrong */
	uint64_t plan_id;      /**< of the plan that it was done with */
	double latency_s;      /**< from its last beginning to its result */
	double predicted_s;    /**< what the plan says */
	double planning_s;     /**< making plans, over all attempts */
	double preparing_s;    /**< getting ready, on all nodes, over all attempts */
	double total_s;        /**< from the call to the result */
};

/** Initialiser for a struct hidp_agent_report. */
#define HIDP_AGENT_REPORT_INIT                                                                     \
	{                                                                                          \
		sizeof(struct hidp_agent_report), 0, 0, 0, 0, 0, 0, 0                              \
	}

/**
 * @brief Leads a request: from its inputs to its outputs, whatever happens to other nodes.
 *
 * A request that does not get through is begun again with another plan, a few times; the last
 * time by the leader alone.
 *
 * The plan of the last request is used again while it holds: for the same model and options
 * (compared as what they point to).
 *
 * @param[in]  agent      The agent, started.
 * @param[in]  request    The request.
 * @param[out] report     How it went; `struct_size` set by the caller. May be NULL.
 * @param[out] diagnostic Names the node or layer and the reason, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI, #HIDP_ERR_TIMEOUT (not
 *         even the leader alone got through in time), #HIDP_ERR_INFEASIBLE (no plan is possible with the nodes that are
 *         left), #HIDP_ERR_CLOSED, or what planner or kernels returned.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_agent_run(struct hidp_agent *agent,
                                    const struct hidp_agent_request *request,
                                    struct hidp_agent_report *report,
                                    struct hidp_diagnostic *diagnostic);

/** @brief How long messages to another node and back take. */
struct hidp_link_times {
	uint32_t struct_size;      /**< sizeof(struct hidp_link_times), set by the caller */
	uint32_t rounds;           /**< how often it was measured; the rest are medians */
	uint64_t bytes;            /**< of a large message */
	double latency_s;          /**< of a message without content: half of the way there and back */
	double bandwidth_Bps;      /**< to the other node: bytes of a large message by the time that it takes
	                                longer than one without content */
	double back_bandwidth_Bps; /**< likewise from the other node to this */
};

/** Initialiser for a struct hidp_link_times. */
#define HIDP_LINK_TIMES_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_link_times), 0, 0, 0, 0, 0                                      \
	}

/**
 * @brief Measures the link to another node, on which an agent follows.
 *
 * What a struct hidp_link_desc wants, with all that a message goes through: transport, encryption
 * and the threads at both ends. One link is measured at a time; requests that are under way
 * meanwhile make it seem slower.
 *
 * @param[in]  agent      The agent, started.
 * @param[in]  node       The other node.
 * @param[in]  time_s     About how long to measure, and how long to wait for the node to answer at all;
 *                        0: 2 s.
 * @param[out] times_out  Filled in; `struct_size` set by the caller. Untouched after an error.
 * @param[out] diagnostic Names the node and the reason, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such other node, not started), #HIDP_ERR_ABI,
 *         #HIDP_ERR_TIMEOUT (the node does not answer, or not any more), #HIDP_ERR_TRANSPORT
 *         (messages cannot be sent any more), #HIDP_ERR_CLOSED.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_agent_measure_link(struct hidp_agent *agent, hidp_node_id node,
                                             double time_s, struct hidp_link_times *times_out,
                                             struct hidp_diagnostic *diagnostic);

/**
 * @brief The plan that an agent leads now.
 *
 * @param[in]  agent    The agent.
 * @param[out] plan_out The plan, a reference more; NULL if there is none.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_agent_plan(struct hidp_agent *agent, struct hidp_plan **plan_out);

/**
 * @brief The times of a task of the plan that an agent leads, on the agent's own node.
 *
 * @param[in]  agent          The agent.
 * @param[in]  route          Which route.
 * @param[in]  task           A task of the node's programs (hidp_programs_new()).
 * @param[out] statistics_out As hidp_session_get_task_statistics().
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no plan, no such route or task), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_agent_get_task_statistics(struct hidp_agent *agent, uint32_t route,
                                                    uint32_t task,
                                                    struct hidp_task_statistics *statistics_out);

/**
 * @brief Stops leading and following; requests under way end with #HIDP_ERR_CLOSED.
 *
 * Returns when no thread of the agent runs any more. The transport is closed and stopped.
 *
 * @param[in] agent The agent; may be closed, or never have been started.
 *
 * Thread safety: any thread, any time, but none that callbacks run on.
 * @since 1.0
 */
HIDP_API void hidp_agent_close(struct hidp_agent *agent);

/** @} */

HIDP_END_DECLS

#endif
