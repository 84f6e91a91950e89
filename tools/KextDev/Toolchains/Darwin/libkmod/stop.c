/* SPDX-License-Identifier: MIT */
/* What libkmod has on a Mac: the entry before unloading. */
#include "kmod_info.h"

int _stop(struct kmod_info *info, void *data)
{
	return _antimain ? _antimain(info, data) : 0;
}
