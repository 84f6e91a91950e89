/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What a user asks a running kexthost for: load, unload, list, sysctl. */
#ifndef KEXTHOST_COMMANDS_H
#define KEXTHOST_COMMANDS_H

/* Exit codes: those of kextload, kextunload and kextstat, and one of ours. */
enum {
	COMMAND_DONE = 0,
	COMMAND_NOT_FOUND = 1,      /* no such kext to unload */
	COMMAND_LEFT_SOMETHING = 4, /* unloaded, but it left something behind; said on stderr */
	COMMAND_UNLOAD_FAILED = 11,
	COMMAND_USAGE = 64,
	COMMAND_NO_HOST = 69,
	COMMAND_LOAD_FAILED = 71,
	COMMAND_NOT_PRIVILEGED = 77,
};

int command_load(const char *path);
int command_unload(const char *identifier);
int command_list(void);

/* `word`: NAME or NAME=VALUE. */
int command_value(const char *word);

#endif
