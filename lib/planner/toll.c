/* SPDX-License-Identifier: MIT */
#include "planner/toll.h"

double hidp__apart(const double *value, uint32_t count)
{
	double least = INFINITY, most = 0, sum = 0, from_least = 0, from_most = 0, from_mean = 0;
	uint32_t n = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (value[i] == INFINITY)
			continue;
		least = value[i] < least ? value[i] : least;
		most = value[i] > most ? value[i] : most;
		sum += value[i];
		n++;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (value[i] == INFINITY)
			continue;
		from_least += value[i] - least;
		from_most += most - value[i];
		from_mean += fabs(value[i] - sum / n);
	}
	double extreme = from_least < from_most ? from_least : from_most;
	return from_mean < extreme ? from_mean : extreme;
}

double hidp__parts_differ(int64_t rows, int64_t others)
{
	double row = 1 / (double)rows, other = 1 / (double)others;
	return others % rows == 0 || rows % others == 0 ? fabs(row - other) : row + other;
}

static double whole_price(const struct hidp__demands *d, uint32_t i)
{
	return d->work[i] + d->send[i] + d->move[i];
}

/* The cheapest node for the whole; INFINITY: there is none. */
static double cheapest(const struct hidp__demands *d)
{
	double all = INFINITY;
	for (uint32_t i = 0; i < d->count; i++)
		all = whole_price(d, i) < all ? whole_price(d, i) : all;
	return all;
}

/*
 * What parts x_a that add up to 1 cost at least, if node a pays x_a * work, of what it is sent
 * all but a part `unsent` of the rows, and of what it moves all but `unmoved`. These are free
 * below that, so each node may have so much; the rest is cheapest with a single node.
 */
static double divide(const struct hidp__demands *d, double all, double unsent, double unmoved)
{
	double low = unsent < unmoved ? unsent : unmoved, high = unsent + unmoved - low, price = all;
	for (uint32_t i = 0; i < d->count; i++) {
		double work = d->work[i], some = work + (unsent < unmoved ? d->send[i] : d->move[i]);
		price -= work < all ? low * (all - work) : 0;
		price -= some < all ? (high - low) * (all - some) : 0;
	}
	return price;
}

double hidp__toll(const struct hidp__demands *d, const struct hidp__rounding *r, double enough)
{
	double all = cheapest(d), price = r->certain * all, most = 0;
	if (!(all < INFINITY))
		return 0;
	for (int i = 0; i < 2 && price < enough; i++) {
		const struct hidp__rounded_part *p = &r->part[i];
		double v = divide(d, all, p->unsent, p->off + r->unread) - p->lost;
		price = v > price ? v : price;
	}
	if (price >= enough)
		return price;
	/* or: everything is moved, and that the parts of the last layer are others is lost at once */
	for (uint32_t i = 0; i < d->count; i++)
		most += d->move[i];
	double off = r->unread > 0 ? most : hidp__apart(d->move, d->count);
	for (int i = 0; i < 2; i++) {
		const struct hidp__rounded_part *p = &r->part[i];
		double v = divide(d, all, p->unsent, 0) - p->lost - off * p->off - most * r->unread;
		price = v > price ? v : price;
	}
	return price;
}
