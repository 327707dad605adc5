/* SPDX-License-Identifier: MIT */
/* What the descriptions of all networks are made of. */
#include "net.h"

#include <stdarg.h>
#include <stdio.h>

void zoo__refuse(struct zoo__net *net, hidp_status status, const char *format, ...)
{
	if (net->status != HIDP_OK)
		return;
	net->status = status;
	struct hidp_diagnostic *d = net->diagnostic;
	if (d == NULL || d->struct_size < sizeof *d)
		return;
	d->status = net->status;
	d->line = d->column = 0;
	snprintf(d->subject, sizeof d->subject, "%s", net->name);
	va_list args;
	va_start(args, format);
	vsnprintf(d->message, sizeof d->message, format, args);
	va_end(args);
}

void zoo__scope(struct zoo__net *net, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(net->scope, sizeof net->scope, format, args);
	va_end(args);
}

void zoo__unscope(struct zoo__net *net)
{
	net->scope[0] = '\0';
}

hidp_layer_id zoo__add(struct zoo__net *net, const char *name, hidp_op op,
                       const hidp_layer_id *inputs, uint32_t input_count,
                       struct hidp_layer_desc desc)
{
	if (net->status != HIDP_OK)
		return HIDP_LAYER_NONE;
	char full[HIDP_NAME_MAX + 1];
	snprintf(full, sizeof full, "%s%s", net->scope, name);
	desc.struct_size = sizeof desc;
	desc.name = full;
	desc.op = op;
	desc.inputs = inputs;
	desc.input_count = input_count;
	hidp_layer_id id = HIDP_LAYER_NONE;
	net->status = hidp_model_builder_add(net->builder, &desc, &id, net->diagnostic);
	return id;
}

hidp_layer_id zoo__input(struct zoo__net *net, int64_t channels, int64_t rows, int64_t width)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	desc.shape = (struct hidp_shape){net->options.batch, channels, rows, width};
	return zoo__add(net, "input", HIDP_OP_INPUT, NULL, 0, desc);
}

hidp_layer_id zoo__image(struct zoo__net *net)
{
	return zoo__input(net, 3, net->options.image, net->options.image);
}

static void set_window(struct hidp_layer_desc *desc, const struct zoo__window *w)
{
	desc->kernel[0] = w->rows;
	desc->kernel[1] = w->columns;
	desc->stride[0] = desc->stride[1] = w->stride;
	desc->pad[0] = desc->pad[2] = w->pad_rows;
	desc->pad[1] = desc->pad[3] = w->pad_columns;
}

hidp_layer_id zoo__conv(struct zoo__net *net, const char *name, hidp_layer_id in,
                        const struct zoo__conv *conv)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	desc.out_channels = conv->out;
	desc.groups = conv->groups;
	desc.flags = conv->bias ? 0 : HIDP_LAYER_NO_BIAS;
	set_window(&desc, &conv->window);
	return zoo__add(net, name, HIDP_OP_CONV, &in, 1, desc);
}

hidp_layer_id zoo__dense(struct zoo__net *net, const char *name, hidp_layer_id in, int64_t out)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	desc.out_channels = out;
	return zoo__add(net, name, HIDP_OP_DENSE, &in, 1, desc);
}

hidp_layer_id zoo__pool(struct zoo__net *net, const char *name, hidp_op op, hidp_layer_id in,
                        struct zoo__window window)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	set_window(&desc, &window);
	return zoo__add(net, name, op, &in, 1, desc);
}

hidp_layer_id zoo__activation(struct zoo__net *net, const char *name, hidp_layer_id in,
                              hidp_activation function)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	desc.function = function;
	return zoo__add(net, name, HIDP_OP_ACTIVATION, &in, 1, desc);
}

hidp_layer_id zoo__binary(struct zoo__net *net, const char *name, hidp_binary function,
                          hidp_layer_id a, hidp_layer_id b)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	desc.function = function;
	const hidp_layer_id inputs[2] = {a, b};
	return zoo__add(net, name, HIDP_OP_BINARY, inputs, 2, desc);
}

hidp_layer_id zoo__unary(struct zoo__net *net, const char *name, hidp_op op, hidp_layer_id in)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	return zoo__add(net, name, op, &in, 1, desc);
}

hidp_layer_id zoo__layer_norm(struct zoo__net *net, const char *name, hidp_layer_id in,
                              double epsilon)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	desc.alpha = epsilon;
	return zoo__add(net, name, HIDP_OP_LAYER_NORM, &in, 1, desc);
}

hidp_layer_id zoo__concat(struct zoo__net *net, const char *name, const hidp_layer_id *inputs,
                          uint32_t count)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	desc.axis = HIDP_AXIS_CHANNELS;
	return zoo__add(net, name, HIDP_OP_CONCAT, inputs, count, desc);
}

hidp_layer_id zoo__attention(struct zoo__net *net, const char *name, hidp_layer_id qkv,
                             uint32_t heads)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	desc.heads = heads;
	return zoo__add(net, name, HIDP_OP_ATTENTION, &qkv, 1, desc);
}

hidp_layer_id zoo__conv_norm(struct zoo__net *net, struct zoo__conv_names names, hidp_layer_id in,
                             const struct zoo__conv *conv, hidp_activation function)
{
	hidp_layer_id x = zoo__conv(net, names.conv, in, conv);
	x = zoo__unary(net, names.norm, HIDP_OP_BATCH_NORM, x);
	if (names.activation != NULL)
		x = zoo__activation(net, names.activation, x, function);
	return x;
}
