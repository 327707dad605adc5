/* SPDX-License-Identifier: MIT */
/* Machines as nodes: synthetic ones, with kinds of cores registered by hand, and this one. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <hidp-hwloc.h>
#include <hidp/hidp.h>
#include <hidp/plugin/kernels.h>
#include <hwloc.h>
#include <hwloc/cpukinds.h>

static struct hidp_context *context;
static struct hidp_cluster_builder *builder;
static struct hidp_cluster *cluster;
static struct hidp_diagnostic said;
static struct hidp_hwloc_options options;
static hwloc_topology_t topology;
static cpu_set_t affinity; /* of this process when the test began */

static void set_up(void)
{
	ck_assert_int_eq(sched_getaffinity(0, sizeof affinity, &affinity), 0);
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_builder_new(context, &builder), HIDP_OK);
	options = (struct hidp_hwloc_options)HIDP_HWLOC_OPTIONS_INIT;
	said = (struct hidp_diagnostic)HIDP_DIAGNOSTIC_INIT;
	cluster = NULL;
	topology = NULL;
}

static void tear_down(void)
{
	ck_assert_int_eq(sched_setaffinity(0, sizeof affinity, &affinity), 0);
	hidp_cluster_unref(cluster);
	hidp_cluster_builder_destroy(builder);
	hidp_context_unref(context);
	if (topology != NULL)
		hwloc_topology_destroy(topology);
}

/* A synthetic machine, not yet loaded. */
static void begin(const char *description)
{
	ck_assert_int_eq(hwloc_topology_init(&topology), 0);
	ck_assert_int_eq(hwloc_topology_set_synthetic(topology, description), 0);
	options.topology = topology;
}

static void load(const char *description)
{
	begin(description);
	ck_assert_int_eq(hwloc_topology_load(topology), 0);
}

/* Hardware threads "0-3,8" are of one kind; 0 Hz: unknown. */
static void add_kind(const char *threads, int efficiency, const char *mhz)
{
	char name[] = "FrequencyMaxMHz", value[32];
	struct hwloc_info_s info = {name, value};
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	strcpy(value, mhz != NULL ? mhz : "");
	hwloc_bitmap_list_sscanf(set, threads);
	ck_assert_int_eq(hwloc_cpukinds_register(topology, set, efficiency, mhz != NULL, &info, 0),
	                 0);
	hwloc_bitmap_free(set);
}

/* Describes the machine and seals the cluster. */
static void describe(void)
{
	hidp_node_id node = 7;
	hidp_status s = hidp_hwloc_describe(&options, builder, &node, &said);
	ck_assert_msg(s == HIDP_OK, "%s", said.message);
	ck_assert_uint_eq(node, 0);
	ck_assert_int_eq(hidp_cluster_builder_seal(builder, &cluster, NULL), HIDP_OK);
}

static struct hidp_processor_desc processor(hidp_processor_id p)
{
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
	ck_assert_int_eq(hidp_cluster_processor(cluster, 0, p, &d), HIDP_OK);
	return d;
}

/* Processor p has this name and these core numbers, "0 2 5". */
static void is(hidp_processor_id p, const char *name, const char *ids)
{
	struct hidp_processor_desc d = processor(p);
	ck_assert_str_eq(d.name, name);
	ck_assert_uint_eq(d.kind, HIDP_PROCESSOR_CPU);
	char *end;
	uint32_t count = 0;
	for (const char *at = ids; *at != '\0'; at = end) {
		unsigned long id = strtoul(at, &end, 10);
		ck_assert_uint_lt(count, d.core_count);
		ck_assert_uint_eq(d.core_ids[count], id);
		count++;
	}
	ck_assert_uint_eq(count, d.core_count);
}

START_TEST(every_core_is_a_processor)
{
	load("package:2 l3:1 core:2 pu:2");
	describe();
	ck_assert_uint_eq(hidp_cluster_processor_count(cluster, 0), 4);
	is(0, "core0", "0");
	is(1, "core1", "2");
	is(2, "core2", "4");
	is(3, "core3", "6");
}
END_TEST

START_TEST(all_threads_of_a_core)
{
	load("package:1 core:2 pu:2");
	options.flags = HIDP_HWLOC_ALL_THREADS;
	describe();
	ck_assert_uint_eq(hidp_cluster_processor_count(cluster, 0), 2);
	is(0, "core0", "0 1");
	is(1, "core1", "2 3");
}
END_TEST

START_TEST(numbers_are_the_systems)
{
	load("package:1 core:2 pu:2(indexes=5,1,3,7)");
	describe();
	is(0, "core0", "1");
	is(1, "core1", "3");
}
END_TEST

START_TEST(without_cores_there_are_threads)
{
	begin("numa:1 core:3 pu:1");
	ck_assert_int_eq(hwloc_topology_set_type_filter(topology, HWLOC_OBJ_CORE,
	                                                HWLOC_TYPE_FILTER_KEEP_NONE),
	                 0);
	ck_assert_int_eq(hwloc_topology_load(topology), 0);
	ck_assert_int_le(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE), 0);
	describe();
	ck_assert_uint_eq(hidp_cluster_processor_count(cluster, 0), 3);
	is(2, "core2", "2");
}
END_TEST

START_TEST(kinds_with_the_best_first)
{
	load("package:1 core:6 pu:1");
	add_kind("0-3", 0, "1800");
	add_kind("4-5", 1, "2400");
	options.granularity = HIDP_HWLOC_KINDS;
	options.core_flops = 24e9;
	options.core_bandwidth_Bps = 5e9;
	describe();
	ck_assert_uint_eq(hidp_cluster_processor_count(cluster, 0), 2);
	is(0, "cores4-5", "4 5");
	is(1, "cores0-3", "0 1 2 3");
	ck_assert_double_eq_tol(processor(0).rate_flops[HIDP_CLASS_CONV3X3], 2 * 24e9, 1);
	ck_assert_double_eq_tol(processor(1).rate_flops[HIDP_CLASS_CONV3X3], 4 * 18e9, 1);
	ck_assert_double_eq_tol(processor(1).bandwidth_Bps[HIDP_CLASS_ELEMENTWISE], 4 * 5e9, 1);
	/* nothing that a layer could ask for is beyond them */
	for (hidp_op_class c = HIDP_CLASS_CONV3X3; c < HIDP_CLASS_COUNT; c++)
		ck_assert(processor(1).rate_flops[c] > 0 || processor(1).bandwidth_Bps[c] > 0);
}
END_TEST

START_TEST(kinds_without_a_frequency)
{
	load("package:1 core:4 pu:1");
	add_kind("0", 0, NULL);
	add_kind("1-2", 1, NULL);
	add_kind("3", 2, NULL);
	options.core_flops = 8e9;
	describe();
	ck_assert_double_eq_tol(processor(0).rate_flops[HIDP_CLASS_CONV3X3], 2e9, 1);
	ck_assert_double_eq_tol(processor(1).rate_flops[HIDP_CLASS_CONV3X3], 4e9, 1);
	ck_assert_double_eq_tol(processor(3).rate_flops[HIDP_CLASS_CONV3X3], 8e9, 1);
}
END_TEST

START_TEST(frequency_gives_the_guess)
{
	load("package:1 core:2 pu:1");
	add_kind("0-1", -1, "3000");
	describe();
	ck_assert_double_eq_tol(processor(0).rate_flops[HIDP_CLASS_CONV3X3], 16 * 3e9, 1);
}
END_TEST

START_TEST(cores_that_share_a_cache)
{
	load("package:1 l3:2 l2:2 core:2 pu:1");
	options.granularity = HIDP_HWLOC_CACHES;
	describe();
	ck_assert_uint_eq(hidp_cluster_processor_count(cluster, 0), 2);
	is(0, "cores0-3", "0 1 2 3");
	is(1, "cores4-7", "4 5 6 7");
}
END_TEST

/* What all share divides nothing: then it is the next cache, and then the kinds alone. */
START_TEST(caches_that_all_share)
{
	load("package:1 l3:1 l2:2 core:2 pu:1");
	options.granularity = HIDP_HWLOC_CACHES;
	describe();
	ck_assert_uint_eq(hidp_cluster_processor_count(cluster, 0), 2);
	is(0, "cores0-1", "0 1");
}
END_TEST

START_TEST(caches_of_two_kinds)
{
	load("package:1 l2:1 core:4 pu:1");
	add_kind("0,2", 0, "1000");
	add_kind("1,3", 1, "2000");
	options.granularity = HIDP_HWLOC_CACHES;
	describe();
	ck_assert_uint_eq(hidp_cluster_processor_count(cluster, 0), 2);
	is(0, "cores0,2", "0 2");
	is(1, "cores1,3", "1 3");
}
END_TEST

START_TEST(disallowed_cores_are_left_out)
{
	begin("package:1 core:4 pu:2");
	ck_assert_int_eq(
	        hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED), 0);
	ck_assert_int_eq(hwloc_topology_load(topology), 0);
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	hwloc_bitmap_list_sscanf(set, "1,4-7");
	ck_assert_int_eq(hwloc_topology_allow(topology, set, NULL, HWLOC_ALLOW_FLAG_CUSTOM), 0);
	hwloc_bitmap_free(set);
	options.flags = HIDP_HWLOC_ALL_THREADS;
	describe();
	ck_assert_uint_eq(hidp_cluster_processor_count(cluster, 0), 3);
	is(0, "core0", "1");
	is(1, "core2", "4 5");
	is(2, "core3", "6 7");
}
END_TEST

START_TEST(memory_and_name)
{
	struct hidp_node_desc d = HIDP_NODE_DESC_INIT;
	load("numa:2(memory=1000000000) core:1 pu:1");
	options.name = "box";
	describe();
	ck_assert_int_eq(hidp_cluster_node(cluster, 0, &d), HIDP_OK);
	ck_assert_str_eq(d.name, "box");
	ck_assert_uint_eq(d.memory_bytes, 1500000000);
	ck_assert_double_gt(d.sync_s, 0);
}
END_TEST

START_TEST(part_of_the_memory)
{
	struct hidp_node_desc d = HIDP_NODE_DESC_INIT;
	load("numa:1(memory=1000000000) core:1 pu:1");
	options.memory_fraction = 0.5;
	describe();
	ck_assert_int_eq(hidp_cluster_node(cluster, 0, &d), HIDP_OK);
	ck_assert_str_eq(d.name, "node0"); /* a synthetic machine has none of its own */
	ck_assert_uint_eq(d.memory_bytes, 500000000);
}
END_TEST

/* Refused, and then the builder is as it was: a good description is node 0. */
static void refused(hidp_status status, const char *words)
{
	hidp_node_id node = 7;
	hidp_status s = hidp_hwloc_describe(&options, builder, &node, &said);
	ck_assert_msg(s == status && said.status == s, "%d and %d, not %d: %s", s, said.status,
	              status, said.message);
	ck_assert_msg(strstr(said.message, words) != NULL, "%s", said.message);
	ck_assert_int_eq(hidp_hwloc_describe(&options, builder, &node, NULL), status);
	ck_assert_uint_eq(node, 7);
	hwloc_topology_destroy(topology);
	options = (struct hidp_hwloc_options)HIDP_HWLOC_OPTIONS_INIT;
	load("core:1 pu:1");
	describe();
	ck_assert_uint_eq(hidp_cluster_node_count(cluster), 1);
}

START_TEST(more_cores_than_processors)
{
	load("package:1 core:65 pu:1");
	refused(HIDP_ERR_LIMIT, "65 processors, at most 64");
}
END_TEST

START_TEST(most_cores)
{
	load("package:1 core:64 pu:1");
	describe();
	ck_assert_uint_eq(hidp_cluster_processor_count(cluster, 0), 64);
}
END_TEST

/* This process is bound to one core, and only another one is allowed. */
START_TEST(no_core_is_left)
{
	ck_assert_int_eq(hwloc_topology_init(&topology), 0);
	ck_assert_int_eq(
	        hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED), 0);
	ck_assert_int_eq(hwloc_topology_load(topology), 0);
	hwloc_bitmap_t bound = hwloc_bitmap_alloc(), others = hwloc_bitmap_alloc();
	ck_assert_int_eq(hwloc_get_cpubind(topology, bound, HWLOC_CPUBIND_PROCESS), 0);
	hwloc_bitmap_singlify(bound);
	hwloc_bitmap_andnot(others, hwloc_topology_get_allowed_cpuset(topology), bound);
	bool has_others = !hwloc_bitmap_iszero(others);
	if (has_others) {
		ck_assert_int_eq(
		        hwloc_topology_allow(topology, others, NULL, HWLOC_ALLOW_FLAG_CUSTOM), 0);
		ck_assert_int_eq(hwloc_set_cpubind(topology, bound, HWLOC_CPUBIND_PROCESS), 0);
		options.topology = topology;
		refused(HIDP_ERR_CLUSTER, "no core that this process may use");
	}
	hwloc_bitmap_free(bound);
	hwloc_bitmap_free(others);
}
END_TEST

/* Options that are refused; struct_size 0: the right one. */
static const struct {
	struct hidp_hwloc_options options;
	hidp_status status;
	const char *words;
} wrong[] = {
        {{.struct_size = 8}, HIDP_ERR_ABI, "unknown size"},
        {{.flags = 4}, HIDP_ERR_ABI, "flags 0x4"},
        {{.granularity = 3}, HIDP_ERR_ARGUMENT, "granularity 3"},
        {{.memory_fraction = 1.5}, HIDP_ERR_ARGUMENT, "out of range"},
        {{.memory_fraction = -1}, HIDP_ERR_ARGUMENT, "out of range"},
        {{.core_flops = -1}, HIDP_ERR_ARGUMENT, "out of range"},
        {{.core_bandwidth_Bps = 1e308 * 10}, HIDP_ERR_ARGUMENT, "out of range"},
};

START_TEST(wrong_options)
{
	load("core:1 pu:1");
	options = wrong[_i].options;
	if (options.struct_size == 0)
		options.struct_size = sizeof options;
	options.topology = topology;
	refused(wrong[_i].status, wrong[_i].words);
}
END_TEST

START_TEST(larger_options)
{
	struct {
		struct hidp_hwloc_options known;
		uint64_t later;
	} o = {HIDP_HWLOC_OPTIONS_INIT, 0};
	load("core:1 pu:1");
	o.known.struct_size = sizeof o;
	o.known.topology = topology;
	o.later = 1;
	ck_assert_int_eq(hidp_hwloc_describe(&o.known, builder, NULL, &said), HIDP_ERR_ABI);
	o.later = 0;
	ck_assert_int_eq(hidp_hwloc_describe(&o.known, builder, NULL, &said), HIDP_OK);
	ck_assert_int_eq(hidp_hwloc_describe(NULL, NULL, NULL, &said), HIDP_ERR_ARGUMENT);
}
END_TEST

/* A second machine of the same name is refused, and the first is as it was. */
START_TEST(machines_add_up)
{
	load("core:2 pu:1");
	options.name = "a";
	ck_assert_int_eq(hidp_hwloc_describe(&options, builder, NULL, &said), HIDP_OK);
	ck_assert_int_eq(hidp_hwloc_describe(&options, builder, NULL, &said), HIDP_ERR_CLUSTER);
	ck_assert_ptr_nonnull(strstr(said.message, "twice"));
	options.name = "b";
	hidp_node_id node = 0;
	ck_assert_int_eq(hidp_hwloc_describe(&options, builder, &node, &said), HIDP_OK);
	ck_assert_uint_eq(node, 1);
	ck_assert_int_eq(hidp_cluster_builder_seal(builder, &cluster, NULL), HIDP_OK);
	ck_assert_uint_eq(hidp_cluster_node_count(cluster), 2);
	ck_assert_uint_eq(hidp_cluster_processor_count(cluster, 0), 2);
}
END_TEST

/* Kernels that note where they run. */
struct seen {
	cpu_set_t allowed[HIDP_NODE_PROCESSORS_MAX];
	uint32_t core_counts[HIDP_NODE_PROCESSORS_MAX];
};

struct prepared {
	struct seen *seen;
	hidp_processor_id processor;
};

static hidp_status supports(void *user_data, const struct hidp_model *model, hidp_layer_id layer,
                            struct hidp_diagnostic *diagnostic)
{
	(void)user_data;
	(void)model;
	(void)layer;
	(void)diagnostic;
	return HIDP_OK;
}

static hidp_status prepare(void *user_data, const struct hidp_programs *programs, uint32_t task,
                           void **prepared_out, size_t *scratch_bytes_out,
                           struct hidp_diagnostic *diagnostic)
{
	struct hidp_program_task t = HIDP_PROGRAM_TASK_INIT;
	struct prepared *p = malloc(sizeof *p);
	(void)diagnostic;
	if (p == NULL)
		return HIDP_ERR_NOMEM;
	ck_assert_int_eq(hidp_programs_get_task(programs, task, &t), HIDP_OK);
	*p = (struct prepared){user_data, t.processor};
	*prepared_out = p;
	*scratch_bytes_out = 0;
	return HIDP_OK;
}

static hidp_status run(void *user_data, void *prepared, void *memory, void *scratch)
{
	struct prepared *p = prepared;
	(void)user_data;
	(void)memory;
	(void)scratch;
	return sched_getaffinity(0, sizeof(cpu_set_t), &p->seen->allowed[p->processor]) == 0
	               ? HIDP_OK
	               : HIDP_ERR_ARGUMENT;
}

static void release(void *user_data, void *prepared)
{
	(void)user_data;
	free(prepared);
}

static const struct hidp_kernels noting = {
        sizeof noting, HIDP_PLUGIN_ABI, "noting", supports, prepare, run, release, NULL,
};

/* One layer, its rows divided over all processors. */
static struct hidp_plan *make_plan(uint32_t processors)
{
	struct hidp_model_builder *mb;
	struct hidp_plan_builder *pb;
	struct hidp_model *model = NULL;
	struct hidp_plan *plan = NULL;
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
	struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
	struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
	hidp_layer_id id;
	ck_assert_int_eq(hidp_model_builder_new(context, NULL, &mb), HIDP_OK);
	d.op = HIDP_OP_INPUT;
	d.shape = (struct hidp_shape){1, 1, processors, 1};
	ck_assert_int_eq(hidp_model_builder_add(mb, &d, &id, NULL), HIDP_OK);
	d = (struct hidp_layer_desc)HIDP_LAYER_DESC_INIT;
	d.op = HIDP_OP_ACTIVATION;
	d.function = HIDP_ACTIVATION_RELU;
	d.inputs = &id;
	d.input_count = 1;
	ck_assert_int_eq(hidp_model_builder_add(mb, &d, NULL, NULL), HIDP_OK);
	ck_assert_int_eq(hidp_model_builder_seal(mb, &model, &said), HIDP_OK);
	ck_assert_int_eq(hidp_plan_builder_new(model, cluster, NULL, NULL, &pb, &said), HIDP_OK);
	stage.kind = HIDP_STAGE_SINGLE;
	stage.layer_count = 2;
	step.kind = processors > 1 ? HIDP_STEP_ROWS : HIDP_STEP_SINGLE;
	step.layer_count = 1;
	ck_assert_int_eq(hidp_plan_builder_add_stage(pb, &stage, &said), HIDP_OK);
	ck_assert_int_eq(hidp_plan_builder_add_share(pb, &share, &said), HIDP_OK);
	ck_assert_int_eq(hidp_plan_builder_add_step(pb, &step, &said), HIDP_OK);
	for (uint32_t p = 0; p < processors; p++) {
		struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
		slice.processor = p;
		slice.begin = processors > 1 ? (int64_t)p : 0;
		slice.end = processors > 1 ? (int64_t)p + 1 : 0;
		ck_assert_int_eq(hidp_plan_builder_add_slice(pb, &slice, &said), HIDP_OK);
	}
	hidp_status s = hidp_plan_builder_seal(pb, &plan, &said);
	ck_assert_msg(s == HIDP_OK, "%s: %s", said.subject, said.message);
	hidp_plan_builder_destroy(pb);
	hidp_model_builder_destroy(mb);
	hidp_model_unref(model);
	return plan;
}

/* A session on this machine, as described: workers run on the cores that it says, and nowhere else. */
START_TEST(sessions_pin_to_what_is_described)
{
	static struct seen seen;
	describe();
	uint32_t processors = hidp_cluster_processor_count(cluster, 0);
	struct hidp_plan *plan = make_plan(processors);
	struct hidp_session *session;
	float input[HIDP_NODE_PROCESSORS_MAX] = {0};
	const void *inputs[] = {input};
	uint64_t request;
	ck_assert_int_eq(hidp_session_new(plan, NULL, &session, &said), HIDP_OK);
	ck_assert_int_eq(
	        hidp_session_set_kernels(session, HIDP_PROCESSOR_NONE, &noting, &seen), HIDP_OK);
	hidp_status s = hidp_session_start(session, &said);
	ck_assert_msg(s == HIDP_OK, "%s", said.message);
	ck_assert_int_eq(hidp_session_submit(session, inputs, 1, &request), HIDP_OK);
	ck_assert_int_eq(hidp_session_wait(session, request, 60, NULL, 0), HIDP_OK);
	hidp_session_destroy(session);
	for (hidp_processor_id p = 0; p < processors; p++) {
		struct hidp_processor_desc d = processor(p);
		ck_assert_int_eq(CPU_COUNT(&seen.allowed[p]), (int)d.core_count);
		for (uint32_t i = 0; i < d.core_count; i++)
			ck_assert(CPU_ISSET(d.core_ids[i], &seen.allowed[p]));
	}
	hidp_plan_unref(plan);
}
END_TEST

/* Bound to one of its cores, a process sees but that one. */
START_TEST(this_process_is_bound)
{
	int first = 0;
	while (!CPU_ISSET(first, &affinity))
		first++;
	/* all threads of it: sanitizers have some of their own */
	hwloc_bitmap_t one = hwloc_bitmap_alloc();
	hwloc_bitmap_only(one, (unsigned)first);
	ck_assert_int_eq(hwloc_topology_init(&topology), 0);
	ck_assert_int_eq(hwloc_topology_load(topology), 0);
	ck_assert_int_eq(hwloc_set_cpubind(topology, one, HWLOC_CPUBIND_PROCESS), 0);
	hwloc_bitmap_free(one);
	options.flags = HIDP_HWLOC_ALL_THREADS;
	options.name = "bound";
	ck_assert_int_eq(hidp_hwloc_describe(&options, builder, NULL, &said), HIDP_OK);
	options.flags |= HIDP_HWLOC_UNBOUND;
	options.name = "unbound";
	ck_assert_int_eq(hidp_hwloc_describe(&options, builder, NULL, &said), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_builder_seal(builder, &cluster, NULL), HIDP_OK);
	ck_assert_uint_eq(hidp_cluster_processor_count(cluster, 0), 1);
	struct hidp_processor_desc d = processor(0);
	ck_assert_uint_eq(d.core_count, 1);
	ck_assert_uint_eq(d.core_ids[0], (uint32_t)first);
	uint32_t threads = 0;
	for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(cluster, 1); p++) {
		struct hidp_processor_desc u = HIDP_PROCESSOR_DESC_INIT;
		hidp_cluster_processor(cluster, 1, p, &u);
		threads += u.core_count;
	}
	ck_assert_uint_ge(threads, (uint32_t)CPU_COUNT(&affinity));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hwloc");
	TCase *tc = tcase_create("machines");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_core_is_a_processor);
	tcase_add_test(tc, all_threads_of_a_core);
	tcase_add_test(tc, numbers_are_the_systems);
	tcase_add_test(tc, without_cores_there_are_threads);
	tcase_add_test(tc, kinds_with_the_best_first);
	tcase_add_test(tc, kinds_without_a_frequency);
	tcase_add_test(tc, frequency_gives_the_guess);
	tcase_add_test(tc, cores_that_share_a_cache);
	tcase_add_test(tc, caches_that_all_share);
	tcase_add_test(tc, caches_of_two_kinds);
	tcase_add_test(tc, disallowed_cores_are_left_out);
	tcase_add_test(tc, memory_and_name);
	tcase_add_test(tc, part_of_the_memory);
	tcase_add_test(tc, more_cores_than_processors);
	tcase_add_test(tc, most_cores);
	tcase_add_test(tc, no_core_is_left);
	tcase_add_loop_test(tc, wrong_options, 0, sizeof wrong / sizeof wrong[0]);
	tcase_add_test(tc, larger_options);
	tcase_add_test(tc, machines_add_up);
	tcase_add_test(tc, sessions_pin_to_what_is_described);
	tcase_add_test(tc, this_process_is_bound);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
