/* SPDX-License-Identifier: MIT */
/* Kernels by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "zoo.h"

#if HAVE_ONEDNN
#include <hidp-onednn.h>
#endif
#if HAVE_REFERENCE
#include <hidp-reference.h>
#endif
#if HAVE_XNNPACK
#include <hidp-xnnpack.h>
#endif

struct kind {
	const char *name;
	const struct hidp_kernels *(*kernels)(void);
	hidp_status (*make)(const struct hidp_model *model, const struct hidp_weights *weights,
	                    void *weights_data, void **data_out,
	                    struct hidp_diagnostic *diagnostic);
	void (*destroy)(void *data);
};

struct engine {
	const struct hidp_kernels *kernels;
	void *data;
	void (*destroy)(void *data); /* of data; NULL: it is not ours */
	struct zoo_weights *zoo;     /* weights to be destroyed after that, or NULL */
};

#if HAVE_ONEDNN
static hidp_status make_onednn(const struct hidp_model *model, const struct hidp_weights *weights,
                               void *weights_data, void **data_out,
                               struct hidp_diagnostic *diagnostic)
{
	struct hidp_onednn *onednn = NULL;
	hidp_status s = hidp_onednn_new(model, weights, weights_data, NULL, &onednn, diagnostic);
	*data_out = onednn;
	return s;
}

static void destroy_onednn(void *data)
{
	hidp_onednn_destroy(data);
}
#endif

#if HAVE_XNNPACK
static hidp_status make_xnnpack(const struct hidp_model *model, const struct hidp_weights *weights,
                                void *weights_data, void **data_out,
                                struct hidp_diagnostic *diagnostic)
{
	struct hidp_xnnpack *xnnpack = NULL;
	hidp_status s = hidp_xnnpack_new(model, weights, weights_data, NULL, &xnnpack, diagnostic);
	*data_out = xnnpack;
	return s;
}

static void destroy_xnnpack(void *data)
{
	hidp_xnnpack_destroy(data);
}

#define XNNPACK {"xnnpack", hidp_xnnpack_kernels, make_xnnpack, destroy_xnnpack}
#endif

#if HAVE_REFERENCE
static hidp_status make_reference(const struct hidp_model *model, const struct hidp_weights *weights,
                                  void *weights_data, void **data_out,
                                  struct hidp_diagnostic *diagnostic)
{
	struct hidp_reference *reference = NULL;
	hidp_status s = hidp_reference_new(model, weights, weights_data, &reference, diagnostic);
	*data_out = reference;
	return s;
}

static void destroy_reference(void *data)
{
	hidp_reference_destroy(data);
}
#endif

#if defined __arm__ || defined __aarch64__
#define ON_ARM 1
#else
#define ON_ARM 0
#endif

/* The quickest first. */
static const struct kind kinds[] = {
#if HAVE_XNNPACK && ON_ARM
	XNNPACK,
#endif
#if HAVE_ONEDNN
	{"onednn", hidp_onednn_kernels, make_onednn, destroy_onednn},
#endif
#if HAVE_XNNPACK && !ON_ARM
	XNNPACK,
#endif
#if HAVE_REFERENCE
	{"reference", hidp_reference_kernels, make_reference, destroy_reference},
#endif
	{NULL, NULL, NULL, NULL},
};

const char *engine_name(size_t index)
{
	size_t i = 0;
	while (i < index && kinds[i].name != NULL)
		i++;
	return kinds[i].name;
}

static hidp_status fail(struct hidp_diagnostic *said, hidp_status status, const char *message)
{
	if (said != NULL) {
		said->status = status;
		snprintf(said->subject, sizeof said->subject, "kernels");
		snprintf(said->message, sizeof said->message, "%s", message);
	}
	return status;
}

hidp_status engine_new_weights(const char *name, const struct hidp_model *model,
                               const struct hidp_weights *weights, void *weights_data,
                               struct engine **engine_out, struct hidp_diagnostic *diagnostic)
{
	const struct kind *kind = kinds;
	while (kind->name != NULL && name != NULL && strcmp(kind->name, name) != 0)
		kind++;
	if (kind->name == NULL)
		return fail(diagnostic, HIDP_ERR_ARGUMENT, "there are none of that name in this build");
	struct engine *e = calloc(1, sizeof *e);
	if (e == NULL)
		return fail(diagnostic, HIDP_ERR_NOMEM, "out of memory");
	e->kernels = kind->kernels();
	hidp_status s = kind->make(model, weights, weights_data, &e->data, diagnostic);
	if (s != HIDP_OK) {
		free(e);
		return s;
	}
	e->destroy = kind->destroy;
	*engine_out = e;
	return HIDP_OK;
}

hidp_status engine_new(const char *name, const struct hidp_model *model,
                       struct engine **engine_out, struct hidp_diagnostic *diagnostic)
{
	struct zoo_weights *zoo;
	hidp_status s = zoo_weights_new(model, ENGINE_SEED, &zoo);
	if (s != HIDP_OK)
		return fail(diagnostic, s, "out of memory");
	s = engine_new_weights(name, model, zoo_weights_table(), zoo, engine_out, diagnostic);
	if (s == HIDP_OK)
		(*engine_out)->zoo = zoo;
	else
		zoo_weights_destroy(zoo);
	return s;
}

struct engine *engine_of(const struct hidp_kernels *kernels, void *data)
{
	struct engine *e = calloc(1, sizeof *e);
	if (e == NULL)
		return NULL;
	e->kernels = kernels;
	e->data = data;
	return e;
}

void engine_destroy(struct engine *engine)
{
	if (engine == NULL)
		return;
	if (engine->destroy != NULL)
		engine->destroy(engine->data);
	zoo_weights_destroy(engine->zoo);
	free(engine);
}

const struct hidp_kernels *engine_kernels(const struct engine *engine)
{
	return engine->kernels;
}

void *engine_data(const struct engine *engine)
{
	return engine->data;
}
