/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A process of this system's, as a kext sees it: proc_t, task_t and kauth_cred_t at once. */
#ifndef KEXTHOST_PROCESS_H
#define KEXTHOST_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CREDENTIAL_GROUPS_MAX 16

struct credential {
	int references;
	uint32_t uid, ruid, svuid, gid, rgid, svgid;
	uint32_t groups[CREDENTIAL_GROUPS_MAX];
	unsigned int group_count;
};

struct process {
	struct process *next;
	int references;
	pid_t pid;
	bool former;   /* it has other ids by now */
	pid_t parent;  /* as it was found */
	char name[17]; /* p_comm */
	struct credential *credential;
	struct unmapping *unmappings;
};

/* Memory that is to go from the process' map. */
struct unmapping {
	struct unmapping *next;
	uint64_t address, length;
};

/* kernel_task: of the host's own threads. */
extern struct process process_kernel;

/* With a reference. The same object as long as anybody has one. NULL for want of memory. */
struct process *process_get(pid_t pid, uint32_t uid, uint32_t gid);

/* One that is known already or lives, by its number; else NULL. With a reference. */
struct process *process_find(pid_t pid);

/* The one that a thread belongs to, with the ids that the thread has now; NULL where it has ended.
 * With a reference. */
struct process *process_of_thread(pid_t thread);

void process_retain(struct process *process);
void process_release(struct process *process);

/*
 * A client's memory is changed only by a client that waits for us: what others unmap goes with the
 * next answer to one of its threads. Take: NULL when there is none, else the caller's to free.
 */
void process_unmap_later(struct process *process, uint64_t address, uint64_t length);
struct unmapping *process_take_unmapping(struct process *process);

/* Now; 0 where it has ended. */
pid_t process_parent(const struct process *process);

void credential_retain(struct credential *credential);
void credential_release(struct credential *credential);

#endif
