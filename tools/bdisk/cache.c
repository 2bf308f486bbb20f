/* SPDX-License-Identifier: ISC
 *
 * cache - what of the file is in the page cache: put there or taken out before a run, and counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bdisk.h"
#include "err.h"

#define CHUNK (1u << 20)
#define WINDOW (256ull << 20) /* of the file, looked at in one go: a millisecond or two */
#define LOOKED_AT_MAX (64ull << 30) /* with direct I/O little is expected there */

/* Pages in the cache among bytes of the file from offset on. */
static uint64_t resident_in(int fd, uint64_t offset, uint64_t bytes, unsigned char *vec)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t pages = 0;
	void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, (off_t)offset);

	if (map == MAP_FAILED)
		return UINT64_MAX;
	if (mincore(map, bytes, vec) < 0)
		pages = UINT64_MAX;
	for (size_t i = 0; pages != UINT64_MAX && i < (bytes + page - 1) / page; i++)
		pages += vec[i] & 1;
	munmap(map, bytes);
	return pages == UINT64_MAX ? pages : pages * page;
}

/* To those who could not write the file the kernel says that all of it is there. */
static bool may_look(int fd)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return geteuid() == 0 || (fstat(fd, &st) == 0 && st.st_uid == geteuid()) || access(path, W_OK) == 0;
}

uint64_t bdisk_cache_resident(const struct bdisk_target *t)
{
	unsigned char *vec;
	uint64_t sum = 0;

	if (!may_look(t->fd) || (t->cache == BDISK_DIRECT && t->bytes > LOOKED_AT_MAX))
		return UINT64_MAX;
	vec = malloc(WINDOW / 4096 + 1);
	for (uint64_t at = 0; vec && at < t->bytes && sum != UINT64_MAX; at += WINDOW) {
		uint64_t bytes = t->bytes - at < WINDOW ? t->bytes - at : WINDOW;
		uint64_t here = resident_in(t->fd, at, bytes, vec);

		sum = here == UINT64_MAX ? here : sum + here;
	}
	free(vec);
	return vec ? sum : UINT64_MAX;
}

static int read_all(const struct bdisk_target *t)
{
	char *buffer = malloc(CHUNK);
	ssize_t got = 1;

	for (uint64_t at = 0; buffer && got > 0 && at < t->bytes && !bt_loadtool_stop(); at += (uint64_t)got)
		got = pread(t->fd, buffer, t->bytes - at < CHUNK ? t->bytes - at : CHUNK, (off_t)at);
	free(buffer);
	return !buffer ? -ENOMEM : got < 0 ? -errno : 0;
}

/* Only clean pages can go, so they are written first. */
static int drop_all(const struct bdisk_target *t)
{
	int rc;

	if (fdatasync(t->fd) < 0 && errno != EINVAL && errno != EROFS)
		return -errno;
	rc = posix_fadvise(t->fd, 0, 0, POSIX_FADV_DONTNEED);
	return -rc;
}

/* Of what a cold cache was asked for, more than was brought in came from it a second time. Readahead brings in more. */
static bool read_again(const struct bdisk_job *job, uint64_t resident)
{
	uint64_t brought = resident > job->resident_before ? resident - job->resident_before : 0, asked = job->done_bytes[0];

	return asked > brought + asked / 100;
}

void bdisk_cache_judge(struct bdisk *b, struct bdisk_job *job)
{
	const struct bdisk_target *t = &b->target;
	uint64_t resident = bdisk_cache_resident(t), percent = t->bytes / 100;

	job->cached = false;
	if (resident == UINT64_MAX || job->resident_before == UINT64_MAX) {
		if (t->cache != BDISK_DIRECT)
			bt_out_warn(&b->tool.out, "cache-unknown", "what the page cache holds of a file of somebody else cannot be told");
		return;
	}
	if (t->cache == BDISK_WARM && resident < t->bytes - percent)
		bt_out_warn(&b->tool.out, "cache-evicted", "the file did not stay in the page cache: there is too little memory for it");
	if (t->cache == BDISK_COLD && job->test->reads)
		job->cached = job->resident_before > percent || read_again(job, resident);
	if (t->cache == BDISK_COLD && job->test->writes)
		job->cached |= b->fsync != BDISK_FSYNC_EVERY || b->fsync_every > 1;
	if (t->cache == BDISK_DIRECT)
		job->cached = resident > job->resident_before + percent;
}

int bdisk_cache_prepare(struct bdisk *b)
{
	const struct bdisk_target *t = &b->target;
	const struct bdisk_job *job = b->tool.job->config;
	int rc = 0;

	if (t->cache == BDISK_WARM)
		rc = read_all(t);
	else if (t->cache == BDISK_COLD)
		rc = drop_all(t);
	if (rc < 0) {
		bt_warn("%s: the page cache cannot be made %s: %s", t->kind, t->cache == BDISK_WARM ? "warm" : "cold", strerror(-rc));
		return rc;
	}
	/* Readahead would bring in what no random read has asked for. */
	if (t->cache != BDISK_DIRECT)
		posix_fadvise(t->fd, 0, 0, job->test->random ? POSIX_FADV_RANDOM : POSIX_FADV_SEQUENTIAL);
	return 0;
}
