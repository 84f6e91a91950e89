// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kextlogd_lines.h"

static const char usage[] =
    "Usage: kextlogd [options] CHANNEL\n"
    "Keeps the messages of a kernel extension's log channel, one line for each. CHANNEL is a\n"
    "file (/proc/osquery_log), a kernel control's name, or - for records on standard input.\n"
    "\n"
    "  --output FILE        where lines go; standard output when absent\n"
    "  --format text|json   text when absent\n"
    "  --level LEVEL        the least that is wanted: trace (when absent), debug, info, warning\n"
    "                       or error\n"
    "  --config FILE        lines \"key = value\"; keys: kernel-level, system-log-rate (both are\n"
    "                       the extension's), level, durable. Options win over it\n"
    "  --durable LEVEL      what is on the disk before the next is written: warning (when\n"
    "                       absent) and graver; off\n"
    "  --rotate-size BYTES  FILE becomes FILE.1 when it would grow beyond it (K, M, G)\n"
    "  --rotate-age SECONDS ... when its first line is as old (m, h, d)\n"
    "  --keep N             how many old files stay; 5 when absent\n"
    "  --once               ends with the channel instead of waiting for it again\n"
    "  --wait SECONDS       with --once: how long to wait for the extension at first\n"
    "\n"
    "SIGHUP opens FILE anew and reads the configuration again. SIGTERM and SIGINT end it, after\n"
    "all that can be read has been written.\n"
    "\n"
    "Exit status: 0 ended as told; 1 FILE is in use or cannot be opened, the extension is not\n"
    "there or refuses, or messages could not be written; 2 an option or the configuration makes\n"
    "no sense.\n";

__attribute__((noreturn, format(printf, 1, 2))) static void refuse(const char *format, ...)
{
	va_list arguments;

	fputs("kextlogd: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs("; --help tells more\n", stderr);
	exit(2);
}

struct unit {
	char letter;
	uint64_t times;
};

struct units {
	struct unit all[5]; /* the last one has no letter */
	const char *advice;
};

static const struct units sizes = {{{'K', 1u << 10}, {'M', 1u << 20}, {'G', 1u << 30}},
                                   ", in bytes or with K, M or G behind it"};
static const struct units ages = {{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}},
                                  ", in seconds or with m, h or d behind it"};
static const struct units none = {.advice = ""};

static uint64_t number(const char *name, const struct units *units, uint64_t least)
{
	const struct unit *unit;
	const uint64_t most = UINT64_C(1) << 53;
	uint64_t value, times = 1;
	char *end;

	errno = 0;
	value = strtoull(optarg, &end, 10);
	for (unit = units->all; *end && unit->letter; unit++)
		if (*end == unit->letter) {
			times = unit->times;
			end++;
			break;
		}
	if (*optarg < '0' || *optarg > '9' || *end || errno || value > most / times ||
	    value * times < least)
		refuse("--%s cannot be \"%s\": it wants a whole number, %llu or more%s", name,
		       optarg, (unsigned long long)least, units->advice);
	return value * times;
}

static int32_t level(const char *name, bool with_off)
{
	int32_t level = logd_level_parse(optarg);

	if (!level || (level == OSQ_LOG_OFF && !with_off))
		refuse("--%s cannot be \"%s\": it wants trace, debug, info, warning%s", name,
		       optarg, with_off ? ", error or off" : " or error");
	return level;
}

static bool format(void)
{
	if (strcmp(optarg, "json") && strcmp(optarg, "text"))
		refuse("--format cannot be \"%s\": it wants text or json", optarg);
	return !strcmp(optarg, "json");
}

static void check(int argc, char **argv, struct logd_options *options, bool keeps)
{
	if (optind + 1 != argc)
		refuse(optind == argc ? "no channel is named"
		                      : "there is one channel, and options stand before it");
	options->channel = argv[optind];
	if (!*options->channel || strlen(options->channel) > LOGD_CHANNEL_MAX)
		refuse("the channel's name has to have 1 to %d bytes", LOGD_CHANNEL_MAX);
	if (!options->file.path && (options->file.rotate_size || options->file.rotate_age || keeps))
		refuse("--rotate-size, --rotate-age and --keep need --output");
	if (options->wait && !options->once)
		refuse("--wait needs --once: without it, kextlogd waits as long as it takes");
}

void logd_options_read(int argc, char **argv, struct logd_options *options)
{
	static const struct option names[] = {
	    {"output", required_argument, NULL, 'o'},
	    {"format", required_argument, NULL, 'f'},
	    {"level", required_argument, NULL, 'l'},
	    {"config", required_argument, NULL, 'c'},
	    {"durable", required_argument, NULL, 'd'},
	    {"rotate-size", required_argument, NULL, 's'},
	    {"rotate-age", required_argument, NULL, 'a'},
	    {"keep", required_argument, NULL, 'k'},
	    {"once", no_argument, NULL, '1'},
	    {"wait", required_argument, NULL, 'w'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	bool keeps = false;
	int option;

	*options = (struct logd_options){.file.keep = 5};
	while ((option = getopt_long(argc, argv, "+h", names, NULL)) != -1) {
		switch (option) {
		case 'o':
			if (!*optarg)
				refuse("--output is empty: it wants a file's name");
			options->file.path = optarg;
			break;
		case 'f':
			options->json = format();
			break;
		case 'l':
			options->level = level("level", false);
			break;
		case 'c':
			options->config = optarg;
			break;
		case 'd':
			options->durable = level("durable", true);
			break;
		case 's':
			options->file.rotate_size = number("rotate-size", &sizes, 1);
			break;
		case 'a':
			options->file.rotate_age = number("rotate-age", &ages, 1);
			break;
		case 'k':
			options->file.keep = number("keep", &none, 0);
			keeps = true;
			break;
		case '1':
			options->once = true;
			break;
		case 'w':
			options->wait = number("wait", &ages, 0);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			refuse("the options make no sense");
		}
	}
	check(argc, argv, options, keeps);
}
