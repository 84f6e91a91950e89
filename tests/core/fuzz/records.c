/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "records.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include "fuzz.h"
#include "osq_json.h"
#include "osq_reader.h"

/* The length of the character there, by the C library, which is not what the writer goes by. */
static size_t character(const char *text, size_t size, wchar_t *point)
{
	mbstate_t state = {0};
	size_t length = mbrtowc(point, text, size, &state);

	EXPECT(length != (size_t)-1 && length != (size_t)-2);
	return length ? length : 1;
}

static void check_line(const char *text, size_t size)
{
	wchar_t point = 0;

	EXPECT(size >= 3 && text[0] == '{' && text[size - 2] == '}' && text[size - 1] == '\n');
	for (size_t i = 0; i < size - 1; i += character(text + i, size - i, &point)) {
		character(text + i, size - i, &point);
		EXPECT(point >= 0x20 && (point < 0x7F || point > 0x9F));
	}
}

void records_use(const struct osq_record_header *record)
{
	const struct osq_process_event *process = osq_record_process(record);
	char *text = NULL;
	uint32_t number;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (process)
		EXPECT(process->argc >= 0 && process->envc >= 0);
	osq_record_file(record);
	osq_record_socket(record);
	osq_record_test(record, &number);
	osq_json_record(out, record);
	fclose(out);
	check_line(text, size);
	free(text);
}
