/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef KEXTHOST_KDP_NMI_H
#define KEXTHOST_KDP_NMI_H

/* Where the machine's NMIs are this kernel's: `messages` is Linux's /dev/kmsg, and each NMI that
 * Linux tells there it knows no reason for becomes a `signal` to this process. 0 or an errno. */
int kdp_nmi_watch(const char *messages, int signal);

#endif
