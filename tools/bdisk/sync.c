/* SPDX-License-Identifier: ISC
 *
 * sync - the engine of plain system calls: pread, pwrite, fsync, one at a time.
 */
#include <errno.h>
#include <unistd.h>

#include "bdisk.h"

/* The request that push noted; poll does it. */
static int push(struct bdisk_work *w, uint32_t slot)
{
	(void)w;
	(void)slot; /* there is only slot 0 */
	return 0;
}

static int64_t perform(const struct bdisk_work *w, const struct bdisk_request *q)
{
	size_t left = q->bytes - q->got;
	off_t at = (off_t)(q->offset + q->got);
	ssize_t rc;

	if (q->kind == BDISK_READ)
		rc = pread(w->fd, q->data + q->got, left, at);
	else if (q->kind == BDISK_WRITE)
		rc = pwrite(w->fd, q->data + q->got, left, at);
	else
		rc = fsync(w->fd);
	return rc < 0 ? -errno : rc;
}

static int poll(struct bdisk_work *w, uint64_t until_ns)
{
	int64_t res = perform(w, &w->requests[0]);

	(void)until_ns;
	w->worker->now_ns = bt_clock_now(w->worker->clock);
	bdisk_landed(w, 0, res);
	return 0;
}

const struct bdisk_engine bdisk_sync = { .name = "sync", .push = push, .poll = poll };
