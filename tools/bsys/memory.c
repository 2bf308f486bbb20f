/* SPDX-License-Identifier: ISC
 *
 * memory - calls that change the address space.
 */
#include <errno.h>
#include <sys/mman.h>

#include "bsys.h"

#define FAULT_PAGES 128 /* at least so many are touched before all are given back */

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static void *map(size_t size)
{
	return (void *)syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int mmap_call(struct bsys_work *w)
{
	void *p = map(w->job->bytes);
	long rc = p == MAP_FAILED ? -1 : syscall(SYS_munmap, p, w->job->bytes);

	return bsys_check(w, (uint64_t)rc, 0);
}

const struct bsys_test bsys_mmap = {
	.name = "mmap", .id = "mmap.1", .help = "mmap and munmap of -b bytes that nobody touches", .calls = 16, .bytes = 4096,
	.variants = { { NULL, mmap_call } },
};

/* fault: the first write to a page. All come one by one: huge pages are refused. A whole number of operations fits, so that
 * giving the pages back is never in the middle of one. */

static int fault_init(struct bsys_work *w)
{
	size_t calls = w->job->per_call.calls, size = (FAULT_PAGES + calls - 1) / calls * calls * page_size();
	void *p = map(size);

	if (p == MAP_FAILED)
		return -errno;
	w->data = p;
	w->size = size;
	w->expected = page_size();
	madvise(p, size, MADV_NOHUGEPAGE); /* fails where there are none */
	return 0;
}

/* Giving the pages back is not part of the last call. */
static int give_back(struct bsys_work *w)
{
	w->worker->end_ns = bt_clock_now(w->worker->clock);
	w->number = 0;
	return syscall(SYS_madvise, w->data, w->size, MADV_DONTNEED) == 0 ? 0 : -errno;
}

static int fault_call(struct bsys_work *w)
{
	volatile char *page = w->data + w->number * w->expected;
	int wrong, rc = 0;

	page[0] = 1;
	wrong = bsys_check(w, (uint64_t)(unsigned char)page[w->expected - 1], 0);
	if (++w->number * w->expected == w->size)
		rc = give_back(w);
	return rc < 0 ? rc : wrong;
}

const struct bsys_test bsys_fault = {
	.name = "fault", .id = "fault.1", .help = "first write to an anonymous page", .calls = 32,
	.variants = { { NULL, fault_call } }, .init = fault_init,
};
