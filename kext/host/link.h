/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* kxld: a mapped image is bound to the KPIs that its bundle names, and moved to where it lies. */
#ifndef KEXTHOST_LINK_H
#define KEXTHOST_LINK_H

#include "image.h"

/* What nobody offers: a weak import has this address. */
extern const char link_unresolved;

/* `kpis`: which of them. Why it fails is in the log, where kxld would say it. */
osreturn_t link_image(struct image *image, const char *identifier, unsigned int kpis);

/* The kext's _kmod_info; NULL where it defines none. */
void *link_find_kmod_info(const struct image *image);

#endif
