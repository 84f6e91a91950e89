// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_entries.h"

#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "log.h"
#include "system.h"

#define FILE_MAX (64u << 20)

bool log_entries_open(struct log_entries *entries)
{
	size_t size = 0;

	memset(entries, 0, sizeof(*entries));
	entries->text = file_read(system_path(SYSTEM_LOG).text, FILE_MAX, &entries->length);
	if (!entries->text)
		return false;
	entries->times =
	    (struct log_time *)file_read(system_path(SYSTEM_LOG_TIMES).text, FILE_MAX, &size);
	entries->time_count = size / sizeof(*entries->times);
	return true;
}

bool log_entries_next(struct log_entries *entries, struct log_entry *entry)
{
	const char *line = entries->text + entries->at, *end;
	const size_t left = entries->length - entries->at;

	if (!left)
		return false;
	end = memchr(line, '\n', left);
	*entry = (struct log_entry){.text = line, .length = end ? (size_t)(end - line) : left};
	/* The piece that the line starts in. */
	while (entries->next_time < entries->time_count &&
	       entries->times[entries->next_time].offset <= entries->at)
		entries->next_time++;
	if (entries->next_time)
		entry->time = entries->times[entries->next_time - 1].time;
	entries->at += entry->length + (end != NULL);
	return true;
}

void log_entries_close(struct log_entries *entries)
{
	free(entries->text);
	free(entries->times);
}
