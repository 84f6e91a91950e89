// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "command.h"
#include "system_values.h"

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

static int fail(const char *name)
{
	if (errno == ENOENT)
		fprintf(stderr, "sysctl: unknown oid '%s'\n", name);
	else
		fprintf(stderr, "sysctl: %s: %s\n", name, strerror(errno));
	return 1;
}

static int print_one(const char *name, const struct options *options)
{
	struct kexthost_sysctl object;
	struct system_value value;
	char text[4096];

	if (system_value_find(name, &value)) {
		print(name, value.text, options);
		return 0;
	}
	if (kexthost_sysctl_get(name, &object))
		return fail(name);
	kexthost_sysctl_text(&object, text, sizeof(text));
	print(name, text, options);
	return 0;
}

static int set(const char *name, const char *text, const struct options *options)
{
	struct kexthost_sysctl object;
	struct system_value fixed;
	char old[2048];

	if (system_value_find(name, &fixed)) {
		fprintf(stderr, "sysctl: oid '%s' is read only\n", name);
		return 1;
	}
	if (kexthost_sysctl_get(name, &object))
		return fail(name);
	kexthost_sysctl_text(&object, old, sizeof(old));
	if (kexthost_sysctl_set_text(name, object.kind, text)) {
		if (errno != EINVAL)
			return fail(name);
		fprintf(stderr, "sysctl: invalid value '%s' for %s\n", text, name);
		return 1;
	}
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
	struct system_value known;
	char *names, *rest, *line;
	size_t i, count = own_count;

	for (i = 0; i < own_count; i++)
		print_one(own[i], options);
	if (!kexthost_request(&request, name, strlen(name), &answer) || answer.header.error)
		return count;
	names = rest = strdup(answer.data);
	while ((line = strsep(&rest, "\n")))
		if (*line && !system_value_find(line, &known) && !print_one(line, options))
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
