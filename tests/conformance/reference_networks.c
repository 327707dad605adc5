/* SPDX-License-Identifier: MIT */
#include "reference_plugin.h"

int main(int argc, char **argv)
{
	return kernels_networks(&reference_plugin, &reference_plugin, argc, argv);
}
