// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_predicate.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "log_entries.h"

static const char *skip_space(const char *text)
{
	return text + strspn(text, " \t");
}

/* Letters, digits and what operators are made of; advances past it. */
static bool take_word(const char **text, char *word, size_t size)
{
	const char *start = skip_space(*text);
	size_t length = strspn(start, "=!&");

	if (!length)
		while (isalnum((unsigned char)start[length]) ||
		       strchr("[]_.", start[length] ? start[length] : ' '))
			length++;
	if (!length || length >= size)
		return false;
	memcpy(word, start, length);
	word[length] = '\0';
	*text = start + length;
	return true;
}

/* In quotes of either kind, or a number. */
static bool take_value(const char **text, char *value, size_t size)
{
	const char *start = skip_space(*text), *end;

	if (*start != '"' && *start != '\'')
		return take_word(text, value, size);
	end = strchr(start + 1, *start);
	if (!end || (size_t)(end - start) > size)
		return false;
	snprintf(value, size, "%.*s", (int)(end - start - 1), start + 1);
	*text = end + 1;
	return true;
}

static bool is_of_kernel(const char *key, const char *value, bool *truth)
{
	if (!strcasecmp(key, "process") || !strcasecmp(key, "sender"))
		*truth = !strcmp(value, "kernel");
	else if (!strcasecmp(key, "processImagePath"))
		*truth = !strcmp(value, "/kernel");
	else if (!strcasecmp(key, "processID"))
		*truth = !strcmp(value, "0");
	else
		return false;
	return true;
}

static bool take_condition(const char **text, struct log_condition *condition)
{
	char key[32], operator[16], value[256];
	bool equal;

	if (!take_word(text, key, sizeof(key)) || !take_word(text, operator, sizeof(operator)) ||
	    !take_value(text, value, sizeof(value)))
		return false;
	equal = !strcmp(operator, "==") || !strcmp(operator, "=");
	if (equal || !strcmp(operator, "!=")) {
		condition->fixed = true;
		if (!is_of_kernel(key, value, &condition->truth))
			return false;
		condition->truth = condition->truth == equal;
		return true;
	}
	if (strcasecmp(key, "eventMessage") && strcasecmp(key, "composedMessage"))
		return false;
	condition->any_case = strcasestr(operator, "[c]") || strcasestr(operator, "[cd]");
	if (!strncasecmp(operator, "CONTAINS", 8))
		condition->comparison = LOG_CONTAINS;
	else if (!strncasecmp(operator, "BEGINSWITH", 10))
		condition->comparison = LOG_BEGINS;
	else
		return false;
	strcpy(condition->text, value);
	return true;
}

bool log_predicate_read(const char *text, struct log_predicate *predicate)
{
	char joint[8];

	for (predicate->count = 0; predicate->count < LOG_CONDITIONS_MAX;) {
		if (!take_condition(&text, &predicate->conditions[predicate->count++]))
			return false;
		if (!*skip_space(text))
			return true;
		if (!take_word(&text, joint, sizeof(joint)) ||
		    (strcasecmp(joint, "AND") && strcmp(joint, "&&")))
			return false;
	}
	return false;
}

static bool holds(const struct log_condition *condition, const char *text, size_t length)
{
	const size_t wanted = strlen(condition->text);
	int (*compare)(const char *, const char *, size_t) =
	    condition->any_case ? strncasecmp : strncmp;
	size_t at;

	if (condition->fixed)
		return condition->truth;
	for (at = 0; at + wanted <= length; at++) {
		if (!compare(text + at, condition->text, wanted))
			return true;
		if (condition->comparison == LOG_BEGINS)
			break;
	}
	return false;
}

bool log_predicate_holds(const struct log_predicate *predicate, const struct log_entry *entry)
{
	int i;

	for (i = 0; i < predicate->count; i++)
		if (!holds(&predicate->conditions[i], entry->text, entry->length))
			return false;
	return true;
}
