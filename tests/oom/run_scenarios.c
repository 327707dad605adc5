/* SPDX-License-Identifier: MIT */
#include "scenario.h"

static hidp_status lower_global(struct fixture *f)
{
	ACT_MAKING(hidp_programs, hidp_programs_new(f->plan, 1, 2, &made, &f->diagnostic));
}

static hidp_status lower_local(struct fixture *f)
{
	ACT_MAKING(hidp_programs, hidp_programs_new(f->local, 0, 0, &made, &f->diagnostic));
}

/* Looks at everything that programs tell, then releases them. */
static void release_programs(struct fixture *f)
{
	struct hidp_programs *p = f->out->object;
	struct hidp_programs_info info = HIDP_PROGRAMS_INFO_INIT;
	struct hidp_buffer_info buffer = HIDP_BUFFER_INFO_INIT;
	struct hidp_program_task task = HIDP_PROGRAM_TASK_INIT;
	struct hidp_call call = HIDP_CALL_INIT;
	uint32_t from, to;
	int64_t begin, end;
	double fraction;
	hidp_programs_unref(hidp_programs_ref(p));
	(void)hidp_plan_get_route_fraction(hidp_programs_plan(p), 0, &fraction);
	(void)hidp_programs_get_info(p, &info);
	for (uint32_t b = 0; b < info.buffer_count; b++)
		(void)hidp_programs_get_buffer(p, b, &buffer);
	for (uint32_t t = 0; t < info.task_count; t++) {
		(void)hidp_programs_get_task(p, t, &task);
		for (uint32_t i = 0; i < task.call_count; i++) {
			(void)hidp_programs_get_call(p, t, i, &call);
			(void)hidp_programs_get_operand(p, t, i, 0, &from);
		}
		for (uint32_t i = 0; i < task.copy_count; i++)
			(void)hidp_programs_get_copy(p, t, i, &from, &to, &begin, &end);
		for (uint32_t i = 0; i < task.part_count; i++)
			(void)hidp_programs_get_part(p, t, i, &begin, &end);
	}
	f->out->count = info.task_count;
	f->out->id = hidp_programs_next_task(p, HIDP_TASK_COMPUTE, 0, HIDP_TASK_NONE);
	f->out->needed = hidp_plan_route_count(f->plan);
	hidp_programs_unref(p);
	hidp_programs_unref(NULL);
}

const struct scenario run_scenarios[] = {
        {"hidp_programs_new hidp_programs_ref hidp_programs_unref hidp_programs_plan "
         "hidp_programs_get_info hidp_programs_get_buffer hidp_programs_get_task "
         "hidp_programs_next_task hidp_programs_get_part hidp_programs_get_call "
         "hidp_programs_get_operand hidp_programs_get_copy hidp_plan_route_count "
         "hidp_plan_get_route_fraction",
         "over nodes", ALLOCATES, lower_global, release_programs, HIDP_OK, 0},
        {"hidp_programs_new", "over processors", ALLOCATES, lower_local, release_programs, HIDP_OK,
         0},
        {0},
};
