/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_REFERENCE_PLUGIN_H
#define HIDP_TESTS_REFERENCE_PLUGIN_H

#include "kernels.h"

/* hidp-reference, to be tested and to be compared with. */
extern const struct kernels_plugin reference_plugin;

#endif
