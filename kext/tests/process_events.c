// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Real processes execute this program again, with arguments, environment and ids of their own:
 * exactly these are seen, with all that belongs to them.
 *
 *	process_events [--count 50]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "osq_client.h"
#include "ktap.h"
#include "options.h"

#define RING (8u << 20)
#define UID  1234
#define GID  4321

static uint64_t option_count = 50;

/* Executes this program, which ends at once. The pid, waited for. */
static int execute(char *const argv[], char *const envv[])
{
	const char *program = client_program();
	int child = ktap_fork();
	int status;

	if (!child) {
		/* The real ids alone: the file need not be executable for that user. */
		if (setregid(GID, (gid_t)-1) || setreuid(UID, (uid_t)-1))
			_exit(126);
		execve(program, argv, envv);
		_exit(127);
	}
	status = ktap_wait(child);
	EXPECT(status == 0, "%s ended with %d", program, status);
	return child;
}

/* Are the block's strings these? XNU tells none. */
static bool is_block(const char *bytes, uint64_t length, int32_t count, int32_t actual,
                     char *const strings[])
{
#ifdef OSQ_LINUX
	int32_t told = 0;

	uint64_t offset = 0;

	for (; *strings; strings++, told++) {
		size_t size = strlen(*strings) + 1;

		if (size > length - offset || memcmp(bytes + offset, *strings, size))
			return false;
		offset += size;
	}
	return offset == length && count == told && actual == told;
#else
	(void)bytes;
	(void)strings;
	return !length && !count && !actual;
#endif
}

static void check_fields(const struct osq_process_event *event)
{
	const char *program = client_program();
	struct stat status;

	REQUIRE(!stat(program, &status), "%s: %s", program, strerror(errno));
	EXPECT(!strcmp(event->path, program), "path %s, not %s", event->path, program);
	EXPECT(event->ppid == (uint64_t)getpid(), "ppid %llu", (unsigned long long)event->ppid);
	EXPECT(event->uid == UID, "uid %llu", (unsigned long long)event->uid);
	EXPECT(event->euid == 0, "euid %llu", (unsigned long long)event->euid);
	EXPECT(event->gid == GID, "gid %llu", (unsigned long long)event->gid);
	EXPECT(event->egid == 0, "egid %llu", (unsigned long long)event->egid);
	EXPECT(event->owner_uid == status.st_uid, "owner %llu",
	       (unsigned long long)event->owner_uid);
	EXPECT(event->owner_gid == status.st_gid, "owner's group %llu",
	       (unsigned long long)event->owner_gid);
	EXPECT(event->mode == (int32_t)status.st_mode, "mode %o", (unsigned int)event->mode);
	EXPECT(event->modify_time == (uint64_t)status.st_mtime, "modified %llu",
	       (unsigned long long)event->modify_time);
	EXPECT(event->change_time == (uint64_t)status.st_ctime, "changed %llu",
	       (unsigned long long)event->change_time);
}

/* The next event of a child of ours, or NULL: none is left. */
static const struct osq_process_event *next_child(struct osq_reader *reader)
{
	const struct osq_record_header *record;

	for (;;) {
		while ((record = osq_reader_next(reader))) {
			const struct osq_process_event *event = osq_record_process(record);

			EXPECT(event, "event %d is no execution", record->event);
			if (event && event->ppid == (uint64_t)getpid())
				return event;
		}
		if (!EXPECT(!osq_reader_sync(reader, OSQ_SYNC_NO_BLOCK), "%s", reader->error) ||
		    reader->offset == reader->limit)
			return NULL;
	}
}

static bool open_subscribed(struct osq_reader *reader)
{
	if (!client_open(reader, RING))
		return false;
	return EXPECT(!osq_reader_subscribe(reader, OSQ_EVENT_PROCESS, true), "%s", reader->error);
}

static void close_without_drops(struct osq_reader *reader)
{
	EXPECT(reader->drops == 0 && !reader->drops_lost, "%llu drops",
	       (unsigned long long)reader->drops);
	osq_reader_close(reader);
}

static void every_execution_is_seen(void)
{
	char number[32], variable[64], empty[] = "", nothing[] = CLIENT_NOTHING;
	char *argv[] = {(char *)client_program(), nothing, number, empty, NULL};
	char *envv[] = {variable, "OSQ_TEST_OTHER=x y z", NULL};
	const struct osq_process_event *event;
	struct osq_reader reader;
	uint64_t i;

	REQUIRE(open_subscribed(&reader), "cannot begin");
	for (i = 0; i < option_count; i++) {
		int child;

		snprintf(number, sizeof(number), "%llu", (unsigned long long)i);
		snprintf(variable, sizeof(variable), "OSQ_TEST=%llu", (unsigned long long)i * i);
		child = execute(argv, envv);
		event = next_child(&reader);
		if (!EXPECT(event, "execution %llu was not seen", (unsigned long long)i))
			break;
		EXPECT(event->pid == (uint64_t)child, "pid %llu, not %d",
		       (unsigned long long)event->pid, child);
		check_fields(event);
		EXPECT(is_block(event->strings + event->argv_offset, event->arg_length, event->argc,
		                event->actual_argc, argv),
		       "other arguments in execution %llu: %d of %d", (unsigned long long)i,
		       event->argc, event->actual_argc);
		EXPECT(is_block(event->strings + event->envv_offset, event->env_length, event->envc,
		                event->actual_envc, envv),
		       "another environment in execution %llu: %d of %d", (unsigned long long)i,
		       event->envc, event->actual_envc);
	}
	EXPECT(!next_child(&reader), "one more than there were");
	ktap_figure("events", i);
	close_without_drops(&reader);
}

#ifdef OSQ_LINUX
/* More than a record holds: the beginning is there, and how many there were. */
static void long_vectors_are_cut(void)
{
	char text[1000], nothing[] = CLIENT_NOTHING;
	char *argv[] = {(char *)client_program(), nothing, text, text, text, text, text, NULL};
	char *envv[] = {text, text, text, text, text, text, NULL};
	const struct osq_process_event *event;
	struct osq_reader reader;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	REQUIRE(open_subscribed(&reader), "cannot begin");
	execute(argv, envv);
	event = next_child(&reader);
	if (EXPECT(event, "not seen")) {
		EXPECT(event->actual_argc == 7, "%d", event->actual_argc);
		EXPECT(event->arg_length == OSQ_VECTOR_MAX, "%llu",
		       (unsigned long long)event->arg_length);
		EXPECT(event->argc >= 6 && event->argc <= 7, "%d", event->argc);
		EXPECT(event->actual_envc == 6, "%d", event->actual_envc);
		EXPECT(event->env_length == OSQ_VECTOR_MAX, "%llu",
		       (unsigned long long)event->env_length);
		EXPECT(event->envc == 5, "%d", event->envc);
		EXPECT(!memcmp(event->strings + event->envv_offset, text, sizeof(text)),
		       "the environment begins in another way");
	}
	close_without_drops(&reader);
}

#else
static void long_vectors_are_cut(void)
{
	ktap_skip("XNU tells no arguments");
}
#endif

static void no_arguments_at_all(void)
{
	char nothing[] = CLIENT_NOTHING;
	char *argv[] = {nothing, NULL};
	char *envv[] = {NULL};
	const struct osq_process_event *event;
	struct osq_reader reader;

	REQUIRE(open_subscribed(&reader), "cannot begin");
	execute(argv, envv);
	event = next_child(&reader);
	if (EXPECT(event, "not seen")) {
		EXPECT(is_block(event->strings + event->argv_offset, event->arg_length, event->argc,
		                event->actual_argc, argv),
		       "%d", event->argc);
		EXPECT(event->envc == 0 && event->env_length == 0, "%d", event->envc);
	}
	close_without_drops(&reader);
}

static void failed_executions_are_not_seen(void)
{
	struct osq_reader reader;
	int child;

	REQUIRE(open_subscribed(&reader), "cannot begin");
	child = ktap_fork();
	if (!child) {
		execl("/nonexistent/program", "program", (char *)NULL);
		execl("/", "directory", (char *)NULL);
		_exit(errno == EACCES ? 0 : 1);
	}
	EXPECT(ktap_wait(child) == 0, "the child failed");
	EXPECT(!next_child(&reader), "a failed execution was seen");
	close_without_drops(&reader);
}

static void nothing_is_seen_after_the_subscription(void)
{
	char nothing[] = CLIENT_NOTHING;
	char *argv[] = {(char *)client_program(), nothing, NULL};
	char *envv[] = {NULL};
	struct osq_reader reader;

	REQUIRE(open_subscribed(&reader), "cannot begin");
	EXPECT(!osq_reader_subscribe(&reader, OSQ_EVENT_PROCESS, false), "%s", reader.error);
	execute(argv, envv);
	EXPECT(!next_child(&reader), "seen all the same");
	EXPECT(!osq_reader_subscribe(&reader, OSQ_EVENT_PROCESS, true), "%s", reader.error);
	execute(argv, envv);
	EXPECT(next_child(&reader), "not seen after subscribing again");
	close_without_drops(&reader);
}

/* Subscriptions come and go while a child executes as fast as it can. */
static void subscribing_while_events_flow(void)
{
	struct osq_reader reader;
	int child, i, stop[2];
	char *argv[] = {(char *)client_program(), CLIENT_NOTHING, NULL};

	REQUIRE(!pipe(stop), "%s", strerror(errno));
	REQUIRE(open_subscribed(&reader), "cannot begin");
	child = ktap_fork();
	if (!child) {
		char *envv[] = {NULL};

		close(stop[0]);
		while (!ktap_failed() && write(stop[1], "", 1) == 1)
			execute(argv, envv);
		ktap_child_exit();
	}
	close(stop[1]);
	for (i = 0; i < 30; i++) {
		bool on = i % 2;
		char byte;

		EXPECT(read(stop[0], &byte, 1) == 1, "the child has ended");
		EXPECT(!osq_reader_subscribe(&reader, OSQ_EVENT_PROCESS, on), "%s", reader.error);
		EXPECT(!osq_reader_sync(&reader, OSQ_SYNC_NO_BLOCK), "%s", reader.error);
		while (osq_reader_next(&reader))
			;
	}
	close(stop[0]);
	/* SIGPIPE ends it. */
	EXPECT(ktap_wait(child) > 128, "the child failed");
	client_sees_an_exec(&reader);
	osq_reader_close(&reader);
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"every_execution_is_seen", every_execution_is_seen},
	    {"long_vectors_are_cut", long_vectors_are_cut},
	    {"no_arguments_at_all", no_arguments_at_all},
	    {"failed_executions_are_not_seen", failed_executions_are_not_seen},
	    {"nothing_is_seen_after_the_subscription", nothing_is_seen_after_the_subscription},
	    {"subscribing_while_events_flow", subscribing_while_events_flow},
	};
	const struct option_number options[] = {
	    {"--count", &option_count, 1, 100000},
	    {NULL, NULL, 0, 0},
	};

	if (argc &&
	    (!strcmp(argv[0], CLIENT_NOTHING) || (argc > 1 && !strcmp(argv[1], CLIENT_NOTHING))))
		return 0;
	options_read(argc, argv, options);
	return KTAP_RUN(tests);
}
