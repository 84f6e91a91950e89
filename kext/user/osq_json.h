/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Events as JSON, one object a line.
 *
 * Paths and arguments are bytes; JSON's strings are Unicode. Bytes that are no valid UTF-8 become
 * U+FFFD each, and then a member of the same name with "_hex" behind it has all of the bytes.
 */
#ifndef OSQ_JSON_H
#define OSQ_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "osq_device.h"

/* Writes a JSON string with its quotes. False: some bytes had to be replaced. */
bool osq_json_string(FILE *out, const char *bytes, size_t length);

/* Writes one object and a newline. A record of an unknown kind, or damaged, says so in "error". */
void osq_json_record(FILE *out, const struct osq_record_header *record);

#endif
