// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <getopt.h>
#include <stdio.h>

#include "client.h"
#include "command.h"
#include "kext_table.h"
#include "kernel.h"
#include "system.h"

static int tell_usage(FILE *out)
{
	fputs("usage: kextstat [-a] [-b identifier]... [-h] [-k] [-l]\n"
	      "-a, -arch: Print architecture of each kext.\n"
	      "-b <identifier>, -bundle-id <identifier>: List only this kext.\n"
	      "-h, -help: Print this message and exit.\n"
	      "-k, -no-kernel: Omit built-in components of the kernel.\n"
	      "-l, -list-only: Omit the header.\n",
	      out);
	return out == stdout ? 0 : EXIT_USAGE;
}

int command_kextstat(int count, char **arguments)
{
	static const struct option options[] = {
	    {"arch", no_argument, NULL, 'a'},      {"bundle-id", required_argument, NULL, 'b'},
	    {"help", no_argument, NULL, 'h'},      {"no-kernel", no_argument, NULL, 'k'},
	    {"list-only", no_argument, NULL, 'l'}, {0}};
	struct kext_table table = {0};
	struct kexthost_answer answer;
	int option;

	while ((option = getopt_long_only(count, arguments, "ab:hkl", options, NULL)) != -1) {
		switch (option) {
		case 'a':
			table.architecture = true;
			break;
		case 'b':
			table.only = optarg;
			break;
		case 'k':
			table.no_kernel = true;
			break;
		case 'l':
			table.no_header = true;
			break;
		case 'h':
			return tell_usage(stdout);
		default:
			return tell_usage(stderr);
		}
	}
	if (optind < count)
		return tell_usage(stderr);
	if (!kernel_ask(KEXTHOST_LIST, NULL, &answer))
		return EXIT_NO_HOST;
	kext_table_print(answer.data, &table, system_release());
	return 0;
}
