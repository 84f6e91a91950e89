/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kexts that are loaded, and those that were: OSKext. */
#ifndef KEXTHOST_KEXT_H
#define KEXTHOST_KEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle.h"
#include "image.h"
#include "osreturn.h"

struct kmod_info {
	struct kmod_info *next;
	int32_t info_version;
	uint32_t id;
	char name[64];
	char version[64];
	int32_t reference_count;
	struct kmod_reference *reference_list;
	uint64_t address, size, header_size;
	int (*start)(struct kmod_info *info, void *data);
	int (*stop)(struct kmod_info *info, void *data);
} __attribute__((packed, aligned(4)));
_Static_assert(sizeof(struct kmod_info) == 196, "kmod_info");

#define KEXT_LIBRARIES_MAX 32

/* Of the list in a kext's kmod_info: what it is linked against. */
struct kmod_reference {
	struct kmod_reference *next;
	struct kmod_info *info;
};

struct kext {
	struct kext *next; /* the one loaded before it */
	struct bundle bundle;
	struct image image;
	struct kmod_info *info;
	unsigned int kpis;
	struct kext *libraries[KEXT_LIBRARIES_MAX]; /* other kexts that it is linked against */
	struct kmod_reference references[KEXT_LIBRARIES_MAX];
	size_t library_count;
	unsigned int users; /* loaded kexts that are linked against it */
	uint32_t tag;
	bool started;
	bool gone;           /* unloaded: kept for its addresses and names */
	unsigned int inside; /* threads that run it, or are called by it */
};

/* Loads and starts it. What is logged on the way is for the user. */
osreturn_t kext_load(const char *path);

/* As far as it goes without running it, and leaves nothing. */
osreturn_t kext_check(const char *path);

/* `left`: how many things it has left behind. */
osreturn_t kext_unload(const char *identifier, unsigned int *left);

/* Nothing is loaded or unloaded meanwhile. */
void kext_lock(void);
void kext_unlock(void);

/* As the answer to KEXTHOST_LIST; the caller frees it. NULL for want of memory. */
char *kext_list(void);

/* One that is loaded, under the lock; NULL where none is. */
struct kext *kext_find(const char *identifier);

/* The one whose image has an address, gone or not; NULL where none has. */
struct kext *kext_at(uintptr_t address);

/* Newest first, gone ones included. Grows only: needs no lock. */
struct kext *kext_first(void);

/*
 * A call into a kext, which every callback is: begin, call, end. What the callback forgets to let
 * go of is a panic at its end.
 */
struct kext_call {
	struct kext *kext;
	uintptr_t function;
	int preemption_level;
	unsigned int lock_count;
};
#define KEXT_CALL_BEGIN(call, function) kext_call_begin(call, (uintptr_t)(function))
void kext_call_begin(struct kext_call *call, uintptr_t function);
void kext_call_end(struct kext_call *call);

#endif
