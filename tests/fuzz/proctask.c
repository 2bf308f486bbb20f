/* SPDX-License-Identifier: ISC
 *
 * proctask - fuzz target: hostile files of tasks. The first byte of the input says whose the rest is.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proctask.h"

static void must(int condition)
{
	if (!condition)
		abort();
}

static int parse(uint8_t which, const char *text, struct taskfig *f)
{
	uint64_t pss;

	switch (which) {
	case 's': return bt_proctask_schedstat(text, f);
	case 'i': return bt_proctask_io(text, f);
	case 'u': return bt_proctask_status(text, f);
	case 'm': return bt_proctask_pss(text, &pss);
	default: return bt_proctask_stat(text, 4096, f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct taskfig f, untouched;
	int rc;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	memset(&f, 0x55, sizeof(f));
	untouched = f;
	rc = parse(size ? data[0] : 0, size ? text + 1 : text, &f);
	must(rc == 0 || memcmp(&f, &untouched, sizeof(f)) == 0);
	must(rc != 0 || f.comm[TASKFIG_COMM - 1] == '\0' || f.comm[TASKFIG_COMM - 1] == 0x55);
	free(text);
	return 0;
}

static const struct fuzz_seed seeds[] = {
	FUZZ_TEXT(" 4711 (a) S 1 (b)) R 17 3 2 0 -1 4194560 9 8 7 6 5 4 3 2 20 0 11 0 123456 10000 11 18446744073709551615 1 1 0\n"),
	FUZZ_TEXT(" 1 (kworker/u8:0-events_unbound) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 20 0 1 0 0 0 0\n"),
	FUZZ_TEXT("s123 456 7\n"),
	FUZZ_TEXT("irchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\ncancelled_write_bytes: 7\n"),
	FUZZ_TEXT("uName:\tx\nNSpid:\t4711\t17\nvoluntary_ctxt_switches:\t8\nnonvoluntary_ctxt_switches:\t9\n"),
	FUZZ_TEXT("m5581-7fff ---p 00000000 00:00 0    [rollup]\nRss:    8 kB\nPss:               5 kB\n"),
	{ NULL, 0 }
};
FUZZ_MAIN(seeds)
