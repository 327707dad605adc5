/* SPDX-License-Identifier: MIT */
/* Files that somebody made to do harm, or that were cut short; data in other files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hidp/hidp.h>

#include "reading.h"

static const char *const small = "input x float 1x1x2x2\nconst w float 2x1x1x1 = 1,2\n"
				 "typed b float 2 = 1,2\n"
				 "node Conv x,w,b -> c kernel_shape=[1,1] auto_pad=\"NOTSET\"\n"
				 "node Clip c -> d\nnode Relu d -> y\noutput y float 1x2x2x2";

START_TEST(test_no_onnx)
{
	static const char *const texts[] = {"hello, world", "{\"model\": 1}",
	                                    "\177ELF",
	                                    ""};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		memset(&said, 0, sizeof said);
		said.struct_size = sizeof said;
		ck_assert_int_eq(read_bytes(texts[i], strlen(texts[i]), NULL), HIDP_ERR_SYNTAX);
		ck_assert_str_eq(said.subject, "file");
		ck_assert(strstr(said.message, "it is no ONNX file") != NULL);
	}
}
END_TEST

/* Every beginning of a file, and every bit of it turned, is read or refused with a reason. */
START_TEST(test_cut_and_bent)
{
	struct bytes file = onnx_from_text(small);
	ck_ok(read_bytes(file.data, file.size, NULL), said);
	for (size_t size = 0; size < file.size; size++)
		if (read_bytes(file.data, size, NULL) != HIDP_OK)
			ck_assert(said.message[0] != '\0');
	for (size_t i = 0; i < 8 * file.size; i++) {
		file.data[i / 8] ^= (uint8_t)(1 << i % 8);
		said.message[0] = '\0';
		if (read_bytes(file.data, file.size, NULL) != HIDP_OK)
			ck_assert(said.message[0] != '\0');
		file.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	bytes_free(&file);
}
END_TEST

START_TEST(test_wire)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *message;
	} cases[] = {
		{"\x3a\xff\xff\xff\xff\x0f", 6, "no sense can be made of what stands at byte 0"},
		{"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "at byte 0"},
		{"\x08\x08\x3a\x02\x0a\x05", 6, "at byte 4"},
		{"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12, "at byte 0"},
		{"\x3b\x3c", 2, "at byte 0"}, /* a group */
		{"\x00\x00", 2, "at byte 0"}, /* field 0 */
		{"\x38\x01", 2, "at byte 0"}, /* a graph that is a number */
		{"\x08\x08", 2, "there is no graph in it"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_refused(read_bytes(cases[i].bytes, cases[i].size, NULL), said, HIDP_ERR_SYNTAX,
		           "file", cases[i].message);
}
END_TEST

/* Graphs in attributes of nodes of graphs: so deep that reading them all would end the stack. */
START_TEST(test_depth)
{
	struct bytes inner = {0};
	for (int i = 0; i < 20000; i++) {
		struct bytes attribute = {0}, node = {0}, graph = {0};
		if (inner.size > (size_t)1 << 20)
			break;
		bytes_text(&attribute, 1, "body");
		bytes_message(&attribute, 6, &inner);
		bytes_message(&node, 5, &attribute);
		bytes_message(&graph, 1, &node);
		inner = graph;
	}
	struct bytes graph = onnx_graph_from_text("input x float 1x2\noutput y float 1x2");
	struct bytes attribute = {0}, node = {0}, model = {0}, opset = {0};
	bytes_text(&attribute, 1, "body");
	bytes_message(&attribute, 6, &inner);
	bytes_text(&node, 1, "x");
	bytes_text(&node, 2, "y");
	bytes_text(&node, 4, "Loop");
	bytes_message(&node, 5, &attribute);
	bytes_message(&graph, 1, &node);
	bytes_message(&model, 7, &graph);
	bytes_number(&opset, 2, 13);
	bytes_message(&model, 8, &opset);
	ck_ok(read_bytes(model.data, model.size, NULL), said);
	ck_assert_uint_eq(count_op(HIDP_OP_CUSTOM), 1);
	bytes_free(&model);
}
END_TEST

/* Ops that are known, with outputs that they do not have or that nobody can know. */
START_TEST(test_odd_outputs)
{
	static const char *const texts[] = {
	        /* the dims of a reshape are not known, and those that are stated are impossible */
	        "input x float 2x3x4\ninput s int64 3\nnode Reshape x,s -> y\noutput y float 2x6x1",
	        "input x float 2x3x4\ninput s int64 3\nnode Reshape x,s -> y\noutput y float 2x3x4",
	        "input x float 2x3x4\ninput s int64 3\nnode Expand x,s -> y\noutput y float 2x3x4",
	        /* the places of the maxima alone */
	        "input x float 1x1x5x5\nnode MaxPool x -> y,z kernel_shape=[3,3]\noutput z",
	        "input x float 1x1x5x5\nnode MaxPool x -> ,z kernel_shape=[3,3]\noutput z",
	        /* one more than there are */
	        ("input x float 1x4x8\nnode Reshape x,s -> y,z\nconst s int64 3 = 1,8,4\n"
	        "info z float 1x4x8\nnode Add y,y -> u\nnode Relu z -> w\noutput u\noutput w"),
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		read_ok(texts[i]);
		ck_assert_msg(count_op(HIDP_OP_CUSTOM) > 0, "no custom layer:\n%s", texts[i]);
	}
}
END_TEST

START_TEST(test_limits)
{
	struct hidp_onnx_options options = HIDP_ONNX_OPTIONS_INIT;
	options.node_max = 2;
	ck_refused(read_text_with(small, &options), said, HIDP_ERR_LIMIT, "file",
	           "it has more than 2 nodes");
	options.node_max = 3;
	ck_ok(read_text_with(small, &options), said);
}
END_TEST

/* Many nodes of one name, and none: both take time in proportion. */
START_TEST(test_many_nodes)
{
	struct bytes text = {0};
	const int count = 20000;
	bytes_add(&text, "input x float 1x2\n", 18);
	for (int i = 0; i < count; i++) {
		char line[64];
		int length = snprintf(line, sizeof line, "node Neg %s%d -> t%d %s\n",
		                      i == 0 ? "x" : "t", i, i + 1, i % 2 == 0 ? "same" : "");
		if (i == 0)
			length = snprintf(line, sizeof line, "node Neg x -> t1 same\n");
		bytes_add(&text, line, (size_t)length);
	}
	char end[32];
	int length = snprintf(end, sizeof end, "output t%d", count);
	bytes_add(&text, end, (size_t)length + 1);
	read_ok((const char *)text.data);
	bytes_free(&text);
}
END_TEST

/* A folder with a model's data, and what a model must not reach. */
static char folder[64];

static void write_file(const char *name, const void *data, size_t size)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *out = fopen(path, "wb");
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(data, 1, size, out), size);
	ck_assert_int_eq(fclose(out), 0);
}

static void path_of(const char *name, char path[256])
{
	snprintf(path, 256, "%s/%s", folder, name);
}

static void make_folder(void)
{
	static const float numbers[8] = {9, 9, 1, 2, 3, 4, 9, 9};
	char path[256];
	reading_set_up();
	strcpy(folder, "onnx-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	path_of("model", path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	path_of("model/below", path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	path_of("model/link", path);
	ck_assert_int_eq(symlink("w.bin", path), 0);
	path_of("model/out", path);
	ck_assert_int_eq(symlink("..", path), 0);
	path_of("model/pipe", path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	write_file("model/w.bin", numbers, sizeof numbers);
	write_file("model/below/w.bin", numbers, sizeof numbers);
	write_file("secret.bin", numbers, sizeof numbers);
	write_file("model/empty", "", 0);
}

static void remove_folder(void)
{
	static const char *const names[] = {
		"model/below/w.bin", "model/below", "model/link", "model/out",
		"model/pipe",        "model/w.bin", "secret.bin", "model/empty",
		"model/file.onnx",   "model",       "",
	};
	char path[256];
	reading_tear_down();
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		path_of(names[i], path);
		remove(path);
	}
}

/* A model whose four weights lie outside, as the line says, opened from its folder. */
static hidp_status open_outside(const char *where)
{
	char text[512], path[256];
	snprintf(text, sizeof text,
	         "input x float 1x1x2x2\noutside w float 4x1x1x1 %s\n"
	         "outside b float 4 %s\nnode Conv x,w,b -> y\noutput y",
	         where, where);
	struct bytes file = onnx_from_text(text);
	write_file("model/file.onnx", file.data, file.size);
	bytes_free(&file);
	path_of("model/file.onnx", path);
	hidp_onnx_destroy(onnx);
	onnx = NULL;
	return hidp_onnx_open(context, path, NULL, &onnx, &said);
}

START_TEST(test_outside)
{
	static const char *const places[] = {"w.bin 8 16", "below/w.bin 8 -", "./w.bin 8 16",
	                                     ".//below/./w.bin 8 16"};
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		ck_ok(open_outside(places[i]), said);
		const float *w = weights_of(HIDP_OP_CONV, HIDP_WEIGHT_KERNEL, 4);
		for (int k = 0; k < 4; k++)
			ck_assert(w[k] == (float)(k + 1));
	}
}
END_TEST

#define outside_refused(where, status, text)                                                       \
	ck_refused(open_outside(where), said, status, "tensor w", text)

START_TEST(test_outside_refused)
{
	char cwd[4000], where[4096];
	ck_assert_ptr_nonnull(getcwd(cwd, sizeof cwd));
	outside_refused("../secret.bin 0 16", HIDP_ERR_MODEL, "outside of the model's folder");
	outside_refused("below/../../secret.bin 0 16", HIDP_ERR_MODEL, "outside of the model's");
	outside_refused(".. 0 16", HIDP_ERR_MODEL, "outside of the model's folder");
	snprintf(where, sizeof where, "%s/%s/model/w.bin 0 16", cwd, folder);
	outside_refused(where, HIDP_ERR_MODEL, "an absolute path is not followed");
	outside_refused("link 0 16", HIDP_ERR_MODEL, "a symbolic link is not followed");
	outside_refused("out/secret.bin 0 16", HIDP_ERR_MODEL, "a symbolic link is not followed");
	outside_refused("pipe 0 16", HIDP_ERR_ARGUMENT, "no regular file");
	outside_refused("below 0 16", HIDP_ERR_ARGUMENT, "no regular file");
	outside_refused("none 0 16", HIDP_ERR_ARGUMENT, "cannot be opened");
	outside_refused("empty 0 16", HIDP_ERR_MODEL, "ends behind the end of empty, 0 bytes");
	outside_refused("w.bin 20 16", HIDP_ERR_MODEL, "ends behind the end of w.bin, 32 bytes");
	outside_refused("w.bin 9223372036854775807 16", HIDP_ERR_MODEL, "ends behind the end");
	outside_refused("w.bin 99999999999999999999 16", HIDP_ERR_MODEL, "offset");
	outside_refused("w.bin -4 16", HIDP_ERR_MODEL, "the offset of its external data is no");
	outside_refused("w.bin 0 12", HIDP_ERR_MODEL, "12 bytes, and its dimensions make 16");
	outside_refused("- 0 16", HIDP_ERR_MODEL, "it does not say where");
	/* in memory there is no folder unless it is given */
	read_refused("input x float 1x1x2x2\noutside w float 4x1x1x1 w.bin 8 16\n"
	             "node Conv x,w -> y\noutput y",
	             HIDP_ERR_ARGUMENT, "tensor w", "no folder was given");
	ck_refused(hidp_onnx_open(context, "no/such.onnx", NULL, &onnx, &said), said,
	           HIDP_ERR_ARGUMENT, "file", "no/such.onnx cannot be opened");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("onnx damage");
	TCase *files = tcase_create("files");
	TCase *outside = tcase_create("outside");
	tcase_add_checked_fixture(files, reading_set_up, reading_tear_down);
	tcase_set_timeout(files, 60);
	tcase_add_test(files, test_no_onnx);
	tcase_add_test(files, test_cut_and_bent);
	tcase_add_test(files, test_wire);
	tcase_add_test(files, test_depth);
	tcase_add_test(files, test_odd_outputs);
	tcase_add_test(files, test_limits);
	tcase_add_test(files, test_many_nodes);
	tcase_add_checked_fixture(outside, make_folder, remove_folder);
	tcase_add_test(outside, test_outside);
	tcase_add_test(outside, test_outside_refused);
	suite_add_tcase(suite, files);
	suite_add_tcase(suite, outside);
	return run_suite(suite);
}
