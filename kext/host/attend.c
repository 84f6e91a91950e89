// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * A filter holds the watched calls back until kexthost, to which its listener goes, lets them go
 * on. All that descends from this process has the filter, and cannot get rid of it. What would get
 * around it is not there: io_uring, and the calls of 32-bit programs, which a Mac has not either.
 */
#include "attend.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client.h"
#include "commands.h"
#include "watch_call.h"

#define FIRST_X32 0x40000000

#define LOAD(member)                                                                               \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned int)offsetof(struct seccomp_data, member))
#define RETURN(action)       BPF_STMT(BPF_RET | BPF_K, (action))
#define SKIP_UNLESS(n, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (n), 0, (skip))
#define REFUSE               RETURN(SECCOMP_RET_ERRNO | ENOSYS)
#define WATCH(number, name)  SKIP_UNLESS(SYS_##number, 1), RETURN(SECCOMP_RET_USER_NOTIF),

static struct sock_filter filter[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
    REFUSE,
    LOAD(nr),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_X32, 0, 1),
    REFUSE,
    SKIP_UNLESS(SYS_io_uring_setup, 1),
    REFUSE,
    WATCHED_CALLS(WATCH) RETURN(SECCOMP_RET_ALLOW),
};

static int install(void)
{
	const struct sock_fprog program = {
	    .len = sizeof(filter) / sizeof(filter[0]),
	    .filter = filter,
	};
	const unsigned int flags =
	    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);

	if (listener < 0 && errno == EACCES && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	return (int)listener;
}

static int ask(int descriptor)
{
	const struct kexthost_header request = {.operation = KEXTHOST_ATTEND,
	                                        .value = (uint64_t)(int64_t)descriptor};
	struct kexthost_answer answer;

	if (!kexthost_request(&request, NULL, 0, &answer)) {
		if (descriptor < 0)
			perror("kexthost does not answer");
		return COMMAND_NO_HOST;
	}
	if (answer.header.error && descriptor < 0)
		fprintf(stderr, "kexthost watches no processes of this user: %s.\n",
		        strerror(kexthost_errno(answer.header.error)));
	return answer.header.error ? COMMAND_NOT_PRIVILEGED : COMMAND_DONE;
}

int command_attend(char **command)
{
	int result = ask(-1), listener;

	if (result)
		return result;
	listener = install();
	if (listener < 0) {
		perror("The kernel takes no filter of system calls whose listener it tells "
		       "(Linux 5.19 or later, with CONFIG_SECCOMP_FILTER)");
		return COMMAND_NO_HOST;
	}
	/* From now on each watched call waits for kexthost: without it, no message either. */
	result = ask(listener);
	if (result)
		_exit(result);
	execvp(command[0], command);
	result = errno == ENOENT ? 127 : 126;
	perror(command[0]);
	return result;
}
