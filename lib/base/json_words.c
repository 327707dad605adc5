/* SPDX-License-Identifier: MIT */
#include <hidp/model.h>

#include "base/json_fields.h"

static const char *const dtype_words[] = {
        [HIDP_DTYPE_FP32] = "fp32",
        [HIDP_DTYPE_FP16] = "fp16",
        [HIDP_DTYPE_BF16] = "bf16",
        [HIDP_DTYPE_INT8] = "int8",
};
const struct hidp__words hidp__dtype_words = {dtype_words,
                                              sizeof dtype_words / sizeof dtype_words[0]};
