// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kext_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "release.h"

#define FIRST_WITH_UUID 11
#define FIRST_OF_KMUTIL 16

enum field { TAG, REFERENCES, ADDRESS, SIZE, IDENTIFIER, VERSION, UUID, LINKS, FIELDS };

static bool is_kernel_component(const char *identifier)
{
	static const char prefix[] = "com.apple.kpi.";

	return !strncmp(identifier, prefix, sizeof(prefix) - 1);
}

static void print_header(const struct kext_table *table, const struct release *release)
{
	printf("Index Refs Address            Size       Wired      %sName (Version)%s <Linked "
	       "Against>\n",
	       table->architecture ? "Architecture       " : "",
	       release->minor >= FIRST_WITH_UUID ? " UUID" : "");
}

static void print_row(char **fields, const struct kext_table *table, const struct release *release)
{
	const unsigned long long address = strtoull(fields[ADDRESS], NULL, 16);
	const unsigned long long size = strtoull(fields[SIZE], NULL, 16);

	printf("%5s %4s %#-18llx %#-10llx %#-10llx ", fields[TAG], fields[REFERENCES], address,
	       size, size);
	if (table->architecture)
		printf("%-18s ", address ? "x86_64" : "0");
	printf("%s (%s)", fields[IDENTIFIER], fields[VERSION]);
	if (*fields[UUID] && release->minor >= FIRST_WITH_UUID)
		printf(" %s", fields[UUID]);
	if (*fields[LINKS] || release->minor >= FIRST_OF_KMUTIL)
		printf(" <%s>", fields[LINKS]);
	putchar('\n');
}

/* False where the line is none of a table's. */
static bool split(char *line, char **fields)
{
	int field;

	for (field = 0; field < FIELDS; field++) {
		fields[field] = line;
		line = strchr(line, '\t');
		if (!line != (field == FIELDS - 1))
			return false;
		if (line)
			*line++ = '\0';
	}
	return true;
}

void kext_table_print(const char *rows, const struct kext_table *table,
                      const struct release *release)
{
	char *copy = strdup(rows), *rest = copy, *line, *fields[FIELDS];

	if (!table->no_header)
		print_header(table, release);
	while ((line = strsep(&rest, "\n")))
		if (split(line, fields) &&
		    !(table->only && strcmp(table->only, fields[IDENTIFIER])) &&
		    !(table->no_kernel && is_kernel_component(fields[IDENTIFIER])))
			print_row(fields, table, release);
	free(copy);
}
