// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "extension.h"
#include "verbosity.h"

#define EXIT_SYSTEM_POLICY 27

static int tell_usage(FILE *out)
{
	fputs("usage: kextload [options] [--] [kext] ...\n"
	      "\n"
	      "kext: a kext bundle to load or examine\n"
	      "\n"
	      "-b <identifier>, -bundle-id <identifier>: load/use the kext whose\n"
	      "        CFBundleIdentifier is <identifier>\n"
	      "-d <kext>, -dependency <kext>: consider <kext> as a candidate\n"
	      "        for dependency resolution\n"
	      "-r <directory>, -repository <directory>: look in <directory> for kexts\n"
	      "-h, -help: print this message and exit\n"
	      "-q, -quiet: quiet mode: print no informational or error messages\n"
	      "-v [ 0-6 | 0x<flags> ], -verbose [ 0-6 | 0x<flags> ]:\n"
	      "        verbose mode; print info about analysis & loading\n"
	      "--: end of options\n",
	      out);
	return out == stdout ? 0 : EXIT_USAGE;
}

static int exit_code(osreturn_t result)
{
	switch (result) {
	case OSRETURN_SUCCESS:
		return 0;
	case OSRETURN_NOT_PRIVILEGED:
		return EXIT_NOT_PERMITTED;
	case OSRETURN_SYSTEM_POLICY:
		return EXIT_SYSTEM_POLICY;
	}
	return EXIT_OS_ERROR;
}

/* `name`: as the user gave it. */
static int load_and_tell(const char *name, bool is_identifier, const struct search *search,
                         int verbosity)
{
	struct kexthost_answer answer;
	struct extension extension;
	osreturn_t result;

	result = is_identifier ? extension_find(&extension, name, search)
	                       : extension_open(&extension, name);
	if (verbosity > VERBOSITY_ERRORS)
		printf("Requesting load of %s.\n", name);
	if (!result)
		result = extension_load(&extension, search, &answer);
	if (result && verbosity > VERBOSITY_SILENT)
		fprintf(stderr,
		        "%s failed to load - %s; check the system/kernel logs for errors or try "
		        "kextutil(8).\n",
		        name, osreturn_text(result));
	else if (!result && verbosity > VERBOSITY_ERRORS)
		printf("%s loaded successfully (or already loaded).\n", name);
	return exit_code(result);
}

int command_kextload(int count, char **arguments)
{
	static const struct option options[] = {{"bundle-id", required_argument, NULL, 'b'},
	                                        {"dependency", required_argument, NULL, 'd'},
	                                        {"help", no_argument, NULL, 'h'},
	                                        {"quiet", no_argument, NULL, 'q'},
	                                        {"repository", required_argument, NULL, 'r'},
	                                        {"verbose", optional_argument, NULL, 'v'},
	                                        {0}};
	int option, verbosity = VERBOSITY_ERRORS, failure = 0, result;
	struct search search = {0};
	const char *identifiers[64];
	int identifier_count = 0, i;

	while ((option = getopt_long_only(count, arguments, "+b:d:hqr:v::", options, NULL)) != -1) {
		switch (option) {
		case 'b':
			if (identifier_count == 64)
				return tell_usage(stderr);
			identifiers[identifier_count++] = optarg;
			break;
		case 'd':
			if (!search_add_kext(&search, optarg))
				return tell_usage(stderr);
			break;
		case 'r':
			if (!search_add_folder(&search, optarg))
				return tell_usage(stderr);
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
		fputs("No kexts specified.\n", stderr);
		return tell_usage(stderr);
	}
	for (i = 0; i < identifier_count; i++) {
		result = load_and_tell(identifiers[i], true, &search, verbosity);
		failure = result ? result : failure;
	}
	for (i = optind; i < count; i++) {
		result = load_and_tell(arguments[i], false, &search, verbosity);
		failure = result ? result : failure;
	}
	return failure;
}
