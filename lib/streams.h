/* SPDX-License-Identifier: ISC
 *
 * streams - whether what a reader was given is whole: every meta record of a tool, host and run wants an end record.
 */
#ifndef BT_STREAMS_H
#define BT_STREAMS_H

#include <stddef.h>
#include <stdint.h>

#include "intern.h"
#include "recread.h"

#define BT_STREAM_NAME 320 /* bytes of "tool on host, run 0badcafe", with NUL */

struct bt_streams {
	struct bt_intern names; /* as of bt_stream_name, NUL included */
	uint64_t *open;         /* by number in names: meta records less end records */
	uint32_t cap;
	uint64_t not_ok;        /* end records that do not say ok */
};

#define BT_STREAMS_INIT { .cap = 0 }

/* bt_streams_note - take a meta or end record; others are ignored. Returns 0 or -ENOMEM. */
int bt_streams_note(struct bt_streams *s, const struct bt_rec_in *r);

/* bt_streams_truncated - how many ends are missing. names: receives up to cap names of such streams, borrowed; the rest NULL. */
uint64_t bt_streams_truncated(const struct bt_streams *s, const char **names, size_t cap);

void bt_streams_free(struct bt_streams *s);

/* bt_stream_name - the stream a record belongs to, for people. Returns out. */
const char *bt_stream_name(const struct bt_rec_in *r, char out[BT_STREAM_NAME]);

#endif
