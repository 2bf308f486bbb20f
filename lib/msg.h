/* SPDX-License-Identifier: ISC
 *
 * msg - what one thread hands to another: a word, what it means, and where it comes from. 16 bytes, so four to a cache line.
 */
#ifndef BT_MSG_H
#define BT_MSG_H

#include <stdint.h>

struct bt_msg {
	uint64_t value;
	uint32_t tag;
	uint32_t from;
};

#endif
