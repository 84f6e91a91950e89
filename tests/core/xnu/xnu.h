/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * As much of XNU as kext/darwin calls, in a program: with real threads, and with the kernel's
 * rules of what waits for what and what does not. The sources of the extension are compiled
 * against kext/darwin/include and linked with this, so the sanitizers see all of it run.
 *
 * The functions that the extension imports stand in xnu_*.c, without a header: theirs are the
 * extension's own declarations, which do not go together with those of the C library.
 */
#ifndef OSQ_TEST_XNU_H
#define OSQ_TEST_XNU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* kextload and kextunload; true when it is (was) done. Nothing may be left behind then. */
bool xnu_load(void);
bool xnu_unload(void);

/* Around each of the kernel's calls into the extension: its code must be there. */
void xnu_enter_extension(void);
void xnu_leave_extension(void);

/* Threads lose the processor here, or sleep for a moment, now and then. */
void xnu_pause(void);

/* What the extension got from the kernel and has not given back: locks, objects, bytes. */
void xnu_count(long things);
long xnu_remaining(void);

/* The calling thread's process from now on. A process ends with its last reference. */
struct xnu_task *xnu_task_make(int pid);
void xnu_task_release(struct xnu_task *task);
void xnu_task_switch(struct xnu_task *task);
struct xnu_task *xnu_task_current(void);
int xnu_task_pid(const struct xnu_task *task);
void xnu_task_make_superuser(bool superuser); /* the calling thread; it is one at first */

/* Interrupts whatever the process sleeps in, and every sleep to come. */
void xnu_task_signal(struct xnu_task *task);
bool xnu_task_is_signalled(const struct xnu_task *task);

/* /dev/osquery: 0 or the errno. ENOENT where there is no node. */
int xnu_open(int *device);
void xnu_close(int device);
int xnu_ioctl(int device, unsigned long request, void *argument);

/* As the kernel would tell it: a file operation; an execution, by posix_spawn; one of each. */
enum { XNU_OPEN = 1, XNU_CLOSE = 2, XNU_RENAME = 3, XNU_EXEC = 6 };
enum { XNU_FILE = 1, XNU_DIRECTORY = 2, XNU_STRANGE_FILE = 3 }; /* nobody knows its attributes */
void xnu_file_operation(int action, uintptr_t vnode, const char *path, uintptr_t flags);
void xnu_spawn(int child, const char *path, bool fails);
void xnu_connect(void);
void xnu_bind(void);
void xnu_accept(void);

/* A kernel control's socket. 0 or an errno; ENOENT where there is no such control. */
struct xnu_client {
	void *control;
	uint32_t unit;
};
int xnu_control_connect(const char *name, struct xnu_client *client);
void xnu_control_close(const struct xnu_client *client);
size_t xnu_control_read(const struct xnu_client *client, void *to, size_t size);
int xnu_control_set(const struct xnu_client *client, int option, const void *data, size_t length);
int xnu_control_get(const struct xnu_client *client, int option, void *data, size_t *length);

/* By the last part of its name. `new` may be NULL. 0 or an errno. */
int xnu_sysctl(const char *name, void *old, size_t old_length, const void *new, size_t new_length);

/* Keeps whoever asks for a file's attributes until the second call; wait for the first one. */
void xnu_hold_attributes(void);
void xnu_wait_for_held(void);
void xnu_give_attributes(void);

/* The n-th of these from now on fails, once; 0 is the next one, -1 none. */
enum xnu_failure {
	XNU_NO_MAJOR,
	XNU_NO_NODE,
	XNU_NO_MAPPING,
	XNU_NO_LISTENER,
	XNU_NO_POLICY,
	XNU_NO_FILTER,
	XNU_NO_CONTROL,
	XNU_FAILURES,
};
void xnu_fail(enum xnu_failure what, int after);
bool xnu_fails(enum xnu_failure what);

#endif
