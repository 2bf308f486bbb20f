/* SPDX-License-Identifier: ISC
 *
 * idmap - unit tests of finding things by a number.
 */
#include <stdint.h>
#include <stdlib.h>

#include "idmap.h"
#include "rng.h"
#include "unit.h"

#define IDS 3000u

static void test_few(void)
{
	struct bt_idmap m = BT_IDMAP_INIT;
	int a, b;

	CHECK(bt_idmap_get(&m, 1) == NULL);
	CHECK(bt_idmap_remove(&m, 1) == NULL);
	CHECK_EQ(bt_idmap_put(&m, 1, &a), 0);
	CHECK_EQ(bt_idmap_put(&m, 0, &b), 0);
	CHECK(bt_idmap_get(&m, 1) == &a && bt_idmap_get(&m, 0) == &b);
	CHECK_EQ(bt_idmap_put(&m, 1, &b), 0);
	CHECK_EQ(m.n, 2);
	CHECK(bt_idmap_remove(&m, 1) == &b);
	CHECK(bt_idmap_get(&m, 1) == NULL && bt_idmap_get(&m, 0) == &b);
	CHECK_EQ(m.n, 1);
	bt_idmap_free(&m);
}

/* Against an array, with numbers that collide and go round the end of the table. */
static void test_many(void)
{
	static char things[IDS];
	void *model[IDS] = { NULL };
	struct bt_idmap m = BT_IDMAP_INIT;
	struct bt_rng rng;
	size_t n = 0;

	bt_rng_seed(&rng, 1);
	for (unsigned step = 0; step < 200000; step++) {
		uint32_t i = (uint32_t)bt_rng_below(&rng, step < 100000 ? 200 : IDS), id = i * 2048;

		if (bt_rng_below(&rng, 2)) {
			n += !model[i];
			model[i] = &things[bt_rng_below(&rng, IDS)];
			CHECK_EQ(bt_idmap_put(&m, id, model[i]), 0);
		} else {
			n -= !!model[i];
			CHECK(bt_idmap_remove(&m, id) == model[i]);
			model[i] = NULL;
		}
		i = (uint32_t)bt_rng_below(&rng, IDS);
		CHECK(bt_idmap_get(&m, i * 2048) == model[i]);
		CHECK_EQ(m.n, n);
	}
	bt_idmap_free(&m);
}

static const struct unit_test tests[] = {
	{ "keeps a few", test_few },
	{ "agrees with an array", test_many },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
