// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "osq_utf8.h"

/* Each of these gives the place behind what it names, or NULL. */

static const char *string(const char *at, const char *end)
{
	if (at == end || *at++ != '"')
		return NULL;
	while (at < end && *at != '"') {
		size_t size = osq_utf8_length((const unsigned char *)at, (size_t)(end - at));

		if (!size || (unsigned char)*at < 0x20)
			return NULL;
		if (*at == '\\') {
			if (at + 1 == end || !strchr("\"\\/bfnrtu", at[1]))
				return NULL;
			size = at[1] == 'u' ? 6 : 2;
			if ((size_t)(end - at) < size)
				return NULL;
			for (size_t i = 2; i < size; i++)
				if (!isxdigit((unsigned char)at[i]))
					return NULL;
		}
		at += size;
	}
	return at < end ? at + 1 : NULL;
}

static const char *number(const char *at, const char *end)
{
	size_t digits;

	if (at < end && *at == '-')
		at++;
	digits = strspn(at, "0123456789");
	if (!digits || (*at == '0' && digits > 1))
		return NULL;
	at += digits;
	if (at < end && *at == '.') {
		digits = strspn(++at, "0123456789");
		if (!digits)
			return NULL;
		at += digits;
	}
	return at <= end ? at : NULL;
}

static const char *value(const char *at, const char *end)
{
	if (at < end && *at == '"')
		return string(at, end);
	if (end - at > 4 && !memcmp(at, "true", 4))
		return at + 4;
	return number(at, end);
}

bool json_is_object(const char *line, size_t length)
{
	const char *at = line, *end = line + length;

	if (length < 3 || *at != '{')
		return false;
	do {
		at = string(at + 1, end);
		if (!at || at == end || *at != ':')
			return false;
		at = value(at + 1, end);
		if (!at || at == end)
			return false;
	} while (*at == ',');
	return end - at == 2 && at[0] == '}' && at[1] == '\n';
}

struct json_sum json_sum(const char *text, const char *name)
{
	struct json_sum sum = {0, 0};
	char begin[64];
	const char *next;

	snprintf(begin, sizeof(begin), "{\"%s\":", name);
	for (const char *line = text; *line; line = next) {
		size_t length = strcspn(line, "\n");

		next = line + length + (line[length] == '\n');
		if (!json_is_object(line, (size_t)(next - line))) {
			FAIL("no JSON: %.*s", (int)length, line);
			continue;
		}
		if (strncmp(line, begin, strlen(begin)))
			continue;
		sum.lines++;
		sum.sum += strtoull(line + strlen(begin), NULL, 10);
	}
	return sum;
}
