/* SPDX-License-Identifier: ISC
 *
 * intern - numbers byte strings from 0 in the order in which they are first seen.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "intern.h"

#define SLOTS_MIN 64

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(const char *p, size_t len, uint64_t seed)
{
	uint64_t hash = seed ^ len, word;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		hash = mix(hash ^ word, 0x9e3779b97f4a7c15u);
	}
	word = 0;
	memcpy(&word, p, len);
	return mix(mix(hash ^ word, 0x9e3779b97f4a7c15u), 0xd6e8feb86659fd93u);
}

static void place(struct bt_intern_slot *slots, size_t n_slots, struct bt_intern_slot s)
{
	size_t i = s.hash & (n_slots - 1);

	while (slots[i].number)
		i = (i + 1) & (n_slots - 1);
	slots[i] = s;
}

static int grow_slots(struct bt_intern *t)
{
	size_t n_slots = t->n_slots ? t->n_slots * 2 : SLOTS_MIN;
	struct bt_intern_slot *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	/* A kernel whose pool is not ready leaves the seed at 0: correct, and slow only for an attacker's input. */
	if (!t->seed && getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) < 0)
		t->seed = 0;
	for (size_t i = 0; i < t->n_slots; i++)
		if (t->slots[i].number)
			place(slots, n_slots, t->slots[i]);
	free(t->slots);
	t->slots = slots;
	t->n_slots = n_slots;
	return 0;
}

static int copy_key(struct bt_intern *t, const void *bytes, size_t len)
{
	uint32_t cap = t->cap ? t->cap * 2 : 16;
	struct bt_intern_key *keys;

	if (t->n >= UINT32_MAX / 2 || len > UINT32_MAX)
		return -EOVERFLOW;
	if (t->n == t->cap) {
		keys = reallocarray(t->keys, cap, sizeof(*keys));
		if (!keys)
			return -ENOMEM;
		t->keys = keys;
		t->cap = cap;
	}
	t->keys[t->n].bytes = malloc(len ? len : 1);
	if (!t->keys[t->n].bytes)
		return -ENOMEM;
	memcpy(t->keys[t->n].bytes, bytes, len);
	t->keys[t->n++].len = (uint32_t)len;
	return 0;
}

/* The slot of the string, or the free one where it belongs. */
static size_t slot_of(const struct bt_intern *t, uint64_t hash, const void *bytes, size_t len)
{
	size_t i;

	for (i = hash & (t->n_slots - 1); t->slots[i].number; i = (i + 1) & (t->n_slots - 1)) {
		const struct bt_intern_key *k = &t->keys[t->slots[i].number - 1];

		if (t->slots[i].hash == hash && k->len == len && memcmp(k->bytes, bytes, len) == 0)
			break;
	}
	return i;
}

int64_t bt_intern_find(const struct bt_intern *t, const void *bytes, size_t len)
{
	uint32_t number = t->n ? t->slots[slot_of(t, hash_of(bytes, len, t->seed), bytes, len)].number : 0;

	return number ? (int64_t)number - 1 : -ENOENT;
}

int64_t bt_intern(struct bt_intern *t, const void *bytes, size_t len, bool *added)
{
	uint64_t hash;
	size_t i;
	int rc;

	*added = false;
	if (2 * (size_t)t->n >= t->n_slots && (rc = grow_slots(t)) < 0)
		return rc;
	hash = hash_of(bytes, len, t->seed);
	i = slot_of(t, hash, bytes, len);
	if (t->slots[i].number)
		return t->slots[i].number - 1;
	rc = copy_key(t, bytes, len);
	if (rc < 0)
		return rc;
	t->slots[i] = (struct bt_intern_slot){ hash, t->n };
	*added = true;
	return t->n - 1;
}

void bt_intern_free(struct bt_intern *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		free(t->keys[i].bytes);
	free(t->keys);
	free(t->slots);
	*t = (struct bt_intern)BT_INTERN_INIT;
}
