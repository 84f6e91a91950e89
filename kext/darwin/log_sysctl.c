// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_sysctl.h"

#include <stddef.h>
#include <sys/sysctl.h>

#include "log.h"

static int handle_setting(struct sysctl_oid *object, void *arg1, int arg2,
                          struct sysctl_req *request)
{
	struct osq_log_settings settings;
	int32_t *value = (int32_t *)(void *)((char *)&settings + arg2);
	int error;

	(void)object;
	(void)arg1;
	osq_log_get_settings(&settings);
	error = SYSCTL_OUT(request, value, sizeof(*value));
	if (error || !request->newptr)
		return error;
	error = SYSCTL_IN(request, value, sizeof(*value));
	return error ? error : osq_log_set_settings(&settings);
}

static int handle_count(struct sysctl_oid *object, void *arg1, int arg2, struct sysctl_req *request)
{
	struct osq_log_statistics statistics;

	(void)object;
	(void)arg1;
	osq_log_get_statistics(NULL, &statistics);
	return SYSCTL_OUT(request, (const char *)&statistics + arg2, sizeof(uint64_t));
}

static int handle_clients(struct sysctl_oid *object, void *arg1, int arg2,
                          struct sysctl_req *request)
{
	struct osq_log_statistics statistics;

	(void)object;
	(void)arg1;
	(void)arg2;
	osq_log_get_statistics(NULL, &statistics);
	return SYSCTL_OUT(request, &statistics.clients, sizeof(statistics.clients));
}

static struct sysctl_oid_list children;

static struct sysctl_oid node = {
    .oid_parent = &sysctl__debug_children,
    .oid_number = OID_AUTO,
    .oid_kind = (int)(CTLTYPE_NODE | CTLFLAG_RW | CTLFLAG_LOCKED | CTLFLAG_OID2),
    .oid_arg1 = &children,
    .oid_name = "osquery_log",
    .oid_fmt = "N",
    .oid_descr = "osquery's log channel",
    .oid_version = SYSCTL_OID_VERSION,
};

#define VALUE(name, kind, format, handler, offset)                                                 \
	{                                                                                          \
		.oid_parent = &children, .oid_number = OID_AUTO,                                   \
		.oid_kind = (int)((kind) | CTLFLAG_LOCKED | CTLFLAG_OID2), .oid_arg2 = offset,     \
		.oid_name = name, .oid_handler = handler, .oid_fmt = format, .oid_descr = "",      \
		.oid_version = SYSCTL_OID_VERSION,                                                 \
	}
#define SETTING(name)                                                                              \
	VALUE(#name, CTLTYPE_INT | CTLFLAG_RW, "I", handle_setting,                                \
	      offsetof(struct osq_log_settings, name))
#define COUNT(name)                                                                                \
	VALUE(#name, CTLTYPE_QUAD | CTLFLAG_RD, "QU", handle_count,                                \
	      offsetof(struct osq_log_statistics, name))

static struct sysctl_oid values[] = {
    SETTING(level),
    SETTING(system_log_rate),
    COUNT(sent),
    COUNT(delivered),
    COUNT(unwanted),
    COUNT(system_log),
    COUNT(lost),
    COUNT(no_client),
    COUNT(full),
    COUNT(no_memory),
    VALUE("clients", CTLTYPE_INT | CTLFLAG_RD, "I", handle_clients, 0),
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

void osq_log_sysctl_init(void)
{
	size_t i;

	sysctl_register_oid(&node);
	for (i = 0; i < COUNT_OF(values); i++)
		sysctl_register_oid(&values[i]);
}

void osq_log_sysctl_exit(void)
{
	size_t i;

	for (i = 0; i < COUNT_OF(values); i++)
		sysctl_unregister_oid(&values[i]);
	sysctl_unregister_oid(&node);
}
