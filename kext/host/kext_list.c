// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdio.h>

#include "kext.h"
#include "kpi.h"

/* Load tags of what it is linked against, highest first. */
static void print_links(FILE *out, unsigned int kpis)
{
	unsigned int tag;
	const char *space = " <";

	for (tag = KPI_COUNT; tag > 0; tag--) {
		if (!(kpis & 1u << (tag - 1)))
			continue;
		fprintf(out, "%s%u", space, tag);
		space = " ";
	}
	fputs(">\n", out);
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
	fprintf(out, "%5u %4u %#-18llx %#-10zx %#-10zx %s (%s) %s", kext->tag, 0u,
	        (unsigned long long)(uintptr_t)kext->image.base, kext->image.size, kext->image.size,
	        kext->bundle.identifier, kext->bundle.version, uuid);
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
	fputs("Index Refs Address            Size       Wired      Name (Version) UUID <Linked "
	      "Against>\n",
	      out);
	kext_lock();
	for (tag = 1; tag <= KPI_COUNT; tag++)
		fprintf(out, "%5u %4u %#-18x %#-10x %#-10x %s (%s)\n", tag, count_users(tag), 0, 0,
		        0, kpi_bundle_of(1 << (tag - 1)), KERNEL_VERSION);
	print_kexts(out, kext_first());
	kext_unlock();
	fclose(out);
	return text;
}
