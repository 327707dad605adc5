/* SPDX-License-Identifier: MIT */
#include "zoo.h"

#include <string.h>

#include "net.h"

static const struct zoo__network networks[] = {
	{"efficientnet_b0", zoo__efficientnet_b0, 0, 224, 2.25f, NULL},
	{"inception_v3", zoo__inception_v3, 0, 299, 2, NULL},
	{"resnet50", zoo__resnet, 50, 224, 2, zoo__resnet_scale},
	{"resnet101", zoo__resnet, 101, 224, 2, zoo__resnet_scale},
	{"resnet152", zoo__resnet, 152, 224, 2, zoo__resnet_scale},
	{"vgg16", zoo__vgg, 16, 224, 2, NULL},
	{"vgg19", zoo__vgg, 19, 224, 2, NULL},
	{"mobilenet_v2", zoo__mobilenet_v2, 0, 224, 2, zoo__mobilenet_scale},
	{"vit_b_16", zoo__vit_b_16, 0, 224, 1, NULL},
	{"bert_base", zoo__bert_base, 0, 0, 1, NULL},
};

#define COUNT (sizeof networks / sizeof networks[0])

size_t zoo_count(void)
{
	return COUNT;
}

const char *zoo_name(size_t index)
{
	return index < COUNT ? networks[index].name : NULL;
}

const struct zoo__network *zoo__find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(networks[i].name, name) == 0)
			return &networks[i];
	return NULL;
}

hidp_status zoo_build(struct hidp_context *context, const char *name,
                      const struct zoo_options *options, struct hidp_model **model_out,
                      struct hidp_diagnostic *diagnostic)
{
	struct zoo__net net = {.diagnostic = diagnostic, .name = name};
	if (context == NULL || name == NULL || model_out == NULL)
		return HIDP_ERR_ARGUMENT;
	const struct zoo__network *network = zoo__find(name);
	if (network == NULL) {
		zoo__refuse(&net, HIDP_ERR_ARGUMENT, "the zoo has no network of this name");
		return net.status;
	}
	if (options != NULL)
		net.options = *options;
	if (net.options.batch == 0)
		net.options.batch = 1;
	if (net.options.image == 0)
		net.options.image = network->image;
	if (net.options.tokens == 0)
		net.options.tokens = 128;

	struct hidp_model_options how = HIDP_MODEL_OPTIONS_INIT;
	how.flags = net.options.flags;
	how.dtype = net.options.dtype;
	how.name = name;
	hidp_status s = hidp_model_builder_new(context, &how, &net.builder);
	if (s != HIDP_OK) {
		zoo__refuse(&net, s, "flags 0x%x, dtype %u: %s", how.flags, how.dtype,
		            hidp_status_string(s));
		return s;
	}
	network->describe(&net, network->variant);
	if (net.status == HIDP_OK)
		net.status = hidp_model_builder_seal(net.builder, model_out, diagnostic);
	hidp_model_builder_destroy(net.builder);
	return net.status;
}
