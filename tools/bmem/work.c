/* SPDX-License-Identifier: ISC
 *
 * work - what every worker does before and after the test: its region, and a look at what the kernel made of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bmem.h"

#define MB (1u << 20)

uint64_t bmem_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

/* A quarter of the room is left: large pages round up. */
uint64_t bmem_far_size(const struct bmem *b, uint64_t room, unsigned buffers)
{
	uint64_t most = room / 4 * 3 / buffers, far = bt_ladder_far(&b->host);

	if (far <= most)
		return far;
	return most >= MB ? most / MB * MB : 16 * BMEM_CHUNK;
}

size_t bmem_far_sizes(const struct bmem *b, uint64_t out[BMEM_LIST])
{
	out[0] = bmem_far_size(b, bmem_room(b), 1);
	return 1;
}

/* In the order of the addresses, as most programs come to their memory: pages that lie side by side may then do so in the machine
 * as well, which some TLBs make use of. */
static void touch(struct bmem_region *r, uint64_t page_bytes)
{
	for (size_t at = 0; at < r->bytes; at += page_bytes)
		*(volatile char *)(r->base + at) = 1;
}

int bmem_work_init(struct bt_worker *w)
{
	const struct bmem_job *job = w->config;
	struct bmem_work *k = calloc(1, sizeof(*k));
	int rc;

	if (!k)
		return -ENOMEM;
	w->state = k;
	k->job = job;
	k->worker = w;
	rc = bmem_region_map(&k->region, job, job->test->region(job, w->n_workers));
	if (rc == 0 && !job->test->fresh)
		touch(&k->region, job->b->page_bytes[BMEM_BASE]);
	if (rc == 0)
		rc = job->test->setup(k);
	k->faults = bmem_faults();
	return rc;
}

/* w->tally is set when the worker has run. What its last lap has counted is not handed over before this returns. */
void bmem_work_fini(struct bt_worker *w)
{
	struct bmem_work *k = w->state;
	struct bmem_seen *seen = &((struct bmem_job *)w->config)->seen;
	uint64_t faults, wrong = 0;

	if (!k)
		return;
	faults = bmem_faults() - k->faults;
	if (k->job->test->finish)
		wrong = k->job->test->finish(k);
	if (w->tally) {
		w->tally->errors += wrong;
		atomic_fetch_add(&seen->faults, faults);
		bmem_region_look(&k->region, seen);
	}
	bmem_region_free(&k->region);
	free(k);
	w->state = NULL;
}
