// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "commands.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "kernel.h"
#include "kext_table.h"
#include "release.h"
#include "osreturn.h"

int command_load(const char *path)
{
	char absolute[PATH_MAX];
	struct kexthost_answer answer;

	if (!realpath(path, absolute))
		snprintf(absolute, sizeof(absolute), "%s", path);
	if (!kernel_ask(KEXTHOST_LOAD, absolute, &answer))
		return COMMAND_NO_HOST;
	if (!answer.header.error) {
		printf("%s loaded successfully (or already loaded).\n", path);
		return COMMAND_DONE;
	}
	kernel_print_log(&answer);
	fprintf(stderr,
	        "%s failed to load - %s; check the system/kernel logs for errors or try "
	        "kextutil(8).\n",
	        path, osreturn_text(answer.header.error));
	return answer.header.error == OSRETURN_NOT_PRIVILEGED ? COMMAND_NOT_PRIVILEGED
	                                                      : COMMAND_LOAD_FAILED;
}

int command_unload(const char *identifier)
{
	struct kexthost_answer answer;

	if (!kernel_ask(KEXTHOST_UNLOAD, identifier, &answer))
		return COMMAND_NO_HOST;
	if (!answer.header.error && !answer.header.value) {
		printf("%s unloaded and personalities removed.\n", identifier);
		return COMMAND_DONE;
	}
	kernel_print_log(&answer);
	if (!answer.header.error)
		return COMMAND_LEFT_SOMETHING;
	fprintf(stderr, "Failed to unload %s - %s.\n", identifier,
	        osreturn_text(answer.header.error));
	switch (answer.header.error) {
	case OSRETURN_NOT_FOUND:
		return COMMAND_NOT_FOUND;
	case OSRETURN_NOT_PRIVILEGED:
		return COMMAND_NOT_PRIVILEGED;
	}
	return COMMAND_UNLOAD_FAILED;
}

int command_list(void)
{
	struct kexthost_answer answer;

	if (!kernel_ask(KEXTHOST_LIST, NULL, &answer))
		return COMMAND_NO_HOST;
	kext_table_print(answer.data, &(struct kext_table){0}, release_running());
	return COMMAND_DONE;
}

int command_value(const char *word)
{
	const size_t length = strcspn(word, "=");
	char name[512], text[4096];
	struct kexthost_sysctl object;

	snprintf(name, sizeof(name), "%.*s", (int)length, word);
	if (kexthost_sysctl_get(name, &object) ||
	    (word[length] && (kexthost_sysctl_set_text(name, object.kind, word + length + 1) ||
	                      kexthost_sysctl_get(name, &object)))) {
		fprintf(stderr, "sysctl: %s: %s\n", name, strerror(errno));
		return COMMAND_NOT_FOUND;
	}
	kexthost_sysctl_text(&object, text, sizeof(text));
	printf("%s: %s\n", name, text);
	return COMMAND_DONE;
}
