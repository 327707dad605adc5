/* SPDX-License-Identifier: MIT */
#include "xnnpack_plugin.h"

int main(int argc, char **argv)
{
	return kernels_conformance(&xnnpack_plugin, argc, argv);
}
