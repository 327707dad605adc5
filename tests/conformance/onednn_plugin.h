/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_ONEDNN_PLUGIN_H
#define HIDP_TESTS_ONEDNN_PLUGIN_H

#include "kernels.h"

/* hidp-onednn, as it is and without Winograd's algorithm. */
extern const struct kernels_plugin onednn_plugin, onednn_direct_plugin;

#endif
