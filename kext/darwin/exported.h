/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the KPIs export and no header of Apple's declares for C: IOKit's C++ methods and a few of
 * the kernel's own, by their symbols, under names of ours so that no SDK's declaration is in the
 * way. Object pointers count references: what returns one returns it with a reference.
 *
 * Called directly, not through the vtable: none of these is overridden by the classes of the
 * objects that we make, and release() itself goes through the vtable.
 */
#ifndef OSQ_EXPORTED_H
#define OSQ_EXPORTED_H

#include <mach/mach_types.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/kernel_types.h>

/* com.apple.kpi.mach. A variable. */
extern task_t osq_kernel_task __asm("_kernel_task");
void osq_task_release(task_t task) __asm("_task_deallocate");

/*
 * From Darwin 16 on, hence weak. The kernel gives an absent weak import the address of the symbol
 * below, which is there for this comparison.
 */
uint64_t osq_thread_id(thread_t thread) __asm("_thread_tid") __attribute__((weak_import));
extern const char osq_unresolved __asm("_gOSKextUnresolved");
#define OSQ_IS_RESOLVED(function)                                                                  \
	((const void *)(uintptr_t)(function) != (const void *)&osq_unresolved)

/* com.apple.kpi.iokit and libkern */
struct osq_io_buffer; /* IOBufferMemoryDescriptor */
struct osq_io_map;    /* IOMemoryMap */

#define OSQ_IO_DIRECTION_INOUT    3u       /* kIODirectionInOut */
#define OSQ_IO_KERNEL_USER_SHARED 0x10000u /* kIOMemoryKernelUserShared */
#define OSQ_IO_MAP_ANYWHERE       0x1u     /* kIOMapAnywhere */
#define OSQ_IO_MAP_READ_ONLY      0x1000u  /* kIOMapReadOnly; the process cannot raise it again */

/* Wired, since not pageable. NULL for want of memory. */
struct osq_io_buffer *osq_io_buffer_make(
    task_t task, uint32_t options, size_t capacity,
    size_t alignment) __asm("__ZN24IOBufferMemoryDescriptor17inTaskWithOptionsEP4taskjmm");
void *osq_io_buffer_bytes(struct osq_io_buffer *buffer) __asm(
    "__ZN24IOBufferMemoryDescriptor14getBytesNoCopyEv");

/* Of the whole buffer where offset and length are 0. Keeps the buffer. NULL on failure. */
struct osq_io_map *
osq_io_map_make(struct osq_io_buffer *buffer, task_t into, uint64_t address, uint32_t options,
                uint64_t offset,
                uint64_t length) __asm("__ZN18IOMemoryDescriptor19createMappingInTaskEP4taskyjyy");
uint64_t osq_io_map_address(struct osq_io_map *map) __asm("__ZN11IOMemoryMap17getVirtualAddressEv");
int osq_io_map_unmap(struct osq_io_map *map) __asm("__ZN11IOMemoryMap5unmapEv");

void osq_object_release(const void *object) __asm("__ZNK8OSObject7releaseEv");

/*
 * com.apple.kpi.dsep: a policy of the MAC framework; executions.c says what for. Of the 335
 * functions that a policy may have, these two are at the same place from Darwin 13 to 20.
 */
struct osq_policy_functions {
	void *before_48[6];
	int (*cred_check_label_update_execve)(kauth_cred_t old);
	void *before_144[11];
	int (*cred_label_update_execve)(kauth_cred_t old, kauth_cred_t new, proc_t process);
	void *others[316];
};
_Static_assert(sizeof(struct osq_policy_functions) == 2680, "mac_policy_ops");
_Static_assert(offsetof(struct osq_policy_functions, cred_check_label_update_execve) == 48,
               "mac_policy_ops");
_Static_assert(offsetof(struct osq_policy_functions, cred_label_update_execve) == 144,
               "mac_policy_ops");

/* The kernel keeps the pointer, and writes to what it has for itself. */
struct osq_policy {
	const char *name;
	const char *full_name;
	const char *const *label_names;
	unsigned int label_name_count;
	const struct osq_policy_functions *functions;
	int load_flags;
	int *label_slot;
	int kernels_flags;
	void *kernels_list;
	void *kernels_data;
};
_Static_assert(sizeof(struct osq_policy) == 80, "mac_policy_conf");
_Static_assert(offsetof(struct osq_policy, functions) == 32, "mac_policy_conf");
_Static_assert(offsetof(struct osq_policy, label_slot) == 48, "mac_policy_conf");

#define OSQ_POLICY_UNLOADABLE 2 /* MPC_LOADTIME_FLAG_UNLOADOK */

int osq_policy_register(struct osq_policy *policy, unsigned int *handle,
                        void *unused) __asm("_mac_policy_register");

/* When it has returned 0, none of the functions runs, and none will. */
int osq_policy_unregister(unsigned int handle) __asm("_mac_policy_unregister");

#endif
