// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kext_version.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define STAGE_FINAL 4

static bool take_number(const char **text, int digits, int64_t *number)
{
	const char *at = *text;

	for (*number = 0; isdigit((unsigned char)*at) && at - *text <= digits; at++)
		*number = *number * 10 + (*at - '0');
	if (at == *text || at - *text > digits)
		return false;
	*text = at;
	return true;
}

/* d, a, b, fc (or f, a candidate as well); nothing is the release itself. */
static bool take_stage(const char **text, int64_t *stage, int64_t *level)
{
	static const char stages[] = "dabf";
	const char *known;

	*stage = STAGE_FINAL;
	*level = 0;
	if (!**text)
		return true;
	known = strchr(stages, **text);
	if (!known)
		return false;
	*stage = known - stages;
	(*text)++;
	if (known[0] == 'f' && **text == 'c')
		(*text)++;
	return take_number(text, 3, level) && *level <= 255;
}

int64_t kext_version_parse(const char *text)
{
	int64_t major, minor = 0, revision = 0, stage, level;

	if (!take_number(&text, 5, &major))
		return -1;
	if (*text == '.') {
		text++;
		if (!take_number(&text, 2, &minor))
			return -1;
		if (*text == '.') {
			text++;
			if (!take_number(&text, 2, &revision))
				return -1;
		}
	}
	if (!take_stage(&text, &stage, &level) || *text)
		return -1;
	return (((major * 100 + minor) * 100 + revision) * 10 + stage) * 1000 + level;
}
