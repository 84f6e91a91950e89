// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cdevsw.h"
#include "darwin.h"
#include "kext.h"
#include "kpi.h"
#include "leftovers.h"
#include "nodes.h"
#include "process.h"

#define MAJORS      64
#define KERNELS_OWN 24 /* majors below are the kernel's */
#define NAME_SIZE   256
#define CLONE_ALLOC 1
#define CHARACTER   0
#define CALLER      (uintptr_t) __builtin_return_address(0)

static int kernel_enodev(void)
{
	return DARWIN_ENODEV;
}

static void kernel_enodev_strat(void)
{
}

static int kernel_enoioctl(void)
{
	return DARWIN_ENOTTY;
}

static int kernel_enosys(void)
{
	return DARWIN_ENOSYS;
}

static int kernel_nulldev(void)
{
	return 0;
}

static int kernel_seltrue(int32_t device, int which, struct process *process)
{
	(void)device;
	(void)which;
	(void)process;
	return 1;
}

#define NO_DEVICE ((void *)kernel_enodev)
static const struct cdevsw no_device = {
    .open = NO_DEVICE,
    .close = NO_DEVICE,
    .read = NO_DEVICE,
    .write = NO_DEVICE,
    .ioctl = NO_DEVICE,
    .stop = NO_DEVICE,
    .reset = NO_DEVICE,
    .select = (void *)kernel_seltrue,
    .mmap = NO_DEVICE,
    .strategy = (void *)kernel_enodev_strat,
    .reserved = {NO_DEVICE, NO_DEVICE},
};

struct slot {
	bool taken;
	struct cdevsw functions;
	uintptr_t site;
};

struct node {
	struct node *next;
	char name[NAME_SIZE];
	int32_t device;
	uint32_t uid, gid;
	int mode;
	int (*clone)(int32_t device, int action);
	uintptr_t site;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct slot slots[MAJORS];
static struct node *nodes;

static bool is_free(int major)
{
	return major >= KERNELS_OWN && major < MAJORS && !slots[major].taken;
}

static int kernel_cdevsw_isfree(int index)
{
	int major = index < 0 ? -index : index;

	pthread_mutex_lock(&mutex);
	while (index < 0 && major < MAJORS && !is_free(major))
		major++;
	if (!is_free(major))
		major = -1;
	pthread_mutex_unlock(&mutex);
	return major;
}

static int kernel_cdevsw_add(int index, const struct cdevsw *functions)
{
	int major = index == -1 ? 0 : index < 0 ? -index : index;

	pthread_mutex_lock(&mutex);
	while (index < 0 && major < MAJORS && !is_free(major))
		major++;
	if (is_free(major))
		slots[major] = (struct slot){true, *functions, CALLER};
	else
		major = -1;
	pthread_mutex_unlock(&mutex);
	return major;
}

static int kernel_cdevsw_remove(int index, const struct cdevsw *functions)
{
	int major = -1;

	pthread_mutex_lock(&mutex);
	if (index >= 0 && index < MAJORS && slots[index].taken &&
	    !memcmp(&slots[index].functions, functions, sizeof(*functions))) {
		slots[index].taken = false;
		major = index;
	}
	pthread_mutex_unlock(&mutex);
	return major;
}

struct cdevsw cdevsw_get(int32_t device)
{
	const uint32_t major = (uint32_t)device >> 24;
	struct cdevsw functions = no_device;

	pthread_mutex_lock(&mutex);
	if (major < MAJORS && slots[major].taken)
		functions = slots[major].functions;
	pthread_mutex_unlock(&mutex);
	return functions;
}

static struct node *find_node(const char *name)
{
	struct node *node;

	for (node = nodes; node; node = node->next)
		if (!strcmp(node->name, name))
			return node;
	return NULL;
}

static struct node *make_node(const struct node *like, const char *format, va_list arguments)
{
	struct node *node = malloc(sizeof(*node));
	int length;

	if (!node)
		return NULL;
	*node = *like;
	length = vsnprintf(node->name, sizeof(node->name), format, arguments);
	pthread_mutex_lock(&mutex);
	if (length <= 0 || (size_t)length >= sizeof(node->name) || find_node(node->name)) {
		pthread_mutex_unlock(&mutex);
		free(node);
		return NULL;
	}
	node->next = nodes;
	nodes = node;
	nodes_add(node->name, node->device, node->uid, node->gid, node->mode);
	pthread_mutex_unlock(&mutex);
	return node;
}

static void *kernel_devfs_make_node(int32_t device, int kind, uint32_t uid, uint32_t gid, int mode,
                                    const char *format, ...)
{
	const struct node like = {
	    .device = device, .uid = uid, .gid = gid, .mode = mode, .site = CALLER};
	va_list arguments;
	void *node;

	if (kind != CHARACTER)
		return NULL;
	va_start(arguments, format);
	node = make_node(&like, format, arguments);
	va_end(arguments);
	return node;
}

static void *kernel_devfs_make_node_clone(int32_t device, int kind, uint32_t uid, uint32_t gid,
                                          int mode, int (*clone)(int32_t, int), const char *format,
                                          ...)
{
	const struct node like = {
	    .device = device, .uid = uid, .gid = gid, .mode = mode, .clone = clone, .site = CALLER};
	va_list arguments;
	void *node;

	if (kind != CHARACTER)
		return NULL;
	va_start(arguments, format);
	node = make_node(&like, format, arguments);
	va_end(arguments);
	return node;
}

static void kernel_devfs_remove(void *handle)
{
	struct node **link;

	pthread_mutex_lock(&mutex);
	for (link = &nodes; *link && *link != handle; link = &(*link)->next)
		;
	if (*link) {
		nodes_remove((*link)->name);
		*link = (*link)->next;
	}
	pthread_mutex_unlock(&mutex);
	free(handle);
}

/* As the node in /dev says, where there is one: its owner may have changed what it says. */
static int check_access(const struct node *node, const struct process *process, int access)
{
	const struct credential *credential = process->credential;
	struct stat status = {.st_uid = node->uid, .st_gid = node->gid};
	int shift = 0;

	status.st_mode = (mode_t)node->mode;
	if (nodes_are_made() && !nodes_look_up(node->name, &status))
		return DARWIN_ENOENT;
	if (!credential->uid)
		return 0;
	if (credential->uid == status.st_uid)
		shift = 6;
	else if (credential->gid == status.st_gid)
		shift = 3;
	return (status.st_mode >> shift & (mode_t)access) == (mode_t)access ? 0 : DARWIN_EACCES;
}

int devfs_look_up(const char *name, const struct process *process, int access, int32_t *device)
{
	int (*clone)(int32_t, int) = NULL;
	struct kext_call call;
	struct node *node;
	int error = DARWIN_ENOENT, minor;

	pthread_mutex_lock(&mutex);
	node = find_node(name);
	if (node)
		error = check_access(node, process, access);
	if (!error) {
		*device = node->device;
		clone = node->clone;
	}
	pthread_mutex_unlock(&mutex);
	if (!clone)
		return error;
	KEXT_CALL_BEGIN(&call, clone);
	minor = clone(*device, CLONE_ALLOC);
	kext_call_end(&call);
	if (minor < 0)
		return DARWIN_ENXIO;
	*device = (int32_t)(((uint32_t)*device & 0xff000000u) | ((uint32_t)minor & 0xffffffu));
	return 0;
}

void devices_tell_left(const struct kext *kext)
{
	const struct node *node;
	int major;

	pthread_mutex_lock(&mutex);
	for (node = nodes; node; node = node->next)
		if (kext_at(node->site) == kext)
			leftovers_tell(node->site, "the device node /dev/%s", node->name);
	for (major = 0; major < MAJORS; major++)
		if (slots[major].taken && kext_at(slots[major].site) == kext)
			leftovers_tell(slots[major].site, "the character device of major number %d",
			               major);
	pthread_mutex_unlock(&mutex);
}

const struct kpi_symbol kpi_device[] = {
    KPI_FUNCTION(KPI_BSD, cdevsw_add),
    KPI_FUNCTION(KPI_BSD, cdevsw_remove),
    KPI_FUNCTION(KPI_BSD, cdevsw_isfree),
    KPI_FUNCTION(KPI_BSD, devfs_make_node),
    KPI_FUNCTION(KPI_BSD, devfs_make_node_clone),
    KPI_FUNCTION(KPI_BSD, devfs_remove),
    KPI_FUNCTION(KPI_BSD, enodev),
    KPI_FUNCTION(KPI_BSD, enodev_strat),
    KPI_FUNCTION(KPI_BSD, enoioctl),
    KPI_FUNCTION(KPI_BSD, enosys),
    KPI_FUNCTION(KPI_BSD, nulldev),
    KPI_FUNCTION(KPI_BSD, seltrue),
    {0},
};
