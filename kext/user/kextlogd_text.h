/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Pieces of lines. Each is written at `out`, which has room for it, without a NUL; its end. */
#ifndef KEXTLOGD_TEXT_H
#define KEXTLOGD_TEXT_H

#include <stddef.h>
#include <stdint.h>

char *logd_text_words(char *out, const char *words);
char *logd_text_number(char *out, uint64_t number);
/* With zeros before it. */
char *logd_text_digits(char *out, uint64_t number, unsigned digits);

/* A JSON string, quotes and all. What is no UTF-8 becomes U+FFFD, byte by byte. Up to 6 bytes for
 * each, and 2. */
char *logd_text_json(char *out, const char *text, size_t length);

/* For eyes: what a terminal might obey, and what is no UTF-8, becomes \n, \t or \xHH. Up to 4 bytes
 * for each. */
char *logd_text_plain(char *out, const char *text, size_t length);

#endif
