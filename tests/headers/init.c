/* SPDX-License-Identifier: MIT */
/*
 * Every ..._INIT macro makes the same struct in C and in C++, and the same as its
 * _init function where there is one. Compiled as C99 and, through init_cxx.cpp, as
 * C++11, with warnings as errors.
 */
#include <hidp/hidp.h>

#include <stdio.h>
#include <string.h>

static int count, failures;

static void result(int good, const char *name, const char *what)
{
	count++;
	failures += !good;
	printf("%s %d - %s %s\n", good ? "ok" : "not ok", count, name, what);
}

/* struct_size is set and everything else is zero, but for what the caller has put back to zero. */
#define ZERO_BUT_SIZE(name, made)                                                                  \
	do {                                                                                       \
		struct name zero;                                                                  \
		memset(&zero, 0, sizeof zero);                                                     \
		zero.struct_size = (uint32_t)sizeof zero;                                          \
		result(memcmp(&zero, &(made), sizeof zero) == 0, #name, "is zero but for its size"); \
	} while (0)

#define INIT_ONLY(name, macro)                                                                     \
	do {                                                                                       \
		struct name made = macro;                                                          \
		ZERO_BUT_SIZE(name, made);                                                         \
	} while (0)

#define INIT_BOTH(name, macro)                                                                     \
	do {                                                                                       \
		struct name made = macro, told;                                                    \
		memset(&told, 0xA5, sizeof told);                                                  \
		name##_init(&told, sizeof told);                                                   \
		result(memcmp(&told, &made, sizeof made) == 0, #name, "has one default");          \
	} while (0)

int main(void)
{
	INIT_ONLY(hidp_agent_options, HIDP_AGENT_OPTIONS_INIT);
	INIT_ONLY(hidp_agent_report, HIDP_AGENT_REPORT_INIT);
	INIT_ONLY(hidp_agent_request, HIDP_AGENT_REQUEST_INIT);
	INIT_ONLY(hidp_link_times, HIDP_LINK_TIMES_INIT);
	INIT_ONLY(hidp_session_progress, HIDP_SESSION_PROGRESS_INIT);
	INIT_ONLY(hidp_buffer_info, HIDP_BUFFER_INFO_INIT);
	INIT_ONLY(hidp_call, HIDP_CALL_INIT);
	INIT_ONLY(hidp_context_options, HIDP_CONTEXT_OPTIONS_INIT);
	INIT_ONLY(hidp_diagnostic, HIDP_DIAGNOSTIC_INIT);
	INIT_ONLY(hidp_layer_info, HIDP_LAYER_INFO_INIT);
	INIT_ONLY(hidp_model_options, HIDP_MODEL_OPTIONS_INIT);
	INIT_ONLY(hidp_node_figures, HIDP_NODE_FIGURES_INIT);
	INIT_ONLY(hidp_plan_figures, HIDP_PLAN_FIGURES_INIT);
	INIT_ONLY(hidp_processor_figures, HIDP_PROCESSOR_FIGURES_INIT);
	INIT_ONLY(hidp_program_task, HIDP_PROGRAM_TASK_INIT);
	INIT_ONLY(hidp_programs_info, HIDP_PROGRAMS_INFO_INIT);
	INIT_ONLY(hidp_session_options, HIDP_SESSION_OPTIONS_INIT);
	INIT_ONLY(hidp_session_statistics, HIDP_SESSION_STATISTICS_INIT);
	INIT_ONLY(hidp_share_desc, HIDP_SHARE_DESC_INIT);
	INIT_ONLY(hidp_slice_desc, HIDP_SLICE_DESC_INIT);
	INIT_ONLY(hidp_stage_desc, HIDP_STAGE_DESC_INIT);
	INIT_ONLY(hidp_step_desc, HIDP_STEP_DESC_INIT);
	INIT_ONLY(hidp_task_info, HIDP_TASK_INFO_INIT);
	INIT_ONLY(hidp_task_statistics, HIDP_TASK_STATISTICS_INIT);
	INIT_ONLY(hidp_cost_entry, HIDP_COST_ENTRY_INIT);
	INIT_ONLY(hidp_layer_desc, HIDP_LAYER_DESC_INIT);
	INIT_ONLY(hidp_node_desc, HIDP_NODE_DESC_INIT);
	INIT_ONLY(hidp_plan_options, HIDP_PLAN_OPTIONS_INIT);
	INIT_ONLY(hidp_processor_desc, HIDP_PROCESSOR_DESC_INIT);

	/* the one default that is not zero */
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	result(link.medium == HIDP_MEDIUM_NONE, "hidp_link_desc", "has no medium");
	link.medium = 0;
	ZERO_BUT_SIZE(hidp_link_desc, link);

	INIT_BOTH(hidp_cost_entry, HIDP_COST_ENTRY_INIT);
	INIT_BOTH(hidp_layer_desc, HIDP_LAYER_DESC_INIT);
	INIT_BOTH(hidp_link_desc, HIDP_LINK_DESC_INIT);
	INIT_BOTH(hidp_node_desc, HIDP_NODE_DESC_INIT);
	INIT_BOTH(hidp_plan_options, HIDP_PLAN_OPTIONS_INIT);
	INIT_BOTH(hidp_processor_desc, HIDP_PROCESSOR_DESC_INIT);

	printf("1..%d\n", count);
	return failures != 0;
}
