// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* kextload and its like from 11 on: they say as what they run kmutil, and do. */
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>

#include "command.h"
#include "verbosity.h"

#define WORDS_MAX 64

struct line {
	char *words[WORDS_MAX + 1];
	int count;
};

static void add(struct line *line, const char *word)
{
	if (line->count < WORDS_MAX)
		line->words[line->count++] = (char *)word;
}

static int execute(struct line *line)
{
	int i;

	fputs("Executing: /usr/bin/kmutil", stderr);
	for (i = 1; i < line->count; i++)
		fprintf(stderr, " %s", line->words[i]);
	fputc('\n', stderr);
	line->words[line->count] = NULL;
	return command_kmutil(line->count, line->words);
}

/* Their options for how much is said mean nothing to kmutil. */
static const struct option options[] = {{"arch", no_argument, NULL, 'a'},
                                        {"bundle-id", required_argument, NULL, 'b'},
                                        {"dependency", required_argument, NULL, 'd'},
                                        {"list-only", no_argument, NULL, 'l'},
                                        {"no-kernel", no_argument, NULL, 'k'},
                                        {"no-load", no_argument, NULL, 'n'},
                                        {"print-diagnostics", no_argument, NULL, 't'},
                                        {"quiet", no_argument, NULL, 'q'},
                                        {"repository", required_argument, NULL, 'r'},
                                        {"verbose", optional_argument, NULL, 'v'},
                                        {0}};

static int refuse(const char *name)
{
	fprintf(stderr, "usage: %s: see kmutil(8)\n", name);
	return EXIT_USAGE;
}

static int hand_over(const char *verb, const char *path_option, int count, char **arguments)
{
	struct line line = {.words = {"kmutil", (char *)verb}, .count = 2};
	int option;

	while ((option = getopt_long_only(count, arguments, "+b:d:nqr:tv::", options, NULL)) !=
	       -1) {
		switch (option) {
		case 'b':
			add(&line, "-b");
			add(&line, optarg);
			break;
		case 'n': /* it never tests anything there */
			fprintf(stderr, "%s: -n is not a supported kmutil mode\n",
			        basename(arguments[0]));
			return 0;
		case 'v':
			verbosity_of(count, arguments);
			break;
		case '?':
			return refuse(arguments[0]);
		}
	}
	for (; optind < count; optind++) {
		add(&line, path_option);
		add(&line, arguments[optind]);
	}
	return execute(&line);
}

int shim_kextload(int count, char **arguments)
{
	return hand_over("load", "-p", count, arguments);
}

int shim_kextunload(int count, char **arguments)
{
	return hand_over("unload", "-p", count, arguments);
}

int shim_kextutil(int count, char **arguments)
{
	return hand_over("load", "--bundle-path", count, arguments);
}

int shim_kextstat(int count, char **arguments)
{
	struct line line = {.words = {"kmutil", "showloaded"}, .count = 2};
	int option;

	while ((option = getopt_long_only(count, arguments, "+ab:kl", options, NULL)) != -1) {
		switch (option) {
		case 'a':
			add(&line, "--arch-info");
			break;
		case 'b':
			add(&line, "--bundle-identifier");
			add(&line, optarg);
			break;
		case 'k':
			add(&line, "--no-kernel-components");
			break;
		case 'l':
			add(&line, "--list-only");
			break;
		case '?':
			return refuse(arguments[0]);
		}
	}
	return execute(&line);
}
