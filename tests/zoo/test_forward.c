/* SPDX-License-Identifier: MIT */
/* The zoo's networks, really computed. */
#include <math.h>
#include <stdbool.h>

#include <check.h>

#include "common.h"
#include "forward.h"

/* One network or two of each family, small enough to compute in a test. */
static const struct small {
	const char *name;
	struct zoo_options options;
	bool both; /* compute it unfused as well */
} smalls[] = {
	{"efficientnet_b0", {.image = 64}, true},
	{"inception_v3", {.image = 75}, false},
	{"resnet50", {.image = 32, .batch = 2}, true},
	{"resnet152", {.image = 32}, false},
	{"vgg16", {.image = 32}, false},
	{"mobilenet_v2", {.image = 64}, true},
	{"vit_b_16", {.image = 32}, false},
	{"bert_base", {.tokens = 2}, true},
};

static void run(const struct hidp_model *model, uint64_t input_seed, struct forward *forward)
{
	ck_assert_msg(forward_run(model, 3, input_seed, forward), "%s cannot be computed",
	              hidp_model_name(model));
}

/* No layer's output explodes or vanishes, and the result depends on the input. */
START_TEST(activations)
{
	struct hidp_model *model = build(smalls[_i].name, smalls[_i].options);
	struct forward one, two;
	run(model, 1, &one);
	run(model, 2, &two);
	for (uint32_t l = 0; l < one.layer_count; l++) {
		double rms = forward_rms(&one, l);
		ck_assert_msg(rms > 0.01 && rms < 100, "%s: %g", one.info[l].name, rms);
	}
	uint32_t last = one.layer_count - 1;
	double apart = 0, count = (double)one.info[last].output_bytes / 4;
	for (int64_t i = 0; i < (int64_t)count; i++) {
		double d = (double)(one.values[last][i] - two.values[last][i]);
		apart += d * d / count;
	}
	ck_assert_msg(sqrt(apart) > 0.01 * forward_rms(&one, last), "%s: %g", smalls[_i].name,
	              sqrt(apart));
	forward_free(&one);
	forward_free(&two);
	hidp_model_unref(model);
}
END_TEST

/* The parts of a fused model are the layers of the unfused one, weights included. */
START_TEST(fusing_changes_nothing)
{
	if (!smalls[_i].both)
		return;
	struct zoo_options options = smalls[_i].options;
	struct hidp_model *fused = build(smalls[_i].name, options);
	options.flags = HIDP_MODEL_KEEP_UNFUSED;
	struct hidp_model *plain = build(smalls[_i].name, options);
	struct forward a, b;
	run(fused, 1, &a);
	run(plain, 1, &b);
	for (uint32_t l = 0; l < a.layer_count; l++) {
		hidp_layer_id same;
		const char *last = part_of(fused, l, a.info[l].part_count - 1).name;
		ck_assert_int_eq(hidp_model_find(plain, last, &same), HIDP_OK);
		ck_assert_mem_eq(a.values[l], b.values[same], a.info[l].output_bytes);
	}
	forward_free(&a);
	forward_free(&b);
	hidp_model_unref(fused);
	hidp_model_unref(plain);
}
END_TEST

int main(void)
{
	const int count = (int)(sizeof smalls / sizeof smalls[0]);
	Suite *suite = suite_create("forward");
	TCase *tc = tcase_create("forward");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 100);
	tcase_add_loop_test(tc, activations, 0, count);
	tcase_add_loop_test(tc, fusing_changes_nothing, 0, count);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
