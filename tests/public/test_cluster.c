/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <hidp/hidp.h>

#include "suite.h"

static struct hidp_context *context;
static struct hidp_cluster_builder *builder;
static struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
static struct hidp_node_desc node;
static struct hidp_processor_desc processor;
static struct hidp_link_desc joint; /* of two nodes */

static void set_up(void)
{
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_builder_new(context, &builder), HIDP_OK);
	hidp_node_desc_init(&node, sizeof node);
	hidp_processor_desc_init(&processor, sizeof processor);
	hidp_link_desc_init(&joint, sizeof joint);
	joint.to = 1;
	joint.bandwidth_Bps = 1e6;
	processor.rate_flops[HIDP_CLASS_CONV] = 1e9;
}

static void tear_down(void)
{
	hidp_cluster_builder_destroy(builder);
	hidp_context_unref(context);
}

static hidp_node_id add_node(void)
{
	hidp_node_id id;
	ck_ok(hidp_cluster_builder_add_node(builder, &node, &id, &diag), diag);
	return id;
}

static void add_processor(hidp_node_id to)
{
	ck_ok(hidp_cluster_builder_add_processor(builder, to, &processor, NULL, &diag), diag);
}

static struct hidp_cluster *seal(void)
{
	struct hidp_cluster *cluster = NULL;
	ck_ok(hidp_cluster_builder_seal(builder, &cluster, &diag), diag);
	return cluster;
}

START_TEST(test_initialisers)
{
	const struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	const struct hidp_processor_desc p = HIDP_PROCESSOR_DESC_INIT;
	const struct hidp_link_desc l = HIDP_LINK_DESC_INIT;
	hidp_processor_desc_init(&processor, sizeof processor);
	hidp_link_desc_init(&joint, sizeof joint);
	ck_assert_mem_eq(&n, &node, sizeof n);
	ck_assert_mem_eq(&p, &processor, sizeof p);
	ck_assert_mem_eq(&l, &joint, sizeof l);
	ck_assert_uint_eq(joint.medium, HIDP_MEDIUM_NONE);
}
END_TEST

START_TEST(test_getters)
{
	const uint32_t cores[] = {4, 5, 7};
	char name[] = "camera";
	hidp_medium_id medium;
	hidp_processor_id id;
	node.name = name;
	node.memory_bytes = 1000;
	node.memory_bandwidth_Bps = 1;
	node.sync_s = 2;
	node.nic_bandwidth_Bps = 3;
	node.load_bandwidth_Bps = 4;
	node.power_idle_w = 5;
	node.power_transmit_w = 6;
	node.power_receive_w = 7;
	ck_assert_uint_eq(add_node(), 0);
	memset(name, 'x', 6); /* copied */
	node.name = NULL;
	ck_assert_uint_eq(add_node(), 1);
	processor.kind = HIDP_PROCESSOR_NPU;
	processor.core_count = 3;
	processor.core_ids = cores;
	processor.load = 0.25;
	processor.memory_bytes = 77;
	processor.copy_bandwidth_Bps = 8;
	processor.overhead_s = 9;
	processor.power_active_w = 10;
	ck_ok(hidp_cluster_builder_add_processor(builder, 0, &processor, &id, &diag), diag);
	ck_assert_uint_eq(id, 0);
	processor.kind = HIDP_PROCESSOR_CPU;
	ck_ok(hidp_cluster_builder_add_processor(builder, 0, &processor, &id, &diag), diag);
	ck_assert_uint_eq(id, 1);
	processor.core_count = 0;
	processor.core_ids = NULL;
	add_processor(1);
	ck_ok(hidp_cluster_builder_add_medium(builder, NULL, NULL, &diag), diag);
	ck_ok(hidp_cluster_builder_add_medium(builder, "air", &medium, &diag), diag);
	ck_assert_uint_eq(medium, 1);
	joint.medium = medium;
	joint.latency_s = 0.5;
	joint.wire_dtype = HIDP_DTYPE_INT8;
	ck_ok(hidp_cluster_builder_add_link(builder, &joint, &diag), diag);
	struct hidp_cluster *c = seal();

	ck_assert_uint_eq(hidp_cluster_node_count(c), 2);
	ck_assert_uint_eq(hidp_cluster_processor_count(c, 0), 2);
	ck_assert_uint_eq(hidp_cluster_processor_count(c, 1), 1);
	ck_assert_uint_eq(hidp_cluster_processor_count(c, 2), 0);
	ck_assert_uint_eq(hidp_cluster_medium_count(c), 2);
	ck_assert_str_eq(hidp_cluster_medium_name(c, 0), "medium0");
	ck_assert_str_eq(hidp_cluster_medium_name(c, 1), "air");
	ck_assert_ptr_null(hidp_cluster_medium_name(c, 2));

	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	ck_assert_int_eq(hidp_cluster_node(c, 0, &n), HIDP_OK);
	ck_assert_str_eq(n.name, "camera");
	ck_assert_uint_eq(n.memory_bytes, 1000);
	ck_assert_double_eq(n.memory_bandwidth_Bps, 1);
	ck_assert_double_eq(n.sync_s, 2);
	ck_assert_double_eq(n.nic_bandwidth_Bps, 3);
	ck_assert_double_eq(n.load_bandwidth_Bps, 4);
	ck_assert_double_eq(n.power_idle_w, 5);
	ck_assert_double_eq(n.power_transmit_w, 6);
	ck_assert_double_eq(n.power_receive_w, 7);
	ck_assert_int_eq(hidp_cluster_node(c, 1, &n), HIDP_OK);
	ck_assert_str_eq(n.name, "node1");
	ck_assert_int_eq(hidp_cluster_node(c, 2, &n), HIDP_ERR_ARGUMENT);
	n.struct_size = 8;
	ck_assert_int_eq(hidp_cluster_node(c, 1, &n), HIDP_ERR_ABI);

	struct hidp_processor_desc p = HIDP_PROCESSOR_DESC_INIT;
	ck_assert_int_eq(hidp_cluster_processor(c, 0, 0, &p), HIDP_OK);
	ck_assert_str_eq(p.name, "npu0");
	ck_assert_uint_eq(p.kind, HIDP_PROCESSOR_NPU);
	ck_assert_uint_eq(p.core_count, 3);
	ck_assert_mem_eq(p.core_ids, cores, sizeof cores);
	ck_assert_ptr_ne(p.core_ids, cores);
	ck_assert_double_eq(p.load, 0.25);
	ck_assert_double_eq(p.rate_flops[HIDP_CLASS_CONV], 1e9);
	ck_assert_uint_eq(p.memory_bytes, 77);
	ck_assert_double_eq(p.copy_bandwidth_Bps, 8);
	ck_assert_double_eq(p.overhead_s, 9);
	ck_assert_double_eq(p.power_active_w, 10);
	ck_assert_int_eq(hidp_cluster_processor(c, 0, 1, &p), HIDP_OK);
	ck_assert_str_eq(p.name, "cpu1");
	ck_assert_int_eq(hidp_cluster_processor(c, 1, 0, &p), HIDP_OK);
	ck_assert_ptr_null(p.core_ids);
	ck_assert_int_eq(hidp_cluster_processor(c, 1, 1, &p), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cluster_processor(c, 2, 0, &p), HIDP_ERR_ARGUMENT);

	struct hidp_link_desc l = HIDP_LINK_DESC_INIT;
	ck_assert_int_eq(hidp_cluster_link(c, 0, 1, &l), HIDP_OK);
	ck_assert_uint_eq(l.from, 0);
	ck_assert_uint_eq(l.to, 1);
	ck_assert_double_eq(l.bandwidth_Bps, 1e6); /* as stated; the NIC's limit is the node's */
	ck_assert_double_eq(l.latency_s, 0.5);
	ck_assert_uint_eq(l.wire_dtype, HIDP_DTYPE_INT8);
	ck_assert_uint_eq(l.medium, medium);
	ck_assert_int_eq(hidp_cluster_link(c, 1, 0, &l), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cluster_link(c, 0, 0, &l), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cluster_link(c, 0, 2, &l), HIDP_ERR_ARGUMENT);

	hidp_node_id found = 9;
	ck_assert_int_eq(hidp_cluster_find(c, "node1", &found), HIDP_OK);
	ck_assert_uint_eq(found, 1);
	ck_assert_int_eq(hidp_cluster_find(c, "Node1", &found), HIDP_ERR_ARGUMENT);
	ck_assert_uint_eq(found, 1);
	/* it outlives its builder and its context */
	ck_assert_ptr_eq(hidp_cluster_ref(c), c);
	hidp_cluster_unref(c);
	hidp_cluster_unref(c);
	hidp_cluster_unref(NULL);
}
END_TEST

static void refuse_node(hidp_status status, const char *subject, const char *text)
{
	hidp_node_id id = 99;
	ck_refused(hidp_cluster_builder_add_node(builder, &node, &id, &diag), diag, status, subject,
	           text);
	ck_assert_uint_eq(id, 99);
	hidp_node_desc_init(&node, sizeof node);
}

START_TEST(test_node_refused)
{
	char longest[HIDP_NAME_MAX + 2];
	memset(longest, 'n', sizeof longest);
	longest[HIDP_NAME_MAX + 1] = '\0';
	node.name = "";
	refuse_node(HIDP_ERR_CLUSTER, "", "empty or longer than 255 bytes");
	node.name = longest;
	ck_assert_int_eq(hidp_cluster_builder_add_node(builder, &node, NULL, NULL), HIDP_ERR_CLUSTER);
	longest[HIDP_NAME_MAX] = '\0';
	add_node();
	refuse_node(HIDP_ERR_CLUSTER, longest + HIDP_NAME_MAX - 127, "used twice");
	node.flags = 8;
	refuse_node(HIDP_ERR_ABI, "node1", "flags 0x8");
	node.flags = HIDP_NODE_HUB | HIDP_NODE_TRANSFERS_ARE_WORK;
	refuse_node(HIDP_ERR_CLUSTER, "node1",
	            "is a hub, whose transfers cannot be work of its processors");
	node.struct_size = 12;
	refuse_node(HIDP_ERR_ABI, "", "unknown size");
	double *const figures[] = {&node.memory_bandwidth_Bps, &node.sync_s, &node.nic_bandwidth_Bps,
	                           &node.load_bandwidth_Bps,   &node.power_idle_w,
	                           &node.power_transmit_w,     &node.power_receive_w};
	static const char *const names[] = {"memory_bandwidth_Bps", "sync_s", "nic_bandwidth_Bps",
	                                    "load_bandwidth_Bps",   "power_idle_w",
	                                    "power_transmit_w",     "power_receive_w"};
	const double bad[] = {-1e-300, NAN, INFINITY};
	for (int i = 0; i < 7; i++) {
		for (int k = 0; k < 3; k++) {
			*figures[i] = bad[k];
			refuse_node(HIDP_ERR_CLUSTER, "node1", names[i]);
		}
	}
	ck_refused(hidp_cluster_builder_add_node(NULL, &node, NULL, &diag), diag, HIDP_ERR_ARGUMENT,
	           "", "NULL");
	ck_refused(hidp_cluster_builder_add_node(builder, NULL, NULL, &diag), diag,
	           HIDP_ERR_ARGUMENT, "", "NULL");
}
END_TEST

static void refuse_processor(hidp_status status, const char *subject, const char *text)
{
	ck_refused(hidp_cluster_builder_add_processor(builder, 0, &processor, NULL, &diag), diag,
	           status, subject, text);
	hidp_processor_desc_init(&processor, sizeof processor);
}

START_TEST(test_processor_refused)
{
	const uint32_t cores[1] = {0};
	ck_refused(hidp_cluster_builder_add_processor(builder, 0, &processor, NULL, &diag), diag,
	           HIDP_ERR_ARGUMENT, "", "no node 0");
	add_node();
	processor.name = "big";
	add_processor(0);
	processor.name = "big";
	refuse_processor(HIDP_ERR_CLUSTER, "big", "used twice in node node0");
	processor.name = "";
	refuse_processor(HIDP_ERR_CLUSTER, "", "name of a processor is empty");
	processor.kind = 5;
	refuse_processor(HIDP_ERR_CLUSTER, "node0", "kind 5 is unknown");
	processor.flags = 1;
	refuse_processor(HIDP_ERR_ABI, "cpu1", "flags 0x1");
	processor.struct_size = 12;
	refuse_processor(HIDP_ERR_ABI, "", "unknown size");
	processor.core_count = 1;
	refuse_processor(HIDP_ERR_ARGUMENT, "cpu1", "core_ids is NULL");
	processor.core_count = HIDP_PROCESSOR_CORES_MAX + 1;
	processor.core_ids = cores;
	refuse_processor(HIDP_ERR_LIMIT, "cpu1", "more than 4096 cores");
	const double bad[] = {-1, NAN, INFINITY};
	for (int k = 0; k < 3; k++) {
		processor.rate_flops[3] = bad[k];
		refuse_processor(HIDP_ERR_CLUSTER, "cpu1", "class 3");
		processor.bandwidth_Bps[15] = bad[k];
		refuse_processor(HIDP_ERR_CLUSTER, "cpu1", "class 15");
		processor.overhead_s = bad[k];
		refuse_processor(HIDP_ERR_CLUSTER, "cpu1", "overhead");
		processor.power_active_w = bad[k];
		refuse_processor(HIDP_ERR_CLUSTER, "cpu1", "power");
		processor.copy_bandwidth_Bps = bad[k];
		refuse_processor(HIDP_ERR_CLUSTER, "cpu1", "copy bandwidth");
		processor.load = bad[k];
		refuse_processor(HIDP_ERR_CLUSTER, "cpu1", "load is not within 0 to 1");
	}
	processor.load = 1.0000001;
	refuse_processor(HIDP_ERR_CLUSTER, "cpu1", "load");
	processor.load = 1;
	add_processor(0);
}
END_TEST

START_TEST(test_medium_refused)
{
	ck_ok(hidp_cluster_builder_add_medium(builder, "air", NULL, &diag), diag);
	ck_refused(hidp_cluster_builder_add_medium(builder, "air", NULL, &diag), diag,
	           HIDP_ERR_CLUSTER, "air", "used twice");
	ck_refused(hidp_cluster_builder_add_medium(builder, "", NULL, &diag), diag,
	           HIDP_ERR_CLUSTER, "", "name of a medium is empty");
	ck_refused(hidp_cluster_builder_add_medium(NULL, "b", NULL, &diag), diag, HIDP_ERR_ARGUMENT,
	           "", "NULL");
}
END_TEST

static void refuse_link(hidp_status status, const char *subject, const char *text)
{
	ck_refused(hidp_cluster_builder_add_link(builder, &joint, &diag), diag, status, subject,
	           text);
	struct hidp_link_desc all = joint;
	if (joint.from < 2 && joint.to < 2 && joint.from != joint.to)
		ck_assert_int_eq(hidp_cluster_builder_link_all(builder, &all, NULL), status);
	hidp_link_desc_init(&joint, sizeof joint);
	joint.to = 1;
	joint.bandwidth_Bps = 1e6;
}

START_TEST(test_link_refused)
{
	add_node();
	add_node();
	joint.to = 2;
	refuse_link(HIDP_ERR_CLUSTER, "", "from node 0 to node 2: there is no such node");
	joint.from = HIDP_NODE_NONE;
	refuse_link(HIDP_ERR_CLUSTER, "", "there is no such node");
	joint.from = 1;
	refuse_link(HIDP_ERR_CLUSTER, "node1", "link of a node with itself");
	const double rates[] = {0, -1, NAN};
	for (int k = 0; k < 3; k++) {
		joint.bandwidth_Bps = rates[k];
		refuse_link(HIDP_ERR_CLUSTER, "node0", "bandwidth of a link is not above 0");
	}
	const double bad[] = {-1, NAN, INFINITY};
	for (int k = 0; k < 3; k++) {
		joint.latency_s = bad[k];
		refuse_link(HIDP_ERR_CLUSTER, "node0", "latency");
	}
	joint.wire_dtype = 5;
	refuse_link(HIDP_ERR_CLUSTER, "node0", "wire dtype 5");
	joint.medium = 0;
	refuse_link(HIDP_ERR_CLUSTER, "node0", "there is no medium 0");
	joint.flags = 2;
	refuse_link(HIDP_ERR_ABI, "node0", "flags 0x2");
	joint.struct_size = 8;
	refuse_link(HIDP_ERR_ABI, "", "unknown size");
	ck_refused(hidp_cluster_builder_add_link(builder, NULL, &diag), diag, HIDP_ERR_ARGUMENT, "",
	           "NULL");
	ck_refused(hidp_cluster_builder_link_all(NULL, &joint, &diag), diag, HIDP_ERR_ARGUMENT, "",
	           "NULL");
	ck_refused(hidp_cluster_builder_remove_link(builder, 0, 2, &diag), diag, HIDP_ERR_ARGUMENT,
	           "", "no such node");
	ck_refused(hidp_cluster_builder_set_available(builder, 2, true, &diag), diag,
	           HIDP_ERR_ARGUMENT, "", "no node 2");
	ck_refused(hidp_cluster_builder_set_load(builder, 0, 0, 0.5, &diag), diag,
	           HIDP_ERR_ARGUMENT, "", "no processor 0 in node 0");
	add_processor(0);
	ck_refused(hidp_cluster_builder_set_load(builder, 0, 0, 1.5, &diag), diag,
	           HIDP_ERR_ARGUMENT, "node0", "load");
	ck_refused(hidp_cluster_builder_set_load(builder, 0, 0, NAN, &diag), diag,
	           HIDP_ERR_ARGUMENT, "node0", "load");
	joint.bandwidth_Bps = INFINITY;
	ck_ok(hidp_cluster_builder_add_link(builder, &joint, &diag), diag);
}
END_TEST

START_TEST(test_seal_refused)
{
	struct hidp_cluster *c = NULL;
	ck_refused(hidp_cluster_builder_seal(builder, &c, &diag), diag, HIDP_ERR_CLUSTER, "",
	           "cluster has no nodes");
	add_node();
	add_node();
	add_processor(0);
	ck_refused(hidp_cluster_builder_seal(builder, &c, &diag), diag, HIDP_ERR_CLUSTER, "node1",
	           "node has no processor");
	ck_refused(hidp_cluster_builder_seal(NULL, &c, &diag), diag, HIDP_ERR_ARGUMENT, "", "NULL");
	ck_refused(hidp_cluster_builder_seal(builder, NULL, &diag), diag, HIDP_ERR_ARGUMENT, "",
	           "NULL");
	ck_assert_ptr_null(c);
	add_processor(1);
	hidp_cluster_unref(seal());
	ck_assert_int_eq(hidp_cluster_builder_new(NULL, &builder), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cluster_builder_new(context, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cluster_builder_from(NULL, &builder), HIDP_ERR_ARGUMENT);
	hidp_cluster_builder_destroy(NULL);
}
END_TEST

START_TEST(test_limits)
{
	for (uint32_t n = 0; n < HIDP_CLUSTER_NODES_MAX; n++)
		add_node();
	ck_refused(hidp_cluster_builder_add_node(builder, &node, NULL, &diag), diag, HIDP_ERR_LIMIT,
	           "node1024", "1024 nodes already");
	for (uint32_t p = 0; p < HIDP_NODE_PROCESSORS_MAX; p++)
		add_processor(3);
	ck_refused(hidp_cluster_builder_add_processor(builder, 3, &processor, NULL, &diag), diag,
	           HIDP_ERR_LIMIT, "node3", "64 processors already");
	for (uint32_t m = 0; m < HIDP_CLUSTER_NODES_MAX; m++)
		ck_ok(hidp_cluster_builder_add_medium(builder, NULL, NULL, &diag), diag);
	ck_refused(hidp_cluster_builder_add_medium(builder, NULL, NULL, &diag), diag, HIDP_ERR_LIMIT,
	           "medium1024", "1024 media already");
}
END_TEST

/* A link between the same nodes is replaced; both ways makes two. */
START_TEST(test_replace)
{
	struct hidp_link_desc l = HIDP_LINK_DESC_INIT;
	for (int n = 0; n < 3; n++)
		add_processor(add_node());
	joint.flags = HIDP_LINK_BOTH_WAYS;
	ck_ok(hidp_cluster_builder_add_link(builder, &joint, &diag), diag);
	joint.flags = 0;
	joint.bandwidth_Bps = 5;
	ck_ok(hidp_cluster_builder_add_link(builder, &joint, &diag), diag);
	struct hidp_cluster *c = seal();
	ck_assert_int_eq(hidp_cluster_link(c, 0, 1, &l), HIDP_OK);
	ck_assert_double_eq(l.bandwidth_Bps, 5);
	ck_assert_int_eq(hidp_cluster_link(c, 1, 0, &l), HIDP_OK);
	ck_assert_double_eq(l.bandwidth_Bps, 1e6);
	ck_assert_uint_eq(l.flags, 0);
	hidp_cluster_unref(c);
	joint.bandwidth_Bps = 7;
	ck_ok(hidp_cluster_builder_link_all(builder, &joint, &diag), diag);
	ck_ok(hidp_cluster_builder_remove_link(builder, 2, 1, &diag), diag);
	ck_ok(hidp_cluster_builder_remove_link(builder, 2, 1, &diag), diag); /* gone already */
	c = seal();
	for (hidp_node_id a = 0; a < 3; a++) {
		for (hidp_node_id b = 0; b < 3; b++) {
			bool linked = a != b && !(a == 2 && b == 1);
			ck_assert_int_eq(hidp_cluster_link(c, a, b, &l),
			                 linked ? HIDP_OK : HIDP_ERR_ARGUMENT);
			if (linked)
				ck_assert_double_eq(l.bandwidth_Bps, 7);
		}
	}
	hidp_cluster_unref(c);
}
END_TEST

/* A builder from a cluster makes the same cluster, and changes to it leave the old one alone. */
START_TEST(test_from)
{
	struct hidp_cluster_builder *edit;
	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc p = HIDP_PROCESSOR_DESC_INIT;
	struct hidp_link_desc l = HIDP_LINK_DESC_INIT;
	node.nic_bandwidth_Bps = 100;
	node.flags = HIDP_NODE_HUB;
	add_processor(add_node());
	node.flags = HIDP_NODE_TRANSFERS_ARE_WORK;
	add_processor(add_node());
	add_processor(1);
	ck_ok(hidp_cluster_builder_add_medium(builder, "air", NULL, &diag), diag);
	joint.medium = 0;
	ck_ok(hidp_cluster_builder_add_link(builder, &joint, &diag), diag);
	struct hidp_cluster *old = seal(), *new;
	ck_assert_int_eq(hidp_cluster_builder_from(old, &edit), HIDP_OK);
	ck_ok(hidp_cluster_builder_set_load(edit, 1, 1, 0.5, &diag), diag);
	ck_ok(hidp_cluster_builder_set_available(edit, 0, false, &diag), diag);
	ck_ok(hidp_cluster_builder_seal(edit, &new, &diag), diag);
	ck_assert_uint_eq(hidp_cluster_node_count(new), 2);
	ck_assert_uint_eq(hidp_cluster_processor_count(new, 1), 2);
	ck_assert_str_eq(hidp_cluster_medium_name(new, 0), "air");
	hidp_cluster_processor(new, 1, 1, &p);
	ck_assert_double_eq(p.load, 0.5);
	hidp_cluster_processor(old, 1, 1, &p);
	ck_assert_double_eq(p.load, 0);
	hidp_cluster_node(new, 0, &n);
	ck_assert_uint_eq(n.flags, HIDP_NODE_UNAVAILABLE | HIDP_NODE_HUB);
	hidp_cluster_node(old, 0, &n);
	ck_assert_uint_eq(n.flags, HIDP_NODE_HUB);
	hidp_cluster_node(new, 1, &n);
	ck_assert_uint_eq(n.flags, HIDP_NODE_TRANSFERS_ARE_WORK);
	ck_assert_int_eq(hidp_cluster_link(new, 0, 1, &l), HIDP_OK);
	ck_assert_double_eq(l.bandwidth_Bps, 1e6);
	ck_assert_uint_eq(l.medium, 0);
	ck_assert_int_eq(hidp_cluster_link(new, 1, 0, &l), HIDP_ERR_ARGUMENT);
	hidp_cluster_unref(new);
	/* the NIC's limit can be lifted: the link's own figure was kept */
	ck_ok(hidp_cluster_builder_set_available(edit, 0, true, &diag), diag);
	ck_ok(hidp_cluster_builder_seal(edit, &new, &diag), diag);
	hidp_cluster_node(new, 0, &n);
	ck_assert_uint_eq(n.flags, HIDP_NODE_HUB);
	hidp_cluster_unref(new);
	hidp_cluster_builder_destroy(edit);
	hidp_cluster_unref(old);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cluster");
	TCase *tcase = tcase_create("cluster");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_initialisers);
	tcase_add_test(tcase, test_getters);
	tcase_add_test(tcase, test_node_refused);
	tcase_add_test(tcase, test_processor_refused);
	tcase_add_test(tcase, test_medium_refused);
	tcase_add_test(tcase, test_link_refused);
	tcase_add_test(tcase, test_seal_refused);
	tcase_add_test(tcase, test_limits);
	tcase_add_test(tcase, test_replace);
	tcase_add_test(tcase, test_from);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
