// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * What a watched program does:
 *
 *	many FOLDER PROCESSES ROUNDS    each process, each round: executes this program in vain and
 *	                                in earnest, writes a file, reads one, connects and accepts
 *	sockets       binds, connects and accepts once, and prints what came of each
 *	interrupted   waits for a connection until a signal comes, until a time is over, and until
 *	              there is one
 *	other-calls   makes calls of other kinds than a Mac's programs have, and prints what came
 *	until-broken PATH    opens it until that fails, and ends with the errno
 *	held PATH     writes to it, says so and waits to be killed
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void tell(const char *word, long result)
{
	printf("%s: %s\n", word, result < 0 ? strerrorname_np(errno) : "ok");
	fflush(stdout);
}

static void wait_for(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) < 0 || status)
		fail("a child");
}

static void execute(const char *program)
{
	const pid_t child = fork();

	if (!child) {
		execl("/nonexistent/program", "program", (char *)NULL);
		execl(program, program, (char *)NULL);
		_exit(1);
	}
	wait_for(child);
}

static void use_files(const char *folder)
{
	char path[4096];
	int file, copy;

	snprintf(path, sizeof(path), "%s/%d", folder, getpid());
	file = open(path, O_CREAT | O_WRONLY, 0600);
	if (file < 0 || write(file, "x", 1) != 1 || write(file, "x", 1) != 1 || close(file))
		fail(path);
	file = open(path, O_RDONLY);
	copy = dup(file);
	if (file < 0 || dup2(STDIN_FILENO, copy) != copy || close(copy) || close(file))
		fail(path);
	if (open("/nonexistent/file", O_RDONLY) >= 0 || close(file) != -1)
		fail("what cannot be");
}

static struct sockaddr_in listen_at_loopback(int *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	*server = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(*server, (struct sockaddr *)&address, size) || listen(*server, 16) ||
	    getsockname(*server, (struct sockaddr *)&address, &size))
		fail("a server");
	return address;
}

static void use_sockets(void)
{
	int server, accepted, client = socket(AF_INET, SOCK_STREAM, 0);
	const struct sockaddr_in address = listen_at_loopback(&server);

	if (connect(client, (const struct sockaddr *)&address, sizeof(address)))
		fail("connect");
	accepted = accept(server, NULL, NULL);
	if (accepted < 0 || close(accepted) || close(client) || close(server))
		fail("accept");
}

static void many(const char *program, const char *folder, unsigned long processes,
                 unsigned long rounds)
{
	unsigned long i;

	for (i = 0; i < processes; i++) {
		if (fork())
			continue;
		for (i = 0; i < rounds; i++) {
			execute(program);
			use_files(folder);
			use_sockets();
		}
		_exit(0);
	}
	for (i = 0; i < processes; i++)
		wait_for(-1);
}

static void make_sockets(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int bound = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int server, accepted, result;
	const struct sockaddr_in address = listen_at_loopback(&server);
	char byte;

	tell("bind", bind(bound, (struct sockaddr *)&any, sizeof(any)));
	result = connect(client, (const struct sockaddr *)&address, sizeof(address));
	tell("connect", result);
	if (result)
		return;
	accepted = accept(server, NULL, NULL);
	tell("accept", accepted);
	if (accepted >= 0)
		tell("send",
		     send(accepted, "x", 1, MSG_NOSIGNAL) == 1 && recv(client, &byte, 1, 0) == 1
		         ? 0
		         : -1);
}

static void on_alarm(int number)
{
	(void)number;
}

static void wait_interrupted(void)
{
	const struct sigaction action = {.sa_handler = on_alarm};
	const struct itimerval soon = {{0, 0}, {0, 50000}};
	const struct timeval limit = {0, 50000};
	int server;
	const struct sockaddr_in address = listen_at_loopback(&server);

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	tell("signal", accept(server, NULL, NULL));
	setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	tell("time", accept(server, NULL, NULL));
	setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0}, sizeof(limit));
	if (!fork()) {
		const int client = socket(AF_INET, SOCK_STREAM, 0);

		_exit(connect(client, (const struct sockaddr *)&address, sizeof(address)));
	}
	tell("connection", accept(server, NULL, NULL));
}

static void make_other_calls(void)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	printf("32-bit getpid: %s\n", strerrorname_np((int)-(int)result));
	tell("x32 getpid", syscall(0x40000000 | SYS_getpid));
	tell("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
}

static void hold(const char *path)
{
	const int file = open(path, O_CREAT | O_WRONLY, 0600);

	tell("held", write(file, "x", 1));
	for (;;)
		pause();
}

int main(int count, char **arguments)
{
	if (count == 5 && !strcmp(arguments[1], "many")) {
		many(arguments[0], arguments[2], strtoul(arguments[3], NULL, 10),
		     strtoul(arguments[4], NULL, 10));
	} else if (count == 2 && !strcmp(arguments[1], "sockets")) {
		make_sockets();
	} else if (count == 2 && !strcmp(arguments[1], "interrupted")) {
		wait_interrupted();
	} else if (count == 2 && !strcmp(arguments[1], "other-calls")) {
		make_other_calls();
	} else if (count == 3 && !strcmp(arguments[1], "held")) {
		hold(arguments[2]);
	} else if (count == 3 && !strcmp(arguments[1], "until-broken")) {
		while (open(arguments[2], O_RDONLY | O_CLOEXEC) >= 0)
			syscall(SYS_close_range, 3, ~0u, 0);
		return errno;
	}
	return 0;
}
