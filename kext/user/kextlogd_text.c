// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_text.h"

#include <stdbool.h>
#include <string.h>

#include "osq_utf8.h"

static const char hex[] = "0123456789abcdef";

char *logd_text_words(char *out, const char *words)
{
	size_t length = strlen(words);

	memcpy(out, words, length);
	return out + length;
}

char *logd_text_digits(char *out, uint64_t number, unsigned digits)
{
	for (unsigned i = digits; i-- > 0; number /= 10)
		out[i] = (char)('0' + number % 10);
	return out + digits;
}

char *logd_text_number(char *out, uint64_t number)
{
	unsigned digits = 1;

	for (uint64_t rest = number; rest >= 10; rest /= 10)
		digits++;
	return logd_text_digits(out, number, digits);
}

static bool is_printable(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7F;
}

/* A control of ISO 6429 as a character of its own, which some terminals obey: U+0080 to U+009F. */
static bool is_control(const unsigned char *bytes, size_t size)
{
	return size == 2 && bytes[0] == 0xC2 && bytes[1] < 0xA0;
}

static char *put_escape(char *out, unsigned char byte)
{
	static const char letters[] = "btn\0fr";

	*out++ = '\\';
	if (byte == '"' || byte == '\\') {
		*out++ = (char)byte;
	} else if (byte >= '\b' && byte <= '\r' && letters[byte - '\b']) {
		*out++ = letters[byte - '\b'];
	} else {
		out = logd_text_words(out, "u00");
		*out++ = hex[byte >> 4];
		*out++ = hex[byte & 15];
	}
	return out;
}

char *logd_text_json(char *out, const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text, *end = bytes + length;
	size_t size;

	*out++ = '"';
	for (; bytes < end; bytes += size) {
		size = osq_utf8_length(bytes, (size_t)(end - bytes));
		if (size == 1 && is_printable(*bytes) && *bytes != '"' && *bytes != '\\') {
			*out++ = (char)*bytes;
		} else if (size == 1) {
			out = put_escape(out, *bytes);
		} else if (is_control(bytes, size)) {
			out = put_escape(out, bytes[1]);
		} else if (size) {
			memcpy(out, bytes, size);
			out += size;
		} else {
			out = logd_text_words(out, "\\ufffd");
			size = 1;
		}
	}
	*out++ = '"';
	return out;
}

static char *put_hex(char *out, unsigned char byte)
{
	*out++ = '\\';
	*out++ = 'x';
	*out++ = hex[byte >> 4];
	*out++ = hex[byte & 15];
	return out;
}

char *logd_text_plain(char *out, const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text, *end = bytes + length;
	size_t size;

	for (; bytes < end; bytes += size) {
		size = osq_utf8_length(bytes, (size_t)(end - bytes));
		if (size == 1 && is_printable(*bytes)) {
			*out++ = (char)*bytes;
		} else if (*bytes == '\n' || *bytes == '\t') {
			*out++ = '\\';
			*out++ = *bytes == '\n' ? 'n' : 't';
		} else if (size > 1 && !is_control(bytes, size)) {
			memcpy(out, bytes, size);
			out += size;
		} else {
			out = put_hex(out, *bytes);
			size = 1;
		}
	}
	return out;
}
