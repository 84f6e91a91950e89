/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* kxld: a mapped image is bound to what its bundle names, and moved to where it lies. */
#ifndef KEXTHOST_LINK_H
#define KEXTHOST_LINK_H

#include "image.h"

struct kext;

/* What nobody offers: a weak import has this address. */
extern const char link_unresolved;

/* Why it fails is in the log, where kxld would say it. */
osreturn_t link_image(struct kext *kext);

/* The kext's _kmod_info; NULL where it defines none. */
void *link_find_kmod_info(const struct image *image);

#endif
