// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "plist.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32

struct reader {
	const char *at, *end;
	const char *error;
};

static bool starts(const struct reader *reader, const char *word)
{
	size_t length = strlen(word);

	return (size_t)(reader->end - reader->at) >= length && !memcmp(reader->at, word, length);
}

static bool take(struct reader *reader, const char *word)
{
	if (!starts(reader, word))
		return false;
	reader->at += strlen(word);
	return true;
}

static bool skip_past(struct reader *reader, const char *word)
{
	while (reader->at < reader->end && !starts(reader, word))
		reader->at++;
	return take(reader, word);
}

static void skip_space(struct reader *reader)
{
	for (;;) {
		while (reader->at < reader->end && isspace((unsigned char)*reader->at))
			reader->at++;
		if (!take(reader, "<!--"))
			return;
		if (!skip_past(reader, "-->")) {
			reader->error = "a comment does not end";
			return;
		}
	}
}

static bool take_tag(struct reader *reader, const char *name)
{
	const char *was = reader->at;

	skip_space(reader);
	if (take(reader, "<") && take(reader, name) && take(reader, ">"))
		return true;
	reader->at = was;
	return false;
}

static void append(char **to, unsigned long character)
{
	if (character < 0x80) {
		*(*to)++ = (char)character;
	} else if (character < 0x800) {
		*(*to)++ = (char)(0xC0 | character >> 6);
		*(*to)++ = (char)(0x80 | (character & 63));
	} else if (character < 0x10000) {
		*(*to)++ = (char)(0xE0 | character >> 12);
		*(*to)++ = (char)(0x80 | (character >> 6 & 63));
		*(*to)++ = (char)(0x80 | (character & 63));
	} else {
		*(*to)++ = (char)(0xF0 | character >> 18);
		*(*to)++ = (char)(0x80 | (character >> 12 & 63));
		*(*to)++ = (char)(0x80 | (character >> 6 & 63));
		*(*to)++ = (char)(0x80 | (character & 63));
	}
}

/* &#n; or &#xn; in at least as many bytes as its character takes. */
static bool take_number(struct reader *reader, char **to)
{
	unsigned long character = 0;
	int base = take(reader, "x") ? 16 : 10;
	int digits = 0;

	for (; reader->at < reader->end && isxdigit((unsigned char)*reader->at); reader->at++) {
		int c = tolower((unsigned char)*reader->at);
		int digit = c <= '9' ? c - '0' : c - 'a' + 10;

		if (digit >= base || ++digits > 8)
			return false;
		character = character * (unsigned long)base + (unsigned long)digit;
	}
	if (!digits || !character || character > 0x10FFFF || !take(reader, ";"))
		return false;
	append(to, character);
	return true;
}

static bool take_entity(struct reader *reader, char **to)
{
	static const struct {
		const char *name;
		char character;
	} entities[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};
	size_t i;

	if (take(reader, "#"))
		return take_number(reader, to);
	for (i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		if (take(reader, entities[i].name)) {
			*(*to)++ = entities[i].character;
			return true;
		}
	}
	return false;
}

/* Up to the next tag, with entities replaced. */
static char *read_text(struct reader *reader)
{
	const char *end = memchr(reader->at, '<', (size_t)(reader->end - reader->at));
	char *text, *to;

	if (!end) {
		reader->error = "a tag is missing";
		return NULL;
	}
	text = to = malloc((size_t)(end - reader->at) + 1);
	if (!text) {
		reader->error = "no memory";
		return NULL;
	}
	while (reader->at < end) {
		if (!*reader->at) {
			reader->error = "a NUL in a text";
			break;
		}
		if (!take(reader, "&")) {
			*to++ = *reader->at++;
		} else if (!take_entity(reader, &to)) {
			reader->error = "an unknown entity";
			break;
		}
	}
	*to = '\0';
	if (reader->error) {
		free(text);
		return NULL;
	}
	return text;
}

static char *read_key(struct reader *reader)
{
	char *key = read_text(reader);

	if (key && !take_tag(reader, "/key")) {
		reader->error = "a key does not end";
		free(key);
		return NULL;
	}
	return key;
}

static struct plist *read_value(struct reader *reader, int depth);

static void read_members(struct reader *reader, struct plist *parent, int depth)
{
	const bool dictionary = parent->kind == PLIST_DICTIONARY;
	struct plist **last = &parent->first;

	while (!take_tag(reader, dictionary ? "/dict" : "/array")) {
		char *key = NULL;

		if (dictionary) {
			if (!take_tag(reader, "key")) {
				reader->error = "a key is missing";
				return;
			}
			key = read_key(reader);
			if (!key)
				return;
			if (plist_find(parent, key)) {
				reader->error = "a key stands twice";
				free(key);
				return;
			}
		}
		*last = read_value(reader, depth + 1);
		if (!*last) {
			free(key);
			return;
		}
		(*last)->key = key;
		last = &(*last)->next;
	}
}

static const struct {
	const char *open, *close;
	enum plist_kind kind;
} texts[] = {
    {"string", "/string", PLIST_STRING}, {"integer", "/integer", PLIST_OTHER},
    {"real", "/real", PLIST_OTHER},      {"data", "/data", PLIST_OTHER},
    {"date", "/date", PLIST_OTHER},
};

static bool read_simple(struct reader *reader, struct plist *value)
{
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!take_tag(reader, texts[i].open))
			continue;
		value->kind = texts[i].kind;
		value->text = read_text(reader);
		if (value->text && !take_tag(reader, texts[i].close))
			reader->error = "a value does not end";
		return true;
	}
	if (take_tag(reader, "string/")) {
		value->kind = PLIST_STRING;
		value->text = strdup("");
		return true;
	}
	value->kind = PLIST_BOOLEAN;
	value->truth = take_tag(reader, "true/");
	return value->truth || take_tag(reader, "false/");
}

static struct plist *read_value(struct reader *reader, int depth)
{
	struct plist *value = calloc(1, sizeof(*value));

	if (!value) {
		reader->error = "no memory";
		return NULL;
	}
	if (depth > DEPTH_MAX) {
		reader->error = "values lie too deep";
	} else if (take_tag(reader, "dict")) {
		value->kind = PLIST_DICTIONARY;
		read_members(reader, value, depth);
	} else if (take_tag(reader, "array")) {
		value->kind = PLIST_ARRAY;
		read_members(reader, value, depth);
	} else if (take_tag(reader, "dict/")) {
		value->kind = PLIST_DICTIONARY;
	} else if (take_tag(reader, "array/")) {
		value->kind = PLIST_ARRAY;
	} else if (!read_simple(reader, value)) {
		reader->error = "a value is missing";
	}
	if (reader->error) {
		plist_free(value);
		return NULL;
	}
	return value;
}

struct plist *plist_read(const char *text, size_t length, const char **error)
{
	struct reader reader = {.at = text, .end = text + length};
	struct plist *plist = NULL;

	skip_space(&reader);
	if (take(&reader, "<?xml") && !skip_past(&reader, "?>"))
		reader.error = "the declaration does not end";
	skip_space(&reader);
	if (take(&reader, "<!DOCTYPE") && !skip_past(&reader, ">"))
		reader.error = "the document type does not end";
	skip_space(&reader);
	if (!reader.error && !(take(&reader, "<plist") && skip_past(&reader, ">")))
		reader.error = "no plist";
	if (!reader.error)
		plist = read_value(&reader, 0);
	if (plist && !take_tag(&reader, "/plist"))
		reader.error = "the plist does not end";
	skip_space(&reader);
	if (plist && !reader.error && reader.at != reader.end)
		reader.error = "something follows the plist";
	if (reader.error) {
		plist_free(plist);
		plist = NULL;
	}
	*error = reader.error;
	return plist;
}

void plist_free(struct plist *plist)
{
	while (plist) {
		struct plist *next = plist->next;

		plist_free(plist->first);
		free(plist->key);
		free(plist->text);
		free(plist);
		plist = next;
	}
}

const struct plist *plist_find(const struct plist *dictionary, const char *key)
{
	const struct plist *value;

	if (!dictionary || dictionary->kind != PLIST_DICTIONARY)
		return NULL;
	for (value = dictionary->first; value; value = value->next)
		if (value->key && !strcmp(value->key, key))
			return value;
	return NULL;
}

const char *plist_string(const struct plist *dictionary, const char *key)
{
	const struct plist *value = plist_find(dictionary, key);

	return value && value->kind == PLIST_STRING ? value->text : NULL;
}
