/* SPDX-License-Identifier: MIT */
#include <hidp/report.h>

#include "base/diagnostic.h"

#if HIDP_WITH_JSON

#include "plan/plan_json.h"

hidp_status hidp_plan_from_json(struct hidp_context *context, const char *text, size_t length,
                                struct hidp_plan **plan_out, struct hidp_diagnostic *diagnostic)
{
	struct hidp__json_document document;
	struct hidp__json root;
	if (context == NULL || text == NULL || plan_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	hidp_status s = hidp__json_open(&document, NULL, text, length, diagnostic, &root);
	if (s != HIDP_OK)
		return s;
	s = hidp__plan_read(context, &root, plan_out);
	hidp__json_close_document(&document);
	return s;
}

hidp_status hidp_plan_to_json(const struct hidp_plan *plan, char *buffer, size_t size,
                              size_t *needed_out)
{
	struct hidp__text text;
	struct hidp__json_writer w;
	if (plan == NULL || !hidp__text_begin(&text, buffer, size))
		return HIDP_ERR_ARGUMENT;
	hidp__json_begin(&w, &text);
	hidp__plan_write(&w, plan);
	return hidp__text_end(&text, needed_out);
}

#else

hidp_status hidp_plan_from_json(struct hidp_context *context, const char *text, size_t length,
                                struct hidp_plan **plan_out, struct hidp_diagnostic *diagnostic)
{
	(void)context;
	(void)text;
	(void)length;
	(void)plan_out;
	return hidp__fail(diagnostic, HIDP_ERR_UNSUPPORTED, NULL,
	                  "this build of the library does not read JSON");
}

hidp_status hidp_plan_to_json(const struct hidp_plan *plan, char *buffer, size_t size,
                              size_t *needed_out)
{
	(void)plan;
	(void)buffer;
	(void)size;
	(void)needed_out;
	return HIDP_ERR_UNSUPPORTED;
}

#endif
