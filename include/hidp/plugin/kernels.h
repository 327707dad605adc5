/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLUGIN_KERNELS_H
#define HIDP_PLUGIN_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/export.h>
#include <hidp/model.h>
#include <hidp/program.h>
#include <hidp/status.h>
#include <hidp/version.h>

/**
 * @file
 * @brief What an engine implements so that its kernels carry out plans.
 */

/**
 * @defgroup kernels Kernels
 * @brief What an engine implements so that its kernels carry out plans.
 *
 * A plug-in is an ordinary library; it exports one function that returns its table, and
 * one that makes the object the table works on, and the host gives both to a session.
 * Interfaces for plug-ins have a number of their own, #HIDP_PLUGIN_ABI, and may change
 * with a minor release of the library.
 *
 * Results must not depend on how a layer is divided: kernels that compute every element
 * in a fixed order make them the same bit by bit.
 * @{
 */

HIDP_BEGIN_DECLS

/**
 * @brief Kernels.
 *
 * No entry may call the session that uses it. Exceptions and panics must not leave them.
 */
struct hidp_kernels {
	uint32_t struct_size; /**< sizeof(struct hidp_kernels) */
	uint32_t abi;         /**< #HIDP_PLUGIN_ABI */
	const char *name;     /**< for people, for example "onednn" */

	/**
	 * @brief Can these kernels compute the layer, whole and in parts? Required.
	 *
	 * Any thread, any time.
	 *
	 * @param[in]  user_data  The pointer given with the table.
	 * @param[in]  model      A model.
	 * @param[in]  layer      A layer of it that is no model input.
	 * @param[out] diagnostic Why not, or NULL.
	 * @return #HIDP_OK, #HIDP_ERR_UNSUPPORTED.
	 */
	hidp_status (*supports)(void *user_data, const struct hidp_model *model,
	                        hidp_layer_id layer, struct hidp_diagnostic *diagnostic);

	/**
	 * @brief Gets ready to run a compute task: chooses implementations, packs weights.
	 *        Required.
	 *
	 * The task's calls are read with hidp_programs_get_call() and its siblings; copies are
	 * not the kernels' business. Called from one thread at a time; it may block.
	 *
	 * @param[in]  user_data   The pointer given with the table.
	 * @param[in]  programs    The programs; alive until the task is released.
	 * @param[in]  task        A task of them that computes.
	 * @param[out] prepared_out What run wants to have of it; NULL is a value like any other.
	 * @param[out] scratch_bytes_out Scratch memory for a run.
	 * @param[out] diagnostic  Names the layer and the reason, or NULL.
	 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_UNSUPPORTED, #HIDP_ERR_MODEL (the weights do
	 *         not fit the model).
	 */
	hidp_status (*prepare)(void *user_data, const struct hidp_programs *programs,
	                       uint32_t task, void **prepared_out, size_t *scratch_bytes_out,
	                       struct hidp_diagnostic *diagnostic);

	/**
	 * @brief Runs the calls of a task, one after another. Required.
	 *
	 * Called on the thread of the task's processor, which is pinned to its cores; different
	 * tasks run at the same time on different threads, and so does the same task for
	 * different requests, with different memory and scratch. Must neither allocate nor wait
	 * for other tasks.
	 *
	 * @param[in]     user_data The pointer given with the table.
	 * @param[in]     prepared  What prepare returned.
	 * @param[in,out] memory    The request's block; #HIDP_BUFFER_ALIGNMENT.
	 * @param[in,out] scratch   Scratch memory of the thread; #HIDP_BUFFER_ALIGNMENT, no
	 *                          defined contents; NULL if prepare asked for none.
	 * @return #HIDP_OK, or a status with which the request then fails.
	 */
	hidp_status (*run)(void *user_data, void *prepared, void *memory, void *scratch);

	/**
	 * @brief Gives up what prepare returned. Required.
	 *
	 * Called from one thread at a time, when no thread runs the task.
	 *
	 * @param[in] user_data The pointer given with the table.
	 * @param[in] prepared  What prepare returned.
	 */
	void (*release)(void *user_data, void *prepared);

	/**
	 * @brief A thread is about to run tasks of a processor. Optional, may be NULL.
	 *
	 * Called on that thread, once, after it was pinned: the place for what an engine keeps
	 * per thread, such as how many threads it may use itself.
	 *
	 * @param[in] user_data  The pointer given with the table.
	 * @param[in] core_count Cores the thread may run on; 0: not pinned.
	 * @return #HIDP_OK, or a status with which the session then does not start.
	 */
	hidp_status (*enter)(void *user_data, uint32_t core_count);
};

/** @} */

HIDP_END_DECLS

#endif
