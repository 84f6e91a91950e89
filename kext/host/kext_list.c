// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "kext.h"
#include "kpi.h"
#include "release.h"

static int compare_tags(const void *left, const void *right)
{
	const uint32_t one = *(const uint32_t *)left, other = *(const uint32_t *)right;

	return (one < other) - (one > other);
}

/* Load tags of what it is linked against, highest first: kexts' before those of the kernel. */
static void print_links(FILE *out, const struct kext *kext)
{
	uint32_t tags[KEXT_LIBRARIES_MAX];
	const char *space = "";
	enum kpi kpi;
	size_t i;

	for (i = 0; i < kext->library_count; i++)
		tags[i] = kext->libraries[i]->tag;
	qsort(tags, kext->library_count, sizeof(tags[0]), compare_tags);
	for (i = 0; i < kext->library_count; i++, space = " ")
		fprintf(out, "%s%u", space, tags[i]);

	for (kpi = 1 << (KPI_COUNT - 1); kpi; kpi >>= 1) {
		if (!(kext->kpis & kpi))
			continue;
		fprintf(out, "%s%u", space, kpi_tag(kpi));
		space = " ";
	}
	fputs("\n", out);
}

static unsigned int count_users(const char *component)
{
	const enum kpi kpi = kpi_of_bundle(component);
	const struct kext *kext;
	unsigned int count = 0;

	for (kext = kext_first(); kext; kext = kext->next)
		count += !kext->gone && kext->kpis & kpi;
	return count;
}

/* One of its own for each component of each release. */
static void print_component(FILE *out, unsigned int tag)
{
	const char *name = kpi_component(tag), *version = release_running()->darwin, *letter;
	uint64_t hash[2] = {0xcbf29ce484222325u, 0x84222325cbf29ce4u};
	int half;

	for (half = 0; half < 2; half++) {
		for (letter = name; *letter; letter++)
			hash[half] = (hash[half] ^ (unsigned char)*letter) * 0x100000001b3u;
		for (letter = version; *letter; letter++)
			hash[half] = (hash[half] ^ (unsigned char)*letter) * 0x100000001b3u;
	}
	fprintf(out, "%u\t%u\t0\t0\t%s\t%s\t%08X-%04X-%04X-%04X-%012llX\t\n", tag,
	        count_users(name), name, version, (unsigned int)(hash[0] >> 32),
	        (unsigned int)(hash[0] >> 16 & 0xffff), (unsigned int)(hash[0] & 0xfff) | 0x3000,
	        (unsigned int)(hash[1] >> 48 & 0x3fff) | 0x8000,
	        (unsigned long long)(hash[1] & 0xffffffffffff));
}

static void print_kexts(FILE *out, const struct kext *kext)
{
	char uuid[37];

	if (!kext)
		return;
	print_kexts(out, kext->next);
	if (kext->gone)
		return;
	image_uuid_text(&kext->image, uuid);
	fprintf(out, "%u\t%u\t%zx\t%zx\t%s\t%s\t%s\t", kext->tag, kext->users,
	        (size_t)kext->image.base, kext->image.size, kext->bundle.identifier,
	        kext->bundle.version, uuid);
	print_links(out, kext);
}

char *kext_list(void)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	unsigned int tag;

	if (!out)
		return NULL;
	kext_lock();
	for (tag = 1; tag <= kpi_component_count(); tag++)
		print_component(out, tag);
	print_kexts(out, kext_first());
	kext_unlock();
	fclose(out);
	return text;
}
