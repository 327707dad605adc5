/* SPDX-License-Identifier: MIT */
#include "reference_plugin.h"
#include "xnnpack_plugin.h"

int main(int argc, char **argv)
{
	return kernels_networks(&xnnpack_plugin, &reference_plugin, argc, argv);
}
