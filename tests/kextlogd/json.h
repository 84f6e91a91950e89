/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* As much of JSON as the tests need to tell good lines from others. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is the line one object, with nothing before it and a newline behind it (RFC 8259)? */
bool json_is_object(const char *line, size_t length);

/* The sum of a member, over the lines of a text whose first member it is; also their count. Other
 * lines that are no JSON make the test fail. */
struct json_sum {
	uint64_t lines, sum;
};
struct json_sum json_sum(const char *text, const char *name);

#endif
