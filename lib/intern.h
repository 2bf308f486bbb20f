/* SPDX-License-Identifier: ISC
 *
 * intern - numbers byte strings from 0 in the order in which they are first seen.
 */
#ifndef BT_INTERN_H
#define BT_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_intern_slot {
	uint64_t hash;
	uint32_t number; /* plus 1; 0: free */
};

struct bt_intern_key {
	char *bytes;
	uint32_t len;
};

struct bt_intern {
	struct bt_intern_slot *slots; /* open addressing, at most half of them taken */
	size_t n_slots;                 /* a power of two */
	struct bt_intern_key *keys;   /* by number */
	uint32_t n, cap;
	uint64_t seed;                  /* of the hash: hostile input cannot aim at one slot */
};

#define BT_INTERN_INIT { .n = 0 }

/* bt_intern - the number of the string. *added: it is new and has been copied. Returns -ENOMEM, or -EOVERFLOW beyond
 * 2^31-1 strings. Constant time. */
int64_t bt_intern(struct bt_intern *t, const void *bytes, size_t len, bool *added);

/* bt_intern_find - the number of a string that is already there, or -ENOENT. */
int64_t bt_intern_find(const struct bt_intern *t, const void *bytes, size_t len);

void bt_intern_free(struct bt_intern *t);

#endif
