// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdio.h>

#include "kext.h"
#include "kpi.h"
#include "release.h"

/* Load tags of what it is linked against, highest first. */
static void print_links(FILE *out, unsigned int kpis)
{
	unsigned int tag;
	const char *space = "";

	for (tag = KPI_COUNT; tag > 0; tag--) {
		if (!(kpis & 1u << (tag - 1)))
			continue;
		fprintf(out, "%s%u", space, tag);
		space = " ";
	}
	fputs("\n", out);
}

static unsigned int count_users(unsigned int tag)
{
	const struct kext *kext;
	unsigned int count = 0;

	for (kext = kext_first(); kext; kext = kext->next)
		count += !kext->gone && kext->kpis & 1u << (tag - 1);
	return count;
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
	fprintf(out, "%u\t%u\t%zx\t%zx\t%s\t%s\t%s\t", kext->tag, 0u, (size_t)kext->image.base,
	        kext->image.size, kext->bundle.identifier, kext->bundle.version, uuid);
	print_links(out, kext->kpis);
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
	for (tag = 1; tag <= KPI_COUNT; tag++)
		fprintf(out, "%u\t%u\t0\t0\t%s\t%s\t\t\n", tag, count_users(tag),
		        kpi_bundle_of(1 << (tag - 1)), release_running()->darwin);
	print_kexts(out, kext_first());
	kext_unlock();
	fclose(out);
	return text;
}
