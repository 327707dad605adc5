/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_KERNELS_H
#define HIDP_TESTS_KERNELS_H

#include <stdbool.h>

#include <hidp/plugin/kernels.h>
#include <hidp/plugin/weights.h>

/*
 * The conformance suite of kernels. A test of a plug-in is one call:
 *
 *     int main(int argc, char **argv)
 *     {
 *             return kernels_conformance(&plugin, argc, argv);
 *     }
 *
 * Random layers of every op, and random networks of them, are computed whole and by random
 * plans: rows, channels and branches divided over processors and nodes. Results are compared
 * with a computation in double precision, element by element; plans with each other. Every
 * byte that a task writes outside of its outputs is found, and so is reading what was never
 * written, as it is not a number. Layers that the kernels do not support must be refused when
 * they are prepared, too. Several threads run the same tasks at once. Weights that are missing,
 * of the wrong size, or too large for the memory are refused with the layer's name.
 * Functions must give the values that are known of them.
 */
struct kernels_plugin {
	/* An object for the table's user_data. */
	hidp_status (*create)(const struct hidp_model *model, const struct hidp_weights *weights,
	                      void *weights_user_data, void **object_out,
	                      struct hidp_diagnostic *diagnostic);
	void (*destroy)(void *object);
	const struct hidp_kernels *(*table)(void);
	/* How far elements may be from the right ones, measured by the largest of the tensor. */
	double tolerance;
	/* Results are the same bit by bit, however the network is divided. */
	bool exact;
	/* Every op but custom ones is supported in fp32. */
	bool complete;
};

/*
 * Runs the suite: [--count N] random problems from [--seed N] on. Prints what is wrong, with the
 * arguments that show it again, and a summary. Returns what main() returns.
 */
int kernels_conformance(const struct kernels_plugin *plugin, int argc, char **argv);

/*
 * Runs the networks of the zoo, with small images, whole and by random plans over several nodes:
 * [--count N] plans of them all together, from [--seed N] on. Outputs are compared with those of
 * other kernels (or the same): within 1e-4 of the largest element, 1e-3 for ResNet-152; with each
 * other bit by bit if the kernels are exact. Prints and returns as above.
 */
int kernels_networks(const struct kernels_plugin *plugin, const struct kernels_plugin *truth,
                     int argc, char **argv);

#endif
