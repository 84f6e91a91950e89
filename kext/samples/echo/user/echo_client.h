/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The extension's kernel control as a program reaches it: by a socket of macOS, or by kexthost's
 * client (KEXTHOST is defined) where the extension runs on Linux. A client is a descriptor.
 */
#ifndef ECHO_CLIENT_H
#define ECHO_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "echo.h"

/* All of these: -1 and errno where they fail. */

int echo_client_open(void);
int echo_client_close(int client);

ssize_t echo_client_send(int client, const void *message, size_t length);

/* One answer: its length. Where there is none, waits for it, or is EAGAIN. */
ssize_t echo_client_receive(int client, void *answer, size_t size, bool wait);

/* 1 where there is an answer within that time, else 0. */
int echo_client_poll(int client, int milliseconds);

int echo_client_set(int client, enum echo_option option, const void *value, size_t length);

/* `length`: room for it, then its own. */
int echo_client_get(int client, enum echo_option option, void *value, size_t *length);

#endif
