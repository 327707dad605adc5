/* SPDX-License-Identifier: MIT */
#include "base/os_locale.h"

#include <locale.h>
#include <stddef.h>

bool hidp__locale_begin(struct hidp__locale *locale)
{
	locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (plain == (locale_t)0)
		return false;
	locale->plain = plain;
	locale->before = uselocale(plain);
	return true;
}

void hidp__locale_end(struct hidp__locale *locale)
{
	uselocale((locale_t)locale->before);
	freelocale((locale_t)locale->plain);
}
