/* SPDX-License-Identifier: MIT */
/* Which layers become one, and what a fused layer says of itself. */
#include <stdio.h>
#include <string.h>

#include "model/model_priv.h"
#include "model_help.h"

/*
 * Describes the sealed model as text: layers in order, the names of their parts joined by
 * '+', and behind each layer its inputs.
 */
static const char *picture(const struct hidp_model *model)
{
	static char text[4096];
	size_t n = 0;
	text[0] = '\0';
	for (uint32_t l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = info_of(model, l);
		for (uint32_t p = 0; p < info.part_count; p++)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s%s",
			                      p > 0   ? "+"
			                      : l > 0 ? " "
			                              : "",
			                      part_of(model, l, p).name);
		for (uint32_t i = 0; i < info.input_count; i++) {
			hidp_layer_id in;
			ck_assert_int_eq(hidp_model_layer_input(model, l, i, &in, NULL, NULL),
			                 HIDP_OK);
			n += (size_t)snprintf(text + n, sizeof text - n, "%c%s", i > 0 ? ',' : '(',
			                      info_of(model, in).name);
		}
		n += (size_t)snprintf(text + n, sizeof text - n, "%s",
		                      info.input_count > 0 ? ")" : "");
	}
	return text;
}

static void becomes(const char *expected)
{
	struct hidp_model *m = seal();
	ck_assert_str_eq(picture(m), expected);
	hidp_model_unref(m);
}

/* Layers of the tests: all keep the shape 4 x 6 x 5. */
static hidp_layer_id input(const char *name)
{
	return add(LAYER(.name = name, .op = HIDP_OP_INPUT, .shape = {1, 4, 6, 5}));
}

static hidp_layer_id conv(const char *name, hidp_layer_id in)
{
	return add(LAYER(.name = name, .op = HIDP_OP_CONV, IN(in), .out_channels = 4,
	                 .kernel = {3, 3}, .pad = {1, 1, 1, 1}));
}

static hidp_layer_id norm(const char *name, hidp_layer_id in)
{
	return add(LAYER(.name = name, .op = HIDP_OP_BATCH_NORM, IN(in)));
}

static hidp_layer_id relu(const char *name, hidp_layer_id in)
{
	return add(LAYER(.name = name, .op = HIDP_OP_ACTIVATION, IN(in),
	                 .function = HIDP_ACTIVATION_RELU));
}

static hidp_layer_id binary(const char *name, hidp_binary function, hidp_layer_id a,
                            hidp_layer_id b)
{
	return add(LAYER(.name = name, .op = HIDP_OP_BINARY, IN(a, b), .function = function));
}

static hidp_layer_id plus(const char *name, hidp_layer_id a, hidp_layer_id b)
{
	return binary(name, HIDP_BINARY_ADD, a, b);
}

static hidp_layer_id constant(const char *name, hidp_layer_id in, struct hidp_shape shape)
{
	return add(LAYER(.name = name, .op = HIDP_OP_BINARY, IN(in), .shape = shape,
	                 .function = HIDP_BINARY_ADD));
}

START_TEST(behind_a_convolution)
{
	hidp_layer_id x = input("i");
	relu("r", norm("n", conv("c", x)));
	becomes("i c+n+r(i)");
	begin(NULL);
	x = input("i");
	relu("r2", relu("r1", norm("n2", norm("n1", conv("c", x)))));
	becomes("i c+n1+n2+r1+r2(i)");
	/* a normalisation behind an activation cannot be folded into the weights */
	begin(NULL);
	x = input("i");
	relu("r2", norm("n", relu("r1", conv("c", x))));
	becomes("i c+r1(i) n+r2(c)");
}
END_TEST

START_TEST(behind_products)
{
	add(LAYER(.name = "i", .op = HIDP_OP_INPUT, .shape = {1, 8, 6, 1}));
	add(LAYER(.name = "d", .op = HIDP_OP_DENSE, IN(0), .out_channels = 6));
	relu("r", 1);
	add(LAYER(.name = "m", .op = HIDP_OP_MATMUL, IN(2, 0)));
	relu("s", 3);
	becomes("i d+r(i) m+s(d,i)");
}
END_TEST

START_TEST(residuals)
{
	/* identity */
	hidp_layer_id x = input("i");
	relu("r", plus("p", norm("n", conv("c", x)), x));
	becomes("i c+n+p+r(i,i)");
	/* the other way round */
	begin(NULL);
	x = input("i");
	relu("r", plus("p", x, norm("n", conv("c", x))));
	becomes("i c+n+p+r(i,i)");
	/* activation before the addition */
	begin(NULL);
	x = input("i");
	plus("p", x, relu("r", conv("c", x)));
	becomes("i c+r+p(i,i)");
	/* the later of two convolutions takes it */
	begin(NULL);
	x = input("i");
	hidp_layer_id a = norm("na", conv("a", x)), b = norm("nb", conv("b", x));
	relu("r", plus("p", a, b));
	becomes("i a+na(i) b+nb+p+r(i,a)");
	/* one other tensor, no more */
	begin(NULL);
	x = input("i");
	plus("q", plus("p", conv("c", x), x), x);
	becomes("i c+p(i,i) q(c,i)");
	/* nothing but additions of the same shape */
	begin(NULL);
	x = input("i");
	binary("s", HIDP_BINARY_SUB, conv("c", x), x);
	becomes("i c(i) s(c,i)");
	begin(NULL);
	x = input("i");
	hidp_layer_id pooled = add(LAYER(.name = "g", .op = HIDP_OP_GLOBAL_POOL, IN(x)));
	plus("p", conv("c", x), pooled);
	becomes("i g(i) c(i) p(c,g)");
	/* twice the same tensor is no residual */
	begin(NULL);
	x = conv("c", input("i"));
	plus("p", x, x);
	becomes("i c(i) p(c,c)");
}
END_TEST

/* The tensor that is added is made after the convolution: the fused layer comes after it. */
START_TEST(late_residual)
{
	hidp_layer_id x = input("i");
	hidp_layer_id a = conv("a", x);
	hidp_layer_id g = add(LAYER(.name = "s", .op = HIDP_OP_SOFTMAX, IN(x)));
	hidp_layer_id p = plus("p", a, g);
	relu("r", p);
	becomes("i s(i) a+p+r(i,s)");
}
END_TEST

START_TEST(constants)
{
	hidp_layer_id x = input("i");
	relu("r",
	     constant("k2", constant("k1", conv("c", x), SHAPE(1, 4, 1, 1)), SHAPE(1, 4, 6, 5)));
	becomes("i c+k1+k2+r(i)");
	/* one that makes the tensor larger cannot be computed in place */
	begin(NULL);
	add(LAYER(.name = "i", .op = HIDP_OP_INPUT, .shape = {1, 4, 1, 1}));
	add(LAYER(.name = "d", .op = HIDP_OP_DENSE, IN(0), .out_channels = 4));
	constant("k", 1, SHAPE(1, 4, 6, 5));
	becomes("i d(i) k(d)");
	/* nor is a constant by itself a base for more constants */
	begin(NULL);
	constant("k2", constant("k1", input("i"), SHAPE(1, 4, 1, 1)), SHAPE(1, 4, 1, 1));
	becomes("i k1(i) k2(k1)");
}
END_TEST

START_TEST(other_bases)
{
	hidp_layer_id x = input("i");
	relu("r", plus("p", x, x));
	relu("s", norm("n", x));
	relu("u", relu("t", x));
	hidp_layer_id pool =
		add(LAYER(.name = "m", .op = HIDP_OP_MAX_POOL, IN(x), .kernel = {2, 2}));
	relu("v", pool);
	norm("o", norm("n2", x));
	becomes("i p+r(i,i) n+s(i) t(i) u(t) m(i) v(m) n2(i) o(n2)");
}
END_TEST

/* What somebody else wants to see stays visible. */
START_TEST(shared_outputs)
{
	hidp_layer_id c = conv("c", input("i"));
	relu("r", c);
	relu("s", c);
	becomes("i c(i) r(c) s(c)");
	begin(NULL);
	c = add(LAYER(.name = "c", .op = HIDP_OP_CONV, IN(input("i")), .out_channels = 4,
	              .kernel = {1, 1}, .flags = HIDP_LAYER_OUTPUT));
	relu("r", c);
	becomes("i c(i) r(c)");
	begin(NULL);
	c = norm("n", conv("c", input("i")));
	relu("r", c);
	plus("p", c, 0);
	becomes("i c+n(i) r(c) p(c,i)");
	/* another element type must be made */
	begin(NULL);
	c = conv("c", input("i"));
	add(LAYER(.name = "r", .op = HIDP_OP_ACTIVATION, IN(c), .function = HIDP_ACTIVATION_RELU,
	          .dtype = HIDP_DTYPE_FP16));
	becomes("i c(i) r(c)");
}
END_TEST

START_TEST(kept_apart)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	options.flags = HIDP_MODEL_KEEP_UNFUSED;
	begin(&options);
	hidp_layer_id x = input("i");
	relu("r", plus("p", norm("n", conv("c", x)), x));
	becomes("i c(i) n(c) p(n,i) r(p)");
}
END_TEST

/* A described layer in a colocation group. */
static hidp_layer_id grouped(const char *name, hidp_op op, hidp_layer_id in, uint32_t group)
{
	struct hidp_layer_desc d = *LAYER(.name = name, .op = op, IN(in), .colocation = group);
	if (op == HIDP_OP_CONV) {
		d.out_channels = 4;
		d.kernel[0] = d.kernel[1] = 1;
	} else if (op == HIDP_OP_ACTIVATION) {
		d.function = HIDP_ACTIVATION_RELU;
	}
	return add(&d);
}

static uint32_t group_of(const struct hidp_model *model, const char *name)
{
	return info_of(model, find(model, name, NULL)).colocation;
}

START_TEST(colocation)
{
	hidp_layer_id x = input("i");
	/* one group, on the first, in the middle, on the last; two groups; one, none, another */
	x = grouped("n1", HIDP_OP_BATCH_NORM, grouped("c1", HIDP_OP_CONV, x, 7), 0);
	x = grouped("r2", HIDP_OP_ACTIVATION,
	            grouped("n2", HIDP_OP_BATCH_NORM, grouped("c2", HIDP_OP_CONV, x, 0), 7), 7);
	x = grouped("r3", HIDP_OP_ACTIVATION, grouped("c3", HIDP_OP_CONV, x, 0), UINT32_MAX);
	x = grouped("n4", HIDP_OP_BATCH_NORM, grouped("c4", HIDP_OP_CONV, x, 1), 2);
	x = grouped("r5", HIDP_OP_ACTIVATION,
	            grouped("n5", HIDP_OP_BATCH_NORM, grouped("c5", HIDP_OP_CONV, x, 1), 0), 2);
	grouped("c6", HIDP_OP_CONV, x, 0);
	struct hidp_model *m = seal();
	ck_assert_str_eq(picture(m), "i c1+n1(i) c2+n2+r2(c1) c3+r3(c2) c4(c3) n4(c4) c5+n5(n4) "
	                             "r5(c5) c6(r5)");
	ck_assert_uint_eq(group_of(m, "i"), 0);
	ck_assert_uint_eq(group_of(m, "n1"), 7);
	ck_assert_uint_eq(group_of(m, "c2"), 7);
	ck_assert_uint_eq(group_of(m, "c3"), UINT32_MAX);
	ck_assert_uint_eq(group_of(m, "c4"), 1);
	ck_assert_uint_eq(group_of(m, "n4"), 2);
	ck_assert_uint_eq(group_of(m, "n5"), 1);
	ck_assert_uint_eq(group_of(m, "r5"), 2);
	ck_assert_uint_eq(group_of(m, "c6"), 0);
	ck_assert_uint_eq(part_of(m, 1, 0).colocation, 7);
	ck_assert_uint_eq(part_of(m, 1, 1).colocation, 0);
	/* the first of every group */
	static const hidp_layer_id mates[] = {0, 1, 1, 3, 4, 5, 4, 5, 8};
	for (hidp_layer_id l = 0; l < sizeof mates / sizeof mates[0]; l++)
		ck_assert_uint_eq(m->layers[l].mate, mates[l]);
	ck_assert_uint_eq(m->colocated, 7);
	hidp_model_unref(m);
}
END_TEST

/* Figures of a fused layer are those of its parts together. */
START_TEST(figures)
{
	hidp_layer_id x = input("i");
	struct hidp_layer_desc d =
		*LAYER(.name = "c", .op = HIDP_OP_CONV, IN(x), .out_channels = 4, .kernel = {3, 3},
	               .pad = {1, 1, 1, 1}, .workspace_bytes = 100);
	hidp_layer_id c = add(&d);
	c = constant("k", norm("n", c), SHAPE(1, 4, 1, 1));
	hidp_layer_id p = plus("p", c, x);
	add(LAYER(.name = "r", .op = HIDP_OP_ACTIVATION, IN(p), .function = HIDP_ACTIVATION_CLIP,
	          .alpha = -2, .beta = 3, .workspace_bytes = 11, .flags = HIDP_LAYER_OUTPUT));
	struct hidp_model *m = seal();
	ck_assert_str_eq(picture(m), "i c+n+k+p+r(i,i)");
	struct hidp_layer_info info = info_of(m, 1);
	ck_assert_str_eq(info.name, "c");
	ck_assert_uint_eq(info.op, HIDP_OP_CONV);
	ck_assert_uint_eq(info.op_class, HIDP_CLASS_CONV3X3);
	ck_assert_uint_eq(info.flags, HIDP_LAYER_OUTPUT);
	ck_assert_uint_eq(info.part_count, 5);
	ck_assert_double_eq(info.flops, 2.0 * 4 * 9 * 4 * 30);
	ck_assert_uint_eq(info.weight_bytes, 4 * (4 * 9 * 4 + 4 + 8 + 4));
	ck_assert_uint_eq(info.workspace_bytes, 111);
	ck_assert_int_eq(info.channel_grain, 1);
	/* the convolution needs a halo and all channels, the residual neither */
	struct hidp_row_rule rule;
	bool own;
	ck_assert_int_eq(hidp_model_layer_input(m, 1, 0, NULL, &rule, &own), HIDP_OK);
	ck_assert(rule.pad == 1 && rule.extent == 3 && !own);
	ck_assert_int_eq(hidp_model_layer_input(m, 1, 1, NULL, &rule, &own), HIDP_OK);
	ck_assert(rule.pad == 0 && rule.extent == 1 && own);
	ck_assert_int_eq(hidp_model_layer_input(m, 1, 2, NULL, &rule, &own), HIDP_ERR_ARGUMENT);
	/* parts as described, inputs renumbered */
	struct hidp_layer_desc part = part_of(m, 1, 0);
	ck_assert_uint_eq(part.input_count, 1);
	ck_assert_uint_eq(part.inputs[0], 0);
	part = part_of(m, 1, 3);
	ck_assert_str_eq(part.name, "p");
	ck_assert_uint_eq(part.inputs[0], HIDP_LAYER_NONE);
	ck_assert_uint_eq(part.inputs[1], 0);
	part = part_of(m, 1, 4);
	ck_assert_uint_eq(part.inputs[0], HIDP_LAYER_NONE);
	ck_assert_double_eq(part.alpha, -2);
	ck_assert_double_eq(part.beta, 3);
	/* one consumer, although it reads the input twice */
	ck_assert_uint_eq(info_of(m, 0).consumer_count, 1);
	uint32_t at;
	ck_assert_uint_eq(find(m, "p", &at), 1);
	ck_assert_uint_eq(at, 3);
	hidp_model_unref(m);
}
END_TEST

/* Long chains, and as many as a model can hold: no recursion, no quadratic time. */
START_TEST(many)
{
	hidp_layer_id x = input("i");
	x = conv("c", x);
	for (uint32_t i = 2; i < HIDP_MODEL_LAYERS_MAX; i++)
		x = add(LAYER(.op = HIDP_OP_ACTIVATION, IN(x), .function = HIDP_ACTIVATION_RELU));
	struct hidp_model *m = seal();
	ck_assert_uint_eq(hidp_model_layer_count(m), 2);
	ck_assert_uint_eq(info_of(m, 1).part_count, HIDP_MODEL_LAYERS_MAX - 1);
	hidp_model_unref(m);
	refuse_add(LAYER(.name = "more", .op = HIDP_OP_SOFTMAX, IN(x)), HIDP_ERR_LIMIT, "more",
	           "65536 layers");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fuse");
	TCase *tc = tcase_create("fuse");
	tcase_add_checked_fixture(tc, model_set_up, model_tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, behind_a_convolution);
	tcase_add_test(tc, behind_products);
	tcase_add_test(tc, residuals);
	tcase_add_test(tc, late_residual);
	tcase_add_test(tc, constants);
	tcase_add_test(tc, other_bases);
	tcase_add_test(tc, shared_outputs);
	tcase_add_test(tc, kept_apart);
	tcase_add_test(tc, colocation);
	tcase_add_test(tc, figures);
	tcase_add_test(tc, many);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
