/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "onednn_plugin.h"

int main(int argc, char **argv)
{
	int failed = kernels_conformance(&onednn_plugin, argc, argv);
	return failed != EXIT_SUCCESS ? failed
	                              : kernels_conformance(&onednn_direct_plugin, argc, argv);
}
