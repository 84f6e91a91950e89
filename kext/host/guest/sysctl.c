// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "command.h"
#include "system_values.h"

#define KIND_MASK     0xfu /* CTLTYPE_* */
#define KIND_NODE     1u
#define KIND_INT      2u
#define KIND_STRING   3u
#define KIND_QUAD     4u

#define DARWIN_ENOENT 2
#define DARWIN_EPERM  1

struct options {
	bool names_only, values_only;
};

static int tell_usage(void)
{
	fputs("usage: sysctl [-bdehiNnoqx] name[=value] ...\n"
	      "       sysctl [-bdehNnoqx] -a\n",
	      stderr);
	return 1;
}

static void print(const char *name, const char *value, const struct options *options)
{
	if (options->names_only)
		puts(name);
	else if (options->values_only)
		puts(value);
	else
		printf("%s: %s\n", name, value);
}

/* As the object's kind has it; what is no number and no text, in hexadecimal. */
static void describe(uint32_t kind, const char *format, const void *value, size_t length,
                     char *text, size_t size)
{
	const unsigned char *bytes = value;
	int64_t quad = 0;
	int32_t integer = 0;
	size_t i;

	*text = '\0';
	if ((kind & KIND_MASK) == KIND_STRING) {
		snprintf(text, size, "%.*s", (int)length, (const char *)value);
	} else if ((kind & KIND_MASK) == KIND_INT && length >= sizeof(integer)) {
		memcpy(&integer, value, sizeof(integer));
		snprintf(text, size, strchr(format, 'U') ? "%u" : "%d", integer);
	} else if ((kind & KIND_MASK) == KIND_QUAD && length >= sizeof(quad)) {
		memcpy(&quad, value, sizeof(quad));
		snprintf(text, size, strchr(format, 'U') ? "%llu" : "%lld", (long long)quad);
	} else {
		for (i = 0; i < length && 2 * i + 3 < size; i++)
			sprintf(text + 2 * i, "%02x", bytes[i]);
	}
}

/* What the kernel knows of a name; false after an error, which is said. */
static bool ask(const char *name, const void *new_value, size_t new_length, uint32_t flags,
                struct kexthost_answer *answer)
{
	struct kexthost_header request = {
	    .operation = KEXTHOST_SYSCTL, .value = flags, .argument = KEXTHOST_DATA_MAX / 2};
	const size_t length = strlen(name) + 1;
	char data[4096];

	if (length + new_length > sizeof(data))
		return false;
	memcpy(data, name, length);
	memcpy(data + length, new_value ? new_value : "", new_length);
	return kexthost_request(&request, data, length + new_length, answer);
}

static int fail(const char *name, uint32_t error)
{
	if (error == DARWIN_ENOENT)
		fprintf(stderr, "sysctl: unknown oid '%s'\n", name);
	else
		fprintf(stderr, "sysctl: %s: %s\n", name,
		        error == DARWIN_EPERM ? "Operation not permitted"
		                              : strerror(kexthost_errno(error)));
	return 1;
}

static int print_one(const char *name, const struct options *options)
{
	struct kexthost_answer answer;
	struct system_value value;
	char text[4096];
	size_t format;

	if (system_value_find(name, &value)) {
		print(name, value.text, options);
		return 0;
	}
	if (!ask(name, NULL, 0, KEXTHOST_SYSCTL_OLD, &answer) || answer.header.error)
		return fail(name, answer.header.error ? answer.header.error : DARWIN_ENOENT);
	format = strnlen(answer.data, answer.header.length);
	if (format == answer.header.length)
		return fail(name, DARWIN_ENOENT);
	describe((uint32_t)answer.header.value, answer.data, answer.data + format + 1,
	         answer.header.length - format - 1, text, sizeof(text));
	print(name, text, options);
	return 0;
}

/* The new value as the object's kind has it; false for a text that is none. */
static bool read_value(uint32_t kind, const char *text, char *value, size_t size, size_t *length)
{
	int64_t quad;
	int32_t integer;
	char *end;

	if ((kind & KIND_MASK) == KIND_STRING) {
		*length = strlen(text) + 1;
		if (*length > size)
			return false;
		memcpy(value, text, *length);
		return true;
	}
	quad = strtoll(text, &end, 0);
	if (!*text || *end)
		return false;
	integer = (int32_t)quad;
	*length = (kind & KIND_MASK) == KIND_QUAD ? sizeof(quad) : sizeof(integer);
	memcpy(value, *length == sizeof(quad) ? (void *)&quad : (void *)&integer, *length);
	return true;
}

static int set(const char *name, const char *text, const struct options *options)
{
	char value[2048], old[2048] = "";
	struct kexthost_answer answer;
	struct system_value fixed;
	size_t length, format;

	if (system_value_find(name, &fixed)) {
		fprintf(stderr, "sysctl: oid '%s' is read only\n", name);
		return 1;
	}
	if (!ask(name, NULL, 0, KEXTHOST_SYSCTL_OLD, &answer) || answer.header.error)
		return fail(name, answer.header.error ? answer.header.error : DARWIN_ENOENT);
	format = strnlen(answer.data, answer.header.length);
	if (format < answer.header.length)
		describe((uint32_t)answer.header.value, answer.data, answer.data + format + 1,
		         answer.header.length - format - 1, old, sizeof(old));
	if (!read_value((uint32_t)answer.header.value, text, value, sizeof(value), &length)) {
		fprintf(stderr, "sysctl: invalid value '%s' for %s\n", text, name);
		return 1;
	}
	if (!ask(name, value, length, KEXTHOST_SYSCTL_NEW, &answer) || answer.header.error)
		return fail(name, answer.header.error);
	if (!options->values_only && !options->names_only)
		printf("%s: %s -> ", name, old);
	return print_one(name, &(struct options){.values_only = !options->names_only,
	                                         .names_only = options->names_only});
}

/* Of those at or below a name: how many there are. */
static size_t print_below(const char *name, const struct options *options)
{
	const struct kexthost_header request = {.operation = KEXTHOST_SYSCTL_NAMES};
	const char *own[SYSTEM_VALUES_MAX];
	const size_t own_count = system_values_below(name, own, SYSTEM_VALUES_MAX);
	struct kexthost_answer answer;
	char *names, *rest, *line;
	size_t i, count = own_count;

	for (i = 0; i < own_count; i++)
		print_one(own[i], options);
	if (!kexthost_request(&request, name, strlen(name), &answer) || answer.header.error)
		return count;
	names = rest = strdup(answer.data);
	while ((line = strsep(&rest, "\n")))
		if (*line && !print_one(line, options))
			count++;
	free(names);
	return count;
}

static int do_word(char *word, const struct options *options)
{
	char *value = strchr(word, '=');
	struct system_value known;

	if (value) {
		*value++ = '\0';
		return set(word, value, options);
	}
	/* A name of a node stands for all below it. */
	if (!system_value_find(word, &known) && print_below(word, options))
		return 0;
	return print_one(word, options);
}

int command_sysctl(int count, char **arguments)
{
	struct options options = {0};
	bool all = false;
	int option, result = 0;

	while ((option = getopt(count, arguments, "AabdehiNnoqwXx")) != -1) {
		if (option == '?')
			return tell_usage();
		all |= option == 'a' || option == 'A';
		options.names_only |= option == 'N';
		options.values_only |= option == 'n';
	}
	if (all == (optind < count))
		return tell_usage();
	if (all)
		print_below("", &options);
	for (; optind < count; optind++)
		result |= do_word(arguments[optind], &options);
	return result;
}
