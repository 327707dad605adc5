/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"

static struct hidp_cluster *parse(const char *text)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *c = NULL;
	hidp_status s = hidp_cluster_from_string(context, text, &c, &said);
	ck_assert_msg(s == HIDP_OK, "%s: column %u: %s", text, said.column, said.message);
	return c;
}

static struct hidp_processor_desc processor(const struct hidp_cluster *c, hidp_node_id n,
                                            hidp_processor_id p)
{
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
	ck_assert_int_eq(hidp_cluster_processor(c, n, p, &d), HIDP_OK);
	return d;
}

static struct hidp_link_desc link_of(const struct hidp_cluster *c, hidp_node_id from,
                                     hidp_node_id to)
{
	struct hidp_link_desc d = HIDP_LINK_DESC_INIT;
	ck_assert_int_eq(hidp_cluster_link(c, from, to, &d), HIDP_OK);
	return d;
}

START_TEST(reads_the_example)
{
	struct hidp_cluster *c = parse("2*cpu:50,gpu:400; cpu:20 | lan 940M 0.25ms");
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	ck_assert_uint_eq(hidp_cluster_node_count(c), 3);
	ck_assert_uint_eq(hidp_cluster_medium_count(c), 0);
	for (hidp_node_id n = 0; n < 3; n++) {
		ck_assert_uint_eq(hidp_cluster_processor_count(c, n), n < 2 ? 2 : 1);
		struct hidp_processor_desc p = processor(c, n, 0);
		ck_assert_str_eq(p.name, "cpu0");
		ck_assert_uint_eq(p.kind, HIDP_PROCESSOR_CPU);
		for (hidp_op_class k = HIDP_CLASS_CONV3X3; k < HIDP_CLASS_COUNT; k++) {
			ck_assert_double_eq(p.rate_flops[k], n < 2 ? 50e9 : 20e9);
			ck_assert_double_eq(p.bandwidth_Bps[k], 10e9);
		}
		ck_assert_double_eq(p.overhead_s, 20e-6);
		ck_assert_double_eq(p.power_active_w, 4);
		if (n < 2) {
			p = processor(c, n, 1);
			ck_assert_str_eq(p.name, "gpu1");
			ck_assert_uint_eq(p.kind, HIDP_PROCESSOR_GPU);
			ck_assert_double_eq(p.rate_flops[HIDP_CLASS_GEMM], 400e9);
			ck_assert_double_eq(p.bandwidth_Bps[HIDP_CLASS_GEMM], 40e9);
			ck_assert_double_eq(p.overhead_s, 50e-6);
		}
		for (hidp_node_id m = 0; m < 3; m++) {
			if (m == n)
				continue;
			struct hidp_link_desc l = link_of(c, n, m);
			ck_assert_double_eq(l.bandwidth_Bps, 117.5e6);
			ck_assert_double_eq(l.latency_s, 0.25e-3);
			ck_assert_uint_eq(l.medium, HIDP_MEDIUM_NONE);
		}
	}
	ck_assert_int_eq(hidp_cluster_node(c, 2, &node), HIDP_OK);
	ck_assert_str_eq(node.name, "node2");
	ck_assert_double_eq(node.sync_s, 20e-6);
	ck_assert_double_eq(node.power_idle_w, 2);
	ck_assert_double_eq(node.power_transmit_w, 0.4);
	hidp_cluster_unref(c);
}
END_TEST

START_TEST(knows_all_kinds)
{
	struct hidp_cluster *c = parse(" cpu , gpu,npu: 8.25 / 3, dsp:1,other:.5/0.125 ");
	static const hidp_processor_kind kinds[] = {HIDP_PROCESSOR_CPU, HIDP_PROCESSOR_GPU,
	                                            HIDP_PROCESSOR_NPU, HIDP_PROCESSOR_DSP,
	                                            HIDP_PROCESSOR_OTHER};
	static const double rates[] = {50e9, 500e9, 8.25e9, 1e9, 0.5e9};
	static const double bandwidths[] = {10e9, 40e9, 3e9, 10e9, 0.125e9};
	static const char *const names[] = {"cpu0", "gpu1", "npu2", "dsp3", "other4"};
	ck_assert_uint_eq(hidp_cluster_node_count(c), 1);
	ck_assert_uint_eq(hidp_cluster_processor_count(c, 0), 5);
	for (hidp_processor_id p = 0; p < 5; p++) {
		struct hidp_processor_desc d = processor(c, 0, p);
		ck_assert_uint_eq(d.kind, kinds[p]);
		ck_assert_str_eq(d.name, names[p]);
		ck_assert_double_eq(d.rate_flops[HIDP_CLASS_CONV], rates[p]);
		ck_assert_double_eq(d.bandwidth_Bps[HIDP_CLASS_CONV], bandwidths[p]);
	}
	hidp_cluster_unref(c);
}
END_TEST

static const struct {
	const char *text;
	double bandwidth_Bps, latency_s;
	bool medium;
} networks[] = {
        {"2*cpu", 117.625e6, 0.25e-3, false},
        {"2*cpu|lan", 117.625e6, 0.25e-3, false},
        {"2*cpu|wifi", 10e6, 3e-3, true},
        {"2*cpu|wifi 54M", 6.75e6, 3e-3, true},
        {"2 * cpu | lan 8 1s", 1, 1, false},
        {"2*cpu|lan 8K 1us", 1e3, 1e-6, false},
        {"2*cpu|lan 10G 0.1ms", 1.25e9, 1e-4, false},
        {"2*cpu\t|\tlan inf 0s", INFINITY, 0, false},
        {"2*cpu|lan 123456.789012345 2.5us", 123456.789012345 / 8, 2.5e-6, false},
};

START_TEST(reads_networks)
{
	struct hidp_cluster *c = parse(networks[_i].text);
	for (hidp_node_id n = 0; n < 2; n++) {
		struct hidp_link_desc l = link_of(c, n, 1 - n);
		ck_assert_double_eq(l.bandwidth_Bps, networks[_i].bandwidth_Bps);
		ck_assert_double_eq(l.latency_s, networks[_i].latency_s);
		ck_assert_uint_eq(l.medium, networks[_i].medium ? 0 : HIDP_MEDIUM_NONE);
	}
	ck_assert_uint_eq(hidp_cluster_medium_count(c), networks[_i].medium);
	hidp_cluster_unref(c);
}
END_TEST

START_TEST(none_links_nothing)
{
	struct hidp_cluster *c = parse("cpu;cpu|none");
	struct hidp_link_desc d = HIDP_LINK_DESC_INIT;
	ck_assert_int_eq(hidp_cluster_link(c, 0, 1, &d), HIDP_ERR_ARGUMENT);
	ck_assert_uint_eq(hidp_cluster_next_hop(c, 0, 1), HIDP_NODE_NONE);
	hidp_cluster_unref(c);
}
END_TEST

START_TEST(takes_as_much_as_the_limits_allow)
{
	char text[64 * 4 + 8] = "";
	for (int i = 0; i < 64; i++)
		strcat(text, i == 0 ? "cpu" : ",cpu");
	struct hidp_cluster *c = parse(text);
	ck_assert_uint_eq(hidp_cluster_processor_count(c, 0), 64);
	hidp_cluster_unref(c);
	c = parse("1000*cpu; 24*gpu | none");
	ck_assert_uint_eq(hidp_cluster_node_count(c), 1024);
	hidp_cluster_unref(c);
}
END_TEST

#define TEN "cpu,cpu,cpu,cpu,cpu,cpu,cpu,cpu,cpu,cpu,"
#define SUBJECT "cluster string"

static const struct refusal refusals[] = {
        {"@", HIDP_ERR_SYNTAX, SUBJECT, "a processor must be one of cpu, gpu, npu, dsp, other"},
        {"   @", HIDP_ERR_SYNTAX, SUBJECT, "a processor must be one of"},
        {"@tpu", HIDP_ERR_SYNTAX, SUBJECT, "a processor must be one of"},
        {"@cpus", HIDP_ERR_SYNTAX, SUBJECT, "a processor must be one of"},
        {"@CPU", HIDP_ERR_SYNTAX, SUBJECT, "a processor must be one of"},
        {"cpu;@", HIDP_ERR_SYNTAX, SUBJECT, "a processor must be one of"},
        {"cpu,@", HIDP_ERR_SYNTAX, SUBJECT, "a processor must be one of"},
        {"cpu,@;cpu", HIDP_ERR_SYNTAX, SUBJECT, "a processor must be one of"},
        {"cpu @gpu", HIDP_ERR_SYNTAX, SUBJECT, "must go on with"},
        {"cpu@1", HIDP_ERR_SYNTAX, SUBJECT, "must go on with"},
        {"cpu:@", HIDP_ERR_SYNTAX, SUBJECT, "rate in GFLOP/s is missing"},
        {"cpu:@x", HIDP_ERR_SYNTAX, SUBJECT, "rate in GFLOP/s is missing"},
        {"cpu:@-5", HIDP_ERR_SYNTAX, SUBJECT, "rate in GFLOP/s is missing"},
        {"cpu:@.", HIDP_ERR_SYNTAX, SUBJECT, "rate in GFLOP/s is missing"},
        {"cpu:@0", HIDP_ERR_CLUSTER, SUBJECT, "rate in GFLOP/s must be above 0"},
        {"cpu:@1234567890123456", HIDP_ERR_SYNTAX, SUBJECT, "more than 15 digits"},
        {"cpu:@0.0000000000000001", HIDP_ERR_SYNTAX, SUBJECT, "more than 15 decimals"},
        {"cpu:5.5@.5", HIDP_ERR_SYNTAX, SUBJECT, "must go on with"},
        {"cpu:5@e3", HIDP_ERR_SYNTAX, SUBJECT, "must go on with"},
        {"cpu:5/@", HIDP_ERR_SYNTAX, SUBJECT, "bandwidth in GB/s is missing"},
        {"cpu:5/@0.0", HIDP_ERR_CLUSTER, SUBJECT, "bandwidth in GB/s must be above 0"},
        {"cpu:5/1@/1", HIDP_ERR_SYNTAX, SUBJECT, "must go on with"},
        {"2@cpu", HIDP_ERR_SYNTAX, SUBJECT, "\"*\" is missing"},
        {"2*@", HIDP_ERR_SYNTAX, SUBJECT, "a processor must be one of"},
        {"@0*cpu", HIDP_ERR_SYNTAX, SUBJECT, "must be whole and above 0"},
        {"@1.5*cpu", HIDP_ERR_SYNTAX, SUBJECT, "must be whole and above 0"},
        {"@1025*cpu", HIDP_ERR_LIMIT, SUBJECT, "1025 nodes, at most 1024 are allowed"},
        {"1024*cpu;@gpu", HIDP_ERR_LIMIT, SUBJECT, "cluster has 1024 nodes already"},
        {TEN TEN TEN TEN TEN TEN "cpu,cpu,cpu,cpu,@cpu", HIDP_ERR_LIMIT, SUBJECT,
         "a node has more than 64 processors"},
        {"cpu|@", HIDP_ERR_SYNTAX, SUBJECT, "a network must be one of lan, wifi, none"},
        {"cpu|@ethernet", HIDP_ERR_SYNTAX, SUBJECT, "a network must be one of"},
        {"cpu|@lans", HIDP_ERR_SYNTAX, SUBJECT, "a network must be one of"},
        {"cpu|none @1M", HIDP_ERR_SYNTAX, SUBJECT, "must end here"},
        {"cpu|lan @fast", HIDP_ERR_SYNTAX, SUBJECT, "bandwidth in bit/s is missing"},
        {"cpu|lan @0M", HIDP_ERR_CLUSTER, SUBJECT, "bandwidth must be above 0"},
        {"cpu|lan 5@T", HIDP_ERR_SYNTAX, SUBJECT, "must be K, M or G"},
        {"cpu|lan 5@Mbit", HIDP_ERR_SYNTAX, SUBJECT, "must be K, M or G"},
        {"cpu|lan 5M @ms", HIDP_ERR_SYNTAX, SUBJECT, "latency is missing"},
        {"cpu|lan 5M 3@", HIDP_ERR_SYNTAX, SUBJECT, "unit of a latency must be s, ms or us"},
        {"cpu|lan 5M 3@h", HIDP_ERR_SYNTAX, SUBJECT, "unit of a latency must be"},
        {"cpu|lan 5M 3ms @x", HIDP_ERR_SYNTAX, SUBJECT, "must end here"},
        {"cpu|lan 5M 3ms @; cpu", HIDP_ERR_SYNTAX, SUBJECT, "must end here"},
        {"cpu @\xc3\xa9", HIDP_ERR_SYNTAX, SUBJECT, "must go on with"},
};

START_TEST(refuses)
{
	formats_refuse(FORMATS_STRING, &refusals[_i]);
}
END_TEST

START_TEST(refuses_null)
{
	struct hidp_cluster *c = NULL;
	ck_assert_int_eq(hidp_cluster_from_string(NULL, "cpu", &c, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cluster_from_string(context, NULL, &c, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cluster_from_string(context, "cpu", NULL, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_ptr_null(c);
}
END_TEST

int main(void)
{
	TCase *tc = formats_case("cluster string");
	tcase_add_test(tc, reads_the_example);
	tcase_add_test(tc, knows_all_kinds);
	tcase_add_loop_test(tc, reads_networks, 0, sizeof networks / sizeof networks[0]);
	tcase_add_test(tc, none_links_nothing);
	tcase_add_test(tc, takes_as_much_as_the_limits_allow);
	tcase_add_loop_test(tc, refuses, 0, sizeof refusals / sizeof refusals[0]);
	tcase_add_test(tc, refuses_null);
	return formats_run(tc);
}
