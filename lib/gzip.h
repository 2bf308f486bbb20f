/* SPDX-License-Identifier: ISC
 *
 * gzip - inflates and deflates gzip data (RFC 1952) piece by piece, as it comes.
 *
 * As gzip(1) reads: several members one after the other are one text; zero bytes may follow the last; anything else there is
 * garbage, an error that is found only after all good data has been given out. No input waits for more input than it needs.
 */
#ifndef BT_GZIP_H
#define BT_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "outfile.h"

struct bt_gunzip;
struct bt_gzip;

/* bt_gunzip_is - whether these are the two bytes that gzip data begins with. */
bool bt_gunzip_is(const void *head);

/* bt_gunzip_new - an inflater that has been given the first len bytes of its input, which begins with a member. NULL when
 * out of memory. bt_gunzip_free takes NULL. */
struct bt_gunzip *bt_gunzip_new(const void *head, size_t len);
void bt_gunzip_free(struct bt_gunzip *g);

/* bt_gunzip_take - inflate into out, at most cap bytes (above 0). Returns their number; 0 at the end of good data; -EAGAIN
 * when more input is needed; -EBADMSG with *why set to a constant reason: truncated, corrupt, or garbage behind; -ENOMEM. */
ssize_t bt_gunzip_take(struct bt_gunzip *g, void *out, size_t cap, const char **why);

/* bt_gunzip_room - where input may be put after -EAGAIN: at least one byte, *cap in all. bt_gunzip_fed - so many bytes are
 * there; 0: the input has ended. */
void *bt_gunzip_room(struct bt_gunzip *g, size_t *cap);
void bt_gunzip_fed(struct bt_gunzip *g, size_t len);

/* bt_gzip_new - deflate into file, which is borrowed. The header holds neither time nor name, so that equal data gives equal
 * bytes. NULL when out of memory. bt_gzip_free takes NULL and completes nothing. */
struct bt_gzip *bt_gzip_new(struct bt_outfile *file);
void bt_gzip_free(struct bt_gzip *w);

/* bt_gzip_write - add bytes. bt_gzip_end - write what is left; the file still wants its commit. Both return 0 or the first
 * error of bt_outfile_write. */
int bt_gzip_write(struct bt_gzip *w, const void *bytes, size_t len);
int bt_gzip_end(struct bt_gzip *w);

#endif
