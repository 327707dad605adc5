/* SPDX-License-Identifier: MIT */
/* Independent branches side by side on the processors of one node. */
#include "planner/branches.h"

/* Assignments of components to processors that are tried one by one. */
#define ASSIGNMENTS_MAX 1024

double hidp__branch_cost(const struct hidp__site *site, const struct hidp__tables *tables,
                         const struct hidp__region *region, const struct hidp__prices *prices,
                         double *hand_over_price, uint8_t *choice)
{
	double sum[HIDP__BRANCHES_MAX][HIDP_NODE_PROCESSORS_MAX] = {{0}};
	uint32_t n = site->usable_count, k = region->count;
	double bytes = 0, best = INFINITY;
	*hand_over_price = 0;
	if (n < 2)
		return INFINITY;
	for (uint32_t l = region->first; l < region->end; l++) {
		const double *single = site->single_s + (size_t)l * site->processor_count;
		for (uint32_t i = 0; i < n; i++)
			sum[region->component[l - region->first]][i] += single[site->usable[i]];
		bytes += tables->layers[l].bytes;
	}
	for (uint32_t c = 0; c < k; c++) {
		double least = INFINITY;
		for (uint32_t i = 0; i < n; i++)
			least = sum[c][i] < least ? sum[c][i] : least;
		if (least == INFINITY)
			return INFINITY;
	}
	uint32_t assignments = 1;
	for (uint32_t c = 0; c < k; c++) {
		if (assignments > ASSIGNMENTS_MAX / n) {
			n = 2; /* too many: the two fastest processors only */
			assignments = 1u << k;
			break;
		}
		assignments *= n;
	}
	double shared = site->memory_bandwidth_Bps > 0 ? bytes / site->memory_bandwidth_Bps : 0;
	for (uint32_t a = 0; a < assignments; a++) {
		double load[HIDP_NODE_PROCESSORS_MAX] = {0}, most = shared, cost = 0, price = 0;
		uint32_t used = 0;
		for (uint32_t c = 0, rest = a; c < k; c++, rest /= n)
			load[rest % n] += sum[c][rest % n];
		for (uint32_t i = 0; i < n; i++)
			most = load[i] > most ? load[i] : most;
		for (uint32_t c = 0, rest = a, seen = 0; c < k; c++, rest /= n) {
			uint32_t i = rest % n;
			if (seen >> i & 1)
				continue;
			seen |= 1u << i;
			used++;
			double p = prices->time_only
			                   ? 0
			                   : prices->busy[site->first_processor + site->usable[i]];
			price += p;
			cost += p * (load[i] > shared ? load[i] : shared);
		}
		if (used < 2)
			continue;
		cost += prices->second * most;
		price += prices->second;
		if (cost + price * site->sync_s < best + *hand_over_price) {
			best = cost;
			*hand_over_price = price * site->sync_s;
			for (uint32_t c = 0, rest = a; choice != NULL && c < k; c++, rest /= n)
				choice[c] = site->usable[rest % n];
		}
	}
	return best;
}
