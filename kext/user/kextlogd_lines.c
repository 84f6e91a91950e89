// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kextlogd_text.h"

#define SECOND UINT64_C(1000000000)

static const char *const level_names[] = {
    [OSQ_LOG_TRACE] = "trace",     [OSQ_LOG_DEBUG] = "debug", [OSQ_LOG_INFO] = "info",
    [OSQ_LOG_WARNING] = "warning", [OSQ_LOG_ERROR] = "error", [OSQ_LOG_OFF] = "off",
};

int32_t logd_level_parse(const char *name)
{
	for (int32_t level = OSQ_LOG_TRACE; level <= OSQ_LOG_OFF; level++)
		if (!strcmp(level_names[level], name))
			return level;
	return 0;
}

const char *logd_level_name(int32_t level)
{
	return level_names[level];
}

/* Times before 1970 and after 2554 come only from clocks that make no sense. */
static uint64_t wall_time(const struct logd_lines *lines, uint64_t time)
{
	uint64_t wall = time + (uint64_t)lines->offset;

	if (lines->offset < 0)
		return wall < time ? wall : 0;
	return wall < time ? UINT64_MAX : wall;
}

/* 2026-11-21T23:31:00.123456789Z */
static char *put_time(struct logd_lines *lines, char *out, uint64_t time)
{
	uint64_t wall = wall_time(lines, time);

	if (wall / SECOND != lines->second || !lines->date[0]) {
		time_t second = (time_t)(lines->second = wall / SECOND);
		struct tm date;

		gmtime_r(&second, &date);
		strftime(lines->date, sizeof(lines->date), "%Y-%m-%dT%H:%M:%S.", &date);
	}
	out = logd_text_words(out, lines->date);
	out = logd_text_digits(out, wall % SECOND, 9);
	*out++ = 'Z';
	return out;
}

static char *put_uptime(char *out, uint64_t time)
{
	out = logd_text_number(out, time / SECOND);
	*out++ = '.';
	return logd_text_digits(out, time % SECOND, 9);
}

static char *put_member(char *out, const char *name, uint64_t value)
{
	out = logd_text_words(out, name);
	return logd_text_number(out, value);
}

static char *put_times(struct logd_lines *lines, char *out, uint64_t time)
{
	out = logd_text_words(out, "\"time\":\"");
	out = put_time(lines, out, time);
	out = logd_text_words(out, "\",\"uptime\":");
	return put_uptime(out, time);
}

static char *put_pid(char *out, int32_t pid)
{
	if (pid < 0)
		*out++ = '-';
	return logd_text_number(out, pid < 0 ? -(int64_t)pid : pid);
}

static char *json_message(struct logd_lines *lines, char *out, const struct osq_log_record *record,
                          const char *text)
{
	out = put_member(out, "{\"sequence\":", record->sequence);
	*out++ = ',';
	out = put_times(lines, out, record->time);
	out = logd_text_words(out, ",\"level\":\"");
	out = logd_text_words(out, level_names[record->level]);
	out = logd_text_words(out, "\",\"pid\":");
	out = put_pid(out, record->pid);
	out = put_member(out, ",\"tid\":", record->tid);
	out = logd_text_words(out, ",\"text\":");
	out = logd_text_json(out, text, record->text_length);
	if (record->flags & OSQ_LOG_TRUNCATED)
		out = logd_text_words(out, ",\"truncated\":true");
	return logd_text_words(out, "}\n");
}

static char *text_message(struct logd_lines *lines, char *out, const struct osq_log_record *record,
                          const char *text)
{
	out = put_time(lines, out, record->time);
	*out++ = ' ';
	out = logd_text_words(out, level_names[record->level]);
	*out++ = ' ';
	out = put_pid(out, record->pid);
	out = put_member(out, "/", record->tid);
	out = put_member(out, " #", record->sequence);
	out = logd_text_words(out, ": ");
	out = logd_text_plain(out, text, record->text_length);
	if (record->flags & OSQ_LOG_TRUNCATED)
		out = logd_text_words(out, " [truncated]");
	return logd_text_words(out, "\n");
}

size_t logd_lines_message(struct logd_lines *lines, char *out, const struct osq_log_record *record,
                          const char *text)
{
	char *end = lines->json ? json_message(lines, out, record, text)
	                        : text_message(lines, out, record, text);

	return (size_t)(end - out);
}

/* What the extension counts of this client's. */
static char *put_account(char *out, const struct osq_log_statistics *account)
{
	if (!account)
		return out;
	out = put_member(out, ",\"delivered\":", account->client_delivered);
	out = put_member(out, ",\"unwanted\":", account->client_unwanted);
	return put_member(out, ",\"sent\":", account->client_sent);
}

static char *json_note(struct logd_lines *lines, char *out, const struct logd_note *note)
{
	*out++ = '{';
	switch (note->kind) {
	case LOGD_NOTE_UNWRITTEN:
		out = put_member(out, "\"unwritten\":", note->count);
		break;
	case LOGD_NOTE_CONNECTED:
		out = logd_text_words(out, "\"connected\":true");
		break;
	case LOGD_NOTE_DROPPED:
		out = put_member(out, "\"dropped\":", note->count);
		out = put_member(out, ",\"total\":", note->total);
		if (note->other)
			out = put_member(out, ",\"before\":", note->other);
		break;
	case LOGD_NOTE_LOST:
		out = put_member(out, "\"lost\":", note->count);
		out = put_member(out, ",\"total\":", note->total);
		out = put_member(out, ",\"system_log\":", note->other);
		break;
	case LOGD_NOTE_DAMAGED:
		out = put_member(out, "\"damaged\":", note->count);
		break;
	default:
		out = logd_text_words(out, "\"disconnected\":true");
		break;
	}
	if (note->kind == LOGD_NOTE_CONNECTED || note->kind == LOGD_NOTE_DISCONNECTED) {
		out = logd_text_words(out, ",\"channel\":");
		out = logd_text_json(out, lines->channel, strlen(lines->channel));
	}
	if (note->reason) {
		out = logd_text_words(out, ",\"reason\":");
		out = logd_text_json(out, note->reason, strlen(note->reason));
	}
	*out++ = ',';
	out = put_times(lines, out, note->time);
	if (note->kind == LOGD_NOTE_CONNECTED) {
		out = logd_text_words(out, ",\"level\":\"");
		out = logd_text_words(out, level_names[note->level]);
		*out++ = '"';
		if (note->other) {
			out = logd_text_words(out, ",\"loaded\":");
			out = put_uptime(out, note->other);
		}
	}
	if (note->kind == LOGD_NOTE_DISCONNECTED) {
		out = put_member(out, ",\"messages\":", note->count);
		out = put_member(out, ",\"total\":", note->total);
		out = put_account(out, note->account);
	}
	return logd_text_words(out, "}\n");
}

static char *text_note(struct logd_lines *lines, char *out, const struct logd_note *note)
{
	static const char *const words[] = {
	    [LOGD_NOTE_UNWRITTEN] = " messages could not be written",
	    [LOGD_NOTE_DROPPED] = " messages dropped, ",
	    [LOGD_NOTE_LOST] = " messages lost before, and in the system log alone ",
	    [LOGD_NOTE_DAMAGED] = " damaged bytes",
	};

	out = put_time(lines, out, note->time);
	out = logd_text_words(out, " kextlogd: ");
	if (note->kind == LOGD_NOTE_CONNECTED || note->kind == LOGD_NOTE_DISCONNECTED) {
		out =
		    logd_text_words(out, note->kind == LOGD_NOTE_CONNECTED ? "connected to "
		                                                           : "disconnected from ");
		out = logd_text_plain(out, lines->channel, strlen(lines->channel));
	} else {
		out = logd_text_number(out, note->count);
		out = logd_text_words(out, words[note->kind]);
	}
	if (note->kind == LOGD_NOTE_CONNECTED) {
		out = logd_text_words(out, ", level ");
		out = logd_text_words(out, level_names[note->level]);
	}
	if (note->kind == LOGD_NOTE_DROPPED) {
		out = logd_text_number(out, note->total);
		out = logd_text_words(out, " in all");
		if (note->other)
			out = put_member(out, ", before #", note->other);
	}
	if (note->kind == LOGD_NOTE_LOST)
		out = logd_text_number(out, note->other);
	if (note->reason) {
		out = logd_text_words(out, ": ");
		out = logd_text_plain(out, note->reason, strlen(note->reason));
	}
	if (note->kind == LOGD_NOTE_DISCONNECTED) {
		out = put_member(out, "; ", note->count);
		out = put_member(out, " messages, and dropped ", note->total);
	}
	return logd_text_words(out, "\n");
}

size_t logd_lines_note(struct logd_lines *lines, char *out, const struct logd_note *note)
{
	char *end = lines->json ? json_note(lines, out, note) : text_note(lines, out, note);

	return (size_t)(end - out);
}
