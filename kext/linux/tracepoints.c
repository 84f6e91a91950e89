// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "tracepoints.h"

#include <linux/string.h>
#include <linux/tracepoint.h>

#include "log.h"

struct search {
	const char *name;
	struct tracepoint *found;
};

static void compare(struct tracepoint *tracepoint, void *context)
{
	struct search *search = context;

	if (!strcmp(tracepoint->name, search->name))
		search->found = tracepoint;
}

struct tracepoint *osq_tracepoint_find(const char *name)
{
	struct search search = {.name = name, .found = NULL};

	for_each_kernel_tracepoint(compare, &search);
	if (!search.found)
		osq_log_error("this kernel has no tracepoint %s", name);
	return search.found;
}
