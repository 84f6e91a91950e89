// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* What a superuser's daemon writes to, and what it does not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon.h"
#include "tests.h"

#define SOMEBODY 12345

static void expect_refusal(const struct folder *folder, const char *output, const char *expected)
{
	struct daemon daemon = START(folder, "--output", output, "-");
	int status = daemon_wait(&daemon);

	EXPECT(status == 1, "%s: status %d", output, status);
	EXPECT(file_has(daemon.errors, expected), "%s: not because %s", output, expected);
}

static void refuses_what_is_no_file(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct folder folder = folder_make();
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	mkdir(folder_path(&folder, "folder"), 0700);
	expect_refusal(&folder, folder_path(&folder, "folder"), "Is a directory");
	expect_refusal(&folder, "/dev/null", "it is no file, FIFO or terminal");
	expect_refusal(&folder, folder_path(&folder, "none/log"), "its folder must be there");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", folder_path(&folder, "socket"));
	EXPECT(!bind(fd, (struct sockaddr *)&address, sizeof(address)));
	expect_refusal(&folder, folder_path(&folder, "socket"), "cannot open");
	close(fd);
	folder_remove(&folder);
}

static void refuses_a_file_with_two_names(void)
{
	struct folder folder = folder_make();

	folder_write(&folder, "log", "");
	EXPECT(!link(folder_path(&folder, "log"), folder_path(&folder, "other")));
	expect_refusal(&folder, folder_path(&folder, "log"), "it has another name");
	EXPECT(file_size(folder_path(&folder, "log")) == 0);
	folder_remove(&folder);
}

static void follows_our_own_link(void)
{
	struct folder folder = folder_make();
	struct daemon daemon;

	EXPECT(!symlink("log", folder_path(&folder, "alias")));
	expect_refusal(&folder, folder_path(&folder, "alias"), "the symbolic link leads nowhere");
	folder_write(&folder, "log", "");
	daemon = START(&folder, "--output", folder_path(&folder, "alias"), "-");
	EXPECT(daemon_wait(&daemon) == 0);
	EXPECT(file_has(folder_path(&folder, "log"), "connected"));
	folder_remove(&folder);
}

static void refuses_what_is_somebody_elses(void)
{
	struct folder folder = folder_make();

	folder_write(&folder, "log", "");
	folder_write(&folder, "theirs", "");
	EXPECT(!symlink("log", folder_path(&folder, "alias")));
	EXPECT(!mkfifo(folder_path(&folder, "fifo"), 0600));
	if (lchown(folder_path(&folder, "alias"), SOMEBODY, SOMEBODY) ||
	    chown(folder_path(&folder, "theirs"), SOMEBODY, SOMEBODY) ||
	    chown(folder_path(&folder, "fifo"), SOMEBODY, SOMEBODY)) {
		ktap_skip("only the superuser can make files that are somebody else's");
	} else {
		int reader = open(folder_path(&folder, "fifo"), O_RDONLY | O_NONBLOCK);

		expect_refusal(&folder, folder_path(&folder, "alias"),
		               "it is a symbolic link of the user 12345");
		expect_refusal(&folder, folder_path(&folder, "theirs"), "it is somebody else's");
		expect_refusal(&folder, folder_path(&folder, "fifo"), "it is somebody else's");
		close(reader);
	}
	EXPECT(file_size(folder_path(&folder, "log")) == 0);
	EXPECT(file_size(folder_path(&folder, "theirs")) == 0);
	folder_remove(&folder);
}

static void writes_to_a_fifo(void)
{
	struct folder folder = folder_make();
	const char *fifo = folder_path(&folder, "fifo");
	struct daemon daemon;
	char text[4096];
	ssize_t got;
	int reader;

	EXPECT(!mkfifo(fifo, 0600));
	expect_refusal(&folder, fifo, "somebody has to read from the FIFO first");
	reader = open(fifo, O_RDONLY | O_NONBLOCK);
	daemon = START(&folder, "--output", fifo, "--rotate-size", "1", "-");
	EXPECT(daemon_wait(&daemon) == 0);
	got = read(reader, text, sizeof(text) - 1);
	text[got < 0 ? 0 : got] = '\0';
	EXPECT(strstr(text, " kextlogd: connected to -") && strstr(text, " disconnected from -"),
	       "%s", text);
	close(reader);
	folder_remove(&folder);
}

const struct ktap_test output_tests[] = {
    {"refuses an output that is no file", refuses_what_is_no_file},
    {"refuses a file with two names", refuses_a_file_with_two_names},
    {"follows a symbolic link that is ours", follows_our_own_link},
    {"refuses links, files and FIFOs of somebody else", refuses_what_is_somebody_elses},
    {"writes to a FIFO that is read", writes_to_a_fifo},
    {NULL, NULL},
};
