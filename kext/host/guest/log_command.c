// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* log show: what the kernel logged, chosen and laid out as the options say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "log_entries.h"
#include "log_predicate.h"

#define MICROSECONDS 1000000

enum style { STYLE_DEFAULT, STYLE_SYSLOG, STYLE_COMPACT };

struct options {
	enum style style;
	uint64_t since, until; /* microseconds since 1970; 0: no end */
	struct log_predicate predicate;
};

static int tell_usage(void)
{
	fputs("usage:\n    log show [--last <num>[m|h|d]|boot] [--start <date>] [--end <date>]\n"
	      "             [--predicate <predicate>] [--style default|syslog|compact]\n"
	      "             [--info] [--debug]\n",
	      stderr);
	return EXIT_USAGE;
}

static void print_heading(enum style style)
{
	switch (style) {
	case STYLE_DEFAULT:
		puts("Timestamp                       Thread     Type        Activity             "
		     "PID    TTL  ");
		break;
	case STYLE_SYSLOG:
		puts("Timestamp                       (process)[PID]    ");
		break;
	case STYLE_COMPACT:
		puts("Timestamp               Ty Process[PID:TID]");
		break;
	}
}

static void print(const struct log_entry *entry, enum style style)
{
	const time_t seconds = (time_t)(entry->time / MICROSECONDS);
	const unsigned int micro = (unsigned int)(entry->time % MICROSECONDS);
	char date[32], zone[8];
	struct tm local;

	localtime_r(&seconds, &local);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &local);
	strftime(zone, sizeof(zone), "%z", &local);
	switch (style) {
	case STYLE_DEFAULT:
		printf("%s.%06u%s 0x%-8x %-11s 0x%-18x %-6d %-4d kernel: %.*s\n", date, micro, zone,
		       0x65, "Default", 0, 0, 0, (int)entry->length, entry->text);
		break;
	case STYLE_SYSLOG:
		printf("%s.%06u%s  localhost kernel[0]: %.*s\n", date, micro, zone,
		       (int)entry->length, entry->text);
		break;
	case STYLE_COMPACT:
		printf("%s.%03u Df kernel[0:65] %.*s\n", date, micro / 1000, (int)entry->length,
		       entry->text);
		break;
	}
}

/* "5m", "30s" or "boot", which is all there is. */
static bool read_last(const char *text, uint64_t *since)
{
	char *unit;
	uint64_t seconds = strtoull(text, &unit, 10);

	if (!strcmp(text, "boot")) {
		*since = 0;
		return true;
	}
	switch (*unit) {
	case 'd':
		seconds *= 24;
		/* fall through */
	case 'h':
		seconds *= 60;
		/* fall through */
	case 'm':
		seconds *= 60;
		/* fall through */
	case 's':
	case '\0':
		break;
	default:
		return false;
	}
	if (unit == text || (*unit && unit[1]))
		return false;
	*since = ((uint64_t)time(NULL) - seconds) * MICROSECONDS;
	return true;
}

/* "2026-01-31 12:00:00", the day alone, or @ and seconds since 1970. */
static bool read_date(const char *text, uint64_t *time)
{
	struct tm date = {.tm_isdst = -1};
	const char *end;

	if (*text == '@') {
		*time = strtoull(text + 1, NULL, 10) * MICROSECONDS;
		return true;
	}
	end = strptime(text, "%Y-%m-%d", &date);
	if (end && *end)
		end = strptime(end, " %H:%M:%S", &date);
	if (!end || (*end && *end != '+' && *end != '-'))
		return false;
	*time = (uint64_t)mktime(&date) * MICROSECONDS;
	return true;
}

static bool read_style(const char *text, enum style *style)
{
	static const char *const names[] = {"default", "syslog", "compact"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]))
			continue;
		*style = (enum style)i;
		return true;
	}
	return false;
}

static bool read_option(const char *name, const char *value, struct options *options)
{
	if (!strcmp(name, "--last"))
		return read_last(value, &options->since);
	if (!strcmp(name, "--start"))
		return read_date(value, &options->since);
	if (!strcmp(name, "--end"))
		return read_date(value, &options->until);
	if (!strcmp(name, "--style"))
		return read_style(value, &options->style);
	if (strcmp(name, "--predicate"))
		return false;
	if (log_predicate_read(value, &options->predicate))
		return true;
	fprintf(stderr, "log: Bad predicate (Unable to parse the format string \"%s\")\n", value);
	return false;
}

static bool is_flag(const char *word)
{
	return !strcmp(word, "--info") || !strcmp(word, "--debug") || !strcmp(word, "--source") ||
	       !strcmp(word, "--signpost");
}

int command_log(int count, char **arguments)
{
	struct options options = {0};
	struct log_entries entries;
	struct log_entry entry;
	int i;

	if (count < 2 || strcmp(arguments[1], "show"))
		return tell_usage();
	for (i = 2; i < count; i++) {
		if (is_flag(arguments[i]))
			continue;
		if (i + 1 == count || !read_option(arguments[i], arguments[i + 1], &options))
			return tell_usage();
		i++;
	}
	if (!log_entries_open(&entries)) {
		perror("log: Could not open local log store");
		return EXIT_SOFTWARE;
	}
	print_heading(options.style);
	while (log_entries_next(&entries, &entry))
		if (entry.time >= options.since &&
		    (!options.until || entry.time <= options.until) &&
		    log_predicate_holds(&options.predicate, &entry))
			print(&entry, options.style);
	log_entries_close(&entries);
	return 0;
}
