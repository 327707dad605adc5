/* SPDX-License-Identifier: MIT */
/*
 * Row rules against brute force: the ops are taken at their word, element by element,
 * to see which input rows each output row touches, and the rows that a rule asks for
 * must be the smallest range that holds them.
 */
#include <stdio.h>
#include <string.h>

#include "model/model_priv.h"
#include "model_help.h"

#define SEED 20250301u
#define ROWS_MAX 96

/* A set of rows by its first and last. */
struct touched {
	int64_t first, last; /* first > last: none */
};

static void touch(struct touched *t, int64_t row)
{
	if (row < t->first)
		t->first = row;
	if (row > t->last)
		t->last = row;
}

static const struct touched nothing = {INT64_MAX, INT64_MIN};

static bool any(const struct touched *t)
{
	return t->first <= t->last;
}

/* Each ck_assert() is a system call, and there are millions of ranges: these fail by hand. */
static void wrong(const char *what, int64_t a, int64_t b, int64_t begin, int64_t end,
                  const struct touched *t)
{
	ck_abort_msg("%s: output rows %lld to %lld: input rows %lld to %lld, not %lld to %lld",
	             what, (long long)a, (long long)b, (long long)begin, (long long)end - 1,
	             (long long)t->first, (long long)t->last);
}

/*
 * Compares a rule with what each output row touches, for all ranges of output rows. A
 * range that begins or ends with a row that touches nothing, while windows leave gaps
 * between them, may ask for rows in such a gap; otherwise the range must be exact.
 */
static void check_ranges(const char *what, const struct hidp_row_rule *rule, int64_t in_rows,
                         const struct touched *rows, int64_t out_rows)
{
	bool gaps = rule->stride > rule->extent;
	for (int64_t a = 0; a < out_rows; a++) {
		struct touched t = nothing;
		for (int64_t b = a; b < out_rows; b++) {
			if (any(&rows[b])) {
				touch(&t, rows[b].first);
				touch(&t, rows[b].last);
			}
			int64_t begin = -1, end = -1;
			hidp_row_rule_apply(rule, in_rows, a, b + 1, &begin, &end);
			bool holds = !any(&t) || (begin <= t.first && end > t.last);
			bool exact = any(&t) ? begin == t.first && end == t.last + 1 : begin == end;
			bool loose = gaps && !(any(&rows[a]) && any(&rows[b]));
			if (!(begin >= 0 && end <= in_rows && holds && (exact || loose)))
				wrong(what, a, b, begin, end, &t);
			/* what the cost model counts, wherever the rows lie */
			int64_t read = hidp__rule_read(rule, in_rows, b + 1 - a);
			if (read + (rule->divisor > 1) < end - begin || read > in_rows)
				ck_abort_msg("%s: %lld rows are read, not %lld", what,
				             (long long)read, (long long)(end - begin));
		}
	}
}

/* A window along the rows. */
struct window {
	int64_t in, kernel, stride, dilation, before, after;
	bool ceil;
};

/* The outputs of a window by definition: how many fit, and where each looks. */
static int64_t slide(const struct window *w, struct touched rows[])
{
	int64_t extent = (w->kernel - 1) * w->dilation + 1, padded = w->in + w->before + w->after;
	int64_t n = 0;
	for (int64_t at = 0;; at += w->stride, n++) {
		bool fits = at + extent <= padded;
		/* rounding up takes one that begins in the input if something is left for it */
		bool left = n > 0 && at - w->stride + extent < padded && at < w->in + w->before;
		if (!fits && !(w->ceil && left))
			return n;
		rows[n] = nothing;
		for (int64_t k = 0; k < w->kernel; k++) {
			int64_t row = at + k * w->dilation - w->before;
			if (row >= 0 && row < w->in)
				touch(&rows[n], row);
		}
	}
}

static struct window random_window(bool dilated)
{
	struct window w = {.in = 1 + random_below(30), .dilation = 1};
	w.kernel = 1 + random_below(7);
	w.stride = 1 + random_below(5);
	if (dilated)
		w.dilation = 1 + random_below(3);
	w.before = random_below(6);
	w.after = random_below(6);
	w.ceil = random_below(2) == 0;
	return w;
}

static void add_window(const struct window *w, bool pool)
{
	begin(NULL);
	add_input(1, 2, w->in, 3);
	struct hidp_layer_desc d =
		*LAYER(IN(0), .op = pool ? HIDP_OP_MAX_POOL : HIDP_OP_CONV, .name = "window",
	               .kernel = {w->kernel, 1}, .stride = {w->stride, 1},
	               .dilation = {w->dilation, 1}, .pad = {w->before, 0, w->after, 0});
	if (pool)
		d.flags = w->ceil ? HIDP_LAYER_CEIL_MODE : 0;
	else
		d.out_channels = 4;
	add(&d);
}

/* Seals and returns the number of output rows and the rule of input 0 of the last layer. */
static int64_t sealed(struct hidp_row_rule *rule)
{
	struct hidp_model *m = seal();
	hidp_layer_id last = hidp_model_layer_count(m) - 1;
	int64_t rows = info_of(m, last).shape.rows;
	ck_assert_int_eq(hidp_model_layer_input(m, last, 0, NULL, rule, NULL), HIDP_OK);
	hidp_model_unref(m);
	return rows;
}

START_TEST(windows)
{
	static struct touched rows[ROWS_MAX];
	int made = 0;
	random_state = SEED;
	printf("# seed %u\n", SEED);
	for (int i = 0; i < 1500; i++) {
		bool pool = random_below(2) == 0;
		struct window w = random_window(false);
		if (!pool)
			w.ceil = false;
		add_window(&w, pool);
		int64_t count = slide(&w, rows);
		if (count == 0) {
			refuse_seal(HIDP_ERR_MODEL, "window", "larger than the padded input");
			continue;
		}
		struct hidp_row_rule rule;
		ck_assert_int_eq(sealed(&rule), count);
		check_ranges("window", &rule, w.in, rows, count);
		made++;
	}
	ck_assert_int_gt(made, 1000);
}
END_TEST

/* With gaps between its rows a window may start in the padding and touch nothing near the edge. */
START_TEST(dilated_windows)
{
	static struct touched rows[ROWS_MAX];
	random_state = SEED + 1;
	for (int i = 0; i < 1500; i++) {
		struct window w = random_window(true);
		w.ceil = false;
		add_window(&w, false);
		int64_t count = slide(&w, rows), extent = (w.kernel - 1) * w.dilation + 1;
		if (count == 0) {
			refuse_seal(HIDP_ERR_MODEL, "window", "larger than the padded input");
			continue;
		}
		struct hidp_row_rule rule;
		ck_assert_int_eq(sealed(&rule), count);
		for (int64_t r = 0; r < count; r++) {
			int64_t begin, end;
			hidp_row_rule_apply(&rule, w.in, r, r + 1, &begin, &end);
			if (any(&rows[r])) {
				ck_assert_int_le(begin, rows[r].first);
				ck_assert_int_gt(end, rows[r].last);
			}
			/* never more than the window spans; nothing extra away from the edges */
			int64_t from = r * w.stride - w.before, to = from + extent;
			ck_assert(begin == end || (begin >= from && end <= to));
			if (from >= 0 && to <= w.in) {
				ck_assert_int_eq(begin, rows[r].first);
				ck_assert_int_eq(end, rows[r].last + 1);
			}
		}
	}
}
END_TEST

static int64_t floor_div(int64_t a, int64_t b)
{
	return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static int64_t clamp(int64_t v, int64_t n)
{
	return v < 0 ? 0 : v >= n ? n - 1 : v;
}

/* The rows that output row o is made of. */
static struct touched resized(hidp_resize function, int64_t o, int64_t in, int64_t out)
{
	struct touched t = nothing;
	/* pixel centres at half-integers: output row o lies at (o + 1/2) * in / out - 1/2 */
	int64_t low = floor_div((2 * o + 1) * in - out, 2 * out);
	switch (function) {
	case HIDP_RESIZE_NEAREST:
		touch(&t, floor_div((2 * o + 1) * in, 2 * out));
		break;
	case HIDP_RESIZE_BILINEAR:
		touch(&t, clamp(low, in));
		touch(&t, clamp(low + 1, in));
		break;
	case HIDP_RESIZE_NEAREST_FLOOR:
		touch(&t, o * in / out);
		break;
	default: /* every row that is less than one away */
		for (int64_t r = 0; r < in; r++) {
			int64_t away = out == 1 ? r : r * (out - 1) - o * (in - 1);
			if (away > -(out > 1 ? out - 1 : 1) && away < (out > 1 ? out - 1 : 1))
				touch(&t, r);
		}
		break;
	}
	return t;
}

START_TEST(resizes)
{
	static const char *const names[] = {"", "nearest", "bilinear", "nearest floor",
	                                    "bilinear corners"};
	static struct touched rows[ROWS_MAX];
	random_state = SEED + 2;
	for (int i = 0; i < 2000; i++) {
		int64_t in = 1 + random_below(40), out = 1 + random_below(40);
		hidp_resize function = 1 + (hidp_resize)random_below(4);
		for (int64_t o = 0; o < out; o++)
			rows[o] = resized(function, o, in, out);
		begin(NULL);
		add_input(1, 1, in, 5);
		add(LAYER(.op = HIDP_OP_RESIZE, IN(0), .shape = {0, 0, out, 2},
		          .function = function));
		struct hidp_row_rule rule;
		ck_assert_int_eq(sealed(&rule), out);
		check_ranges(names[function], &rule, in, rows, out);
	}
}
END_TEST

/* With the channels kept, position p of a plane stays position p. */
START_TEST(reshapes)
{
	static struct touched rows[ROWS_MAX];
	random_state = SEED + 3;
	int made = 0;
	while (made < 500) {
		int64_t in_rows = 1 + random_below(24), in_width = 1 + random_below(12);
		int64_t width = 1 + random_below(24), plane = in_rows * in_width;
		if (plane % width != 0 || plane / width > ROWS_MAX)
			continue;
		int64_t out_rows = plane / width;
		for (int64_t o = 0; o < out_rows; o++) {
			rows[o] = nothing;
			for (int64_t x = 0; x < width; x++)
				touch(&rows[o], (o * width + x) / in_width);
		}
		begin(NULL);
		add_input(2, 3, in_rows, in_width);
		add(LAYER(.op = HIDP_OP_RESHAPE, IN(0), .shape = {2, 3, out_rows, width}));
		struct hidp_row_rule rule;
		ck_assert_int_eq(sealed(&rule), out_rows);
		check_ranges("reshape", &rule, in_rows, rows, out_rows);
		made++;
	}
}
END_TEST

/* With the channels last, element e of an image stays element e, whatever its shape. */
START_TEST(reshapes_channels_last)
{
	static struct touched rows[ROWS_MAX];
	random_state = SEED + 4;
	for (int made = 0; made < 500;) {
		int64_t in_rows = 1 + random_below(24), in_width = 1 + random_below(9);
		int64_t in_channels = 1 + random_below(9), in_row = in_width * in_channels;
		int64_t width = 1 + random_below(9), channels = 1 + random_below(9);
		int64_t row = width * channels;
		if (in_rows * in_row % row != 0 || in_rows * in_row / row > ROWS_MAX)
			continue;
		int64_t out_rows = in_rows * in_row / row;
		for (int64_t o = 0; o < out_rows; o++) {
			rows[o] = nothing;
			for (int64_t e = o * row; e < (o + 1) * row; e++)
				touch(&rows[o], e / in_row);
		}
		begin(NULL);
		add_input(2, in_channels, in_rows, in_width);
		add(LAYER(.op = HIDP_OP_RESHAPE, IN(0), .shape = {2, channels, out_rows, width},
		          .flags = HIDP_LAYER_CHANNELS_LAST));
		struct hidp_row_rule rule;
		ck_assert_int_eq(sealed(&rule), out_rows);
		if (out_rows == in_rows)
			ck_assert(rule.stride == 1 && rule.divisor == 1 && rule.extent == 1);
		check_ranges("reshape, channels last", &rule, in_rows, rows, out_rows);
		made++;
	}
}
END_TEST

/* Every element of a permuted tensor, followed to where it comes from. */
START_TEST(transposes)
{
	static const uint32_t perms[6][3] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3},
	                                     {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};
	static struct touched rows[ROWS_MAX];
	const int64_t in[4] = {2, 3, 5, 4}; /* batch, channels, rows, width */
	for (int p = 0; p < 6; p++) {
		const uint32_t *perm = perms[p];
		for (int64_t o = 0; o < in[perm[1]]; o++) {
			rows[o] = nothing;
			/* the input row is the index on whichever output axis shows it */
			for (int64_t r = 0; r < in[HIDP_AXIS_ROWS]; r++)
				if (perm[1] != HIDP_AXIS_ROWS || r == o)
					touch(&rows[o], r);
		}
		begin(NULL);
		add_input(in[0], in[1], in[2], in[3]);
		add(LAYER(.op = HIDP_OP_TRANSPOSE, IN(0), .perm = {perm[0], perm[1], perm[2]}));
		struct hidp_row_rule rule;
		ck_assert_int_eq(sealed(&rule), in[perm[1]]);
		check_ranges("transpose", &rule, in[HIDP_AXIS_ROWS], rows, in[perm[1]]);
	}
}
END_TEST

/* Concat, slice and pad along the rows. */
START_TEST(moved_rows)
{
	static struct touched rows[ROWS_MAX];
	random_state = SEED + 4;
	for (int i = 0; i < 300; i++) {
		int64_t n[3], total = 0;
		begin(NULL);
		for (int k = 0; k < 3; k++) {
			n[k] = 1 + random_below(8);
			add_input(1, 2, n[k], 3);
			total += n[k];
		}
		hidp_layer_id all =
			add(LAYER(.op = HIDP_OP_CONCAT, IN(0, 1, 2), .axis = HIDP_AXIS_ROWS));
		int64_t from = random_below(total), to = from + 1 + random_below(total - from);
		add(LAYER(.op = HIDP_OP_SLICE, IN(3), .axis = HIDP_AXIS_ROWS, .begin = from,
		          .end = to));
		int64_t above = random_below(5), below = random_below(5);
		add(LAYER(.op = HIDP_OP_PAD, IN(4), .pad = {above, 1, below, 0}));
		struct hidp_model *m = seal();
		struct hidp_row_rule rule;
		int64_t offset = 0;
		for (uint32_t k = 0; k < 3; k++) {
			for (int64_t o = 0; o < total; o++) {
				rows[o] = nothing;
				if (o >= offset && o < offset + n[k])
					touch(&rows[o], o - offset);
			}
			hidp_model_layer_input(m, all, k, NULL, &rule, NULL);
			check_ranges("concat", &rule, n[k], rows, total);
			offset += n[k];
		}
		for (int64_t o = 0; o < to - from; o++)
			rows[o] = (struct touched){from + o, from + o};
		hidp_model_layer_input(m, all + 1, 0, NULL, &rule, NULL);
		check_ranges("slice", &rule, total, rows, to - from);
		for (int64_t o = 0; o < above + to - from + below; o++) {
			rows[o] = nothing;
			if (o >= above && o < above + to - from)
				touch(&rows[o], o - above);
		}
		hidp_model_layer_input(m, all + 2, 0, NULL, &rule, NULL);
		check_ranges("pad", &rule, to - from, rows, above + to - from + below);
		hidp_model_unref(m);
	}
}
END_TEST

/* The formula of the header, row by row, for any rule a host may state. */
START_TEST(stated_rules)
{
	static struct touched rows[ROWS_MAX];
	random_state = SEED + 5;
	for (int i = 0; i < 3000; i++) {
		const struct hidp_row_rule r = {random_below(7), 1 + random_below(5),
		                                random_below(41) - 20, 1 + random_below(12)};
		int64_t in = 1 + random_below(30), out = 1 + random_below(20);
		for (int64_t o = 0; o < out; o++) {
			rows[o] = nothing;
			int64_t first = floor_div(o * r.stride - r.pad, r.divisor);
			int64_t last = floor_div(o * r.stride - r.pad + r.extent - 1, r.divisor);
			for (int64_t row = first; row <= last; row++)
				if (row >= 0 && row < in)
					touch(&rows[o], row);
		}
		/* between two rows' needs there may be rows that nobody reads: the range holds them
		 */
		for (int64_t a = 0; a < out; a++) {
			struct touched t = nothing;
			for (int64_t b = a; b < out; b++) {
				if (any(&rows[b])) {
					touch(&t, rows[b].first);
					touch(&t, rows[b].last);
				}
				int64_t begin, end;
				hidp_row_rule_apply(&r, in, a, b + 1, &begin, &end);
				int64_t from = floor_div(a * r.stride - r.pad, r.divisor);
				int64_t to =
					floor_div(b * r.stride - r.pad + r.extent - 1, r.divisor);
				from = from > 0 ? from : 0;
				to = to < in ? to : in - 1;
				bool holds = !any(&t) || (begin <= t.first && end > t.last);
				bool exact =
					from <= to ? begin == from && end == to + 1 : begin == end;
				if (!holds || !exact)
					wrong("stated", a, b, begin, end, &t);
			}
		}
		int64_t begin = -1, end = -1;
		hidp_row_rule_apply(&r, in, out, out, &begin, &end);
		ck_assert_int_eq(begin, end);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rows");
	TCase *tc = tcase_create("rows");
	tcase_add_checked_fixture(tc, model_set_up, model_tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, windows);
	tcase_add_test(tc, dilated_windows);
	tcase_add_test(tc, resizes);
	tcase_add_test(tc, reshapes);
	tcase_add_test(tc, reshapes_channels_last);
	tcase_add_test(tc, transposes);
	tcase_add_test(tc, moved_rows);
	tcase_add_test(tc, stated_rules);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
