/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_BENCH_YAML_H
#define HIDP_TESTS_BENCH_YAML_H

#include <jansson.h>

/*
 * Reads the part of YAML that profiles of pipelines are written in: mappings and sequences by
 * indentation, sequences in brackets, plain numbers and words. Ends the program on anything else.
 */
json_t *bench_yaml_load(const char *path);

#endif
