/* SPDX-License-Identifier: MIT */
#include "onednn_plugin.h"
#include "reference_plugin.h"

int main(int argc, char **argv)
{
	return kernels_networks(&onednn_plugin, &reference_plugin, argc, argv);
}
