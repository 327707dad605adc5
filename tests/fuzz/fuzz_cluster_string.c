/* SPDX-License-Identifier: MIT */
/* Clusters from a line of text; everything up to the first NUL. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Whatever the line can say, JSON can say too. */
static void check_cluster(struct hidp_context *context, const struct hidp_cluster *cluster)
{
	struct hidp_cluster *again = NULL;
	char *text, *second;
	size_t length, second_length;
	FUZZ_MUST(hidp_cluster_node_count(cluster) >= 1);
	if (hidp_cluster_to_json(cluster, NULL, 0, &length) == HIDP_ERR_UNSUPPORTED)
		return;
	FUZZ_WRITE(hidp_cluster_to_json, cluster, text, length);
	FUZZ_MUST(hidp_cluster_from_json(context, text, length, NULL, NULL, &again, NULL) == HIDP_OK);
	FUZZ_WRITE(hidp_cluster_to_json, again, second, second_length);
	FUZZ_MUST(length == second_length && memcmp(text, second, length) == 0);
	free(text);
	free(second);
	hidp_cluster_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_context *context = fuzz_begin();
	struct hidp_cluster *cluster = NULL;
	char *text = malloc(size + 1);
	FUZZ_MUST(text != NULL);
	if (size != 0)
		memcpy(text, data, size);
	text[size] = '\0';
	hidp_status s = hidp_cluster_from_string(context, text, &cluster, &said);
	if (s == HIDP_OK) {
		/* JSON of very many nodes takes its time and shows nothing new */
		if (hidp_cluster_node_count(cluster) <= 32)
			check_cluster(context, cluster);
	} else {
		FUZZ_MUST(cluster == NULL);
		fuzz_check_refusal(s, &said);
	}
	hidp_cluster_unref(cluster);
	free(text);
	fuzz_end(context);
	return 0;
}
