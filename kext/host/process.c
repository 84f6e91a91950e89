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
	pid_t parent;
	uint32_t uid[3], gid[3]; /* real, effective, saved */
};

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
		sscanf(line, "PPid:\t%d", &status->parent);
		sscanf(line, "Uid:\t%u\t%u\t%u", &status->uid[0], &status->uid[1], &status->uid[2]);
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

/* With the effective ids as the kernel says them, or those that /proc has. */
static struct process *make(pid_t pid, const uint32_t *uid, const uint32_t *gid)
{
	struct process *process = calloc(1, sizeof(*process));
	struct credential *credential = calloc(1, sizeof(*credential));
	struct status status;
	bool lives = read_status(pid, &status);

	if (!process || !credential || (!lives && !uid)) {
		free(process);
		free(credential);
		return NULL;
	}
	process->references = 1;
	process->pid = pid;
	process->parent = status.parent;
	strcpy(process->name, status.name);
	process->credential = credential;
	credential->references = 1;
	credential->uid = uid ? *uid : status.uid[1];
	credential->gid = gid ? *gid : status.gid[1];
	credential->ruid = lives ? status.uid[0] : credential->uid;
	credential->rgid = lives ? status.gid[0] : credential->gid;
	credential->svuid = lives ? status.uid[2] : credential->uid;
	credential->svgid = lives ? status.gid[2] : credential->gid;
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

static struct process *get(pid_t pid, const uint32_t *uid, const uint32_t *gid)
{
	struct process *process;

	if (!pid)
		return &process_kernel;
	pthread_mutex_lock(&mutex);
	process = look_up(pid);
	if (process && uid &&
	    (*uid != process->credential->uid || *gid != process->credential->gid)) {
		/* It has become somebody else since. Who knows it as what it was keeps that. */
		process->former = true;
		process = NULL;
	}
	if (process) {
		process->references++;
	} else {
		process = make(pid, uid, gid);
		if (process) {
			process->next = processes;
			processes = process;
		}
	}
	pthread_mutex_unlock(&mutex);
	return process;
}

struct process *process_get(pid_t pid, uint32_t uid, uint32_t gid)
{
	return get(pid, &uid, &gid);
}

struct process *process_find(pid_t pid)
{
	return get(pid, NULL, NULL);
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
