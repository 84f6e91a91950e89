// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "command.h"
#include "diagnostics.h"
#include "extension.h"
#include "kernel.h"
#include "kext.h"
#include "log.h"
#include "release.h"
#include "system.h"
#include "verbosity.h"

enum {
	EXIT_NOT_FOUND = 1,
	EXIT_NO_CODE = 2,
	EXIT_BAD_KEXT = 4,
	EXIT_LOAD_FAILED = 6,
	EXIT_SYSTEM_POLICY = 27,
};

struct options {
	bool no_load, tests;
	struct search search;
	int verbosity;
};

static int tell_usage(FILE *out)
{
	fputs("usage: kextutil [options] [--] [kext] ...\n"
	      "\n"
	      "-b <identifier>, -bundle-id <identifier>: load/use the kext whose\n"
	      "        CFBundleIdentifier is <identifier>\n"
	      "-d <kext>, -dependency <kext>: consider <kext> as a candidate\n"
	      "        for dependency resolution\n"
	      "-h, -help: print this message and exit\n"
	      "-k <kernel_file>, -kernel <kernel_file>: link against <kernel_file>\n"
	      "-n, -no-load: don't load kexts into the kernel\n"
	      "-q, -quiet: quiet mode: print no informational or error messages\n"
	      "-r <directory>, -repository <directory>: look in <directory> for kexts\n"
	      "-t, -print-diagnostics: print all diagnostics for kexts\n"
	      "-v [ 0-6 | 0x<flags> ], -verbose [ 0-6 | 0x<flags> ]:\n"
	      "        verbose mode; print info about analysis & loading\n"
	      "--: end of options\n",
	      out);
	return out == stdout ? 0 : EXIT_USAGE;
}

static int exit_code(osreturn_t result, int otherwise)
{
	switch (result) {
	case OSRETURN_SUCCESS:
		return 0;
	case OSRETURN_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case OSRETURN_ARCH_NOT_FOUND:
		return EXIT_NO_CODE;
	case OSRETURN_NOT_A_KEXT:
	case OSRETURN_VALIDATION:
	case OSRETURN_AUTHENTICATION:
	case OSRETURN_DEPENDENCIES:
		return EXIT_BAD_KEXT;
	case OSRETURN_NOT_PRIVILEGED:
		return EXIT_NOT_PERMITTED;
	case OSRETURN_SYSTEM_POLICY:
		return EXIT_SYSTEM_POLICY;
	}
	return otherwise;
}

/* Everything but running it; what the linker says of it is kept. */
static osreturn_t test(const struct extension *extension, char **said)
{
	osreturn_t result = extension_authenticate(extension, false);
	struct transcript transcript = {0};

	if (!result) {
		log_discard();
		log_transcript_begin(&transcript);
		result = kext_check(extension->absolute);
		log_transcript_end();
	}
	*said = transcript.text;
	return result;
}

static int test_and_tell(const struct extension *extension, const struct options *options)
{
	char *said;
	osreturn_t result;

	puts(system_release()->minor > 9
	         ? "Defaulting to kernel file '/System/Library/Kernels/kernel'"
	         : "No kernel file specified, using '/mach_kernel'");
	fflush(stdout);
	result = test(extension, &said);
	if (options->tests || result)
		diagnostics_print(extension, result, said);
	diagnostics_print_signature(extension);
	if (!result)
		printf("%s appears to be loadable (including linkage for on-disk libraries).\n",
		       extension->path);
	free(said);
	return exit_code(result, EXIT_BAD_KEXT);
}

static int load_and_tell(const struct extension *extension, const struct options *options)
{
	struct kexthost_answer answer;
	osreturn_t result;

	if (geteuid()) {
		fputs("You must be running as root to load kexts into the kernel.\n", stderr);
		return EXIT_NOT_PERMITTED;
	}
	result = extension_load(extension, &options->search, &answer);
	if (options->verbosity == VERBOSITY_SILENT)
		return exit_code(result, EXIT_LOAD_FAILED);
	if (options->tests || result == OSRETURN_AUTHENTICATION)
		diagnostics_print(extension, result, NULL);
	if (result != OSRETURN_AUTHENTICATION && result != OSRETURN_SYSTEM_POLICY)
		diagnostics_print_signature(extension);
	if ((options->tests && !result) || result == OSRETURN_SYSTEM_POLICY) {
		printf("%s appears to be loadable (not including linkage for on-disk libraries).\n",
		       extension->path);
		fflush(stdout);
	}
	if (result == OSRETURN_SYSTEM_POLICY) {
		fputs("System policy prevents loading the kernel extension.\n", stderr);
	} else if (result) {
		kernel_print_log(&answer);
		fprintf(stderr, "Failed to load %s - %s.\n", extension->path,
		        osreturn_text(result));
		if (result == OSRETURN_LINK_ERROR)
			fputs("Check library declarations for your kext with kextlibs(8).\n",
			      stderr);
	} else if (options->verbosity > VERBOSITY_ERRORS) {
		printf("%s successfully loaded (or already loaded).\n", extension->path);
	}
	return exit_code(result, EXIT_LOAD_FAILED);
}

static int use(const char *name, bool is_identifier, const struct options *options)
{
	struct extension extension;
	osreturn_t result;

	result = is_identifier ? extension_find(&extension, name, &options->search)
	                       : extension_open(&extension, name);
	if (result) {
		if (options->verbosity > VERBOSITY_SILENT)
			fprintf(stderr, "%s - %s.\n", name, osreturn_text(result));
		return exit_code(result, EXIT_BAD_KEXT);
	}
	return options->no_load ? test_and_tell(&extension, options)
	                        : load_and_tell(&extension, options);
}

int command_kextutil(int count, char **arguments)
{
	static const struct option known[] = {{"bundle-id", required_argument, NULL, 'b'},
	                                      {"dependency", required_argument, NULL, 'd'},
	                                      {"help", no_argument, NULL, 'h'},
	                                      {"kernel", required_argument, NULL, 'k'},
	                                      {"no-load", no_argument, NULL, 'n'},
	                                      {"print-diagnostics", no_argument, NULL, 't'},
	                                      {"quiet", no_argument, NULL, 'q'},
	                                      {"repository", required_argument, NULL, 'r'},
	                                      {"verbose", optional_argument, NULL, 'v'},
	                                      {0}};
	struct options options = {0};
	const char *identifier = NULL;
	int option, result = 0, failure;

	while ((option = getopt_long_only(count, arguments, "+b:d:hk:nqr:tv::", known, NULL)) !=
	       -1) {
		switch (option) {
		case 'b':
			identifier = optarg;
			break;
		case 'd':
			if (!search_add_kext(&options.search, optarg))
				return tell_usage(stderr);
			break;
		case 'r':
			if (!search_add_folder(&options.search, optarg))
				return tell_usage(stderr);
			break;
		case 'k':
			break;
		case 'n':
			options.no_load = true;
			break;
		case 't':
			options.tests = true;
			break;
		case 'q':
			options.verbosity = VERBOSITY_SILENT;
			break;
		case 'v':
			options.verbosity = verbosity_of(count, arguments);
			break;
		case 'h':
			return tell_usage(stdout);
		default:
			return tell_usage(stderr);
		}
	}
	if (!identifier && optind == count) {
		fputs("No kexts specified.\n", stderr);
		return tell_usage(stderr);
	}
	release_run_as(system_release());
	if (identifier)
		result = use(identifier, true, &options);
	for (; optind < count; optind++) {
		failure = use(arguments[optind], false, &options);
		result = failure ? failure : result;
	}
	return result;
}
