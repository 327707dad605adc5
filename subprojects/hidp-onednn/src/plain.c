/* SPDX-License-Identifier: MIT */
/* Functions that oneDNN does not have, element by element. */
#include <math.h>

#include "build.h"

#define EACH(value)                                                                                \
	for (int64_t i = 0; i < count; i++) {                                                      \
		const float x = elements[i];                                                       \
		elements[i] = (value);                                                             \
	}                                                                                          \
	break

static inline float hard_sigmoid(float x, float alpha, float beta)
{
	float y = alpha * x + beta;
	y = y < 0 ? 0 : y;
	return y > 1 ? 1 : y;
}

struct plain {
	struct tensor of; /* dense */
	hidp_activation function;
	float alpha, beta;
};

static hidp_status run_plain(const struct step *step, const struct running *running)
{
	const struct plain *p = step->data;
	const float alpha = p->alpha, beta = p->beta;
	const int64_t count = kernels__tensor_elements(&p->of);
	float *elements = kernels__address(running, p->of.place);
	switch (p->function) {
	case HIDP_ACTIVATION_HARD_SWISH: /* of any slope and shift */
		EACH(x * hard_sigmoid(x, alpha, beta));
	case HIDP_ACTIVATION_ERF:
		EACH(erff(x));
	case HIDP_ACTIVATION_SIGN:
		EACH(x > 0 ? 1 : x < 0 ? -1 : x);
	case HIDP_ACTIVATION_FLOOR:
		EACH(floorf(x));
	case HIDP_ACTIVATION_CEIL:
		EACH(ceilf(x));
	case HIDP_ACTIVATION_SIN:
		EACH(sinf(x));
	case HIDP_ACTIVATION_COS:
		EACH(cosf(x));
	case HIDP_ACTIVATION_SOFTSIGN:
		EACH(x / (1 + fabsf(x)));
	default:
		return HIDP_ERR_UNSUPPORTED;
	}
	return HIDP_OK;
}

hidp_status onednn__add_plain(struct build *b, hidp_activation function, const struct tensor *of,
                              float alpha, float beta)
{
	struct plain *p = kernels__add_step(b->task, run_plain, sizeof *p);
	if (p == NULL)
		return kernels__no_memory(b);
	*p = (struct plain){*of, function, alpha, beta};
	return HIDP_OK;
}

/* Where an element is. */
static float *at(const struct running *running, const struct tensor *t, const int64_t index[4])
{
	float *first = kernels__address(running, t->place);
	for (int a = 0; a < 4; a++)
		first += index[a] * t->strides[a];
	return first;
}

struct power {
	struct tensor base, exponent, out; /* of the same dimensions */
};

static hidp_status run_power(const struct step *step, const struct running *running)
{
	const struct power *p = step->data;
	const int64_t *dims = p->out.dims;
	int64_t i[4] = {0};
	for (i[0] = 0; i[0] < dims[0]; i[0]++)
		for (i[2] = 0; i[2] < dims[2]; i[2]++)
			for (i[3] = 0; i[3] < dims[3]; i[3]++)
				for (i[1] = 0; i[1] < dims[1]; i[1]++)
					*at(running, &p->out, i) =
						powf(*at(running, &p->base, i),
					             *at(running, &p->exponent, i));
	return HIDP_OK;
}

hidp_status onednn__add_power(struct build *b, const struct tensor *base,
                              const struct tensor *exponent, const struct tensor *out)
{
	struct power *p = kernels__add_step(b->task, run_power, sizeof *p);
	if (p == NULL)
		return kernels__no_memory(b);
	*p = (struct power){kernels__tensor_spread(*base, out->dims),
	                    kernels__tensor_spread(*exponent, out->dims), *out};
	return HIDP_OK;
}
