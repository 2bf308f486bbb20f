/* SPDX-License-Identifier: ISC
 *
 * histcodec - histograms as text: base64 of HdrHistogram's V2 compressed encoding, readable by every HdrHistogram
 * implementation (HdrHistogram/HdrHistogram, AbstractHistogram.encodeIntoCompressedByteBuffer).
 *
 *	compressed: u32 cookie 0x1c849314, i32 length, zlib stream of
 *	plain:      u32 cookie 0x1c849313, i32 payload length, i32 normalizing offset 0, i32 digits, i64 lowest,
 *	            i64 highest, f64 ratio 1.0, payload   (all big-endian)
 *	payload:    ZigZag LEB128-64b9B words: n > 0 one count, -n a run of n zero counts
 */
#ifndef BT_HISTCODEC_H
#define BT_HISTCODEC_H

#include <stddef.h>

#include "hist.h"

/* Reusable memory of zlib and of the payload; one per thread. */
struct bt_histcodec;

/* bt_histcodec_new - NULL when out of memory. bt_histcodec_free takes NULL. */
struct bt_histcodec *bt_histcodec_new(void);
void bt_histcodec_free(struct bt_histcodec *c);

/* bt_hist_encode - write h as base64 text, no NUL, at most cap bytes. Returns the length, -ENOSPC if it does not fit,
 * -ENOMEM, or -EOVERFLOW when n is above 2^63-1. Never modifies h. */
int bt_hist_encode(struct bt_histcodec *c, const struct bt_hist *h, char *out, size_t cap);

/* bt_hist_decode - replace the content of h (initialised) by the histogram in text: V0, V1 or V2, plain or compressed, of
 * any lowest value and 0..5 digits. Layouts other than ours (lowest 1, 1..3 digits) are re-counted into 3 digits at the
 * middle of each bucket. min, max and sum are then known only to bucket width; a caller that knows better sets them.
 * Hostile text is safe: returns -EINVAL for anything malformed (bad base64, cookie, lengths, digits, counts beyond the
 * layout, negative counts, totals beyond 2^63-1, unread payload), -E2BIG for more than 4 MiB inflated, -ENOMEM. h is empty
 * after an error. */
int bt_hist_decode(struct bt_histcodec *c, const char *text, size_t len, struct bt_hist *h);

#endif
