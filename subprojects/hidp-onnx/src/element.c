/* SPDX-License-Identifier: MIT */
#include "element.h"

#include <math.h>
#include <string.h>

float hidp_onnx__from_half(uint16_t half)
{
	const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
	const uint32_t exponent = (half >> 10) & 31;
	const uint32_t fraction = half & 0x3ff;
	uint32_t bits;
	if (exponent == 31) {
		bits = sign | 0x7f800000 | fraction << 13;
	} else if (exponent != 0) {
		bits = sign | (exponent + 112) << 23 | fraction << 13;
	} else { /* subnormal: a whole number of 2^-24 */
		const float small = (float)fraction * 0x1p-24f;
		return sign != 0 ? -small : small;
	}
	float number;
	memcpy(&number, &bits, sizeof number);
	return number;
}

uint16_t hidp_onnx__to_half(double number)
{
	const unsigned sign = signbit(number) ? 0x8000 : 0;
	if (isnan(number))
		return (uint16_t)(sign | 0x7e00);
	number = fabs(number);
	if (number >= 65520) /* half way from the largest to what would come next */
		return (uint16_t)(sign | 0x7c00);
	int exponent;
	frexp(number, &exponent);
	if (number < 0x1p-14)
		exponent = -13; /* subnormal: as coarse as the smallest normal numbers */
	/* 1024 to 2048 of the last place; 2048 carries into the exponent */
	const int places = (int)rint(ldexp(number, 11 - exponent));
	return (uint16_t)(sign | (unsigned)((exponent + 13) * 1024 + places));
}

float hidp_onnx__from_bfloat(uint16_t bfloat)
{
	const uint32_t bits = (uint32_t)bfloat << 16;
	float number;
	memcpy(&number, &bits, sizeof number);
	return number;
}

uint16_t hidp_onnx__to_bfloat(double number)
{
	const float single = (float)number;
	uint32_t bits;
	memcpy(&bits, &single, sizeof bits);
	if (isnan(single))
		return (uint16_t)(bits >> 16 | 0x40);
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
