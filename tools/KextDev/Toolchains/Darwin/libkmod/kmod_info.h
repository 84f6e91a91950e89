/* SPDX-License-Identifier: MIT */
/* What a kext tells the kernel of itself: 196 bytes, packed to 4 as the kernel has them. */
#ifndef KEXTDEV_KMOD_INFO_H
#define KEXTDEV_KMOD_INFO_H

struct kmod_info;

typedef int kextdev_entry(struct kmod_info *info, void *data);

#pragma pack(push, 4)
struct kmod_info {
	struct kmod_info *next;
	int info_version;
	unsigned int id;
	char name[64];
	char version[64];
	int reference_count;
	void *reference_list;
	unsigned long address;
	unsigned long size;
	unsigned long hdr_size;
	kextdev_entry *start;
	kextdev_entry *stop;
};
#pragma pack(pop)

_Static_assert(sizeof(struct kmod_info) == 196, "the kernel's layout");

extern struct kmod_info kmod_info;

/* The extension's own two functions; null where it has none. */
extern kextdev_entry *_realmain __attribute__((visibility("hidden")));
extern kextdev_entry *_antimain __attribute__((visibility("hidden")));

/* The entries that the kernel calls: libkmod's. */
extern kextdev_entry _start __attribute__((visibility("hidden")));
extern kextdev_entry _stop __attribute__((visibility("hidden")));

#endif
