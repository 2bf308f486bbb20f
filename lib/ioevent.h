/* SPDX-License-Identifier: ISC
 *
 * ioevent - what an event record says about one I/O call: see EVENTS in btools-record(5).
 *
 * The times of a recording have microseconds in `ts` and nanoseconds in `value`, so the start is known to a microsecond.
 */
#ifndef BT_IOEVENT_H
#define BT_IOEVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recread.h"

#define BT_IO_SIZE_MAX (64u << 20) /* bytes of one call */
#define BT_IO_NAME 2048            /* bytes of a name of a file or thread */

enum bt_io_what { BT_IO_READ, BT_IO_WRITE, BT_IO_SYNC, BT_IO_DATASYNC, BT_IO_TRUNCATE };

/* The calls that are understood. */
#define BT_IO_CALLS 15
extern const struct bt_io_call {
	const char *name;
	enum bt_io_what what;
} bt_io_calls[BT_IO_CALLS];

/* Why an event is none of them. */
enum bt_io_skip {
	BT_IO_OK, BT_IO_SKIP_CALL, BT_IO_SKIP_WAITING, BT_IO_SKIP_TIME, BT_IO_SKIP_FILE, BT_IO_SKIP_PATH, BT_IO_SKIP_OFFSET,
	BT_IO_SKIP_SIZE, BT_IO_SKIPS
};

struct bt_io_event {
	unsigned call;          /* index in bt_io_calls */
	int64_t start_ns;       /* Unix time */
	uint64_t lat_ns;        /* if has_lat */
	int64_t ret;            /* if has_ret; negative: an errno */
	bool has_lat, has_ret;
	uint64_t offset;        /* of the first byte; BT_IO_TRUNCATE: the length */
	uint32_t size;          /* bytes asked for */
	bool path;              /* file is a path, as recorded; else a name made of its number */
	char file[BT_IO_NAME];
	size_t file_len;        /* bytes; there may be NULs in it */
	char thread[BT_IO_NAME]; /* host and tid */
	size_t thread_len;
};

/* bt_io_event - understand a record of kind event. Fills e and returns BT_IO_OK, or why not. */
enum bt_io_skip bt_io_event(struct bt_io_event *e, const struct bt_rec_in *r);

/* bt_io_skip_name - one word: "call", "waiting", "time", "file", "path", "offset", "size". */
const char *bt_io_skip_name(enum bt_io_skip skip);

/* bt_io_moved - bytes that the call moved, as far as is known. */
uint64_t bt_io_moved(bool has_ret, int64_t ret, uint32_t size);

#endif
