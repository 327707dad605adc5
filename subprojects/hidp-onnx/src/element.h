/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_ELEMENT_H
#define HIDP_ONNX_ELEMENT_H

#include <stdint.h>

/* Numbers of 16 bits; to the nearest, ties to even. */
float hidp_onnx__from_half(uint16_t half);
uint16_t hidp_onnx__to_half(double number);
float hidp_onnx__from_bfloat(uint16_t bfloat);
uint16_t hidp_onnx__to_bfloat(double number);

#endif
