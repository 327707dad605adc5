/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "same.h"

#define HEAD "{\"format\": \"hidp-cluster\", \"version\": 1,\n"
#define CPU "{\"kind\": \"cpu\", \"rate_flops\": {\"conv\": 1e9}}"
#define NODES(...) HEAD "\"nodes\": [\n" __VA_ARGS__ "]"
#define A "{\"name\": \"a\", \"processors\": [" CPU "]}"
#define B "{\"name\": \"b\", \"processors\": [" CPU "]}"
#define TWO NODES(A ", " B) ",\n"

static struct hidp_cluster *read_file(const char *path)
{
	struct formats_profiles profiles = {.folder = "tests/formats/profiles"};
	size_t length;
	char *text = formats_read(path, &length);
	struct hidp_cluster *c = formats_cluster(text, length, &profiles);
	formats_profiles_free(&profiles);
	free(text);
	return c;
}

START_TEST(reads_every_attribute)
{
	struct hidp_cluster *c = read_file("tests/formats/clusters/every_attribute.json");
	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc p = HIDP_PROCESSOR_DESC_INIT;
	struct hidp_link_desc l = HIDP_LINK_DESC_INIT;
	ck_assert_uint_eq(hidp_cluster_node_count(c), 5);
	ck_assert_uint_eq(hidp_cluster_medium_count(c), 2);
	ck_assert_str_eq(hidp_cluster_medium_name(c, 0), "air");
	ck_assert_str_eq(hidp_cluster_medium_name(c, 1), "cable");

	hidp_cluster_node(c, 0, &n);
	ck_assert_str_eq(n.name, "full");
	ck_assert_uint_eq(n.flags, HIDP_NODE_UNAVAILABLE | HIDP_NODE_TRANSFERS_ARE_WORK);
	ck_assert_uint_eq(n.memory_bytes, 9007199254740993); /* no double */
	ck_assert_double_eq(n.memory_bandwidth_Bps, 1);
	ck_assert_double_eq(n.sync_s, 2);
	ck_assert_double_eq(n.nic_bandwidth_Bps, 3);
	ck_assert_double_eq(n.load_bandwidth_Bps, 4);
	ck_assert_double_eq(n.power_idle_w, 5);
	ck_assert_double_eq(n.power_transmit_w, 6);
	ck_assert_double_eq(n.power_receive_w, 7);
	ck_assert_uint_eq(n.receive_buffers, 8);
	ck_assert_uint_eq(n.send_buffers, 9);
	hidp_cluster_processor(c, 0, 0, &p);
	ck_assert_str_eq(p.name, "p");
	ck_assert_uint_eq(p.kind, HIDP_PROCESSOR_NPU);
	ck_assert_uint_eq(p.core_count, 2);
	ck_assert_uint_eq(p.core_ids[0], 7);
	ck_assert_uint_eq(p.core_ids[1], 3);
	for (hidp_op_class k = 0; k < HIDP_CLASS_COUNT; k++) {
		ck_assert_double_eq(p.rate_flops[k], k + 0.5);
		ck_assert_double_eq(p.bandwidth_Bps[k], k + 10.5);
	}
	ck_assert_double_eq(p.overhead_s, 1e-6);
	ck_assert_double_eq(p.load, 0.25);
	ck_assert_double_eq(p.power_active_w, 8);
	ck_assert_uint_eq(p.memory_bytes, 9);
	ck_assert_double_eq(p.copy_bandwidth_Bps, 10);
	hidp_cluster_processor(c, 0, 1, &p);
	ck_assert_str_eq(p.name, "dsp1");
	ck_assert_uint_eq(p.kind, HIDP_PROCESSOR_DSP);
	hidp_cluster_processor(c, 0, 2, &p);
	ck_assert_uint_eq(p.kind, HIDP_PROCESSOR_OTHER);

	/* profiles: their own name, another, their load, another, the default name */
	hidp_cluster_node(c, 1, &n);
	ck_assert_str_eq(n.name, "board");
	ck_assert_uint_eq(n.flags, HIDP_NODE_HUB);
	ck_assert_uint_eq(n.memory_bytes, 4000000000u);
	hidp_cluster_processor(c, 1, 1, &p);
	ck_assert_double_eq(p.load, 0.5);
	hidp_cluster_node(c, 2, &n);
	ck_assert_str_eq(n.name, "other board");
	ck_assert_uint_eq(n.flags, HIDP_NODE_UNAVAILABLE | HIDP_NODE_HUB);
	hidp_cluster_processor(c, 2, 0, &p);
	ck_assert_double_eq(p.load, 1);
	hidp_cluster_processor(c, 2, 1, &p);
	ck_assert_double_eq(p.load, 0);
	hidp_cluster_node(c, 3, &n);
	ck_assert_str_eq(n.name, "node3");
	hidp_cluster_node(c, 4, &n);
	ck_assert_str_eq(n.name, "node4");
	ck_assert_uint_eq(n.flags, HIDP_NODE_HUB);

	/* all linked, but for what "links" says */
	hidp_cluster_link(c, 4, 3, &l);
	ck_assert_double_eq(l.bandwidth_Bps, 1e6);
	ck_assert_double_eq(l.latency_s, 0.5);
	ck_assert_uint_eq(l.wire_dtype, HIDP_DTYPE_INT8);
	ck_assert_uint_eq(l.medium, 0);
	hidp_cluster_link(c, 0, 1, &l);
	ck_assert_double_eq(l.bandwidth_Bps, 2e6);
	ck_assert_uint_eq(l.wire_dtype, HIDP_DTYPE_DEFAULT);
	ck_assert_uint_eq(l.medium, 1);
	hidp_cluster_link(c, 1, 0, &l);
	ck_assert_double_eq(l.bandwidth_Bps, 1e6);
	hidp_cluster_link(c, 2, 3, &l);
	ck_assert_double_eq(l.bandwidth_Bps, INFINITY);
	ck_assert_uint_eq(l.medium, HIDP_MEDIUM_NONE);
	hidp_cluster_link(c, 3, 2, &l);
	ck_assert_double_eq(l.bandwidth_Bps, INFINITY);
	hidp_cluster_unref(c);
}
END_TEST

static void check_round_trip(const struct hidp_cluster *c)
{
	char *text = formats_write_cluster(c);
	struct hidp_cluster *d = formats_cluster(text, strlen(text), NULL);
	same_clusters(c, d);
	char *again = formats_write_cluster(d);
	ck_assert_str_eq(again, text);
	free(text);
	free(again);
	hidp_cluster_unref(d);
}

START_TEST(writes_what_it_reads)
{
	static const char *const files[] = {"tests/formats/clusters/every_attribute.json",
	                                    "tests/formats/clusters/islands.json",
	                                    "tests/formats/clusters/alone.json"};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct hidp_cluster *c = read_file(files[i]);
		check_round_trip(c);
		hidp_cluster_unref(c);
	}
}
END_TEST

START_TEST(numbers_survive)
{
	/* awkward doubles, all of which must come back as they were */
	static const double figures[] = {0.1,     1.0 / 3,           2.0 / 3e-9,
	                                 5e-324,  1.7976931348623157e308, 2.2250738585072014e-308,
	                                 123456789.123456789, 9007199254740991.0, 9007199254740992.0,
	                                 9007199254740994.0, 1e15, 1e16, 1e21, 86.7e9, 117.625e6,
	                                 1e-7,    123456.0,          999999999999999.0, 4.35, 1e100};
	for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
		struct hidp_cluster_builder *builder = NULL;
		struct hidp_cluster *c = NULL;
		struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
		struct hidp_processor_desc p = HIDP_PROCESSOR_DESC_INIT;
		n.sync_s = figures[i];
		n.memory_bytes = (uint64_t)1 << 62;
		p.rate_flops[1] = figures[i];
		ck_assert_int_eq(hidp_cluster_builder_new(context, &builder), HIDP_OK);
		ck_assert_int_eq(hidp_cluster_builder_add_node(builder, &n, NULL, NULL), HIDP_OK);
		ck_assert_int_eq(hidp_cluster_builder_add_processor(builder, 0, &p, NULL, NULL),
		                 HIDP_OK);
		ck_assert_int_eq(hidp_cluster_builder_seal(builder, &c, NULL), HIDP_OK);
		check_round_trip(c);
		hidp_cluster_unref(c);
		hidp_cluster_builder_destroy(builder);
	}
}
END_TEST

START_TEST(large_limits_are_cut)
{
	struct hidp_cluster_builder *builder = NULL;
	struct hidp_cluster *c = NULL;
	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc p = HIDP_PROCESSOR_DESC_INIT;
	n.memory_bytes = UINT64_MAX;
	p.rate_flops[1] = 1;
	hidp_cluster_builder_new(context, &builder);
	hidp_cluster_builder_add_node(builder, &n, NULL, NULL);
	hidp_cluster_builder_add_processor(builder, 0, &p, NULL, NULL);
	ck_assert_int_eq(hidp_cluster_builder_seal(builder, &c, NULL), HIDP_OK);
	char *text = formats_write_cluster(c);
	struct hidp_cluster *d = formats_cluster(text, strlen(text), NULL);
	hidp_cluster_node(d, 0, &n);
	ck_assert_uint_eq(n.memory_bytes, INT64_MAX);
	free(text);
	hidp_cluster_unref(c);
	hidp_cluster_unref(d);
	hidp_cluster_builder_destroy(builder);
}
END_TEST

START_TEST(names_that_are_not_utf8_can_be_read_back)
{
	struct hidp_cluster_builder *builder = NULL;
	struct hidp_cluster *c = NULL;
	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc p = HIDP_PROCESSOR_DESC_INIT;
	n.name = "\xff\xc3|\xe2\x82|\xed\xa0\x80|ok";
	p.rate_flops[1] = 1;
	hidp_cluster_builder_new(context, &builder);
	hidp_cluster_builder_add_node(builder, &n, NULL, NULL);
	hidp_cluster_builder_add_processor(builder, 0, &p, NULL, NULL);
	ck_assert_int_eq(hidp_cluster_builder_seal(builder, &c, NULL), HIDP_OK);
	char *text = formats_write_cluster(c);
	struct hidp_cluster *d = formats_cluster(text, strlen(text), NULL);
	hidp_cluster_node(d, 0, &n);
	ck_assert_ptr_nonnull(strstr(n.name, "|ok"));
	free(text);
	hidp_cluster_unref(c);
	hidp_cluster_unref(d);
	hidp_cluster_builder_destroy(builder);
}
END_TEST

START_TEST(a_full_mesh_becomes_a_lan)
{
	struct hidp_cluster *c = NULL;
	ck_assert_int_eq(hidp_cluster_from_string(context, "100*cpu | wifi", &c, NULL), HIDP_OK);
	struct hidp_cluster_builder *builder = NULL;
	ck_assert_int_eq(hidp_cluster_builder_from(c, &builder), HIDP_OK);
	hidp_cluster_unref(c);
	struct hidp_link_desc l = HIDP_LINK_DESC_INIT;
	l.to = 1;
	l.bandwidth_Bps = 1;
	hidp_cluster_builder_add_link(builder, &l, NULL);
	hidp_cluster_builder_seal(builder, &c, NULL);
	hidp_cluster_builder_destroy(builder);
	char *text = formats_write_cluster(c);
	size_t links = 0;
	for (const char *s = text; (s = strstr(s, "\"from\"")) != NULL; s++)
		links++;
	ck_assert_uint_eq(links, 1);
	ck_assert_ptr_nonnull(strstr(text, "\"lan\""));
	free(text);
	check_round_trip(c);
	hidp_cluster_unref(c);
}
END_TEST

START_TEST(many_links_are_read_quickly)
{
	/* a ring of rings, every link on a line of its own: 40,000 links */
	const int n = 200;
	char *text = malloc((size_t)n * (size_t)n * 90 + (size_t)n * 120 + 256), *end = text;
	ck_assert_ptr_nonnull(text);
	end += sprintf(end, HEAD "\"nodes\": [");
	for (int i = 0; i < n; i++)
		end += sprintf(end, "%s{\"name\": \"n%d\", \"processors\": [" CPU "]}",
		               i == 0 ? "" : ",", i);
	end += sprintf(end, "], \"links\": [");
	for (int i = 0; i < n; i++)
		for (int k = 1; k < n; k++)
			end += sprintf(end,
			               "%s{\"from\": \"n%d\", \"to\": \"n%d\", \"bandwidth_Bps\": %d, "
			               "\"latency_s\": 0}",
			               i == 0 && k == 1 ? "" : ",", i, (i + k) % n, 1 + i + k);
	end += sprintf(end, "]}");
	struct hidp_cluster *c = formats_cluster(text, (size_t)(end - text), NULL);
	check_round_trip(c);
	hidp_cluster_unref(c);
	free(text);
}
END_TEST

/* A profile that fails in every way a callback can. */
static hidp_status odd_profile(void *user_data, const char *name, const char **text_out,
                               size_t *length_out)
{
	const int *what = user_data;
	(void)name;
	(void)text_out;
	*length_out = 0;
	return *what;
}

START_TEST(callbacks_may_fail)
{
	static const char text[] = NODES("{\"profile\": \"x\"}") "}";
	static const struct {
		int told;
		hidp_status status;
	} cases[] = {{HIDP_OK, HIDP_ERR_CLUSTER},
	             {HIDP_ERR_ARGUMENT, HIDP_ERR_CLUSTER},
	             {12345, HIDP_ERR_CLUSTER},
	             {HIDP_ERR_NOMEM, HIDP_ERR_NOMEM}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hidp_cluster *c = NULL;
		int told = cases[i].told;
		ck_assert_int_eq(hidp_cluster_from_json(context, text, sizeof text - 1, odd_profile,
		                                        &told, &c, NULL),
		                 cases[i].status);
		ck_assert_ptr_null(c);
	}
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *c = NULL;
	ck_assert_int_eq(
	        hidp_cluster_from_json(context, text, sizeof text - 1, NULL, NULL, &c, &said),
	        HIDP_ERR_CLUSTER);
	ck_assert_str_eq(said.subject, "nodes[0].profile");
	ck_assert_uint_eq(said.line, 3);
	ck_assert_uint_eq(said.column, 13);
}
END_TEST

/* Errors inside a profile have its name, and its lines and columns. */
static const struct {
	const char *profile;
	hidp_status status;
	unsigned line, column;
	const char *subject, *words;
} wrong_profiles[] = {
        {"wrong_key", HIDP_ERR_SYNTAX, 5, 21, "wrong_key: processors[0].speed",
         "key \"speed\" is unknown"},
        {"wrong_syntax", HIDP_ERR_SYNTAX, 3, 3, "wrong_syntax", "'}' expected near '\"version\"'"},
        {"wrong_format", HIDP_ERR_SYNTAX, 2, 13, "wrong_format: format",
         "is \"hidp-cluster\", must be \"hidp-node\""},
        {"nested", HIDP_ERR_SYNTAX, 4, 3, "nested: profile", "a node profile has no \"profile\""},
        {"no_processor", HIDP_ERR_CLUSTER, 4, 17, "no_processor: processors",
         "node has no processor"},
};

START_TEST(says_where_a_profile_is_wrong)
{
	char text[256];
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	snprintf(text, sizeof text, NODES("\n\n  {\"profile\": \"%s\"}") "}", wrong_profiles[_i].profile);
	ck_assert_int_eq(formats_try(FORMATS_CLUSTER, text, strlen(text), &said),
	                 wrong_profiles[_i].status);
	ck_assert_uint_eq(said.line, wrong_profiles[_i].line);
	ck_assert_uint_eq(said.column, wrong_profiles[_i].column);
	ck_assert_str_eq(said.subject, wrong_profiles[_i].subject);
	ck_assert_msg(strstr(said.message, wrong_profiles[_i].words) != NULL, "%s", said.message);
}
END_TEST

static const struct refusal refusals[] = {
        {"{\"format\": @\"hidp-node\", \"version\": 1}", HIDP_ERR_SYNTAX, "format",
         "is \"hidp-node\", must be \"hidp-cluster\""},
        {"@" HEAD "\"links\": []}", HIDP_ERR_SYNTAX, "document", "\"nodes\" is missing"},
        {HEAD "\"nodes\": @[]}", HIDP_ERR_CLUSTER, "nodes", "cluster has no nodes"},
        {HEAD "\"nodes\": @3}", HIDP_ERR_SYNTAX, "nodes", "is a number, must be a list"},
        {NODES("@[]") "}", HIDP_ERR_SYNTAX, "nodes[0]", "is a list, must be an object"},
        {NODES("@{}") "}", HIDP_ERR_SYNTAX, "nodes[0]", "\"processors\" is missing"},
        {NODES("{\"processors\": @[]}") "}", HIDP_ERR_CLUSTER, "nodes[0].processors",
         "node has no processor"},
        {NODES(A ",@" A) "}", HIDP_ERR_CLUSTER, "nodes[1]", "a: name of a node is used twice"},
        {NODES("{@\"memory\": 1}") "}", HIDP_ERR_SYNTAX, "nodes[0].memory",
         "key \"memory\" is unknown"},
        {NODES("{@\"memory_Bytes\": 1}") "}", HIDP_ERR_SYNTAX, "nodes[0].memory_Bytes",
         "did you mean \"memory_bytes\"?"},
        {NODES("{\"memory_bytes\": @-1, \"processors\": []}") "}", HIDP_ERR_SYNTAX,
         "nodes[0].memory_bytes", "-1 is not within 0 to"},
        {NODES("{\"memory_bytes\": @0.5, \"processors\": []}") "}", HIDP_ERR_SYNTAX,
         "nodes[0].memory_bytes", "is not a whole number"},
        {NODES("{\"sync_s\": @\"inf\", \"processors\": []}") "}", HIDP_ERR_SYNTAX,
         "nodes[0].sync_s", "is a text, must be a number"},
        {NODES("@{\"sync_s\": -1, \"processors\": []}") "}", HIDP_ERR_CLUSTER, "nodes[0]",
         "node0: sync_s is negative"},
        {NODES("{@\"loads\": {}, \"processors\": []}") "}", HIDP_ERR_SYNTAX, "nodes[0].loads",
         "a node without a profile has no \"loads\""},
        {NODES("{\"hub\": @1, \"processors\": []}") "}", HIDP_ERR_SYNTAX, "nodes[0].hub",
         "must be true or false"},
        {NODES("{\"transfers_are_work\": @\"yes\", \"processors\": []}") "}", HIDP_ERR_SYNTAX,
         "nodes[0].transfers_are_work", "must be true or false"},
        {NODES("@{\"hub\": true, \"transfers_are_work\": true, \"processors\": []}") "}",
         HIDP_ERR_CLUSTER, "nodes[0]", "node0: is a hub, whose transfers cannot be work"},
        {NODES("{\"profile\": \"board\", @\"hub\": true}") "}", HIDP_ERR_SYNTAX, "nodes[0].hub",
         "a node with a profile has no \"hub\""},
        /* processors */
        {NODES("{\"processors\": [@7]}") "}", HIDP_ERR_SYNTAX, "nodes[0].processors[0]",
         "must be an object"},
        {NODES("{\"processors\": [@{}]}") "}", HIDP_ERR_SYNTAX, "nodes[0].processors[0]",
         "\"kind\" is missing"},
        {NODES("{\"processors\": [{\"kind\": @\"tpu\"}]}") "}", HIDP_ERR_SYNTAX,
         "nodes[0].processors[0].kind", "\"tpu\" is unknown; did you mean \"cpu\"?"},
        {NODES("{\"processors\": [@{\"kind\": \"cpu\", \"load\": 1.5}]}") "}", HIDP_ERR_CLUSTER,
         "nodes[0].processors[0]", "cpu0: load is not within 0 to 1"},
        {NODES("{\"processors\": [{\"kind\": \"cpu\", \"name\": \"x\"}, @{\"kind\": \"gpu\", "
               "\"name\": \"x\"}]}") "}",
         HIDP_ERR_CLUSTER, "nodes[0].processors[1]", "x: name of a processor is used twice"},
        {NODES("{\"processors\": [{\"kind\": \"cpu\", \"rate_flops\": @1e9}]}") "}",
         HIDP_ERR_SYNTAX, "nodes[0].processors[0].rate_flops", "is a number, must be an object"},
        {NODES("{\"processors\": [{\"kind\": \"cpu\", \"rate_flops\": {@\"conv5x5\": 1}}]}") "}",
         HIDP_ERR_SYNTAX, "nodes[0].processors[0].rate_flops.conv5x5",
         "did you mean \"conv3x3\"?"},
        {NODES("{\"processors\": [{\"kind\": \"cpu\", \"core_ids\": @1}]}") "}", HIDP_ERR_SYNTAX,
         "nodes[0].processors[0].core_ids", "must be a list"},
        {NODES("{\"processors\": [{\"kind\": \"cpu\", \"core_ids\": [0, @-1]}]}") "}",
         HIDP_ERR_SYNTAX, "nodes[0].processors[0].core_ids[1]", "-1 is not within"},
        {NODES("{\"processors\": [{\"kind\": \"cpu\", \"core_ids\": [@4294967295]}]}") "}",
         HIDP_ERR_SYNTAX, "nodes[0].processors[0].core_ids[0]", "there is no core 4294967295"},
        {NODES("{\"processors\": [@{\"kind\": \"cpu\", \"rate_flops\": {\"conv\": -1}}]}") "}",
         HIDP_ERR_CLUSTER, "nodes[0].processors[0]", "rate or bandwidth of class 2 is negative"},
        /* profiles */
        {NODES("{\"profile\": @1}") "}", HIDP_ERR_SYNTAX, "nodes[0].profile", "must be a text"},
        {NODES("{\"profile\": @\"no such\"}") "}", HIDP_ERR_CLUSTER, "nodes[0].profile",
         "must be letters, digits, '_' and '-'"},
        {NODES("{\"profile\": @\"../board\"}") "}", HIDP_ERR_CLUSTER, "nodes[0].profile",
         "must be letters, digits, '_' and '-'"},
        {NODES("{\"profile\": @\"\"}") "}", HIDP_ERR_CLUSTER, "nodes[0].profile", "must be letters"},
        {NODES("{\"profile\": @\"nowhere\"}") "}", HIDP_ERR_CLUSTER, "nodes[0].profile",
         "there is no profile \"nowhere\""},
        {NODES("{\"profile\": \"board\", @\"sync_s\": 1}") "}", HIDP_ERR_SYNTAX, "nodes[0].sync_s",
         "a node with a profile has no \"sync_s\""},
        {NODES("{\"profile\": \"board\"}, @{\"profile\": \"board\"}") "}", HIDP_ERR_CLUSTER,
         "nodes[1]", "board: name of a node is used twice"},
        {NODES("{\"profile\": \"board\", \"loads\": @0.5}") "}", HIDP_ERR_SYNTAX, "nodes[0].loads",
         "must be an object"},
        {NODES("{\"profile\": \"board\", \"loads\": {@\"gpu0\": 1}}") "}", HIDP_ERR_CLUSTER,
         "nodes[0].loads.gpu0", "there is no processor \"gpu0\"; did you mean \"gpu\"?"},
        {NODES("{\"profile\": \"board\", \"loads\": {\"gpu\": @\"1\"}}") "}", HIDP_ERR_SYNTAX,
         "nodes[0].loads.gpu", "a load must be a number"},
        {NODES("{\"profile\": \"board\", \"loads\": {\"gpu\": @2}}") "}", HIDP_ERR_CLUSTER,
         "nodes[0].loads.gpu", "load is not within 0 to 1"},
        /* media, lan, links */
        {TWO "\"media\": @\"air\"}", HIDP_ERR_SYNTAX, "media", "must be a list"},
        {TWO "\"media\": [@1]}", HIDP_ERR_SYNTAX, "media[0]", "must be a text"},
        {TWO "\"media\": [\"air\", @\"air\"]}", HIDP_ERR_CLUSTER, "media[1]",
         "name of a medium is used twice"},
        {TWO "\"lan\": @[]}", HIDP_ERR_SYNTAX, "lan", "must be an object"},
        {TWO "\"lan\": @{}}", HIDP_ERR_SYNTAX, "lan", "\"bandwidth_Bps\" is missing"},
        {TWO "\"lan\": {\"bandwidth_Bps\": @\"fast\", \"latency_s\": 0}}", HIDP_ERR_SYNTAX,
         "lan.bandwidth_Bps", "must be a number or \"inf\""},
        {TWO "\"lan\": @{\"bandwidth_Bps\": 0, \"latency_s\": 0}}", HIDP_ERR_CLUSTER, "lan",
         "bandwidth of a link is not above 0"},
        {TWO "\"lan\": {@\"from\": \"a\", \"bandwidth_Bps\": 1, \"latency_s\": 0}}", HIDP_ERR_SYNTAX,
         "lan.from", "\"lan\" has no \"from\""},
        {TWO "\"lan\": {\"bandwidth_Bps\": 1, \"latency_s\": 0, \"medium\": @\"air\"}}",
         HIDP_ERR_CLUSTER, "lan.medium", "there is no medium \"air\""},
        {TWO "\"links\": @{}}", HIDP_ERR_SYNTAX, "links", "must be a list"},
        {TWO "\"links\": [@{\"from\": \"a\"}]}", HIDP_ERR_SYNTAX, "links[0]", "\"to\" is missing"},
        {TWO "\"links\": [{\"from\": \"a\", \"to\": @\"c\", \"bandwidth_Bps\": 1, \"latency_s\": "
             "0}]}",
         HIDP_ERR_CLUSTER, "links[0].to", "there is no node \"c\""},
        {TWO "\"links\": [@{\"from\": \"a\", \"to\": \"a\", \"bandwidth_Bps\": 1, \"latency_s\": "
             "0}]}",
         HIDP_ERR_CLUSTER, "links[0]", "a: link of a node with itself"},
        {TWO "\"links\": [@{\"from\": \"a\", \"to\": \"b\", \"bandwidth_Bps\": 1, \"latency_s\": "
             "-1}]}",
         HIDP_ERR_CLUSTER, "links[0]", "latency of a link is negative"},
        {TWO "\"links\": [{\"from\": \"a\", \"to\": \"b\", \"both_ways\": true, \"bandwidth_Bps\": 1, "
             "\"latency_s\": 0},\n@{\"from\": \"b\", \"to\": \"a\", \"bandwidth_Bps\": 1, "
             "\"latency_s\": 0}]}",
         HIDP_ERR_CLUSTER, "links[1]", "link is given twice"},
        {TWO "\"links\": [{\"from\": \"a\", \"to\": \"b\", \"wire_dtype\": @\"fp64\", "
             "\"bandwidth_Bps\": 1, \"latency_s\": 0}]}",
         HIDP_ERR_SYNTAX, "links[0].wire_dtype", "\"fp64\" is unknown"},
        {TWO "\"links\": @[1, 2, 3, 4, 5]}", HIDP_ERR_LIMIT, "links",
         "5 links, at most 4 are allowed"},
};

START_TEST(refuses)
{
	formats_refuse(FORMATS_CLUSTER, &refusals[_i]);
}
END_TEST

int main(void)
{
	TCase *tc = formats_case("cluster");
	tcase_add_test(tc, reads_every_attribute);
	tcase_add_test(tc, writes_what_it_reads);
	tcase_add_test(tc, numbers_survive);
	tcase_add_test(tc, large_limits_are_cut);
	tcase_add_test(tc, names_that_are_not_utf8_can_be_read_back);
	tcase_add_test(tc, a_full_mesh_becomes_a_lan);
	tcase_add_test(tc, many_links_are_read_quickly);
	tcase_add_test(tc, callbacks_may_fail);
	tcase_add_loop_test(tc, says_where_a_profile_is_wrong, 0,
	                    sizeof wrong_profiles / sizeof wrong_profiles[0]);
	tcase_add_loop_test(tc, refuses, 0, sizeof refusals / sizeof refusals[0]);
	return formats_run(tc);
}
