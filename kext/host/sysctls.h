/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The tree of sysctl's objects: the kernel's nodes, and what kexts hang below them. */
#ifndef KEXTHOST_SYSCTLS_H
#define KEXTHOST_SYSCTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYSCTL_KIND    0xfu
#define SYSCTL_NODE    1u
#define SYSCTL_INT     2u
#define SYSCTL_STRING  3u
#define SYSCTL_QUAD    4u
#define SYSCTL_ANYBODY 0x10000000u
#define SYSCTL_MASKED  0x04000000u
#define SYSCTL_OID2    0x00400000u
#define SYSCTL_WRITE   0x40000000u
#define SYSCTL_READ    0x80000000u

struct process;
struct sysctl_request;

struct sysctl_list {
	struct sysctl_object *first;
};

/* struct sysctl_oid: a kext's own memory. */
struct sysctl_object {
	struct sysctl_list *parent;
	struct sysctl_object *next;
	int32_t number;
	uint32_t kind;
	void *argument; /* of a node: the list of those below */
	int32_t second;
	const char *name;
	int (*handler)(struct sysctl_object *object, void *argument, int second,
	               struct sysctl_request *request);
	const char *format;
	const char *description;
	int32_t version;
	uint32_t references; /* handlers that run */
};
_Static_assert(sizeof(struct sysctl_object) == 80, "sysctl_oid");

/* struct sysctl_req: the old value goes out, a new one comes in. */
struct sysctl_request {
	struct process *process;
	int32_t lock;
	uint64_t old;
	size_t old_length, old_at;
	int (*give)(struct sysctl_request *request, const void *from, size_t length);
	uint64_t new;
	size_t new_length, new_at;
	int (*take)(struct sysctl_request *request, void *to, size_t length);
};
_Static_assert(sizeof(struct sysctl_request) == 80, "sysctl_req");

extern struct sysctl_list sysctl_root, sysctl_debug, sysctl_kern, sysctl_machdep, sysctl_net,
    sysctl_sysctl, sysctl_vfs, sysctl_vfs_generic, sysctl_vm;

void sysctl_register(struct sysctl_object *object, uintptr_t site);

/* Waits until no handler of it runs. */
void sysctl_unregister(struct sysctl_object *object);

/* What a request's members call: its buffers are this process'. */
int sysctl_give(struct sysctl_request *request, const void *from, size_t length);
int sysctl_take(struct sysctl_request *request, void *to, size_t length);

/* What an object says besides its value. */
struct sysctl_kind {
	uint32_t kind;
	char format[16];
};

/*
 * By its name, as "kern.ostype". `request` has the process and the buffers, which are this
 * process', and afterwards how far they were used. 0, or an errno of Darwin's.
 */
int sysctl_call(const char *name, struct sysctl_request *request, struct sysctl_kind *kind);

/* The names of all values at or below a name, or of all: one a line. The caller frees them; NULL
   for want of memory. */
char *sysctl_names(const char *below);

#endif
