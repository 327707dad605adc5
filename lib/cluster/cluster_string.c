/* SPDX-License-Identifier: MIT */
/* Clusters from a line of text; doc/formats/cluster.md has the grammar and the defaults. */
#include <math.h>
#include <string.h>

#include "base/context_priv.h"
#include "base/diagnostic.h"
#include "cluster/cluster_priv.h"

/* What a processor of a kind is taken to be where the text does not say. */
static const struct kind {
	char word[8];
	double rate_flops;
	double bandwidth_Bps;
	double overhead_s;
	double power_active_w;
} kinds[] = {
        [HIDP_PROCESSOR_CPU] = {"cpu", 50e9, 10e9, 20e-6, 4},
        [HIDP_PROCESSOR_GPU] = {"gpu", 500e9, 40e9, 50e-6, 8},
        [HIDP_PROCESSOR_NPU] = {"npu", 1000e9, 20e9, 50e-6, 3},
        [HIDP_PROCESSOR_DSP] = {"dsp", 50e9, 10e9, 50e-6, 2},
        [HIDP_PROCESSOR_OTHER] = {"other", 50e9, 10e9, 50e-6, 4},
};

/* Likewise for nodes and networks. */
#define NODE_SYNC_S 20e-6
#define NODE_IDLE_W 2
#define NODE_TRANSMIT_W 0.4
#define NODE_RECEIVE_W 0.4
#define LAN_BANDWIDTH_BPS (941e6 / 8)
#define LAN_LATENCY_S 0.25e-3
#define WIFI_BANDWIDTH_BPS (80e6 / 8)
#define WIFI_LATENCY_S 3e-3

struct parser {
	const char *text;
	const char *at;
	struct hidp_diagnostic *diagnostic;
	struct hidp_cluster_builder *builder;
};

static unsigned column(const struct parser *p, const char *at)
{
	unsigned n = 1;
	for (const char *c = p->text; c < at; c++)
		n += ((unsigned char)*c & 0xc0) != 0x80; /* characters, not bytes */
	return n;
}

#define FAIL(p, place, status, ...)                                                                \
	hidp__fail_at((p)->diagnostic, status, 1, column(p, place), "cluster string", __VA_ARGS__)

static void skip_space(struct parser *p)
{
	while (*p->at == ' ' || *p->at == '\t')
		p->at++;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Takes the character if it comes next, and the space around it. */
static bool take(struct parser *p, char c)
{
	skip_space(p);
	if (*p->at != c)
		return false;
	p->at++;
	skip_space(p);
	return true;
}

/* Takes the word if it comes next, and is not only the beginning of a longer one. */
static bool take_word(struct parser *p, const char *word)
{
	size_t n = strlen(word);
	if (strncmp(p->at, word, n) != 0 || is_letter(p->at[n]))
		return false;
	p->at += n;
	return true;
}

/* A number as its digits and a power of ten, so that a unit does not cost precision. */
struct decimal {
	const char *at;
	int64_t digits;
	int exponent;
};

/* Digits with at most one point among them, at most 15 that count. Any locale. */
static hidp_status read_decimal(struct parser *p, const char *what, struct decimal *out)
{
	struct decimal d = {p->at, 0, 0};
	bool point = false, any = false;
	for (;; p->at++) {
		if (*p->at == '.' && !point) {
			point = true;
			continue;
		}
		if (!is_digit(*p->at))
			break;
		any = true;
		if (d.digits > 99999999999999)
			return FAIL(p, d.at, HIDP_ERR_SYNTAX, "%s has more than 15 digits", what);
		d.digits = d.digits * 10 + (*p->at - '0');
		d.exponent -= point;
		if (d.exponent < -15)
			return FAIL(p, d.at, HIDP_ERR_SYNTAX, "%s has more than 15 decimals", what);
	}
	if (!any)
		return FAIL(p, d.at, HIDP_ERR_SYNTAX, "%s is missing here", what);
	*out = d;
	return HIDP_OK;
}

/* Both factors are exact, so the result is the double next to the true value. */
static double value_of(const struct decimal *d, int unit)
{
	static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
	                              1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
	                              1e16, 1e17, 1e18, 1e19, 1e20, 1e21};
	int e = d->exponent + unit;
	return e < 0 ? (double)d->digits / tens[-e] : (double)d->digits * tens[e];
}

/* 1e9 per second, times `unit`; above 0. */
static hidp_status read_rate(struct parser *p, const char *what, double *out)
{
	struct decimal d;
	hidp_status s = read_decimal(p, what, &d);
	if (s != HIDP_OK)
		return s;
	if (d.digits == 0)
		return FAIL(p, d.at, HIDP_ERR_CLUSTER, "%s must be above 0", what);
	*out = value_of(&d, 9);
	return HIDP_OK;
}

/* processor = kind [ ":" GFLOP/s [ "/" GB/s ] ] */
static hidp_status read_processor(struct parser *p, struct hidp_processor_desc *out)
{
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
	const uint32_t count = sizeof kinds / sizeof kinds[0];
	while (d.kind < count && !take_word(p, kinds[d.kind].word))
		d.kind++;
	if (d.kind == count)
		return FAIL(p, p->at, HIDP_ERR_SYNTAX,
		            "a processor must be one of cpu, gpu, npu, dsp, other");
	double rate = kinds[d.kind].rate_flops, bandwidth = kinds[d.kind].bandwidth_Bps;
	hidp_status s = HIDP_OK;
	if (take(p, ':')) {
		s = read_rate(p, "rate in GFLOP/s", &rate);
		if (s == HIDP_OK && take(p, '/'))
			s = read_rate(p, "bandwidth in GB/s", &bandwidth);
	}
	if (s != HIDP_OK)
		return s;
	for (hidp_op_class c = HIDP_CLASS_CONV3X3; c < HIDP_CLASS_COUNT; c++) {
		d.rate_flops[c] = rate;
		d.bandwidth_Bps[c] = bandwidth;
	}
	d.overhead_s = kinds[d.kind].overhead_s;
	d.power_active_w = kinds[d.kind].power_active_w;
	*out = d;
	return HIDP_OK;
}

static hidp_status adopt(const struct parser *p, const char *place, hidp_status status,
                         const struct hidp_diagnostic *said)
{
	if (status == HIDP_ERR_NOMEM)
		return hidp__fail(p->diagnostic, status, NULL, "out of memory");
	return FAIL(p, place, status, "%s", said->message);
}

/* node = [ count "*" ] processor { "," processor } */
static hidp_status read_node(struct parser *p)
{
	struct hidp_processor_desc processors[HIDP_NODE_PROCESSORS_MAX];
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	const char *begin = p->at;
	uint32_t count = 0;
	int64_t copies = 1;
	hidp_status s;
	if (is_digit(*p->at)) {
		struct decimal d;
		if ((s = read_decimal(p, "number of nodes", &d)) != HIDP_OK)
			return s;
		copies = d.digits;
		if (d.exponent != 0 || copies < 1)
			return FAIL(p, begin, HIDP_ERR_SYNTAX,
			            "number of nodes must be whole and above 0");
		if (!take(p, '*'))
			return FAIL(p, p->at, HIDP_ERR_SYNTAX, "\"*\" is missing here");
		if (copies > HIDP_CLUSTER_NODES_MAX)
			return FAIL(p, begin, HIDP_ERR_LIMIT, "%lld nodes, at most %u are allowed",
			            (long long)copies, HIDP_CLUSTER_NODES_MAX);
	}
	do {
		if (count == HIDP_NODE_PROCESSORS_MAX)
			return FAIL(p, p->at, HIDP_ERR_LIMIT,
			            "a node has more than %u processors", HIDP_NODE_PROCESSORS_MAX);
		if ((s = read_processor(p, &processors[count])) != HIDP_OK)
			return s;
		count++;
	} while (take(p, ','));
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	node.sync_s = NODE_SYNC_S;
	node.power_idle_w = NODE_IDLE_W;
	node.power_transmit_w = NODE_TRANSMIT_W;
	node.power_receive_w = NODE_RECEIVE_W;
	for (int64_t i = 0; i < copies; i++) {
		hidp_node_id id = 0;
		s = hidp_cluster_builder_add_node(p->builder, &node, &id, &said);
		for (uint32_t k = 0; k < count && s == HIDP_OK; k++)
			s = hidp_cluster_builder_add_processor(p->builder, id, &processors[k], NULL,
			                                       &said);
		if (s != HIDP_OK)
			return adopt(p, begin, s, &said);
	}
	return HIDP_OK;
}

/* bandwidth = ( number [ "K" | "M" | "G" ] | "inf" ), in bits per second */
static hidp_status read_bandwidth(struct parser *p, double *out)
{
	struct decimal d;
	if (take_word(p, "inf")) {
		*out = INFINITY;
		return HIDP_OK;
	}
	hidp_status s = read_decimal(p, "bandwidth in bit/s", &d);
	if (s != HIDP_OK)
		return s;
	int unit = take_word(p, "K") ? 3 : take_word(p, "M") ? 6 : take_word(p, "G") ? 9 : 0;
	if (is_letter(*p->at))
		return FAIL(p, p->at, HIDP_ERR_SYNTAX,
		            "unit of a bandwidth must be K, M or G (bit/s)");
	if (d.digits == 0)
		return FAIL(p, d.at, HIDP_ERR_CLUSTER, "bandwidth must be above 0");
	*out = value_of(&d, unit) / 8;
	return HIDP_OK;
}

/* latency = number ( "s" | "ms" | "us" ) */
static hidp_status read_latency(struct parser *p, double *out)
{
	struct decimal d;
	hidp_status s = read_decimal(p, "latency", &d);
	if (s != HIDP_OK)
		return s;
	int unit;
	if (take_word(p, "us"))
		unit = -6;
	else if (take_word(p, "ms"))
		unit = -3;
	else if (take_word(p, "s"))
		unit = 0;
	else
		return FAIL(p, p->at, HIDP_ERR_SYNTAX, "unit of a latency must be s, ms or us");
	*out = value_of(&d, unit);
	return HIDP_OK;
}

/* network = "none" | ( "lan" | "wifi" ) [ bandwidth [ latency ] ]; without one, a default LAN */
static hidp_status read_network(struct parser *p)
{
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	const char *begin = p->at;
	hidp_status s = HIDP_OK;
	link.bandwidth_Bps = LAN_BANDWIDTH_BPS;
	link.latency_s = LAN_LATENCY_S;
	if (take(p, '|')) {
		begin = p->at;
		if (take_word(p, "none"))
			return HIDP_OK;
		if (take_word(p, "wifi")) {
			link.bandwidth_Bps = WIFI_BANDWIDTH_BPS;
			link.latency_s = WIFI_LATENCY_S;
			s = hidp_cluster_builder_add_medium(p->builder, "wifi", &link.medium,
			                                    &said);
			if (s != HIDP_OK)
				return adopt(p, begin, s, &said);
		} else if (!take_word(p, "lan")) {
			return FAIL(p, p->at, HIDP_ERR_SYNTAX,
			            "a network must be one of lan, wifi, none");
		}
		skip_space(p);
		if (*p->at != '\0') {
			s = read_bandwidth(p, &link.bandwidth_Bps);
			skip_space(p);
			if (s == HIDP_OK && *p->at != '\0')
				s = read_latency(p, &link.latency_s);
		}
	}
	if (s != HIDP_OK)
		return s;
	s = hidp_cluster_builder_link_all(p->builder, &link, &said);
	return s != HIDP_OK ? adopt(p, begin, s, &said) : HIDP_OK;
}

/* cluster = node { ";" node } [ "|" network ] */
static hidp_status read_cluster(struct parser *p)
{
	hidp_status s;
	skip_space(p);
	do {
		if ((s = read_node(p)) != HIDP_OK)
			return s;
	} while (take(p, ';'));
	skip_space(p);
	if (*p->at != '\0' && *p->at != '|')
		return FAIL(p, p->at, HIDP_ERR_SYNTAX,
		            "must go on with \",\", \";\", \"|\" or end here");
	if ((s = read_network(p)) != HIDP_OK)
		return s;
	skip_space(p);
	if (*p->at != '\0')
		return FAIL(p, p->at, HIDP_ERR_SYNTAX, "must end here");
	return HIDP_OK;
}

hidp_status hidp_cluster_from_string(struct hidp_context *context, const char *text,
                                     struct hidp_cluster **cluster_out,
                                     struct hidp_diagnostic *diagnostic)
{
	struct parser p = {text, text, diagnostic, NULL};
	if (context == NULL || text == NULL || cluster_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	hidp_status s = hidp_cluster_builder_new(context, &p.builder);
	if (s != HIDP_OK)
		return hidp__fail(diagnostic, s, NULL, "out of memory");
	s = read_cluster(&p);
	if (s == HIDP_OK)
		s = hidp_cluster_builder_seal(p.builder, cluster_out, diagnostic);
	hidp_cluster_builder_destroy(p.builder);
	return s;
}
