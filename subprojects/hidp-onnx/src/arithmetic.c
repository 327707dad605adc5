/* SPDX-License-Identifier: MIT */
#include "arithmetic.h"

#include <math.h>
#include <string.h>

static double real_neg(double x)
{
	return -x;
}

static double real_sign(double x)
{
	return x > 0 ? 1 : x < 0 ? -1 : x;
}

static double real_reciprocal(double x)
{
	return 1 / x;
}

static double real_sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

static double real_relu(double x)
{
	return x < 0 ? 0 : x;
}

static double real_softplus(double x)
{
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double real_softsign(double x)
{
	return x / (1 + fabs(x));
}

static double real_is_nan(double x)
{
	return isnan(x);
}

static int64_t wrap_neg(int64_t x, enum element type)
{
	(void)type;
	return (int64_t)(0 - (uint64_t)x);
}

static int64_t whole_abs(int64_t x, enum element type)
{
	return type != ELEMENT_UINT64 && x < 0 ? wrap_neg(x, type) : x;
}

static int64_t whole_sign(int64_t x, enum element type)
{
	return type == ELEMENT_UINT64 ? x != 0 : (x > 0) - (x < 0);
}

static int64_t whole_relu(int64_t x, enum element type)
{
	return type != ELEMENT_UINT64 && x < 0 ? 0 : x;
}

static int64_t whole_not(int64_t x, enum element type)
{
	(void)type;
	return x == 0;
}

static int64_t bits_not(int64_t x, enum element type)
{
	(void)type;
	return ~x;
}

const struct unary *hidp_onnx__unary(const char *op)
{
	static const struct unary all[] = {
	        {"Abs", fabs, whole_abs},
	        {"Acos", acos, NULL},
	        {"Acosh", acosh, NULL},
	        {"Asin", asin, NULL},
	        {"Asinh", asinh, NULL},
	        {"Atan", atan, NULL},
	        {"Atanh", atanh, NULL},
	        {"BitwiseNot", NULL, bits_not},
	        {"Ceil", ceil, NULL},
	        {"Cos", cos, NULL},
	        {"Cosh", cosh, NULL},
	        {"Erf", erf, NULL},
	        {"Exp", exp, NULL},
	        {"Floor", floor, NULL},
	        {"IsNaN", real_is_nan, NULL},
	        {"Log", log, NULL},
	        {"Neg", real_neg, wrap_neg},
	        {"Not", NULL, whole_not},
	        {"Reciprocal", real_reciprocal, NULL},
	        {"Relu", real_relu, whole_relu},
	        {"Round", rint, NULL}, /* ties to even */
	        {"Sigmoid", real_sigmoid, NULL},
	        {"Sign", real_sign, whole_sign},
	        {"Sin", sin, NULL},
	        {"Sinh", sinh, NULL},
	        {"Softplus", real_softplus, NULL},
	        {"Softsign", real_softsign, NULL},
	        {"Sqrt", sqrt, NULL},
	        {"Tan", tan, NULL},
	        {"Tanh", tanh, NULL},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(all[i].op, op) == 0)
			return &all[i];
	return NULL;
}

static double real_add(double a, double b)
{
	return a + b;
}

static double real_sub(double a, double b)
{
	return a - b;
}

static double real_mul(double a, double b)
{
	return a * b;
}

static double real_div(double a, double b)
{
	return a / b;
}

/* What is no number stays so. */
static double real_min(double a, double b)
{
	return isnan(a) || a < b ? a : b;
}

static double real_max(double a, double b)
{
	return isnan(a) || a > b ? a : b;
}

/* The remainder with the divisor's sign. */
static double real_mod(double a, double b)
{
	const double rest = fmod(a, b);
	return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static double real_less(double a, double b)
{
	return a < b;
}

static double real_less_equal(double a, double b)
{
	return a <= b;
}

static double real_greater(double a, double b)
{
	return a > b;
}

static double real_greater_equal(double a, double b)
{
	return a >= b;
}

/* Equal as numbers: all comparisons are false for what is none. */
static double real_equal(double a, double b)
{
	return a >= b && a <= b;
}

static int64_t wrap_add(int64_t a, int64_t b, enum element type)
{
	(void)type;
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t wrap_sub(int64_t a, int64_t b, enum element type)
{
	(void)type;
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t wrap_mul(int64_t a, int64_t b, enum element type)
{
	(void)type;
	return (int64_t)((uint64_t)a * (uint64_t)b);
}

/* Towards 0. */
static int64_t whole_div(int64_t a, int64_t b, enum element type)
{
	if (type == ELEMENT_UINT64)
		return (int64_t)((uint64_t)a / (uint64_t)b);
	return b == -1 ? wrap_neg(a, type) : a / b;
}

static int64_t whole_fmod(int64_t a, int64_t b, enum element type)
{
	if (type == ELEMENT_UINT64)
		return (int64_t)((uint64_t)a % (uint64_t)b);
	return b == -1 ? 0 : a % b;
}

static int64_t whole_mod(int64_t a, int64_t b, enum element type)
{
	const int64_t rest = whole_fmod(a, b, type);
	return type != ELEMENT_UINT64 && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static int64_t whole_pow(int64_t base, int64_t exponent, enum element type)
{
	if (type != ELEMENT_UINT64 && exponent < 0)
		return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
	uint64_t result = 1, factor = (uint64_t)base;
	for (uint64_t e = (uint64_t)exponent; e != 0; e >>= 1, factor *= factor)
		if (e & 1)
			result *= factor;
	return (int64_t)result;
}

static int64_t whole_less(int64_t a, int64_t b, enum element type)
{
	return type == ELEMENT_UINT64 ? (uint64_t)a < (uint64_t)b : a < b;
}

static int64_t whole_greater(int64_t a, int64_t b, enum element type)
{
	return whole_less(b, a, type);
}

static int64_t whole_less_equal(int64_t a, int64_t b, enum element type)
{
	return !whole_less(b, a, type);
}

static int64_t whole_greater_equal(int64_t a, int64_t b, enum element type)
{
	return !whole_less(a, b, type);
}

static int64_t whole_equal(int64_t a, int64_t b, enum element type)
{
	(void)type;
	return a == b;
}

static int64_t whole_min(int64_t a, int64_t b, enum element type)
{
	return whole_less(b, a, type) ? b : a;
}

static int64_t whole_max(int64_t a, int64_t b, enum element type)
{
	return whole_less(a, b, type) ? b : a;
}

static int64_t bits_and(int64_t a, int64_t b, enum element type)
{
	(void)type;
	return a & b;
}

static int64_t bits_or(int64_t a, int64_t b, enum element type)
{
	(void)type;
	return a | b;
}

static int64_t bits_xor(int64_t a, int64_t b, enum element type)
{
	(void)type;
	return a ^ b;
}

const struct binary *hidp_onnx__binary(const char *op, bool fmod_given)
{
	static const struct binary all[] = {
	        {"Add", real_add, wrap_add, false},
	        {"And", NULL, bits_and, false},
	        {"BitwiseAnd", NULL, bits_and, false},
	        {"BitwiseOr", NULL, bits_or, false},
	        {"BitwiseXor", NULL, bits_xor, false},
	        {"Div", real_div, whole_div, true},
	        {"Equal", real_equal, whole_equal, false},
	        {"Greater", real_greater, whole_greater, false},
	        {"GreaterOrEqual", real_greater_equal, whole_greater_equal, false},
	        {"Less", real_less, whole_less, false},
	        {"LessOrEqual", real_less_equal, whole_less_equal, false},
	        {"Max", real_max, whole_max, false},
	        {"Mean", real_add, NULL, false},
	        {"Min", real_min, whole_min, false},
	        {"Mod", real_mod, whole_mod, true},
	        {"Mul", real_mul, wrap_mul, false},
	        {"Or", NULL, bits_or, false},
	        {"Pow", pow, whole_pow, false},
	        {"Sub", real_sub, wrap_sub, false},
	        {"Sum", real_add, wrap_add, false},
	        {"Xor", NULL, bits_xor, false},
	};
	static const struct binary with_fmod = {"Mod", fmod, whole_fmod, true};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(all[i].op, op) == 0)
			return fmod_given && strcmp(op, "Mod") == 0 ? &with_fmod : &all[i];
	return NULL;
}
