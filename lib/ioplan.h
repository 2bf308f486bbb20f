/* SPDX-License-Identifier: ISC
 *
 * ioplan - a recording of I/O calls as a plan: what is due when, by whom, on files of what size.
 *
 * It is held in memory, sizeof(struct bt_io_op) bytes a call (56), and at most BT_IO_OPS_MAX calls.
 */
#ifndef BT_IOPLAN_H
#define BT_IOPLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ioevent.h"

#define BT_IO_OPS_MAX (1u << 24)
#define BT_IO_THREADS_MAX (1u << 16)

struct bt_io_op {
	int64_t start_ns; /* Unix time; once the plan is made: since the first call */
	uint64_t lat_ns, offset;
	int64_t ret;
	uint32_t size, file, thread, index; /* index: in the order in which they were added */
	uint8_t call;
	bool has_lat, has_ret;
};

/* What a file must be for the calls to do what they did. */
struct bt_io_file {
	uint64_t layout;  /* bytes that were there before: read, and not written by the recording itself */
	uint64_t written; /* bytes written in all */
	uint64_t high;    /* end of the furthest write */
	uint64_t solid;   /* while the plan is made: written without a gap from the start */
};

struct bt_ioplan {
	struct bt_io_op *ops; /* by start */
	uint32_t n, cap;
	struct bt_io_file *files;
	uint32_t n_files, cap_files;
	int64_t *thread_end_ns; /* of the last call of each */
	uint32_t n_threads, cap_threads;
	int64_t length_ns;    /* from the first start to the last */
	uint32_t size_most;   /* of one call */
	/* for workers: calls order[first[w]..first[w+1]) are those of worker w, by start */
	uint32_t workers, *order, *first;
	/* one order for all: a call starts when the first needs[i] calls of the order of ends are done; rank: its place there */
	uint32_t *needs, *rank;
};

#define BT_IOPLAN_INIT { .n = 0 }

/* bt_ioplan_add - one more call. file, thread: numbers from 0; new ones are the next. Returns 0, -ENOMEM, or -E2BIG beyond the
 * limits above. */
int bt_ioplan_add(struct bt_ioplan *p, const struct bt_io_event *e, uint32_t file, uint32_t thread);

/* bt_ioplan_make - all calls have been added: sort them, size the files, give each thread to one of at most workers
 * workers, in turn. global: fill needs and rank. Returns 0 or -ENOMEM. */
int bt_ioplan_make(struct bt_ioplan *p, uint32_t workers, bool global);

/* bt_ioplan_bytes - what all files will take up at most; UINT64_MAX for more. Holes take nothing. */
uint64_t bt_ioplan_bytes(const struct bt_ioplan *p);

/* bt_ioplan_due - when a call is due after the first, at speed times the recorded pace. */
uint64_t bt_ioplan_due(const struct bt_io_op *op, double speed);

void bt_ioplan_free(struct bt_ioplan *p);

#endif
