/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PROGRAM_H
#define HIDP_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/cluster.h>
#include <hidp/export.h>
#include <hidp/figures.h>
#include <hidp/model.h>
#include <hidp/plan.h>
#include <hidp/status.h>

/**
 * @file
 * @brief Programs: what each processor of a node does to carry out a plan.
 */

/**
 * @defgroup program Programs
 * @brief The ordered tasks of every processor of a node, and the memory they work in.
 *
 * A plan says who computes what. For one node, its *programs* say it task by task:
 * which calls of kernels a processor makes, in which order, on which rows and
 * channels of which tensors, where these lie in memory, which messages come in and
 * go out, and what has to be done before what. A host with threads of its own
 * walks them itself; a struct hidp_session does it for hosts that have none.
 *
 * **Order.** Tasks are numbered in an order in which they could be carried out one
 * by one. Each processor has a program, the tasks with its number, and so have what
 * the node sends and what it receives. A task may begin as soon as all its
 * dependencies are done; the tasks of a processor, and those that send, are begun in
 * the order of their numbers, those that receive whenever their message comes. This
 * never leads into a deadlock, on one node or over all of them.
 *
 * **Memory.** All tensors of a request lie in one block of memory, whose size and
 * alignment hidp_programs_get_info() tells; buffers are parts of it, and two that
 * are never needed at the same time may share bytes: dependencies see to that, too.
 * Several requests at once need a block each. Tensors are stored image by image,
 * row by row, pixel by pixel, with the channels of a pixel side by side (NHWC), and
 * only the rows that the node has to do with, so rows are contiguous.
 *
 * **Messages.** Message m of a route is the same on all nodes: the sender's task
 * and the receiver's name the same number, tensor and rows.
 *
 * Thread safety: programs are immutable; any thread, any time.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_programs;

/** No task. */
#define HIDP_TASK_NONE UINT32_MAX
/** No message. */
#define HIDP_MESSAGE_NONE UINT32_MAX
/** No buffer: of an operand of which a call reads no row. */
#define HIDP_BUFFER_NONE UINT32_MAX
/** As an operand of a call: its output. */
#define HIDP_OPERAND_OUTPUT UINT32_MAX
/** Every buffer begins at a multiple of this many bytes of the block. */
#define HIDP_BUFFER_ALIGNMENT 64u
/**
 * So many bytes behind every buffer are of the block, too: kernels may read them, without
 * knowing what they hold, and not write them.
 */
#define HIDP_BUFFER_TAIL 64u

/**
 * @brief Number of routes of a plan: combinations of one share of each replica stage.
 *
 * @param[in] plan The plan.
 * @return 1 or more; 1 without replicas.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API uint32_t hidp_plan_route_count(const struct hidp_plan *plan);

/**
 * @brief The part of the requests that take a route.
 *
 * @param[in]  plan         The plan.
 * @param[in]  route        Which route, from 0; the last replica stage changes quickest.
 * @param[out] fraction_out More than 0; those of all routes add up to 1.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such route).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_get_route_fraction(const struct hidp_plan *plan, uint32_t route,
                                                  double *fraction_out);

/**
 * @brief Lowers a plan to the programs of one node.
 *
 * @param[in]  plan         The plan; a reference is kept.
 * @param[in]  route        Which route (hidp_plan_route_count()); 0 without replicas.
 * @param[in]  node         A node of the plan's cluster. One that has nothing to do
 *                          gets programs without tasks.
 * @param[out] programs_out The programs, reference count 1; release them with
 *                          hidp_programs_unref().
 * @param[out] diagnostic   Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT (no such route or node),
 *         #HIDP_ERR_LIMIT (more memory than can be addressed).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_programs_new(const struct hidp_plan *plan, uint32_t route,
                                       hidp_node_id node, struct hidp_programs **programs_out,
                                       struct hidp_diagnostic *diagnostic);

/**
 * @brief Adds a reference.
 *
 * @param[in] programs Programs; not NULL.
 * @return The same pointer.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API struct hidp_programs *hidp_programs_ref(struct hidp_programs *programs);

/**
 * @brief Gives a reference back; the last one frees the programs.
 *
 * @param[in] programs Programs, or NULL.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API void hidp_programs_unref(struct hidp_programs *programs);

/**
 * @brief The plan that programs were lowered from.
 *
 * @param[in] programs The programs.
 * @return The plan; it lives at least as long as the programs.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API const struct hidp_plan *hidp_programs_plan(const struct hidp_programs *programs);

/** @brief Programs as a whole. */
struct hidp_programs_info {
	uint32_t struct_size;   /**< sizeof(struct hidp_programs_info), set by the caller */
	uint32_t flags;         /**< none defined; 0 */
	hidp_node_id node;      /**< the node */
	uint32_t route;         /**< the route */
	uint32_t task_count;    /**< tasks of all programs of the node */
	uint32_t buffer_count;  /**< buffers in the block */
	uint32_t message_count; /**< messages of the route, of all nodes */
	uint32_t reserved;      /**< 0 */
	uint64_t memory_bytes;  /**< size of the block for one request, tails and all; aligned to #HIDP_BUFFER_ALIGNMENT */
	uint64_t live_bytes;    /**< of it, in use at the busiest moment; the rest is lost to fragmentation */
};

/** Initialiser for a struct hidp_programs_info. */
#define HIDP_PROGRAMS_INFO_INIT                                                                    \
	{                                                                                          \
		sizeof(struct hidp_programs_info), 0, 0, 0, 0, 0, 0, 0, 0, 0                       \
	}

/**
 * @brief Programs as a whole.
 *
 * @param[in]  programs The programs.
 * @param[out] info_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_programs_get_info(const struct hidp_programs *programs,
                                            struct hidp_programs_info *info_out);

/** Flags of a buffer. */
enum hidp_buffer_flag {
	HIDP_BUFFER_INPUT = 1u << 0, /**< of a model input, whole: the host fills it before the request begins */
	HIDP_BUFFER_OUTPUT = 1u << 1 /**< of a model output, whole: the host reads it when all tasks are done */
};

/** @brief Some rows of a tensor in the block of memory of a request. */
struct hidp_buffer_info {
	uint32_t struct_size;    /**< sizeof(struct hidp_buffer_info), set by the caller */
	uint32_t flags;          /**< any of #hidp_buffer_flag */
	hidp_layer_id layer;     /**< the layer that makes the tensor */
	hidp_dtype dtype;        /**< of its elements */
	struct hidp_shape shape; /**< of the whole tensor */
	int64_t row_begin;       /**< first row that it holds */
	int64_t row_end;         /**< one past the last row */
	uint64_t offset;         /**< of its first row, in the block */
	uint64_t bytes;          /**< batch * batch_stride */
	uint64_t batch_stride;   /**< bytes from an image to the next: rows held * row_stride */
	uint64_t row_stride;     /**< bytes from a row to the next: width * pixel_stride */
	uint64_t pixel_stride;   /**< bytes from a pixel to the next: channels times bytes of an element */
};

/** Initialiser for a struct hidp_buffer_info. */
#define HIDP_BUFFER_INFO_INIT                                                                      \
	{                                                                                          \
		sizeof(struct hidp_buffer_info), 0, 0, 0, { 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, 0      \
	}

/**
 * @brief A buffer.
 *
 * @param[in]  programs The programs.
 * @param[in]  buffer   Which buffer, from 0.
 * @param[out] info_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such buffer), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_programs_get_buffer(const struct hidp_programs *programs,
                                              uint32_t buffer, struct hidp_buffer_info *info_out);

/**
 * @brief A task of a node.
 *
 * A compute task makes its calls one after another, then its copies. One that sends
 * or receives moves rows of one tensor: the parts of `row_begin` to `row_end` that
 * hidp_programs_get_part() tells, usually all of it.
 */
struct hidp_program_task {
	uint32_t struct_size;        /**< sizeof(struct hidp_program_task), set by the caller */
	hidp_task_kind kind;         /**< #HIDP_TASK_COMPUTE, #HIDP_TASK_SEND or #HIDP_TASK_RECEIVE */
	hidp_processor_id processor; /**< compute: of the node; else #HIDP_PROCESSOR_NONE */
	uint32_t stage;              /**< stage; their number for the delivery of outputs */
	uint32_t share;              /**< share that computes, or that the message is for */
	uint32_t step;               /**< compute: step of the share */
	uint32_t slice;              /**< compute: slice of the step */
	uint32_t call_count;         /**< compute: calls of kernels; hidp_programs_get_call() */
	uint32_t copy_count;         /**< compute: copies after them; hidp_programs_get_copy() */
	uint32_t message;            /**< send, receive: number of the message on its route; else #HIDP_MESSAGE_NONE */
	hidp_node_id peer;           /**< send: to; receive: from; else #HIDP_NODE_NONE */
	uint32_t buffer;             /**< send, receive: the buffer that the rows are in; else 0 */
	int64_t row_begin;           /**< send, receive: first row */
	int64_t row_end;             /**< send, receive: one past the last row */
	uint32_t part_count;         /**< send, receive: hidp_programs_get_part(); else 0 */
	hidp_dtype wire_dtype;       /**< send, receive: of the elements on the wire; else 0 */
	uint64_t bytes;              /**< send, receive: bytes on the wire; else 0 */
	uint32_t dependency_count;   /**< length of `dependencies` */
	uint32_t dependent_count;    /**< length of `dependents` */
	const uint32_t *dependencies; /**< tasks that must be done before, rising; live as long as the programs */
	const uint32_t *dependents;   /**< tasks that wait for this one, rising; likewise */
};

/** Initialiser for a struct hidp_program_task. */
#define HIDP_PROGRAM_TASK_INIT                                                                     \
	{                                                                                          \
		sizeof(struct hidp_program_task), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  \
		        0, 0, 0, 0                                                                 \
	}

/**
 * @brief A task.
 *
 * @param[in]  programs The programs.
 * @param[in]  task     Which task, from 0.
 * @param[out] task_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such task), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_programs_get_task(const struct hidp_programs *programs, uint32_t task,
                                            struct hidp_program_task *task_out);

/**
 * @brief The next task of a program.
 *
 * @param[in] programs  The programs.
 * @param[in] kind      #HIDP_TASK_COMPUTE, #HIDP_TASK_SEND or #HIDP_TASK_RECEIVE.
 * @param[in] processor With #HIDP_TASK_COMPUTE: a processor of the node; else not read.
 * @param[in] after     A task; #HIDP_TASK_NONE: begins with the first.
 * @return The next one of that program, or #HIDP_TASK_NONE.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API uint32_t hidp_programs_next_task(const struct hidp_programs *programs,
                                          hidp_task_kind kind, hidp_processor_id processor,
                                          uint32_t after);

/**
 * @brief A part of the rows that a message carries.
 *
 * @param[in]  programs      The programs.
 * @param[in]  task          A task that sends or receives.
 * @param[in]  part          Which part of it, from 0; the parts are disjoint and rise. A
 *                           message holds part after part, of each image after image.
 * @param[out] row_begin_out First row.
 * @param[out] row_end_out   One past the last row.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such task or part).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_programs_get_part(const struct hidp_programs *programs, uint32_t task,
                                            uint32_t part, int64_t *row_begin_out,
                                            int64_t *row_end_out);

/** @brief A call of a kernel: some rows and channels of one layer's output. */
struct hidp_call {
	uint32_t struct_size;  /**< sizeof(struct hidp_call), set by the caller */
	uint32_t flags;        /**< none defined; 0 */
	hidp_layer_id layer;   /**< the layer, all its parts (hidp_model_part()) */
	uint32_t input_count;  /**< operands besides the output: the layer's inputs, in their order */
	int64_t row_begin;     /**< first output row */
	int64_t row_end;       /**< one past the last output row; at least one row */
	int64_t channel_begin; /**< first output channel */
	int64_t channel_end;   /**< one past the last output channel; all of them but in a channels step */
};

/** Initialiser for a struct hidp_call. */
#define HIDP_CALL_INIT                                                                             \
	{                                                                                          \
		sizeof(struct hidp_call), 0, 0, 0, 0, 0, 0, 0                                      \
	}

/**
 * @brief A call of a compute task.
 *
 * The operands hold at least the rows that the call reads and writes; where it lies in
 * them follows from the numbers of the rows. Nothing beyond the rows and channels of
 * the call may be written.
 *
 * @param[in]  programs The programs.
 * @param[in]  task     A task that computes.
 * @param[in]  call     Which call of it, from 0.
 * @param[out] call_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such task or call), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_programs_get_call(const struct hidp_programs *programs, uint32_t task,
                                            uint32_t call, struct hidp_call *call_out);

/**
 * @brief The buffer of an operand of a call.
 *
 * @param[in]  programs   The programs.
 * @param[in]  task       A task that computes.
 * @param[in]  call       Which call of it.
 * @param[in]  operand    Which input of the layer, from 0, or #HIDP_OPERAND_OUTPUT.
 * @param[out] buffer_out The buffer; #HIDP_BUFFER_NONE if the call reads no row of it (rows
 *                        put together from several tensors, nothing but padding).
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such task, call or operand).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_programs_get_operand(const struct hidp_programs *programs, uint32_t task,
                                               uint32_t call, uint32_t operand,
                                               uint32_t *buffer_out);

/**
 * @brief A copy at the end of a compute task: rows that this slice computed for itself and
 *        that others want, too, from its own buffer to the common one.
 *
 * @param[in]  programs      The programs.
 * @param[in]  task          A task that computes.
 * @param[in]  copy          Which copy of it, from 0.
 * @param[out] from_out      Buffer to copy from.
 * @param[out] to_out        Buffer of the same tensor to copy to.
 * @param[out] row_begin_out First row.
 * @param[out] row_end_out   One past the last row.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such task or copy).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_programs_get_copy(const struct hidp_programs *programs, uint32_t task,
                                            uint32_t copy, uint32_t *from_out, uint32_t *to_out,
                                            int64_t *row_begin_out, int64_t *row_end_out);

/** @} */

HIDP_END_DECLS

#endif
