// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_records.h"

#include <stdint.h>
#include <string.h>

#define HEADER sizeof(struct osq_log_record)

/* Both kinds of machine that have a channel are little-endian, as it is. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are little-endian");

struct osq_log_record logd_records_header(const void *bytes)
{
	struct osq_log_record record;

	memcpy(&record, bytes, sizeof(record));
	return record;
}

static bool is_possible(const struct osq_log_record *record)
{
	if (record->magic != OSQ_LOG_MAGIC || record->version != OSQ_LOG_VERSION ||
	    record->size < HEADER || record->size > OSQ_LOG_RECORD_MAX ||
	    record->text_length > record->size - HEADER)
		return false;
	return record->flags & OSQ_LOG_CLOSING ||
	       (record->level >= OSQ_LOG_TRACE && record->level <= OSQ_LOG_ERROR);
}

static enum logd_found look(const uint8_t *bytes, size_t length, bool end, size_t *size)
{
	const uint32_t magic = OSQ_LOG_MAGIC;
	struct osq_log_record record;

	*size = 0;
	if (length < HEADER)
		return end || memcmp(bytes, &magic, length < sizeof(magic) ? length : sizeof(magic))
		           ? LOGD_FOUND_DAMAGE
		           : LOGD_FOUND_PART;
	record = logd_records_header(bytes);
	if (!is_possible(&record))
		return LOGD_FOUND_DAMAGE;
	if (record.size > length)
		return end ? LOGD_FOUND_DAMAGE : LOGD_FOUND_PART;
	*size = record.size;
	return LOGD_FOUND_RECORD;
}

enum logd_found logd_records_next(const void *bytes, size_t length, bool end, size_t *size)
{
	const uint8_t *first = bytes;
	enum logd_found found = look(first, length, end, size);
	size_t damaged = 0;

	while (found == LOGD_FOUND_DAMAGE && ++damaged < length) {
		/* The magic's first byte is a rare one: most of what is damaged is passed by
		 * memchr. */
		const uint8_t *next =
		    memchr(first + damaged, (uint8_t)OSQ_LOG_MAGIC, length - damaged);

		if (!next) {
			damaged = length;
			break;
		}
		damaged = (size_t)(next - first);
		found = look(next, length - damaged, end, size);
	}
	if (!damaged)
		return found;
	*size = damaged;
	return LOGD_FOUND_DAMAGE;
}
