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

/* The cheapest node for the whole, and by how much the others are cheaper than it for less. */
struct savings {
	double all;  /* INFINITY: there is no node */
	double work; /* sums over the nodes: computing alone, */
	double send, move; /* and with what they are sent, or with what they move */
	double most_moved;
};

static void add_saving(double *sum, double saved)
{
	*sum += saved > 0 ? saved : 0;
}

static struct savings find_savings(const struct hidp__demands *d)
{
	struct savings s = {.all = INFINITY};
	for (uint32_t i = 0; i < d->count; i++) {
		double whole = d->work[i] + d->send[i] + d->move[i];
		s.all = whole < s.all ? whole : s.all;
		s.most_moved += d->move[i];
	}
	for (uint32_t i = 0; i < d->count; i++) {
		double saved = s.all - d->work[i];
		add_saving(&s.work, saved);
		add_saving(&s.send, saved - d->send[i]);
		add_saving(&s.move, saved - d->move[i]);
	}
	return s;
}

/*
 * What parts x_a that add up to 1 cost at least, if node a pays x_a * work, of what it is sent
 * all but a part `unsent` of the rows, and of what it moves all but `unmoved`. These are free
 * below that, so each node may have so much; the rest is cheapest with a single node.
 */
static double divide(const struct savings *s, double unsent, double unmoved)
{
	bool sent = unsent < unmoved;
	double low = sent ? unsent : unmoved, high = sent ? unmoved : unsent;
	return s->all - low * s->work - (high - low) * (sent ? s->send : s->move);
}

double hidp__toll(const struct hidp__demands *d, const struct hidp__rounding *r, double enough)
{
	struct savings s = find_savings(d);
	double price = r->certain * s.all, apart = -1;
	if (!(s.all < INFINITY))
		return 0;
	for (int i = 0; i < 2 && price < enough; i++) {
		const struct hidp__rounded_part *p = &r->part[i];
		double v = divide(&s, p->unsent, p->off + r->unread) - p->lost;
		price = v > price ? v : price;
	}
	/* or: everything is moved, and that the parts of the last layer are others is lost at once */
	for (int i = 0; i < 2 && price < enough; i++) {
		const struct hidp__rounded_part *p = &r->part[i];
		double v = divide(&s, p->unsent, 0) - p->lost - s.most_moved * r->unread;
		if (v <= price)
			continue;
		if (apart < 0)
			apart = r->unread > 0 ? s.most_moved : hidp__apart(d->move, d->count);
		v -= apart * p->off;
		price = v > price ? v : price;
	}
	return price;
}
