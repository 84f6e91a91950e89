// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "process.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct credential kernels = {.references = 1};
struct process process_kernel = {.references = 1, .name = "kernel_task", .credential = &kernels};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct process *processes;

struct status {
	char name[17];
	pid_t process, parent;
	uint32_t uid[3], gid[3]; /* real, effective, saved */
	uint32_t groups[CREDENTIAL_GROUPS_MAX];
	unsigned int group_count;
};

static void read_groups(const char *text, struct status *status)
{
	char *end;

	for (;;) {
		const unsigned long group = strtoul(text, &end, 10);

		if (end == text || status->group_count == CREDENTIAL_GROUPS_MAX)
			return;
		status->groups[status->group_count++] = (uint32_t)group;
		text = end;
	}
}

/* Of a process or a thread. */
static bool read_status(pid_t pid, struct status *status)
{
	char path[64], line[256];
	FILE *file;

	memset(status, 0, sizeof(*status));
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		sscanf(line, "Name:\t%16[^\n]", status->name);
		sscanf(line, "Tgid:\t%d", &status->process);
		sscanf(line, "PPid:\t%d", &status->parent);
		sscanf(line, "Uid:\t%u\t%u\t%u", &status->uid[0], &status->uid[1], &status->uid[2]);
		if (!strncmp(line, "Groups:", 7))
			read_groups(line + 7, status);
		sscanf(line, "Gid:\t%u\t%u\t%u", &status->gid[0], &status->gid[1], &status->gid[2]);
	}
	fclose(file);
	return true;
}

void credential_retain(struct credential *credential)
{
	__atomic_fetch_add(&credential->references, 1, __ATOMIC_RELAXED);
}

void credential_release(struct credential *credential)
{
	if (__atomic_fetch_sub(&credential->references, 1, __ATOMIC_ACQ_REL) == 1)
		free(credential);
}

static struct process *make(pid_t pid, const struct status *status)
{
	struct process *process = calloc(1, sizeof(*process));
	struct credential *credential = calloc(1, sizeof(*credential));

	if (!process || !credential) {
		free(process);
		free(credential);
		return NULL;
	}
	process->references = 1;
	process->pid = pid;
	process->parent = status->parent;
	strcpy(process->name, status->name);
	process->credential = credential;
	*credential = (struct credential){.references = 1,
	                                  .ruid = status->uid[0],
	                                  .uid = status->uid[1],
	                                  .svuid = status->uid[2],
	                                  .rgid = status->gid[0],
	                                  .gid = status->gid[1],
	                                  .svgid = status->gid[2],
	                                  .group_count = status->group_count};
	memcpy(credential->groups, status->groups, sizeof(credential->groups));
	return process;
}

static struct process *look_up(pid_t pid)
{
	struct process *process;

	for (process = processes; process; process = process->next)
		if (process->pid == pid && !process->former)
			return process;
	return NULL;
}

static bool has_effective_ids(const struct credential *credential, const struct status *status)
{
	return credential->uid == status->uid[1] && credential->gid == status->gid[1];
}

static bool has_ids(const struct credential *credential, const struct status *status)
{
	return has_effective_ids(credential, status) && credential->ruid == status->uid[0] &&
	       credential->svuid == status->uid[2] && credential->rgid == status->gid[0] &&
	       credential->svgid == status->gid[2];
}

/* Under the mutex. NULL where it is unknown, or is not the same any more. */
static struct process *
get_known(pid_t pid, bool (*same)(const struct credential *credential, const struct status *status),
          const struct status *status)
{
	struct process *process = look_up(pid);

	if (process && same && !same(process->credential, status)) {
		/* Who knows it as what it was keeps that. */
		process->former = true;
		return NULL;
	}
	if (process)
		process->references++;
	return process;
}

static struct process *add(pid_t pid, const struct status *status)
{
	struct process *process = make(pid, status);

	if (process) {
		process->next = processes;
		processes = process;
	}
	return process;
}
struct process *process_get(pid_t pid, uint32_t uid, uint32_t gid)
{
	struct process *process;
	struct status status;

	if (!read_status(pid, &status)) {
		memcpy(status.uid, (const uint32_t[]){uid, uid, uid}, sizeof(status.uid));
		memcpy(status.gid, (const uint32_t[]){gid, gid, gid}, sizeof(status.gid));
	}
	status.uid[1] = uid;
	status.gid[1] = gid;
	pthread_mutex_lock(&mutex);
	process = get_known(pid, has_effective_ids, &status);
	if (!process)
		process = add(pid, &status);
	pthread_mutex_unlock(&mutex);
	return process;
}

struct process *process_find(pid_t pid)
{
	struct process *process;
	struct status status;

	if (!pid)
		return &process_kernel;
	pthread_mutex_lock(&mutex);
	process = get_known(pid, NULL, NULL);
	if (!process && read_status(pid, &status))
		process = add(pid, &status);
	pthread_mutex_unlock(&mutex);
	return process;
}

struct process *process_of_thread(pid_t thread)
{
	struct process *process;
	struct status status;

	if (!read_status(thread, &status))
		return NULL;
	pthread_mutex_lock(&mutex);
	process = get_known(status.process, has_ids, &status);
	if (!process)
		process = add(status.process, &status);
	else if (status.process == thread)
		strcpy(process->name, status.name); /* it may run another program */
	pthread_mutex_unlock(&mutex);
	return process;
}

void process_retain(struct process *process)
{
	pthread_mutex_lock(&mutex);
	process->references++;
	pthread_mutex_unlock(&mutex);
}

void process_unmap_later(struct process *process, uint64_t address, uint64_t length)
{
	struct unmapping *unmapping = malloc(sizeof(*unmapping));

	if (!unmapping)
		return; /* the memory stays until the process ends */
	unmapping->address = address;
	unmapping->length = length;
	pthread_mutex_lock(&mutex);
	unmapping->next = process->unmappings;
	process->unmappings = unmapping;
	pthread_mutex_unlock(&mutex);
}

struct unmapping *process_take_unmapping(struct process *process)
{
	struct unmapping *first;

	pthread_mutex_lock(&mutex);
	first = process->unmappings;
	if (first)
		process->unmappings = first->next;
	pthread_mutex_unlock(&mutex);
	return first;
}

static void destroy(struct process *process)
{
	struct unmapping *unmapping;

	while ((unmapping = process->unmappings)) {
		process->unmappings = unmapping->next;
		free(unmapping);
	}
	credential_release(process->credential);
	free(process);
}

void process_release(struct process *process)
{
	struct process **link;

	if (process == &process_kernel)
		return;
	pthread_mutex_lock(&mutex);
	if (--process->references == 0) {
		for (link = &processes; *link != process; link = &(*link)->next)
			;
		*link = process->next;
		destroy(process);
	}
	pthread_mutex_unlock(&mutex);
}

pid_t process_parent(const struct process *process)
{
	struct status status;

	if (process == &process_kernel)
		return 0;
	return read_status(process->pid, &status) ? status.parent : process->parent;
}
