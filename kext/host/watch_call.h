/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A call of the system's that a watched thread has made, and that waits until it is let go on. */
#ifndef KEXTHOST_WATCH_CALL_H
#define KEXTHOST_WATCH_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "process.h"

/* Which are watched, and by whom they are handled. */
#define WATCHED_CALLS(CALL)                                                                        \
	CALL(execve, execution)                                                                    \
	CALL(execveat, execution)                                                                  \
	CALL(open, opening)                                                                        \
	CALL(openat, opening)                                                                      \
	CALL(openat2, opening)                                                                     \
	CALL(creat, opening)                                                                       \
	CALL(open_by_handle_at, opening)                                                           \
	CALL(close, closing)                                                                       \
	CALL(close_range, closing_many)                                                            \
	CALL(dup2, replacing)                                                                      \
	CALL(dup3, replacing)                                                                      \
	CALL(write, writing)                                                                       \
	CALL(writev, writing)                                                                      \
	CALL(pwrite64, writing)                                                                    \
	CALL(pwritev, writing)                                                                     \
	CALL(pwritev2, writing)                                                                    \
	CALL(sendfile, writing)                                                                    \
	CALL(copy_file_range, writing)                                                             \
	CALL(splice, writing)                                                                      \
	CALL(socket, making_socket)                                                                \
	CALL(bind, binding)                                                                        \
	CALL(connect, connecting)                                                                  \
	CALL(accept, accepting)                                                                    \
	CALL(accept4, accepting)

struct call {
	int listener; /* of the filter that holds the call back */
	uint64_t id;
	pid_t thread;
	int number;
	uint64_t arguments[6];
	bool answered;
};

/* The call goes on, or fails with an errno of this system's. Of a thread that is gone: nothing. */
void call_let_go(struct call *call);
void call_refuse(struct call *call, int error);

/* The caller's memory: how many bytes of it were there. */
size_t call_read(const struct call *call, uint64_t address, void *to, size_t length);

/* A copy of a descriptor of the caller's, or -1. */
int call_copy_descriptor(const struct call *call, const struct process *process, int descriptor);

/*
 * Lets the call go on and waits for its end. Then the thread stands still until it is released:
 * `result` is the call's, or a negative errno. False where there is no end to see: the thread has
 * died, a debugger has it, or a signal came between. A call that waits for others is run once more
 * for it, so that nothing interrupts the waiting; one that does not is not.
 */
struct followed {
	struct followed *next;
	pid_t thread;
	int64_t result;
};
bool call_follow(struct call *call, struct followed *followed);
bool call_follow_waiting(struct call *call, struct followed *followed);
void call_release(const struct followed *followed);

/* Has the program see an errno of this system's, and closes the descriptor that was the result. */
void call_release_failed(struct followed *followed, int error);

/* Is it part of what somebody follows? */
bool call_is_followed(const struct call *call);

/* `concerns`: would anybody hear of it? Else the call goes on at once. */
#define DECLARE_HANDLER(number, name)                                                              \
	bool watch_##name##_concerns(void);                                                        \
	void watch_##name(struct call *call);
WATCHED_CALLS(DECLARE_HANDLER)
#undef DECLARE_HANDLER

#endif
