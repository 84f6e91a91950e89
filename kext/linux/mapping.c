// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "mapping.h"

#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/vmalloc.h>

/* A forked child gets no copy, and mprotect(2) cannot make it writable. */
static int map_memory(struct file *file, struct vm_area_struct *vma)
{
	if ((vma->vm_flags & VM_WRITE) || !file->private_data)
		return -EPERM;
	vma->vm_flags &= ~(VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_flags |= VM_DONTCOPY;
	return remap_vmalloc_range(vma, file->private_data, vma->vm_pgoff);
}

static const struct file_operations mapping_operations = {
    .owner = THIS_MODULE,
    .mmap = map_memory,
};

int osq_mapping_make(struct osq_mapping *mapping, void *memory, size_t size)
{
	struct file *file = anon_inode_getfile("[osquery]", &mapping_operations, memory, O_RDONLY);
	unsigned long address;

	if (IS_ERR(file))
		return PTR_ERR(file);
	address = vm_mmap(file, 0, size, PROT_READ, MAP_SHARED, 0);
	if (IS_ERR_VALUE(address)) {
		fput(file);
		return (int)address;
	}
	file->private_data =
	    NULL; /* once only: remap_file_pages(2) may come when the memory is gone */
	*mapping = (struct osq_mapping){.file = file, .address = address, .size = size};
	return 0;
}

/* The process may have unmapped the buffer and put something else in its place. */
static bool is_still_mapped(const struct osq_mapping *mapping)
{
	struct vm_area_struct *vma;
	bool found;

	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, mapping->address);
	found = vma && vma->vm_file == mapping->file && vma->vm_start == mapping->address &&
	        vma->vm_end - vma->vm_start == mapping->size;
	mmap_read_unlock(current->mm);
	return found;
}

void osq_mapping_remove(struct osq_mapping *mapping, bool unmap)
{
	if (unmap && current->mm && is_still_mapped(mapping))
		vm_munmap(mapping->address, mapping->size);
	fput(mapping->file);
	mapping->file = NULL;
}
