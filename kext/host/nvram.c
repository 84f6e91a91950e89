// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "nvram.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct line {
	const char *name, *value;
	size_t name_length, value_length; /* of the value as it is written */
};

static char *read_text(const char *file)
{
	int descriptor = open(file, O_RDONLY | O_CLOEXEC);
	char *text = calloc(1, NVRAM_SIZE_MAX + 1);
	ssize_t length = -1;

	if (descriptor >= 0 && text)
		length = read(descriptor, text, NVRAM_SIZE_MAX);
	if (descriptor >= 0)
		close(descriptor);
	if (length < 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* False at the end. Lines that are none of ours, as half a line of a panic's, are passed over. */
static bool next_line(const char **text, struct line *line)
{
	const char *end, *tab;

	while (**text) {
		end = strchrnul(*text, '\n');
		tab = memchr(*text, '\t', (size_t)(end - *text));
		*line = (struct line){.name = *text};
		*text = *end ? end + 1 : end;
		if (!tab || tab == line->name || !*end)
			continue;
		line->name_length = (size_t)(tab - line->name);
		line->value = tab + 1;
		line->value_length = (size_t)(end - line->value);
		return true;
	}
	return false;
}

static bool is_named(const struct line *line, const char *name)
{
	return strlen(name) == line->name_length && !memcmp(line->name, name, line->name_length);
}

static char *unescape(const struct line *line, size_t *length)
{
	char *value = malloc(line->value_length + 1), *to = value;
	size_t i;

	for (i = 0; value && i < line->value_length; i++) {
		const char *at = line->value + i;
		const char digits[3] = {at[0] == '%' ? at[1] : '\0', at[0] == '%' ? at[2] : '\0'};

		if (isxdigit((unsigned char)digits[0]) && isxdigit((unsigned char)digits[1])) {
			*to++ = (char)strtoul(digits, NULL, 16);
			i += 2;
		} else {
			*to++ = *at;
		}
	}
	if (value) {
		*to = '\0';
		*length = (size_t)(to - value);
	}
	return value;
}

/* How many bytes of `room` (three at least) it takes. */
static size_t escape(char byte, char *room)
{
	static const char digits[] = "0123456789abcdef";

	if (isprint((unsigned char)byte) && byte != '%') {
		*room = byte;
		return 1;
	}
	room[0] = '%';
	room[1] = digits[(unsigned char)byte >> 4];
	room[2] = digits[byte & 15];
	return 3;
}

static bool is_name(const char *name)
{
	size_t length = strlen(name);

	return length && length <= NVRAM_NAME_MAX && !strpbrk(name, "\t\n");
}

char *nvram_get(const char *file, const char *name, size_t *length)
{
	char *text = read_text(file), *value = NULL;
	const char *at = text;
	struct line line, last = {0};

	while (text && next_line(&at, &line))
		if (is_named(&line, name))
			last = line;
	if (last.name)
		value = unescape(&last, length);
	free(text);
	return value;
}

void nvram_each(const char *file, void (*tell)(const char *, const char *, size_t))
{
	char *text = read_text(file), *value, name[NVRAM_NAME_MAX + 1];
	const char *at = text;
	struct line line;
	size_t length;

	while (text && next_line(&at, &line)) {
		if (line.name_length > NVRAM_NAME_MAX)
			continue;
		memcpy(name, line.name, line.name_length);
		name[line.name_length] = '\0';
		value = unescape(&line, &length);
		if (value)
			tell(name, value, length);
		free(value);
	}
	free(text);
}

/* All but the named one. */
static bool write_others(FILE *out, const char *text, const char *name)
{
	bool found = false;
	struct line line;

	while (text && next_line(&text, &line)) {
		if (is_named(&line, name))
			found = true;
		else
			fprintf(out, "%.*s\n", (int)(line.name_length + 1 + line.value_length),
			        line.name);
	}
	return found;
}

static int replace(const char *file, const char *text, size_t length)
{
	char unfinished[PATH_MAX];
	int descriptor, error = 0;

	if (length > NVRAM_SIZE_MAX)
		return ENOSPC;
	if (snprintf(unfinished, sizeof(unfinished), "%s.unfinished", file) >=
	    (int)sizeof(unfinished))
		return ENAMETOOLONG;
	descriptor = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (descriptor < 0)
		return errno;
	if (write(descriptor, text, length) != (ssize_t)length)
		error = errno ? errno : EIO;
	close(descriptor);
	if (!error && rename(unfinished, file))
		error = errno;
	return error;
}

static int lock(const char *file)
{
	char path[PATH_MAX];
	int descriptor;

	snprintf(path, sizeof(path), "%s.lock", file);
	descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (descriptor >= 0)
		flock(descriptor, LOCK_EX);
	return descriptor;
}

int nvram_set(const char *file, const char *name, const char *value, size_t length)
{
	char *changed = NULL, *text, room[3];
	size_t size, i;
	int error = 0, locked;
	bool found;
	FILE *out;

	if (!is_name(name))
		return EINVAL;
	out = open_memstream(&changed, &size);
	if (!out)
		return ENOMEM;
	locked = lock(file);
	text = read_text(file);
	found = write_others(out, text, name);
	if (value) {
		fprintf(out, "%s\t", name);
		for (i = 0; i < length; i++)
			fwrite(room, 1, escape(value[i], room), out);
		fputc('\n', out);
	}
	fclose(out);
	error = found || value ? replace(file, changed, size) : ENOENT;
	if (locked >= 0)
		close(locked);
	free(text);
	free(changed);
	return error;
}

int nvram_copy(const char *file, const char *copy)
{
	char *text = read_text(file);
	int error = text ? replace(copy, text, strlen(text)) : errno;

	free(text);
	return error;
}

void nvram_append(const char *file, const char *name, const char *value, size_t length)
{
	int descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	char room[3 * 128];
	size_t i, used;
	ssize_t written;

	if (descriptor < 0)
		return;
	written = write(descriptor, name, strlen(name));
	written = write(descriptor, "\t", 1);
	for (i = 0; i < length;) {
		for (used = 0; i < length && used + 3 <= sizeof(room); i++)
			used += escape(value[i], room + used);
		written = write(descriptor, room, used);
	}
	written = write(descriptor, "\n", 1);
	(void)written;
	fsync(descriptor);
	close(descriptor);
}

int nvram_boot_argument(const char *arguments, const char *name, char *value, size_t size)
{
	const size_t length = strlen(name);
	const char *word, *end;

	for (word = arguments; *word; word = end) {
		word += strspn(word, " \t");
		end = word + strcspn(word, " \t");
		if (strncmp(word, name, length) ||
		    (end - word != (ptrdiff_t)length && word[length] != '='))
			continue;
		word += length + (word[length] == '=');
		snprintf(value, size, "%.*s", (int)(end > word ? end - word : 0), word);
		return 1;
	}
	return 0;
}
