/* SPDX-License-Identifier: MIT */
/* Agents whose messages are lost at the worst moment, as when a connection breaks for a moment. */
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <hidp/hidp.h>

#include "elements.h"
#include "inproc_transport.h"
#include "random_instance.h"
#include "suite.h"

/* A follower gives a plan up after twenty times as long. */
#define SILENCE_S 0.2

/* Node 0 leads, node 1 follows. */
static struct hidp_context *context;
static struct hidp_cluster *cluster;
static struct hidp_model *model;
static struct inproc_hub *hub;
static struct hidp_agent *agents[2];
static struct elements_common common;
static struct elements kernels[2];
static struct hidp_diagnostic said;
static atomic_uint ready, given_up; /* plans that the follower got ready for, and gave up */
static atomic_uint lose;            /* so many of the next messages from node 1 */
static unsigned lose_when_ready;

static void be(void *data, const struct inproc_message *message, struct inproc_fate *fate)
{
	(void)data;
	if (message->from == 1 && atomic_load(&lose) > 0) {
		atomic_fetch_sub(&lose, 1);
		fate->copies = 0;
	}
}

/* What the follower says is said before it tells the leader. */
static void on_state(void *data, hidp_agent_state state, uint64_t plan_id, const char *text)
{
	(void)data;
	(void)plan_id;
	if (state == HIDP_AGENT_EXECUTE && strcmp(text, "ready") == 0) {
		atomic_store(&lose, lose_when_ready);
		atomic_fetch_add(&ready, 1);
	} else if (state == HIDP_AGENT_IDLE && strstr(text, "call any more") != NULL) {
		atomic_fetch_add(&given_up, 1);
	}
}

/* The first half of the layers on the leader, the second on the follower, if that is there. */
static hidp_status make_plan(void *data, const struct hidp_model *the_model,
                             const struct hidp_cluster *now,
                             const struct hidp_plan_options *options, struct hidp_plan **plan_out,
                             struct hidp_diagnostic *diagnostic)
{
	struct hidp_plan_builder *b;
	struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
	struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
	struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
	struct hidp_node_desc follower = HIDP_NODE_DESC_INIT;
	(void)data;
	ck_ok(hidp_cluster_node(now, 1, &follower), said);
	const bool both = (follower.flags & HIDP_NODE_UNAVAILABLE) == 0;
	ck_ok(hidp_plan_builder_new(the_model, now, NULL, options, &b, diagnostic), *diagnostic);
	stage.kind = HIDP_STAGE_SINGLE;
	step.kind = HIDP_STEP_SINGLE;
	step.layer_count = 1;
	for (hidp_layer_id l = 1; l < 3; l++) {
		struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
		share.node = both ? l - 1 : 0;
		stage.layer_count = l == 1 ? 2 : 1; /* the first has the input */
		ck_ok(hidp_plan_builder_add_stage(b, &stage, diagnostic), *diagnostic);
		ck_ok(hidp_plan_builder_add_share(b, &share, diagnostic), *diagnostic);
		ck_ok(hidp_plan_builder_add_step(b, &step, diagnostic), *diagnostic);
		ck_ok(hidp_plan_builder_add_slice(b, &slice, diagnostic), *diagnostic);
	}
	hidp_status s = hidp_plan_builder_seal(b, plan_out, diagnostic);
	hidp_plan_builder_destroy(b);
	return s;
}

static struct hidp_model *make_model(void)
{
	struct hidp_model_builder *b;
	struct hidp_model *made;
	ck_ok(hidp_model_builder_new(context, NULL, &b), said);
	for (hidp_layer_id l = 0; l < 3; l++) {
		struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
		const hidp_layer_id before = l - 1;
		d.op = l == 0 ? HIDP_OP_INPUT : HIDP_OP_CONV;
		if (l == 0) {
			d.shape = (struct hidp_shape){1, 2, 8, 8};
		} else {
			d.inputs = &before;
			d.input_count = 1;
			d.out_channels = 2;
			d.kernel[0] = d.kernel[1] = 3;
			for (int i = 0; i < 4; i++)
				d.pad[i] = 1;
		}
		ck_ok(hidp_model_builder_add(b, &d, NULL, &said), said);
	}
	ck_ok(hidp_model_builder_seal(b, &made, &said), said);
	hidp_model_builder_destroy(b);
	return made;
}

static void set_up(void)
{
	said = (struct hidp_diagnostic)HIDP_DIAGNOSTIC_INIT;
	atomic_store(&ready, 0);
	atomic_store(&given_up, 0);
	atomic_store(&lose, 0);
	lose_when_ready = 0;
	ck_ok(hidp_context_new(NULL, &context), said);
	ck_ok(hidp_cluster_from_string(context, "2*cpu:10 | lan", &cluster, &said), said);
	model = make_model();
	hub = inproc_hub_new(2, 1);
	inproc_set_rule(hub, be, NULL);
	elements_begin(&common, 1);
	for (hidp_node_id n = 0; n < 2; n++) {
		struct hidp_agent_options o = HIDP_AGENT_OPTIONS_INIT;
		o.node = n;
		o.flags = HIDP_SESSION_UNPINNED;
		o.spin_s = -1;
		o.heartbeat_s = 0.02;
		o.silence_s = SILENCE_S;
		o.on_state = n == 1 ? on_state : NULL;
		kernels[n] = (struct elements){&common, n, model};
		ck_ok(hidp_agent_new(context, cluster, &o, &agents[n], &said), said);
		ck_ok(hidp_agent_set_transport(agents[n], inproc_transport(), inproc_node(hub, n)),
		      said);
		ck_ok(hidp_agent_add_model(agents[n], model, elements_kernels(), &kernels[n]),
		      said);
		ck_ok(hidp_agent_set_planner(agents[n], make_plan, NULL), said);
		ck_ok(hidp_agent_start(agents[n], &said), said);
	}
}

static void tear_down(void)
{
	for (hidp_node_id n = 0; n < 2; n++)
		hidp_agent_close(agents[n]);
	for (hidp_node_id n = 0; n < 2; n++)
		hidp_agent_destroy(agents[n]);
	inproc_hub_destroy(hub);
	hidp_model_unref(model);
	hidp_cluster_unref(cluster);
	hidp_context_unref(context);
}

/* Another plan is made for every mark. */
static struct hidp_agent_report request(uint32_t mark)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_agent_request r = HIDP_AGENT_REQUEST_INIT;
	struct hidp_agent_report report = HIDP_AGENT_REPORT_INIT;
	void **inputs = elements_make(model, true, &r.input_count);
	void **outputs = elements_make(model, false, &r.output_count);
	elements_fill(model, inputs, mark);
	r.inputs = (const void *const *)inputs;
	r.outputs = outputs;
	r.options = &options;
	options.work_limit = mark;
	ck_ok(hidp_agent_run(agents[0], &r, &report, &said), said);
	ck_assert(elements_check(model, outputs, mark));
	ck_assert_msg(!atomic_load(&common.is_wrong), "%s", common.wrong);
	elements_free(inputs, r.input_count);
	elements_free(outputs, r.output_count);
	return report;
}

/* That it is ready is lost, and what it says while the connection is gone. */
START_TEST(ready_is_lost)
{
	for (unsigned lost = 1; lost < 5; lost++) {
		lose_when_ready = lost;
		struct hidp_agent_report report = request(lost);
		/* long before it would be taken for one that does not get ready */
		ck_assert_double_lt(report.total_s, 10);
		ck_assert_uint_ge(atomic_load(&ready), lost);
	}
}
END_TEST

static void nap(void)
{
	const struct timespec t = {0, 10000000};
	nanosleep(&t, NULL);
}

/* That the plan is over is lost; it must not stay for ever, though the leader is heard again. */
START_TEST(the_end_of_a_plan_is_lost)
{
	struct hidp_agent_report report = request(1);
	ck_assert_uint_eq(report.attempts, 1);
	ck_assert_uint_eq(atomic_load(&ready), 1);
	inproc_set_node(hub, 1, false);
	/* another plan, for which the follower is not there any more */
	(void)request(2);
	ck_assert_uint_eq(atomic_load(&given_up), 0);
	inproc_set_node(hub, 1, true);
	for (int i = 0; i < 6000 && atomic_load(&given_up) == 0; i++)
		nap();
	ck_assert_uint_eq(atomic_load(&given_up), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_lost");
	TCase *tc = tcase_create("agent_lost");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, ready_is_lost);
	tcase_add_test(tc, the_end_of_a_plan_is_lost);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
