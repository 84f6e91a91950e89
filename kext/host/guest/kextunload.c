// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "command.h"
#include "extension.h"
#include "kernel.h"
#include "verbosity.h"

enum {
	EXIT_NOT_FOUND = 1,
	EXIT_NOT_PRIVILEGED = 2,
	EXIT_UNSPECIFIED = 11,
};

static int tell_usage(FILE *out)
{
	fputs("usage: kextunload [-h] [-v [0-6 | 0x<flags>]]\n"
	      "        [-C] [-P]\n"
	      "        [-c <class name>] ... [-m | -b <bundle-id>] ... [kext]...\n"
	      "\n"
	      "-b <bundle-id>, -bundle-id <bundle-id>: unload the kext with this identifier\n"
	      "-c <class name>: terminate instances of this class\n"
	      "-m <module-name>: unload the kext with this module name\n"
	      "-p, -personalities-only: terminate services and remove personalities only\n"
	      "-h, -help: print this message and exit\n"
	      "-q, -quiet: quiet mode: print no informational or error messages\n"
	      "-v [ 0-6 | 0x<flags> ], -verbose [ 0-6 | 0x<flags> ]: verbose mode\n",
	      out);
	return out == stdout ? 0 : EXIT_USAGE;
}

/* `name`: as the user gave it. */
static int unload(const char *identifier, const char *name, int verbosity)
{
	struct kexthost_answer answer;

	if (!kernel_ask(KEXTHOST_UNLOAD, identifier, &answer))
		return EXIT_NO_HOST;
	if (!answer.header.error) {
		if (verbosity > VERBOSITY_ERRORS)
			printf("%s unloaded and personalities removed.\n", name);
		return 0;
	}
	if (verbosity > VERBOSITY_SILENT) {
		kernel_print_log(&answer);
		fprintf(stderr, "Failed to unload %s - %s.\n", identifier,
		        osreturn_text(answer.header.error));
	}
	switch (answer.header.error) {
	case OSRETURN_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case OSRETURN_NOT_PRIVILEGED:
		return EXIT_NOT_PRIVILEGED;
	}
	return EXIT_UNSPECIFIED;
}

static int unload_bundle(const char *path, int verbosity)
{
	struct extension extension;

	if (!extension_open(&extension, path) && *extension.identifier)
		return unload(extension.identifier, path, verbosity);
	if (verbosity > VERBOSITY_SILENT)
		fprintf(stderr, "Can't create %s.\n", path);
	return EXIT_NOT_FOUND;
}

int command_kextunload(int count, char **arguments)
{
	static const struct option options[] = {{"bundle-id", required_argument, NULL, 'b'},
	                                        {"help", no_argument, NULL, 'h'},
	                                        {"quiet", no_argument, NULL, 'q'},
	                                        {"verbose", optional_argument, NULL, 'v'},
	                                        {0}};
	int option, verbosity = VERBOSITY_ERRORS, failure = 0, result, i;
	const char *identifiers[64];
	int identifier_count = 0;

	while ((option = getopt_long_only(count, arguments, "+b:m:hqv::", options, NULL)) != -1) {
		switch (option) {
		case 'b':
		case 'm':
			if (identifier_count == 64)
				return tell_usage(stderr);
			identifiers[identifier_count++] = optarg;
			break;
		case 'q':
			verbosity = VERBOSITY_SILENT;
			break;
		case 'v':
			verbosity = verbosity_of(count, arguments);
			break;
		case 'h':
			return tell_usage(stdout);
		default:
			return tell_usage(stderr);
		}
	}
	if (!identifier_count && optind == count) {
		fputs("No kernel extensions specified.\n", stderr);
		return tell_usage(stderr);
	}
	if (geteuid()) {
		fputs("You must be running as root to unload kexts, terminate services, or remove "
		      "driver personalities.\n",
		      stderr);
		return EXIT_NOT_PERMITTED;
	}
	for (i = 0; i < identifier_count; i++) {
		result = unload(identifiers[i], identifiers[i], verbosity);
		failure = result ? result : failure;
	}
	for (i = optind; i < count; i++) {
		result = unload_bundle(arguments[i], verbosity);
		failure = result ? result : failure;
	}
	return failure;
}
