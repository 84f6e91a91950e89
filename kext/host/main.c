// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * kexthost: runs kernel extensions of macOS in a process of this system's.
 *
 *     kexthost --socket PATH [--log FILE] [--log-times FILE] [--console FILE]
 *              [--reports FOLDER] [--nodes FOLDER] [--nvram FILE] [--release VERSION]
 *              [--kdp ADDRESS[:PORT]] [--kdp-serial DEVICE] [--nmi MESSAGES] [--check] [BUNDLE]
 *     kexthost load --socket PATH BUNDLE | unload --socket PATH IDENTIFIER | list --socket PATH
 *     kexthost sysctl --socket PATH NAME[=VALUE]
 *     kexthost attend --socket PATH -- COMMAND ARGUMENT ...    starts what is watched
 *     kexthost check BUNDLE    says whether it can be loaded, and runs nothing of it
 *     kexthost kpi             prints what is offered to kexts
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "allocations.h"
#include "attend.h"
#include "client.h"
#include "commands.h"
#include "control.h"
#include "kdp.h"
#include "kext.h"
#include "kpi.h"
#include "log.h"
#include "nodes.h"
#include "open_files.h"
#include "osreturn.h"
#include "panic.h"
#include "release.h"
#include "trap.h"

struct options {
	const char *socket, *log, *times, *console, *reports, *nvram, *nodes, *release, *operand;
	struct kdp_machine machine;
	bool check;
};

static bool read_options(int count, char **arguments, struct options *options)
{
	static const struct option known[] = {
	    {"socket", required_argument, NULL, 's'},
	    {"log", required_argument, NULL, 'l'},
	    {"log-times", required_argument, NULL, 't'},
	    {"console", required_argument, NULL, 'o'},
	    {"reports", required_argument, NULL, 'r'},
	    {"nvram", required_argument, NULL, 'n'},
	    {"nodes", required_argument, NULL, 'd'},
	    {"release", required_argument, NULL, 'v'},
	    {"kdp", required_argument, NULL, 'k'},
	    {"kdp-serial", required_argument, NULL, 'K'},
	    {"nmi", required_argument, NULL, 'N'},
	    {"check", no_argument, NULL, 'c'},
	    {0},
	};
	int option;

	while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
		switch (option) {
		case 's':
			options->socket = optarg;
			break;
		case 'l':
			options->log = optarg;
			break;
		case 't':
			options->times = optarg;
			break;
		case 'o':
			options->console = optarg;
			break;
		case 'n':
			options->nvram = optarg;
			break;
		case 'd':
			options->nodes = optarg;
			break;
		case 'v':
			options->release = optarg;
			break;
		case 'k':
			options->machine.card = optarg;
			break;
		case 'K':
			options->machine.serial = optarg;
			break;
		case 'N':
			options->machine.messages = optarg;
			break;
		case 'r':
			options->reports = optarg;
			break;
		case 'c':
			options->check = true;
			break;
		default:
			return false;
		}
	}
	if (optind < count)
		options->operand = arguments[optind++];
	return optind == count;
}

static int refuse_usage(void)
{
	fputs("usage: kexthost --socket PATH [--log FILE] [--log-times FILE] [--console FILE]\n"
	      "                [--reports FOLDER] [--nodes FOLDER] [--nvram FILE]\n"
	      "                [--release VERSION] [--kdp ADDRESS[:PORT]] [--kdp-serial DEVICE]\n"
	      "                [--nmi MESSAGES] [--check] [BUNDLE]\n"
	      "       kexthost load --socket PATH BUNDLE\n"
	      "       kexthost unload --socket PATH IDENTIFIER\n"
	      "       kexthost list --socket PATH\n"
	      "       kexthost sysctl --socket PATH NAME[=VALUE]\n"
	      "       kexthost attend --socket PATH -- COMMAND ARGUMENT...\n"
	      "       kexthost check BUNDLE\n"
	      "       kexthost kpi\n",
	      stderr);
	return COMMAND_USAGE;
}

/* Says "ready" on standard output once clients may come. */
static int run(const struct options *options)
{
	int listening;

	if (log_open(options->log)) {
		perror(options->log);
		return 1;
	}
	if (options->times && log_open_times(options->times)) {
		perror(options->times);
		return 1;
	}
	if (options->console && log_open_console(options->console)) {
		perror(options->console);
		return 1;
	}
	if (options->release && !release_find(options->release)) {
		fprintf(stderr, "%s: no release of macOS from 10.9 to 11\n", options->release);
		return COMMAND_USAGE;
	}
	if (options->release)
		release_run_as(release_find(options->release));
	kpi_runtime_init();
	panic_init();
	panic_set_reports(options->reports);
	if (options->nvram)
		panic_set_nvram(options->nvram);
	if (options->check)
		allocations_check();
	if (options->nodes)
		nodes_set_folder(options->nodes);
	if (!kdp_init(&options->machine, options->nvram))
		return COMMAND_USAGE;
	trap_init();
	trap_init_thread();
	listening = control_listen(options->socket);
	if (listening < 0 || open_files_init()) {
		perror(options->socket);
		return 1;
	}
	kdp_start();
	if (options->operand && kext_load(options->operand))
		return COMMAND_LOAD_FAILED;
	puts("ready");
	fflush(stdout);
	control_serve(listening);
}

static int check(const char *bundle)
{
	osreturn_t result = kext_check(bundle);

	if (result)
		fprintf(stderr, "%s - %s.\n", bundle, osreturn_text(result));
	else
		printf("%s appears to be loadable (including linkage for on-disk libraries).\n",
		       bundle);
	return result ? COMMAND_LOAD_FAILED : COMMAND_DONE;
}

static int print_kpi(const char *unused)
{
	(void)unused;
	kpi_print();
	return COMMAND_DONE;
}

static int list(const char *unused)
{
	(void)unused;
	return command_list();
}

static const struct {
	const char *name;
	bool needs_host, takes_operand;
	int (*run)(const char *operand);
} commands[] = {
    {"load", true, true, command_load}, {"unload", true, true, command_unload},
    {"list", true, false, list},        {"check", false, true, check},
    {"kpi", false, false, print_kpi},   {"sysctl", true, true, command_value},
};

static int attend(int count, char **arguments)
{
	struct options options = {0};

	/* What follows "--" is not for this program to read. */
	if (count < 5 || strcmp(arguments[3], "--") || !read_options(3, arguments, &options) ||
	    !options.socket)
		return refuse_usage();
	kexthost_use(options.socket);
	return command_attend(arguments + 4);
}

int main(int count, char **arguments)
{
	struct options options = {0};
	size_t i;

	if (count > 1 && !strcmp(arguments[1], "attend"))
		return attend(count - 1, arguments + 1);

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (count < 2 || strcmp(arguments[1], commands[i].name))
			continue;
		if (!read_options(count - 1, arguments + 1, &options) ||
		    commands[i].needs_host != (options.socket != NULL) ||
		    commands[i].takes_operand != (options.operand != NULL))
			return refuse_usage();
		kexthost_use(options.socket);
		return commands[i].run(options.operand);
	}
	if (!read_options(count, arguments, &options) || !options.socket)
		return refuse_usage();
	return run(&options);
}
