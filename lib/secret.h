/* SPDX-License-Identifier: ISC
 *
 * secret - a secret that two machines share, from a file that nobody else may read.
 */
#ifndef BT_SECRET_H
#define BT_SECRET_H

#include <stddef.h>
#include <stdint.h>

#define BT_SECRET_MIN 16 /* bytes: fewer could be guessed by trying all */
#define BT_SECRET_MAX 1024

struct bt_secret {
	uint8_t bytes[BT_SECRET_MAX];
	size_t len; /* 0: none */
};

/* bt_secret_read - the content of the file at path; one newline at its end is not part of it. Returns 0, or -errno: -EPERM when
 * group or others have any right to it, -EACCES when it belongs to another user than us or root (or may not be read), -EINVAL when
 * it is no regular file, -ENODATA when shorter than BT_SECRET_MIN, -EFBIG when longer than BT_SECRET_MAX. */
int bt_secret_read(struct bt_secret *s, const char *path);

/* bt_secret_error - what such an error says of the file: "may be read by others (chmod 600)". */
const char *bt_secret_error(int error);

/* bt_secret_wipe - forget it; no compiler leaves that out. */
void bt_secret_wipe(struct bt_secret *s);

#endif
