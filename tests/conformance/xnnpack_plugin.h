/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_XNNPACK_PLUGIN_H
#define HIDP_TESTS_XNNPACK_PLUGIN_H

#include "kernels.h"

/* hidp-xnnpack */
extern const struct kernels_plugin xnnpack_plugin;

#endif
