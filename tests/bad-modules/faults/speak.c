// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* A test program that does what no test program should; its argument says what. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define HEADER "KTAP version 1\n1..1\n"
#define PASSED "ok 1 it\n"
#define MEBIBYTE (1024 * 1024)

static void say(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
}

static int say_nothing(void)
{
	return 0;
}

static int say_half_a_line(void)
{
	say("KTAP version 1\n1..2\nok 1 whole\nok");
	return 0;
}

static int say_a_long_line(void)
{
	static char piece[MEBIBYTE];
	int i;

	memset(piece, 'x', sizeof(piece));
	for (i = 0; i < 10; i++)
		fwrite(piece, 1, sizeof(piece), stdout);
	say("\n" HEADER PASSED);
	return 0;
}

static int say_no_utf8(void)
{
	say(HEADER "not ok 1 it # \xff\xfe\xc3(\xed\xa0\x80\x80 is no text\n");
	return 1;
}

static int say_escapes(void)
{
	say(HEADER "\x1b]0;taken over\a\x1b[2J\x1b[31m]]>&<b>\nnot ok 1 it # \x1b[2K\r\x1b[1Aok 1 it \xc2\x9b" "2J\n");
	return 1;
}

static int ignore_the_end(void)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	say(HEADER);
	while (pause())
		;
	return 0;
}

/* Whether no other process runs this program. */
static int be_alone(void)
{
	char own[256] = "", other[256], link[300];
	const struct dirent *entry;
	DIR *processes = opendir("/proc");
	int others = 0;

	if (!processes || readlink("/proc/self/exe", own, sizeof(own) - 1) < 0)
		return 2;
	while ((entry = readdir(processes))) {
		if (atoi(entry->d_name) < 1 || atoi(entry->d_name) == getpid())
			continue;
		memset(other, 0, sizeof(other));
		snprintf(link, sizeof(link), "/proc/%s/exe", entry->d_name);
		if (readlink(link, other, sizeof(other) - 1) > 0 && !strcmp(own, other))
			others++;
	}
	closedir(processes);
	printf(HEADER "%s 1 alone # %d others\n", others ? "not ok" : "ok", others);
	return others > 0;
}

static int jump(int days)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += days * 24 * 60 * 60;
	return clock_settime(CLOCK_REALTIME, &now);
}

static int let_the_clock_jump(void)
{
	int failed;

	say(HEADER);
	failed = jump(400);
	say("# a year later\n");
	failed |= jump(-800);
	say("# a year before\n");
	failed |= jump(400);
	say(failed ? "not ok 1 it\n" : PASSED);
	return failed != 0;
}

static int fill_the_disk(void)
{
	static char piece[MEBIBYTE];
	const int file = open("/fill", O_CREAT | O_WRONLY, 0600);
	int full;

	memset(piece, 'x', sizeof(piece));
	while (write(file, piece, sizeof(piece)) > 0)
		;
	full = errno == ENOSPC;
	printf(HEADER "%s 1 it # %s\n", full ? "ok" : "not ok", strerror(errno));
	fflush(stdout);
	close(file);
	return !full;
}

/* Its own file of logs is the console's. */
static int flood_the_console(void)
{
	static char line[] = "<3>flood 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\n";
	const int log = open("/dev/kmsg", O_WRONLY);
	int i;

	for (i = 0; i < 10000; i++) {
		if (write(log, line, sizeof(line) - 1) < 0)
			return 2;
	}
	say(HEADER PASSED);
	return 0;
}

/* A line each 100 ms, numbered, so that none can be lost or doubled unseen. */
static int count(void)
{
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	int i;

	say(HEADER);
	for (i = 1; i <= 100; i++) {
		printf("# line %d\n", i);
		fflush(stdout);
		nanosleep(&pause, NULL);
	}
	say(PASSED);
	return 0;
}

/* The parent of a process, and its name of up to 31 characters; 0 where there is none. */
static int parent_of(int process, char *name)
{
	char file[64];
	int parent = 0;
	FILE *stat;

	snprintf(file, sizeof(file), "/proc/%d/stat", process);
	stat = fopen(file, "r");
	if (!stat || fscanf(stat, "%*d (%31[^)]) %*c %d", name, &parent) != 2)
		parent = 0;
	if (stat)
		fclose(stat);
	return parent;
}

/* The server's process of this connection is the nearest server among the ancestors. */
static int kill_session(void)
{
	char name[32] = "";
	int process = getppid(), parent;

	while ((parent = parent_of(process, name)) > 1 && strcmp(name, "dropbear"))
		process = parent;
	if (parent <= 1)
		return 2;
	kill(process, SIGKILL);
	return count();
}

static int kill_server(void)
{
	char file[64], name[32];
	const struct dirent *entry;
	DIR *processes = opendir("/proc");
	FILE *comm;

	say(HEADER);
	while (processes && (entry = readdir(processes))) {
		snprintf(file, sizeof(file), "/proc/%.20s/comm", entry->d_name);
		comm = atoi(entry->d_name) > 1 ? fopen(file, "r") : NULL;
		if (comm && fscanf(comm, "%31s", name) == 1 && !strcmp(name, "dropbear"))
			kill(atoi(entry->d_name), SIGKILL);
		if (comm)
			fclose(comm);
	}
	sleep(600);
	return 0;
}

static int sleep_for_long(void)
{
	say(HEADER "# ready\n");
	sleep(600);
	return 0;
}

static int pass(void)
{
	say(HEADER PASSED);
	return 0;
}

static const struct {
	const char *name;
	int (*act)(void);
} acts[] = {
	{ "nothing", say_nothing },
	{ "half-a-line", say_half_a_line },
	{ "long-line", say_a_long_line },
	{ "no-utf8", say_no_utf8 },
	{ "escapes", say_escapes },
	{ "ignore-the-end", ignore_the_end },
	{ "alone", be_alone },
	{ "clock", let_the_clock_jump },
	{ "fill", fill_the_disk },
	{ "flood", flood_the_console },
	{ "count", count },
	{ "kill-session", kill_session },
	{ "kill-server", kill_server },
	{ "sleep", sleep_for_long },
	{ "pass", pass },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (!strcmp(argv[1], acts[i].name))
			return acts[i].act();
	}
	return 3;
}
