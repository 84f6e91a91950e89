/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The commands of macOS that a Darwin guest has: one program, which does what the name says by
 * which it is called. Their options, words and exit codes are macOS's.
 */
#ifndef GUEST_COMMAND_H
#define GUEST_COMMAND_H

/* sysexits.h */
enum {
	EXIT_USAGE = 64,
	EXIT_NO_HOST = 69,
	EXIT_SOFTWARE = 70,
	EXIT_OS_ERROR = 71,
	EXIT_NOT_PERMITTED = 77,
};

typedef int command(int count, char **arguments);

command command_boot, command_csrutil, command_dmesg, command_halt, command_kextcache,
    command_kextload, command_kextstat, command_kextunload, command_kextutil, command_kmutil,
    command_log, command_nvram, command_panic, command_reboot, command_shutdown, command_spctl,
    command_sw_vers, command_sysctl, command_uname;

/* From 11 on: each hands over to kmutil. */
command shim_kextload, shim_kextstat, shim_kextunload, shim_kextutil;

#endif
