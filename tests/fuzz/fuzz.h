/* SPDX-License-Identifier: ISC
 *
 * fuzz - the driver that every fuzz target shares. A target is one C file:
 *
 *	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { ...; return 0; }  (abort() on a broken invariant)
 *	static const struct fuzz_seed seeds[] = { FUZZ_TEXT("{}"), { bytes, sizeof(bytes) }, { NULL, 0 } };
 *	FUZZ_MAIN(seeds)
 *
 * With -DFUZZ_LIBFUZZER libFuzzer brings main(). Without, the program takes [-s SECONDS | -n RUNS] [-S SEED] [FILE...]:
 * it runs the files and the seeds as they are, then mutations of the seeds, the same ones for the same SEED on every
 * machine. A run that dies says how to repeat it alone.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_seed {
	const void *data;
	size_t len;
};

#define FUZZ_INPUT_MAX 65536 /* bytes of a mutated input */
#define FUZZ_TEXT(literal) { literal, sizeof(literal) - 1 }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef FUZZ_LIBFUZZER

#define FUZZ_MAIN(seeds) \
	__attribute__((unused)) static const struct fuzz_seed *fuzz_seeds(void) { return seeds; }

#else

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rng.h"

#define FUZZ_MAIN(seeds) \
	int main(int argc, char **argv) { return fuzz_main(seeds, argc, argv); }

/* Present when a sanitizer is linked in. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static char fuzz_repeat[64];
static size_t fuzz_repeat_len;

static void fuzz_death(void)
{
	ssize_t ignored = write(STDERR_FILENO, fuzz_repeat, fuzz_repeat_len);

	(void)ignored;
}

static void fuzz_abort(int sig)
{
	fuzz_death();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* The input is a copy of just the right size, so that a read beyond it is seen by ASan and valgrind. */
static void fuzz_one(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static int fuzz_file(const char *path)
{
	static uint8_t buf[1 << 22];
	FILE *f = fopen(path, "rb");
	size_t len;

	if (!f) {
		fprintf(stderr, "fuzz: %s: %s\n", path, strerror(errno));
		return -1;
	}
	len = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	fuzz_repeat_len = (size_t)snprintf(fuzz_repeat, sizeof(fuzz_repeat), "fuzz: died in file %.40s\n", path);
	fuzz_one(buf, len);
	return 0;
}

static const struct fuzz_seed *fuzz_pick(const struct fuzz_seed *seeds, struct bt_rng *rng)
{
	size_t n = 0;

	while (seeds[n].data)
		n++;
	return &seeds[bt_rng_below(rng, n)];
}

/* Bytes that tend to sit on a boundary of something: signs, lengths, JSON syntax. */
static uint8_t fuzz_byte(struct bt_rng *rng)
{
	static const uint8_t edges[] = "\x00\x01\x7f\x80\xff\xfe\xc0\xe2\x1f \"\\{}[]:,-+.0919eEun/=\n\r\t";

	return bt_rng_below(rng, 2) ? edges[bt_rng_below(rng, sizeof(edges) - 1)] : (uint8_t)bt_rng_next(rng);
}

/* Replace the del bytes at pos by the add bytes at with (not inside buf). Returns the new length. */
static size_t fuzz_splice(uint8_t *buf, size_t len, size_t pos, size_t del, const uint8_t *with, size_t add)
{
	if (len - del + add > FUZZ_INPUT_MAX)
		return len;
	memmove(buf + pos + add, buf + pos + del, len - pos - del);
	if (add)
		memcpy(buf + pos, with, add);
	return len - del + add;
}

static size_t fuzz_mutate_once(uint8_t *buf, size_t len, const struct fuzz_seed *seeds, struct bt_rng *rng)
{
	size_t pos = bt_rng_below(rng, len + 1), span = len - pos, i;
	const struct fuzz_seed *other;
	uint8_t chunk[64];

	span = span ? 1 + bt_rng_below(rng, span > 16 ? 16 : span) : 0;
	switch (bt_rng_below(rng, 8)) {
	case 0: /* flip a bit */
		if (pos < len)
			buf[pos] ^= (uint8_t)(1 << bt_rng_below(rng, 8));
		return len;
	case 1: /* change a byte */
		if (pos < len)
			buf[pos] = fuzz_byte(rng);
		return len;
	case 2: /* step a byte */
		if (pos < len)
			buf[pos] = (uint8_t)(buf[pos] + bt_rng_below(rng, 9) - 4);
		return len;
	case 3: /* insert bytes, alike or not */
		chunk[0] = fuzz_byte(rng);
		for (i = 1; i < sizeof(chunk); i++)
			chunk[i] = pos & 1 ? chunk[0] : fuzz_byte(rng);
		return fuzz_splice(buf, len, pos, 0, chunk, 1 + bt_rng_below(rng, sizeof(chunk)));
	case 4: /* delete */
		return fuzz_splice(buf, len, pos, span, chunk, 0);
	case 5: /* repeat a piece */
		memcpy(chunk, buf + pos, span);
		return fuzz_splice(buf, len, bt_rng_below(rng, len + 1), 0, chunk, span);
	case 6: /* cut the end off */
		return bt_rng_below(rng, 4) ? len : pos;
	default: /* go on as another seed */
		other = fuzz_pick(seeds, rng);
		i = bt_rng_below(rng, other->len + 1);
		return fuzz_splice(buf, len, pos, span, (const uint8_t *)other->data + i, other->len - i);
	}
}

/* Run k of seed s is run 0 of seed s + k, so that each can be repeated alone. */
static void fuzz_run(const struct fuzz_seed *seeds, uint64_t seed)
{
	static uint8_t buf[FUZZ_INPUT_MAX];
	const struct fuzz_seed *start;
	struct bt_rng rng;
	size_t len, steps;

	bt_rng_seed(&rng, seed);
	start = fuzz_pick(seeds, &rng);
	len = start->len < sizeof(buf) ? start->len : sizeof(buf);
	memcpy(buf, start->data, len);
	for (steps = 1 + bt_rng_below(&rng, 6); steps > 0; steps--)
		len = fuzz_mutate_once(buf, len, seeds, &rng);
	fuzz_repeat_len = (size_t)snprintf(fuzz_repeat, sizeof(fuzz_repeat), "fuzz: died; repeat with -n 1 -S %llu\n",
		(unsigned long long)seed);
	fuzz_one(buf, len);
}

/* A number, or the end of the program: the caller is a person or a test. */
static uint64_t fuzz_number(const char *text)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno || end == text || *end) {
		fprintf(stderr, "fuzz: not a number: %s\n", text);
		exit(2);
	}
	return v;
}

static inline int fuzz_main(const struct fuzz_seed *seeds, int argc, char **argv)
{
	uint64_t seed = 1, runs = 20000, seconds = 0, done = 0;
	time_t start = time(NULL);
	size_t i;
	int opt;

	while ((opt = getopt(argc, argv, "n:s:S:")) != -1) {
		switch (opt) {
		case 'n': runs = fuzz_number(optarg); break;
		case 's': seconds = fuzz_number(optarg); runs = UINT64_MAX; break;
		case 'S': seed = fuzz_number(optarg); break;
		default: return 2;
		}
	}
	signal(SIGABRT, fuzz_abort);
	signal(SIGSEGV, fuzz_abort);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(fuzz_death);
	for (; optind < argc; optind++)
		if (fuzz_file(argv[optind]) != 0)
			return 1;
	for (i = 0; seeds[i].data; i++)
		fuzz_one(seeds[i].data, seeds[i].len);
	while (done < runs && (!seconds || time(NULL) < start + (time_t)seconds))
		fuzz_run(seeds, seed + done++);
	printf("%s: %llu runs from seed %llu\n", argv[0], (unsigned long long)done, (unsigned long long)seed);
	return 0;
}

#endif
#endif
