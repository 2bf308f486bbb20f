/* SPDX-License-Identifier: ISC
 *
 * bmem - unit tests of the loops that move memory: known sums for every operation and vector width that this CPU has. Linked with
 * those loops alone, so that it can be built for another architecture and run there or in an emulator.
 */
#include <stdlib.h>

#include "../../tools/bmem/kernel.h"
#include "cycle.h"
#include "unit.h"

#define BYTES (5 * BMEM_CHUNK)
#define GUARD 64u

static const char *const names[BMEM_OPS] = {
	[BMEM_COPY] = "copy", [BMEM_SCALE] = "scale", [BMEM_ADD] = "add", [BMEM_TRIAD] = "triad", [BMEM_READ] = "read", [BMEM_WRITE] = "write",
	[BMEM_NTCOPY] = "ntcopy", [BMEM_NTSCALE] = "ntscale", [BMEM_NTADD] = "ntadd", [BMEM_NTTRIAD] = "nttriad", [BMEM_NTWRITE] = "ntwrite",
	[BMEM_MEMCPY] = "memcpy",
};

static void test_golden(void)
{
	unsigned widths = 0;

	for (size_t i = 0; bmem_isas[i]; i++) {
		if (!bmem_isas[i]->usable())
			continue;
		widths++;
		for (enum bmem_op op = 0; op < BMEM_OPS; op++)
			if (!bmem_golden(bmem_isas[i], op)) {
				printf("# %s %s\n", bmem_isas[i]->name, names[op]);
				CHECK(false);
			}
	}
	CHECK(widths > 0);
	printf("# %u vector widths\n", widths);
}

/* What a loop leaves of three arrays with guards around. */
static void check_loop(const struct bmem_isa *isa, enum bmem_op op)
{
	char *to = aligned_alloc(64, BYTES + 2 * GUARD), *x = aligned_alloc(64, BYTES), *y = aligned_alloc(64, BYTES);
	uint64_t sum;

	memset(to, 0x5a, BYTES + 2 * GUARD);
	bmem_fill(op, x, y, BYTES);
	sum = isa->loops[op](to + GUARD, x, y, BYTES);
	if (op == BMEM_READ)
		CHECK(sum == bmem_read_sum(BYTES / 8, 1));
	else
		CHECK_EQ(bmem_wrong(op, to + GUARD, 0, BYTES / 8), 0);
	for (unsigned i = 0; i < GUARD; i++)
		CHECK(to[i] == 0x5a && to[GUARD + BYTES + i] == 0x5a);
	if (op != BMEM_READ) {
		to[GUARD + 8 * 100] ^= 1; /* a flipped bit is seen, where it is */
		CHECK_EQ(bmem_wrong(op, to + GUARD, 0, BYTES / 8), 1);
		CHECK_EQ(bmem_wrong(op, to + GUARD, 100, 1), 1);
		CHECK_EQ(bmem_wrong(op, to + GUARD, 101, 500), 0);
	}
	free(to);
	free(x);
	free(y);
}

static void test_loops(void)
{
	for (size_t i = 0; bmem_isas[i]; i++)
		for (enum bmem_op op = 0; op < BMEM_OPS && bmem_isas[i]->usable(); op++)
			check_loop(bmem_isas[i], op);
}

/* The closed form against plain addition. */
static void test_sums(void)
{
	static uint64_t words[4096];

	bmem_fill(BMEM_READ, words, NULL, sizeof(words));
	for (uint64_t step = 1; step <= 1024; step *= 2)
		for (uint64_t count = step; count <= 4096; count += 77 * step) {
			uint64_t sum = 0;

			for (uint64_t i = 0; i < count; i += step)
				sum += words[i];
			CHECK(sum == bmem_read_sum(count, step));
		}
}

static void test_counts(void)
{
	CHECK_EQ(bmem_arrays_read(BMEM_COPY) + bmem_arrays_written(BMEM_COPY), 2);
	CHECK_EQ(bmem_arrays_read(BMEM_NTSCALE) + bmem_arrays_written(BMEM_NTSCALE), 2);
	CHECK_EQ(bmem_arrays_read(BMEM_ADD) + bmem_arrays_written(BMEM_ADD), 3);
	CHECK_EQ(bmem_arrays_read(BMEM_NTTRIAD) + bmem_arrays_written(BMEM_NTTRIAD), 3);
	CHECK_EQ(bmem_arrays_read(BMEM_READ) + bmem_arrays_written(BMEM_READ), 1);
	CHECK_EQ(bmem_arrays_read(BMEM_NTWRITE) + bmem_arrays_written(BMEM_NTWRITE), 1);
	CHECK_EQ(bmem_arrays_read(BMEM_MEMCPY) + bmem_arrays_written(BMEM_MEMCPY), 2);
}

static void test_names(void)
{
	CHECK(bmem_isa_find("best") && bmem_isa_find("best")->usable());
	CHECK(bmem_isa_find("portable") && bmem_isa_find("portable")->usable());
	CHECK(bmem_isa_find("nosuch") == NULL);
	for (size_t i = 0; bmem_isas[i]; i++)
		CHECK(bmem_isa_find(bmem_isas[i]->name) == bmem_isas[i]);
}

/* The chase is the same code on every machine, but its loads must be there on each. */
static void test_chase(void)
{
	enum { N = 333 };
	static struct bt_cycle_slot slots[N];
	struct bt_cycle c = { .base = (char *)slots, .n = N, .stride_bytes = sizeof(slots[0]), .seed = 1 };

	CHECK_EQ(bt_cycle_follow(bt_cycle_make(&c), 16384)->ordinal, 16384 % N);
}

static const struct unit_test tests[] = {
	{ "golden sums of every operation in every width", test_golden },
	{ "every word as expected, none beside", test_loops },
	{ "sums of words have a closed form", test_sums },
	{ "arrays are counted as STREAM counts them", test_counts },
	{ "vector widths by name", test_names },
	{ "a chain leads where it must", test_chase },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
