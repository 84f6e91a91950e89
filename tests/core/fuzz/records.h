/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What a program makes of a record, whoever has written it. */
#ifndef OSQ_FUZZ_RECORDS_H
#define OSQ_FUZZ_RECORDS_H

#include "osq_device.h"

/*
 * Decodes it in all ways and writes it as JSON: one line, whatever bytes there are, in valid UTF-8
 * and without what a terminal would obey.
 */
void records_use(const struct osq_record_header *record);

#endif
