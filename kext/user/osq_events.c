/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* osq-events: prints the events of /dev/osquery as JSON lines. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "osq_json.h"
#include "osq_reader.h"

#define RING_SIZE (4u << 20)

struct options {
	bool process, file, socket;
	const char *prefixes[OSQ_PREFIXES_MAX];
	int prefix_count;
	uint64_t count;   /* 0: no limit */
	uint32_t seconds; /* 0: no limit */
};

static const char usage[] =
    "Usage: osq-events [--process] [--file [PREFIX...]] [--socket] [--count N] [--seconds N]\n"
    "Prints kernel events as JSON, one object a line. Needs the extension and the superuser.\n"
    "\n"
    "  --process           programs that are executed\n"
    "  --file [PREFIX...]  files opened and closed, at or below the prefixes (none: all files)\n"
    "  --socket            sockets connected, accepted, bound\n"
    "  --count N           end after N events\n"
    "  --seconds N         end after N seconds\n"
    "Without a kind, all kinds are printed. Ctrl-C ends it; dropped events are told at the end.\n";

/* A signal may come just before a sync goes to sleep: so the timer keeps ringing until the end. */
static volatile sig_atomic_t stopped;
static timer_t stop_timer;

static void stop(int signal)
{
	const struct itimerspec again = {{0, 50000000}, {0, 50000000}};
	int error = errno;

	(void)signal;
	if (!stopped)
		timer_settime(stop_timer, 0, &again, NULL);
	stopped = 1;
	errno = error;
}

/* No SA_RESTART: a sync that sleeps has to return. */
static bool catch_signals(uint32_t seconds)
{
	const struct sigaction action = {.sa_handler = stop};
	const struct itimerspec once = {.it_value.tv_sec = seconds};
	struct sigevent ring = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};

	return !timer_create(CLOCK_MONOTONIC, &ring, &stop_timer) &&
	       !sigaction(SIGALRM, &action, NULL) && !sigaction(SIGINT, &action, NULL) &&
	       !sigaction(SIGTERM, &action, NULL) && signal(SIGPIPE, SIG_IGN) != SIG_ERR &&
	       !timer_settime(stop_timer, 0, &once, NULL);
}

static bool parse_number(const char *name, const char *text, uint64_t limit, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && *value && *value <= limit)
		return true;
	fprintf(stderr, "osq-events: --%s wants a number from 1 to %llu, not \"%s\"\n", name,
	        (unsigned long long)limit, text);
	return false;
}

/* The absolute paths that follow --file. */
static bool take_prefixes(int argc, char **argv, struct options *options)
{
	for (; optind < argc && argv[optind][0] == '/'; optind++) {
		if (options->prefix_count == OSQ_PREFIXES_MAX) {
			fprintf(stderr, "osq-events: --file takes at most %d prefixes\n",
			        OSQ_PREFIXES_MAX);
			return false;
		}
		options->prefixes[options->prefix_count++] = argv[optind];
	}
	return true;
}

/* 0, or the exit status. */
static int parse(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
	    {"process", no_argument, NULL, 'p'},
	    {"file", no_argument, NULL, 'f'},
	    {"socket", no_argument, NULL, 's'},
	    {"count", required_argument, NULL, 'c'},
	    {"seconds", required_argument, NULL, 'S'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	uint64_t seconds = 0;
	int option;

	while ((option = getopt_long(argc, argv, "+h", names, NULL)) != -1) {
		switch (option) {
		case 'p':
			options->process = true;
			break;
		case 'f':
			options->file = true;
			if (!take_prefixes(argc, argv, options))
				return 2;
			break;
		case 's':
			options->socket = true;
			break;
		case 'c':
			if (!parse_number("count", optarg, UINT64_MAX, &options->count))
				return 2;
			break;
		case 'S':
			if (!parse_number("seconds", optarg, UINT32_MAX, &seconds))
				return 2;
			options->seconds = (uint32_t)seconds;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr,
		        "osq-events: what is \"%s\"? A prefix begins with / and stands "
		        "behind --file.\n%s",
		        argv[optind], usage);
		return 2;
	}
	if (!options->process && !options->file && !options->socket)
		options->process = options->file = options->socket = true;
	return 0;
}

static int subscribe(struct osq_reader *reader, const struct options *options)
{
	for (int i = 0; i < options->prefix_count; i++)
		if (osq_reader_prefix(reader, options->prefixes[i], true) && errno != EEXIST)
			return -1;
	if (options->process && osq_reader_subscribe(reader, OSQ_EVENT_PROCESS, true))
		return -1;
	if (options->file && osq_reader_subscribe(reader, OSQ_EVENT_FILE, true))
		return -1;
	if (options->socket && osq_reader_subscribe(reader, OSQ_EVENT_SOCKET, true))
		return -1;
	return 0;
}

/* Prints until the end that the options or a signal set. 0, or -1 with reader->error filled. */
static int print_events(struct osq_reader *reader, const struct options *options)
{
	const struct osq_record_header *record;
	uint64_t printed = 0;

	while (!stopped) {
		if (osq_reader_sync(reader, OSQ_SYNC_BLOCK)) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		while ((record = osq_reader_next(reader))) {
			osq_json_record(stdout, record);
			if (++printed == options->count) {
				stopped = 1;
				break;
			}
		}
		if (fflush(stdout) && errno != EINTR) {
			snprintf(reader->error, sizeof(reader->error),
			         "cannot write to standard output: %s", strerror(errno));
			return -1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	struct osq_reader reader;
	int status = parse(argc, argv, &options);

	if (status)
		return status;
	if (!catch_signals(options.seconds)) {
		fprintf(stderr, "osq-events: cannot set signals up: %s\n", strerror(errno));
		return 1;
	}
	/* A kernel of a test build wants its own version. */
	if (osq_reader_open(&reader, RING_SIZE, OSQ_VERSION_NORMAL) &&
	    (errno != EINVAL || osq_reader_open(&reader, RING_SIZE, OSQ_VERSION_TEST))) {
		fprintf(stderr, "osq-events: %s\n", reader.error);
		return 1;
	}
	status = subscribe(&reader, &options) || print_events(&reader, &options);
	if (status)
		fprintf(stderr, "osq-events: %s\n", reader.error);
	if (reader.drops || reader.drops_lost)
		fprintf(stderr, "osq-events: %llu events%s were dropped\n",
		        (unsigned long long)reader.drops, reader.drops_lost ? " or more" : "");
	osq_reader_close(&reader);
	return status;
}
