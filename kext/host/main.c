// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * kexthost: runs kernel extensions of macOS in a process of this system's.
 *
 *     kexthost --socket PATH [--log FILE] [--reports FOLDER] [--check] [BUNDLE]
 *     kexthost load --socket PATH BUNDLE | unload --socket PATH IDENTIFIER | list --socket PATH
 *     kexthost kpi
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "allocations.h"
#include "client.h"
#include "commands.h"
#include "control.h"
#include "kext.h"
#include "kpi.h"
#include "log.h"
#include "open_files.h"
#include "panic.h"
#include "trap.h"

struct options {
	const char *socket, *log, *reports, *operand;
	bool check;
};

static bool read_options(int count, char **arguments, struct options *options)
{
	static const struct option known[] = {
	    {"socket", required_argument, NULL, 's'}, {"log", required_argument, NULL, 'l'},
	    {"reports", required_argument, NULL, 'r'}, {"check", no_argument, NULL, 'c'},
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
	fputs("usage: kexthost --socket PATH [--log FILE] [--reports FOLDER] [--check] [BUNDLE]\n"
	      "       kexthost load --socket PATH BUNDLE\n"
	      "       kexthost unload --socket PATH IDENTIFIER\n"
	      "       kexthost list --socket PATH\n"
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
	panic_set_reports(options->reports);
	if (options->check)
		allocations_check();
	trap_init();
	trap_init_thread();
	listening = control_listen(options->socket);
	if (listening < 0 || open_files_init()) {
		perror(options->socket);
		return 1;
	}
	if (options->operand && kext_load(options->operand))
		return COMMAND_LOAD_FAILED;
	puts("ready");
	fflush(stdout);
	control_serve(listening);
}

int main(int count, char **arguments)
{
	static const char *const commands[] = {"load", "unload", "list", "kpi"};
	struct options options = {0};
	size_t command = 0;

	while (command < 4 && (count < 2 || strcmp(arguments[1], commands[command])))
		command++;
	if (command == 3) {
		kpi_print();
		return 0;
	}
	if (command < 4) {
		count--;
		arguments++;
	}
	if (!read_options(count, arguments, &options) || !options.socket ||
	    (command < 2) > (options.operand != NULL))
		return refuse_usage();
	kexthost_use(options.socket);
	switch (command) {
	case 0:
		return command_load(options.operand);
	case 1:
		return command_unload(options.operand);
	case 2:
		return command_list();
	}
	return run(&options);
}
