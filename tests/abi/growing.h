/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_GROWING_H
#define HIDP_TESTS_GROWING_H

/*
 * Every growable struct with 32 bytes behind it: what a program from the future
 * passes to today's library, or what must stay untouched behind a struct of today.
 */
#define GROWN(name)                                                                                \
	struct grown_##name {                                                                      \
		struct name known;                                                                 \
		unsigned char unknown[32];                                                         \
	}

GROWN(hidp_agent_options);
GROWN(hidp_agent_report);
GROWN(hidp_agent_request);
GROWN(hidp_buffer_info);
GROWN(hidp_call);
GROWN(hidp_context_options);
GROWN(hidp_cost_entry);
GROWN(hidp_diagnostic);
GROWN(hidp_layer_desc);
GROWN(hidp_layer_info);
GROWN(hidp_link_desc);
GROWN(hidp_link_times);
GROWN(hidp_model_options);
GROWN(hidp_node_desc);
GROWN(hidp_node_figures);
GROWN(hidp_plan_figures);
GROWN(hidp_plan_options);
GROWN(hidp_processor_desc);
GROWN(hidp_processor_figures);
GROWN(hidp_program_task);
GROWN(hidp_programs_info);
GROWN(hidp_session_options);
GROWN(hidp_session_progress);
GROWN(hidp_session_statistics);
GROWN(hidp_share_desc);
GROWN(hidp_slice_desc);
GROWN(hidp_stage_desc);
GROWN(hidp_step_desc);
GROWN(hidp_task_info);
GROWN(hidp_task_statistics);

#endif
