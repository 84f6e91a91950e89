// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <string.h>
#include <unistd.h>

#include "darwin.h"
#include "kpi.h"
#include "process.h"
#include "release.h"
#include "sysctls.h"
#include "wait.h"

#define CALLER (uintptr_t) __builtin_return_address(0)

static int kernel_sysctl_handle_opaque(struct sysctl_object *object, void *argument, int second,
                                       struct sysctl_request *request)
{
	int error = request->give(request, argument, (size_t)second);

	(void)object;
	if (error || !request->new)
		return error;
	return request->take(request, argument, (size_t)second);
}

/* A number that stands in the object itself can only be read. */
static int kernel_sysctl_handle_int(struct sysctl_object *object, void *argument, int second,
                                    struct sysctl_request *request)
{
	int error;

	if (argument)
		return kernel_sysctl_handle_opaque(object, argument, sizeof(int), request);
	error = request->give(request, &second, sizeof(second));
	return error || !request->new ? error : DARWIN_EPERM;
}

static int kernel_sysctl_handle_quad(struct sysctl_object *object, void *argument, int second,
                                     struct sysctl_request *request)
{
	(void)second;
	return argument ? kernel_sysctl_handle_opaque(object, argument, sizeof(uint64_t), request)
	                : DARWIN_EINVAL;
}

#define kernel_sysctl_handle_long kernel_sysctl_handle_quad

/* An int for who asks for one, a quad for the others. */
static int kernel_sysctl_handle_int2quad(struct sysctl_object *object, void *argument, int second,
                                         struct sysctl_request *request)
{
	int64_t value;
	int32_t number;
	int error;

	if (!argument)
		return kernel_sysctl_handle_quad(object, argument, second, request);
	memcpy(&number, argument, sizeof(number));
	value = number;
	error = request->old && request->old_length == sizeof(number)
	            ? request->give(request, &number, sizeof(number))
	            : request->give(request, &value, sizeof(value));
	if (error || !request->new)
		return error;
	if (request->new_length == sizeof(number))
		return request->take(request, argument, sizeof(number));
	error = request->take(request, &value, sizeof(value));
	if (!error && value != (int32_t)value)
		error = DARWIN_ERANGE;
	if (!error) {
		number = (int32_t)value;
		memcpy(argument, &number, sizeof(number));
	}
	return error;
}

/* `second`: the room for it, NUL included. */
static int kernel_sysctl_handle_string(struct sysctl_object *object, char *argument, int second,
                                       struct sysctl_request *request)
{
	int error = request->give(request, argument, strlen(argument) + 1);
	size_t length;

	(void)object;
	if (error || !request->new)
		return error;
	length = request->new_length - request->new_at;
	if (second < 0 || length >= (size_t)second)
		return DARWIN_EINVAL;
	error = request->take(request, argument, length);
	argument[length] = '\0';
	return error;
}

static void kernel_sysctl_register_oid(struct sysctl_object *object)
{
	wait_check_may_sleep();
	sysctl_register(object, CALLER);
}

static void kernel_sysctl_unregister_oid(struct sysctl_object *object)
{
	wait_check_may_sleep();
	sysctl_unregister(object);
}

int sysctl_give(struct sysctl_request *request, const void *from, size_t length)
{
	if (request->old) {
		if (request->old_length - request->old_at < length)
			return DARWIN_ENOMEM;
		memcpy((uint8_t *)(uintptr_t)request->old + request->old_at, from, length);
	}
	request->old_at += length;
	return 0;
}

int sysctl_take(struct sysctl_request *request, void *to, size_t length)
{
	if (!request->new)
		return 0;
	if (request->new_length - request->new_at < length)
		return DARWIN_EINVAL;
	memcpy(to, (const uint8_t *)(uintptr_t)request->new + request->new_at, length);
	request->new_at += length;
	return 0;
}

/* A kext's own question; as the kernel, it may do what root may. */
static int kernel_sysctlbyname(const char *name, void *old, size_t *old_length, void *new,
                               size_t new_length)
{
	struct sysctl_request request = {
	    .process = &process_kernel,
	    .old = (uintptr_t)old,
	    .old_length = old && old_length ? *old_length : 0,
	    .give = sysctl_give,
	    .new = (uintptr_t) new,
	    .new_length = new_length,
	    .take = sysctl_take,
	};
	struct sysctl_kind kind;
	int error = sysctl_call(name, &request, &kind);

	if (old_length)
		*old_length = request.old_at;
	return error;
}

static char os_type[] = "Darwin";

static int tell_release(struct sysctl_object *object, void *argument, int second,
                        struct sysctl_request *request)
{
	char *const release = (char *)release_running()->darwin;

	(void)argument;
	(void)second;
	return kernel_sysctl_handle_string(object, release, 0, request);
}

static int tell_processors(struct sysctl_object *object, void *argument, int second,
                           struct sysctl_request *request)
{
	(void)argument;
	(void)second;
	return kernel_sysctl_handle_int(object, NULL, (int)sysconf(_SC_NPROCESSORS_ONLN), request);
}

static int tell_memory(struct sysctl_object *object, void *argument, int second,
                       struct sysctl_request *request)
{
	uint64_t size = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	(void)argument;
	(void)second;
	return kernel_sysctl_handle_opaque(object, &size, sizeof(size), request);
}

#define NODE(number, next, label, list)                                                            \
	{                                                                                          \
		&sysctl_root, next, number, SYSCTL_NODE | SYSCTL_READ | SYSCTL_OID2, list, 0,      \
		    label, NULL, "N", "", 1, 0                                                     \
	}
#define VALUE(parent, next, number, type, argument, second, label, handler, format)                \
	{                                                                                          \
		parent, next, number, type | SYSCTL_READ | SYSCTL_OID2, argument, second, label,   \
		    (void *)handler, format, "", 1, 0                                              \
	}

static struct sysctl_list hw;
static struct sysctl_object objects[] = {
    NODE(1, &objects[1], "kern", &sysctl_kern),       NODE(2, &objects[2], "vm", &sysctl_vm),
    NODE(3, &objects[3], "vfs", &sysctl_vfs),         NODE(4, &objects[4], "net", &sysctl_net),
    NODE(5, &objects[5], "debug", &sysctl_debug),     NODE(6, &objects[6], "hw", &hw),
    NODE(7, &objects[7], "machdep", &sysctl_machdep), NODE(99, NULL, "sysctl", &sysctl_sysctl),
};
static struct sysctl_object generic = {&sysctl_vfs,
                                       NULL,
                                       0,
                                       SYSCTL_NODE | SYSCTL_READ | SYSCTL_OID2,
                                       &sysctl_vfs_generic,
                                       0,
                                       "generic",
                                       NULL,
                                       "N",
                                       "",
                                       1,
                                       0};
static struct sysctl_object values[] = {
    VALUE(&sysctl_kern, &values[1], 1, SYSCTL_STRING, os_type, sizeof(os_type), "ostype",
          kernel_sysctl_handle_string, "A"),
    VALUE(&sysctl_kern, NULL, 2, SYSCTL_STRING, NULL, 0, "osrelease", tell_release, "A"),
    VALUE(&hw, &values[3], 3, SYSCTL_INT, NULL, 0, "ncpu", tell_processors, "I"),
    VALUE(&hw, NULL, 24, SYSCTL_QUAD, NULL, 0, "memsize", tell_memory, "QU"),
};
static struct sysctl_list hw = {&values[2]};

struct sysctl_list sysctl_root = {&objects[0]}, sysctl_debug, sysctl_kern = {&values[0]},
                   sysctl_machdep, sysctl_net, sysctl_sysctl, sysctl_vfs = {&generic},
                   sysctl_vfs_generic, sysctl_vm;

const struct kpi_symbol kpi_sysctl[] = {
    {"_sysctl__children", KPI_BSD, &sysctl_root},
    {"_sysctl__debug_children", KPI_BSD, &sysctl_debug},
    {"_sysctl__kern_children", KPI_BSD, &sysctl_kern},
    {"_sysctl__machdep_children", KPI_BSD, &sysctl_machdep},
    {"_sysctl__net_children", KPI_BSD, &sysctl_net},
    {"_sysctl__sysctl_children", KPI_BSD, &sysctl_sysctl},
    {"_sysctl__vfs_children", KPI_BSD, &sysctl_vfs},
    {"_sysctl__vfs_generic_children", KPI_BSD, &sysctl_vfs_generic},
    {"_sysctl__vm_children", KPI_BSD, &sysctl_vm},
    KPI_FUNCTION(KPI_BSD, sysctl_register_oid),
    KPI_FUNCTION(KPI_BSD, sysctl_unregister_oid),
    KPI_FUNCTION(KPI_BSD, sysctl_handle_int),
    KPI_FUNCTION(KPI_BSD, sysctl_handle_int2quad),
    KPI_FUNCTION(KPI_BSD, sysctl_handle_long),
    KPI_FUNCTION(KPI_BSD, sysctl_handle_quad),
    KPI_FUNCTION(KPI_BSD, sysctl_handle_string),
    KPI_FUNCTION(KPI_BSD, sysctl_handle_opaque),
    KPI_FUNCTION(KPI_LIBKERN, sysctlbyname),
    {0},
};
