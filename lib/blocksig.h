/* SPDX-License-Identifier: ISC
 *
 * blocksig - what a device seems to hold: file systems, volumes and partition tables by their signatures.
 */
#ifndef BT_BLOCKSIG_H
#define BT_BLOCKSIG_H

#include <stdint.h>

/* bt_blocksig_find - the name of the first signature found in fd, bytes long: "ext4", "LVM2", "GPT"... Static, NULL when there is
 * none, or when nothing can be read. fd may be open for direct I/O. */
const char *bt_blocksig_find(int fd, uint64_t bytes);

#endif
