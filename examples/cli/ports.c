/* SPDX-License-Identifier: MIT */
/* Inputs and outputs with the names and shapes of the file that a model comes from. */
#include <stdlib.h>
#include <string.h>

#include "models.h"

#if HAVE_ONNX
#include <hidp-onnx.h>
#endif

/* Of a model without a file's own names: a layer's tensor as it is in memory. */
static void describe_layer(const struct hidp_model *model, hidp_layer_id layer, struct port *port)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	hidp_model_layer(model, layer, &info);
	*port = (struct port){.name = info.name,
	                      .layer = layer,
	                      .rank = 4,
	                      .dims = {info.shape.batch, info.shape.rows, info.shape.width,
	                               info.shape.channels},
	                      .type = info.dtype == HIDP_DTYPE_FP32 ? NUMBER_FP32 : NUMBER_OTHER};
	port->count = 1;
	for (uint32_t i = 0; i < port->rank; i++)
		port->count *= (size_t)port->dims[i];
}

static uint32_t list_layers(const struct hidp_model *model, bool outputs, struct port *ports)
{
	uint32_t count = 0;
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		hidp_model_layer(model, l, &info);
		if (outputs ? (info.flags & HIDP_LAYER_OUTPUT) == 0 : info.op != HIDP_OP_INPUT)
			continue;
		if (ports != NULL) {
			describe_layer(model, l, &ports[count]);
			ports[count].index = count;
		}
		count++;
	}
	return count;
}

#if HAVE_ONNX
/* TensorProto.DataType */
static enum number number_of(uint32_t type)
{
	static const enum number numbers[] = {
		NUMBER_OTHER, NUMBER_FP32,  NUMBER_UINT8, NUMBER_INT8, NUMBER_UINT16,
		NUMBER_INT16, NUMBER_INT32, NUMBER_INT64, NUMBER_OTHER, NUMBER_BOOL,
		NUMBER_OTHER, NUMBER_FP64,  NUMBER_UINT32, NUMBER_UINT64,
	};
	return type < sizeof numbers / sizeof *numbers ? numbers[type] : NUMBER_OTHER;
}

static uint32_t list_tensors(const struct hidp_onnx *onnx, bool outputs, struct port *ports)
{
	uint32_t count = outputs ? hidp_onnx_output_count(onnx) : hidp_onnx_input_count(onnx);
	for (uint32_t i = 0; ports != NULL && i < count; i++) {
		struct hidp_onnx_tensor tensor = HIDP_ONNX_TENSOR_INIT;
		if (outputs)
			hidp_onnx_output(onnx, i, &tensor);
		else
			hidp_onnx_input(onnx, i, &tensor);
		ports[i] = (struct port){.name = tensor.name,
		                         .index = i,
		                         .layer = tensor.layer,
		                         .rank = tensor.rank,
		                         .count = tensor.count,
		                         .type = number_of(tensor.type)};
		memcpy(ports[i].dims, tensor.dims, tensor.rank * sizeof ports[i].dims[0]);
	}
	return count;
}

_Static_assert(PORT_RANK_MAX >= HIDP_ONNX_RANK_MAX, "there is room for every tensor of a file");
#else
static uint32_t list_tensors(const struct hidp_onnx *onnx, bool outputs, struct port *ports)
{
	(void)onnx;
	(void)outputs;
	(void)ports;
	return 0;
}
#endif

struct port *list_ports(const struct loaded_model *loaded, bool outputs, uint32_t *count_out)
{
	bool onnx = loaded->onnx != NULL;
	*count_out = onnx ? list_tensors(loaded->onnx, outputs, NULL)
	                  : list_layers(loaded->model, outputs, NULL);
	struct port *ports = calloc(*count_out + 1u, sizeof *ports);
	if (ports == NULL)
		complain("out of memory");
	else if (onnx)
		list_tensors(loaded->onnx, outputs, ports);
	else
		list_layers(loaded->model, outputs, ports);
	return ports;
}

void port_to_layer(const struct loaded_model *loaded, const struct port *input,
                   const float *elements, float *tensor)
{
#if HAVE_ONNX
	if (loaded->onnx != NULL) {
		hidp_onnx_to_layer(loaded->onnx, input->index, elements, tensor);
		return;
	}
#endif
	(void)loaded;
	memcpy(tensor, elements, input->count * sizeof *tensor);
}

void port_from_layer(const struct loaded_model *loaded, const struct port *output,
                     const float *tensor, float *elements)
{
#if HAVE_ONNX
	if (loaded->onnx != NULL) {
		hidp_onnx_from_layer(loaded->onnx, output->index, tensor, elements);
		return;
	}
#endif
	(void)loaded;
	memcpy(elements, tensor, output->count * sizeof *elements);
}
