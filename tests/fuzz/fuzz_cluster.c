/* SPDX-License-Identifier: MIT */
/*
 * Clusters from JSON. What stands behind the first NUL of an input is the text of the
 * profile that the cluster may name; without a NUL it is a profile that is right.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

struct profile {
	const char *text;
	size_t length;
};

static const char board[] =
        "{\"format\": \"hidp-node\", \"version\": 1, \"name\": \"board\", \"processors\": ["
        "{\"name\": \"cpu\", \"kind\": \"cpu\", \"rate_flops\": {\"conv\": 1e9}, "
        "\"bandwidth_Bps\": {\"conv\": 1e9}}, "
        "{\"name\": \"gpu\", \"kind\": \"gpu\", \"rate_flops\": {\"conv\": 4e9}, "
        "\"bandwidth_Bps\": {\"conv\": 4e9}}]}";

static hidp_status find_profile(void *user_data, const char *name, const char **text_out,
                                size_t *length_out)
{
	const struct profile *profile = user_data;
	if (strcmp(name, "none") == 0)
		return HIDP_ERR_ARGUMENT;
	*text_out = profile->text;
	*length_out = profile->length;
	return HIDP_OK;
}

static void check_cluster(struct hidp_context *context, const struct hidp_cluster *cluster)
{
	struct hidp_cluster *again = NULL;
	char *text, *second;
	size_t length, second_length;
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
	struct profile profile = {board, sizeof board - 1};
	const uint8_t *nul = size != 0 ? memchr(data, 0, size) : NULL;
	if (nul != NULL) {
		profile.text = (const char *)nul + 1;
		profile.length = size - (size_t)(nul - data) - 1;
		size = (size_t)(nul - data);
	}
	hidp_status s = hidp_cluster_from_json(context, (const char *)data, size, find_profile,
	                                       &profile, &cluster, &said);
	if (s == HIDP_OK) {
		check_cluster(context, cluster);
	} else {
		FUZZ_MUST(cluster == NULL);
		fuzz_check_refusal(s, &said);
	}
	hidp_cluster_unref(cluster);
	fuzz_end(context);
	return 0;
}
