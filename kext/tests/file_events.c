// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * A child works on real files in a folder of its own: exactly its openings and closings are seen,
 * in its order, and a closing is one after modification if and only if something was written.
 * XNU tells the closing of each descriptor, after what was written through that one, and not what
 * the end of a process closes.
 *
 *	file_events [--count 20]
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "osq_client.h"
#include "ktap.h"
#include "options.h"

#define RING  (8u << 20)
#define OWNER 1234

static uint64_t option_count = 20;
static char folder[PATH_MAX];

static const char *in_folder(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.3000s/%.1000s", folder, name);
	return path;
}

static void remove_folder(void)
{
	char *const paths[] = {folder, NULL};
	FTS *tree = *folder ? fts_open(paths, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL) : NULL;
	FTSENT *entry;

	while (tree && (entry = fts_read(tree))) {
		if (entry->fts_info != FTS_D && remove(entry->fts_path))
			perror(entry->fts_path);
	}
	if (tree)
		fts_close(tree);
	*folder = '\0';
}

/* A new one, instead of the one before. */
static bool make_folder(void)
{
	char made[] = "/tmp/osq-file-events-XXXXXX";

	remove_folder();
	return EXPECT(mkdtemp(made) && realpath(made, folder), "%s: %s", made, strerror(errno));
}

static bool open_subscribed(struct osq_reader *reader, const char *prefix)
{
	if (!client_open(reader, RING))
		return false;
	return EXPECT(!prefix || !osq_reader_prefix(reader, prefix, true), "%s", reader->error) &&
	       EXPECT(!osq_reader_subscribe(reader, OSQ_EVENT_FILE, true), "%s", reader->error);
}

/* The next event of a file below the folder. */
static const struct osq_file_event *next(struct osq_reader *reader)
{
	const struct osq_record_header *record;

	for (;;) {
		while ((record = osq_reader_next(reader))) {
			const struct osq_file_event *event = osq_record_file(record);

			EXPECT(event, "event %d is no file's", record->event);
			if (event && !strncmp(event->path, folder, strlen(folder)))
				return event;
		}
		if (!EXPECT(!osq_reader_sync(reader, OSQ_SYNC_NO_BLOCK), "%s", reader->error) ||
		    reader->offset == reader->limit)
			return NULL;
	}
}

/* Exactly this event comes next, of that process. */
static void expect_event(struct osq_reader *reader, int pid, int32_t action, const char *name)
{
	const struct osq_file_event *event = next(reader);

	REQUIRE(event, "no event %d of %s", action, name);
	EXPECT(event->action == action && !strcmp(event->path, in_folder(name)),
	       "event %d of %s, not %d of %s", event->action, event->path, action, name);
	EXPECT(event->pid == (uint64_t)pid, "pid %llu, not %d", (unsigned long long)event->pid,
	       pid);
	EXPECT(event->ppid == (uint64_t)getpid(), "ppid %llu", (unsigned long long)event->ppid);
	EXPECT(event->uid == 0 && event->euid == 0 && event->gid == 0 && event->egid == 0,
	       "uid %llu", (unsigned long long)event->uid);
}

static void expect_no_more(struct osq_reader *reader)
{
	const struct osq_file_event *event = next(reader);

	EXPECT(!event, "one more: %d of %s", event->action, event->path);
	EXPECT(reader->drops == 0 && !reader->drops_lost, "%llu drops",
	       (unsigned long long)reader->drops);
}

static int open_file(const char *name, int flags)
{
	int file = open(in_folder(name), flags, 0640);

	EXPECT(file >= 0, "%s: %s", in_folder(name), strerror(errno));
	return file;
}

static void put(const char *name)
{
	int file = open_file(name, O_CREAT | O_WRONLY);

	EXPECT(write(file, "x", 1) == 1, "%s", strerror(errno));
	close(file);
}

/* What the child does; `expect_use` says what must be seen of it. */
static void use_files(void)
{
	struct iovec vector = {.iov_base = "abc", .iov_len = 3};
	int file, copy, i;
	char byte;

	put("written");

	file = open_file("written", O_RDONLY);
	EXPECT(read(file, &byte, 1) == 1, "%s", strerror(errno));
	EXPECT(write(file, "x", 1) == -1, "written to what is open for reading");
	close(file);

	/* Open for writing is not yet written. */
	close(open_file("written", O_RDWR));
	file = open_file("written", O_WRONLY);
	EXPECT(write(file, (void *)-4096L, 1) == -1, "written from nowhere");
	close(file);

	file = open_file("written", O_RDWR);
	EXPECT(pwrite(file, "x", 1, 1000) == 1, "%s", strerror(errno));
	close(file);
	file = open_file("written", O_RDWR);
	EXPECT(writev(file, &vector, 1) == 3, "%s", strerror(errno));
	close(file);

	/* Many descriptors, one opening. */
	file = open_file("copied", O_CREAT | O_RDWR);
	copy = dup(file);
	close(file);
	file = ktap_fork();
	if (!file) {
		EXPECT(write(copy, "x", 1) == 1, "%s", strerror(errno));
		ktap_child_exit();
	}
	EXPECT(ktap_wait(file) == 0, "the child's child failed");
	close(copy);

	/* Two openings of the same file, one writes. */
	file = open_file("twice", O_CREAT | O_RDWR);
	copy = open_file("twice", O_RDWR);
	EXPECT(write(copy, "x", 1) == 1, "%s", strerror(errno));
	close(file);
	close(copy);

	/* The name goes before the file. */
	file = open_file("removed", O_CREAT | O_RDWR);
	EXPECT(!unlink(in_folder("removed")), "%s", strerror(errno));
	close(file);

	/* No openings. */
	EXPECT(open(in_folder("missing"), O_RDONLY) == -1, "opened what is not there");
	EXPECT(open(in_folder("written"), O_CREAT | O_EXCL | O_RDWR) == -1, "created twice");
	for (i = 0; i < 2; i++) {
		struct stat status;

		EXPECT(!stat(in_folder("written"), &status), "%s", strerror(errno));
	}

	/* Still open when the process ends. */
	file = open_file("left", O_CREAT | O_RDWR);
	EXPECT(write(file, "x", 1) == 1, "%s", strerror(errno));
}

static void expect_use(struct osq_reader *reader, int pid)
{
	static const struct {
		int32_t action;
		const char *name;
	} expected[] = {
	    {OSQ_FILE_OPEN, "written"},        {OSQ_FILE_CLOSE_MODIFIED, "written"},
	    {OSQ_FILE_OPEN, "written"},        {OSQ_FILE_CLOSE, "written"},
	    {OSQ_FILE_OPEN, "written"},        {OSQ_FILE_CLOSE, "written"},
	    {OSQ_FILE_OPEN, "written"},        {OSQ_FILE_CLOSE, "written"},
	    {OSQ_FILE_OPEN, "written"},        {OSQ_FILE_CLOSE_MODIFIED, "written"},
	    {OSQ_FILE_OPEN, "written"},        {OSQ_FILE_CLOSE_MODIFIED, "written"},
#ifdef OSQ_LINUX
	    {OSQ_FILE_OPEN, "copied"},         {OSQ_FILE_CLOSE_MODIFIED, "copied"},
#else
	    {OSQ_FILE_OPEN, "copied"},  {OSQ_FILE_CLOSE, "copied"},
	    {OSQ_FILE_CLOSE, "copied"},
#endif
	    {OSQ_FILE_OPEN, "twice"},          {OSQ_FILE_OPEN, "twice"},
	    {OSQ_FILE_CLOSE, "twice"},         {OSQ_FILE_CLOSE_MODIFIED, "twice"},
	    {OSQ_FILE_OPEN, "removed"},        {OSQ_FILE_CLOSE, "removed"},
	    {OSQ_FILE_OPEN, "left"},
#ifdef OSQ_LINUX
	    {OSQ_FILE_CLOSE_MODIFIED, "left"},
#endif
	};
	size_t i;

	for (i = 0; i < sizeof(expected) / sizeof(expected[0]) && !ktap_failed(); i++)
		expect_event(reader, pid, expected[i].action, expected[i].name);
}

static int run_child(void (*work)(void))
{
	int child = ktap_fork();

	if (!child) {
		work();
		ktap_child_exit();
	}
	EXPECT(ktap_wait(child) == 0, "the child failed");
	return child;
}

static void exactly_these_are_seen(void)
{
	struct osq_reader reader;
	uint64_t i;

	REQUIRE(make_folder(), "no folder");
	REQUIRE(open_subscribed(&reader, folder), "cannot begin");
	for (i = 0; i < option_count && !ktap_failed(); i++)
		expect_use(&reader, run_child(use_files));
	expect_no_more(&reader);
	ktap_figure("children", i);
	osq_reader_close(&reader);
}

static void all_files_without_a_prefix(void)
{
	struct osq_reader reader;

	REQUIRE(make_folder(), "no folder");
	REQUIRE(open_subscribed(&reader, NULL), "cannot begin");
	expect_use(&reader, run_child(use_files));
	expect_no_more(&reader);
	osq_reader_close(&reader);
}

static void use_neighbours(void)
{
	EXPECT(!mkdir(in_folder("sub"), 0755), "%s", strerror(errno));
	EXPECT(!mkdir(in_folder("subway"), 0755), "%s", strerror(errno));
	put("beside");
	put("subway/beside");
	put("sub/within");
}

static void prefixes_are_whole_components(void)
{
	struct osq_reader reader;
	int child;

	REQUIRE(make_folder(), "no folder");
	REQUIRE(open_subscribed(&reader, in_folder("sub")), "cannot begin");
	child = run_child(use_neighbours);
	expect_event(&reader, child, OSQ_FILE_OPEN, "sub/within");
	expect_event(&reader, child, OSQ_FILE_CLOSE_MODIFIED, "sub/within");
	expect_no_more(&reader);
	osq_reader_close(&reader);
}

static void fields_of_the_file(void)
{
	const struct osq_file_event *event;
	struct osq_reader reader;
	struct stat status;

	REQUIRE(make_folder(), "no folder");
	put("fields");
	REQUIRE(!chown(in_folder("fields"), OWNER, OWNER + 1), "%s", strerror(errno));
	REQUIRE(!chmod(in_folder("fields"), 04711), "%s", strerror(errno));
	REQUIRE(!stat(in_folder("fields"), &status), "%s", strerror(errno));
	REQUIRE(open_subscribed(&reader, folder), "cannot begin");
	if (!ktap_fork())
		_exit(open(in_folder("fields"), O_RDONLY) < 0);
	EXPECT(ktap_wait(-1) == 0, "the child failed");
	event = next(&reader);
	if (EXPECT(event, "no event")) {
		EXPECT(event->owner_uid == OWNER, "%llu", (unsigned long long)event->owner_uid);
		EXPECT(event->owner_gid == OWNER + 1, "%llu", (unsigned long long)event->owner_gid);
		EXPECT(event->mode == (int32_t)status.st_mode, "%o", (unsigned int)event->mode);
		EXPECT(event->modify_time == (uint64_t)status.st_mtime, "%llu",
		       (unsigned long long)event->modify_time);
		EXPECT(event->change_time == (uint64_t)status.st_ctime, "%llu",
		       (unsigned long long)event->change_time);
	}
	osq_reader_close(&reader);
}

/* Its own files would make each event that it logs the next event. */
static void the_client_does_not_see_itself(void)
{
	struct osq_reader reader;

	REQUIRE(make_folder(), "no folder");
	REQUIRE(open_subscribed(&reader, folder), "cannot begin");
	put("own");
	expect_no_more(&reader);
	osq_reader_close(&reader);
}

static void a_killed_process_closes(void)
{
	struct osq_reader reader;
	int child, ready[2];
	char byte;

	REQUIRE(make_folder(), "no folder");
	REQUIRE(!pipe(ready), "%s", strerror(errno));
	REQUIRE(open_subscribed(&reader, folder), "cannot begin");
	child = ktap_fork();
	if (!child) {
		int file = open_file("held", O_CREAT | O_RDWR);

		if (write(file, "x", 1) != 1 || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	EXPECT(read(ready[0], &byte, 1) == 1, "%s", strerror(errno));
	expect_event(&reader, child, OSQ_FILE_OPEN, "held");
	expect_no_more(&reader);
	kill(child, SIGKILL);
	EXPECT(ktap_wait(child) == 128 + SIGKILL, "it ended otherwise");
#ifdef OSQ_LINUX
	expect_event(&reader, child, OSQ_FILE_CLOSE_MODIFIED, "held");
#endif
	expect_no_more(&reader);
	close(ready[0]);
	close(ready[1]);
	osq_reader_close(&reader);
}

#ifdef OSQ_LINUX
/* The very first opening on a new file system counts, and unmounting is not held up. */
static void new_file_systems(void)
{
	struct osq_reader reader;
	uint64_t i;

	REQUIRE(make_folder(), "no folder");
	REQUIRE(!mkdir(in_folder("mounted"), 0755), "%s", strerror(errno));
	REQUIRE(open_subscribed(&reader, folder), "cannot begin");
	for (i = 0; i < option_count && !ktap_failed(); i++) {
		int child = ktap_fork();

		if (!child) {
			EXPECT(!mount("none", in_folder("mounted"), "tmpfs", 0, NULL), "%s",
			       strerror(errno));
			put("mounted/first");
			close(open_file("mounted/first", O_RDONLY));
			EXPECT(!umount(in_folder("mounted")), "%s", strerror(errno));
			ktap_child_exit();
		}
		EXPECT(ktap_wait(child) == 0, "the child failed");
		expect_event(&reader, child, OSQ_FILE_OPEN, "mounted/first");
		expect_event(&reader, child, OSQ_FILE_CLOSE_MODIFIED, "mounted/first");
		expect_event(&reader, child, OSQ_FILE_OPEN, "mounted/first");
		expect_event(&reader, child, OSQ_FILE_CLOSE, "mounted/first");
	}
	expect_no_more(&reader);
	osq_reader_close(&reader);
}
#else
static void new_file_systems(void)
{
	ktap_skip("mounting in memory is Linux's");
}
#endif

static int change(struct osq_reader *reader, int32_t add, const char *prefix)
{
	struct osq_prefix_args args = {.add = add};

	snprintf(args.prefix, sizeof(args.prefix), "%.1000s", prefix);
	return osq_handle_request(reader->device, OSQ_IOCTL_PREFIX, &args);
}

static void misused_prefixes(void)
{
	struct osq_prefix_args endless = {.add = 1};
	struct osq_reader reader;
	char name[32];
	int i;

	REQUIRE(make_folder(), "no folder");
	REQUIRE(open_subscribed(&reader, folder), "cannot begin");
	EXPECT_ERRNO(change(&reader, 1, folder), EEXIST);
	EXPECT_ERRNO(change(&reader, 0, "/not/there"), ENOENT);
	EXPECT_ERRNO(change(&reader, 1, "relative"), EINVAL);
	EXPECT_ERRNO(change(&reader, 1, ""), EINVAL);
	EXPECT_ERRNO(change(&reader, 2, "/flag"), EINVAL);
	EXPECT_ERRNO(change(&reader, -1, "/flag"), EINVAL);
	memset(endless.prefix, '/', sizeof(endless.prefix));
	EXPECT_ERRNO(osq_handle_request(reader.device, OSQ_IOCTL_PREFIX, &endless), EINVAL);
	for (i = 1; i < OSQ_PREFIXES_MAX; i++) {
		snprintf(name, sizeof(name), "/prefix/%d", i);
		EXPECT(!change(&reader, 1, name), "%s: %s", name, strerror(errno));
	}
	EXPECT_ERRNO(change(&reader, 1, "/one/more"), ENOSPC);
	EXPECT(!change(&reader, 0, "/prefix/1"), "%s", strerror(errno));
	EXPECT(!change(&reader, 1, "/one/more"), "%s", strerror(errno));
	expect_use(&reader, run_child(use_files));
	expect_no_more(&reader);
	osq_reader_close(&reader);
}

/* A set of prefixes goes with its client. */
static void the_next_client_begins_anew(void)
{
	struct osq_reader reader;
	int child;

	REQUIRE(make_folder(), "no folder");
	REQUIRE(open_subscribed(&reader, "/nothing/is/here"), "cannot begin");
	run_child(use_files);
	expect_no_more(&reader);
	osq_reader_close(&reader);

	REQUIRE(make_folder(), "no folder");
	REQUIRE(open_subscribed(&reader, NULL), "cannot begin");
	child = run_child(use_files);
	expect_use(&reader, child);
	expect_no_more(&reader);
	osq_reader_close(&reader);
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"exactly_these_are_seen", exactly_these_are_seen},
	    {"all_files_without_a_prefix", all_files_without_a_prefix},
	    {"prefixes_are_whole_components", prefixes_are_whole_components},
	    {"fields_of_the_file", fields_of_the_file},
	    {"the_client_does_not_see_itself", the_client_does_not_see_itself},
	    {"a_killed_process_closes", a_killed_process_closes},
	    {"new_file_systems", new_file_systems},
	    {"misused_prefixes", misused_prefixes},
	    {"the_next_client_begins_anew", the_next_client_begins_anew},
	};
	const struct option_number options[] = {
	    {"--count", &option_count, 1, 10000},
	    {NULL, NULL, 0, 0},
	};
	int status;

	if (argc == 2 && !strcmp(argv[1], CLIENT_NOTHING))
		return 0;
	options_read(argc, argv, options);
	status = KTAP_RUN(tests);
	remove_folder();
	return status;
}
