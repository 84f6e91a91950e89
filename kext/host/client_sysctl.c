// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "client.h"
#include "client_lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CTLTYPE_* */
#define KIND        0xfu
#define KIND_INT    2u
#define KIND_STRING 3u
#define KIND_QUAD   4u

static int call(const char *name, uint32_t flags, const void *new_value, size_t new_length,
                struct kexthost_sysctl *object)
{
	const struct kexthost_header request = {
	    .operation = KEXTHOST_SYSCTL, .value = flags, .argument = KEXTHOST_DATA_MAX};
	const size_t length = strlen(name) + 1;
	struct kexthost_answer answer;
	char *data = malloc(length + new_length);
	size_t format;

	if (!data)
		return -1;
	memcpy(data, name, length);
	if (new_length)
		memcpy(data + length, new_value, new_length);
	if (!kexthost_request(&request, data, length + new_length, &answer)) {
		free(data);
		return -1;
	}
	free(data);
	format = strlen(answer.data) + 1;
	if (!answer.header.error && format > answer.header.length) {
		errno = EPROTO;
		return -1;
	}
	*object = (struct kexthost_sysctl){.kind = (uint32_t)answer.header.value,
	                                   .format = answer.data,
	                                   .value = answer.data + format,
	                                   .length = answer.header.length - format};
	return kexthost_succeed(answer.header.error);
}

int kexthost_sysctl_get(const char *name, struct kexthost_sysctl *object)
{
	return call(name, KEXTHOST_SYSCTL_OLD, NULL, 0, object);
}

int kexthost_sysctl_set(const char *name, const void *value, size_t length)
{
	struct kexthost_sysctl object;

	return call(name, KEXTHOST_SYSCTL_NEW, value, length, &object);
}

void kexthost_sysctl_text(const struct kexthost_sysctl *object, char *text, size_t size)
{
	const unsigned char *bytes = object->value;
	const bool is_unsigned = strchr(object->format, 'U');
	int64_t quad;
	int32_t number;
	size_t i;

	*text = '\0';
	if ((object->kind & KIND) == KIND_STRING) {
		snprintf(text, size, "%.*s", (int)object->length, (const char *)object->value);
	} else if ((object->kind & KIND) == KIND_INT && object->length >= sizeof(number)) {
		memcpy(&number, object->value, sizeof(number));
		snprintf(text, size, is_unsigned ? "%u" : "%d", number);
	} else if ((object->kind & KIND) == KIND_QUAD && object->length >= sizeof(quad)) {
		memcpy(&quad, object->value, sizeof(quad));
		snprintf(text, size, is_unsigned ? "%llu" : "%lld", (long long)quad);
	} else {
		for (i = 0; i < object->length && 2 * i + 3 < size; i++)
			sprintf(text + 2 * i, "%02x", bytes[i]);
	}
}

int kexthost_sysctl_set_text(const char *name, uint32_t kind, const char *text)
{
	int64_t quad;
	int32_t number;
	char *end;

	if ((kind & KIND) == KIND_STRING)
		return kexthost_sysctl_set(name, text, strlen(text) + 1);
	errno = 0;
	quad = strtoll(text, &end, 0);
	if (!*text || *end || errno) {
		errno = EINVAL;
		return -1;
	}
	number = (int32_t)quad;
	return (kind & KIND) == KIND_QUAD ? kexthost_sysctl_set(name, &quad, sizeof(quad))
	                                  : kexthost_sysctl_set(name, &number, sizeof(number));
}
