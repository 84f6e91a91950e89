// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "user_memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "connection.h"
#include "darwin.h"
#include "kpi.h"
#include "thread.h"
#include "wait.h"

#define AT_ONCE (32u << 10)

int user_copy_in(uint64_t from, void *to, size_t size)
{
	struct connection *connection = thread_current()->connection;

	wait_check_may_sleep();
	while (size) {
		const size_t part = size < AT_ONCE ? size : AT_ONCE;
		const struct kexthost_header question = {
		    .operation = KEXTHOST_COPY_IN, .value = from, .argument = part};

		if (!connection || !connection_ask(connection, &question, NULL, 0, -1) ||
		    connection->header.error || connection->header.length != part)
			return DARWIN_EFAULT;
		memcpy(to, connection->data, part);
		from += part;
		to = (uint8_t *)to + part;
		size -= part;
	}
	return 0;
}

int user_copy_out(const void *from, uint64_t to, size_t size)
{
	struct connection *connection = thread_current()->connection;

	wait_check_may_sleep();
	while (size) {
		const size_t part = size < AT_ONCE ? size : AT_ONCE;
		const struct kexthost_header question = {.operation = KEXTHOST_COPY_OUT,
		                                         .value = to};

		if (!connection || !connection_ask(connection, &question, from, part, -1) ||
		    connection->header.error)
			return DARWIN_EFAULT;
		to += part;
		from = (const uint8_t *)from + part;
		size -= part;
	}
	return 0;
}

static int kernel_copyin(uint64_t from, void *to, size_t size)
{
	return user_copy_in(from, to, size);
}

static int kernel_copyout(const void *from, uint64_t to, size_t size)
{
	return user_copy_out(from, to, size);
}

/* Byte by byte up to the next page of the process', so as not to look at one that it lacks. */
static int kernel_copyinstr(uint64_t from, char *to, size_t size, size_t *done)
{
	size_t at = 0;

	while (at < size) {
		size_t part = 4096 - (from + at) % 4096;
		const char *end;
		int error;

		part = part < size - at ? part : size - at;
		error = user_copy_in(from + at, to + at, part);
		if (error)
			return error;
		end = memchr(to + at, 0, part);
		if (end) {
			if (done)
				*done = (size_t)(end - to) + 1;
			return 0;
		}
		at += part;
	}
	if (done)
		*done = size;
	return DARWIN_ENAMETOOLONG;
}

static int kernel_copyoutstr(const char *from, uint64_t to, size_t size, size_t *done)
{
	const size_t length = strnlen(from, size);
	const bool fits = length < size;
	int error = user_copy_out(from, to, fits ? length + 1 : size);

	if (error)
		return error;
	if (done)
		*done = fits ? length + 1 : size;
	return fits ? 0 : DARWIN_ENAMETOOLONG;
}

const struct kpi_symbol kpi_user[] = {
    KPI_FUNCTION(KPI_LIBKERN, copyin),
    KPI_FUNCTION(KPI_LIBKERN, copyout),
    KPI_FUNCTION(KPI_LIBKERN, copyinstr),
    KPI_FUNCTION(KPI_LIBKERN, copyoutstr),
    {0},
};
