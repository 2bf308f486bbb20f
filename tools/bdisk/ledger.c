/* SPDX-License-Identifier: ISC
 *
 * ledger - where acknowledgements are kept: in the two pages at the head of the file, in turn, so that one of them is always
 * whole; and in a file of their own, to which they are appended.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verify.h"

#define PAGES 2u
#define CHUNK (64u << 10)

/* The later of two: runs have larger ids the later they begin. */
static bool is_later(const struct bt_stampack *a, const struct bt_stampack *b)
{
	return a->id != b->id ? a->id > b->id : a->sequence > b->sequence;
}

/* What is in a page of the head. Returns its acknowledgement's state: 0 whole, 1 + place of the byte that was mended, -EINVAL. */
static int read_page(const unsigned char *page, struct bt_stampack *ack)
{
	int at;

	if (bt_stampack_read(page, ack) == 0)
		return 0;
	at = bt_stampack_mend(page, ack);
	return at < 0 ? at : at + 1;
}

/* The acknowledgement that counts, in the bytes of a head. */
static int find_in(const unsigned char *head, size_t bytes, struct bt_stampack *ack)
{
	int rc = -ENOENT;

	for (unsigned i = 0; i < PAGES && (size_t)i * BDISK_PAGE + BT_STAMPACK_BYTES <= bytes; i++) {
		struct bt_stampack a;

		if (read_page(head + i * BDISK_PAGE, &a) >= 0 && (rc < 0 || is_later(&a, ack))) {
			*ack = a;
			rc = 0;
		}
	}
	return rc;
}

int bdisk_head_find(const char *file, struct bt_stampack *ack)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc;
	unsigned char *head = malloc(PAGES * BDISK_PAGE);
	ssize_t got;

	if (fd < 0 || !head) {
		rc = fd < 0 ? -errno : -ENOMEM;
	} else {
		got = pread(fd, head, PAGES * BDISK_PAGE, 0);
		rc = got < 0 ? -errno : find_in(head, (size_t)got, ack);
	}
	free(head);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int put(int fd, const void *data, size_t bytes, uint64_t offset)
{
	ssize_t done = pwrite(fd, data, bytes, (off_t)offset);

	return done < 0 ? -errno : (size_t)done < bytes ? -ENOSPC : 0;
}

int bdisk_head_write(int fd, const struct bt_stampack *ack)
{
	unsigned char *page = aligned_alloc(BDISK_PAGE, BDISK_PAGE);
	int rc;

	if (!page)
		return -ENOMEM;
	memset(page, 0, BDISK_PAGE);
	bt_stampack_write(page, ack);
	rc = put(fd, page, BDISK_PAGE, ack->sequence % PAGES * BDISK_PAGE);
	free(page);
	return rc == 0 && fdatasync(fd) < 0 ? -errno : rc;
}

int bdisk_head_begin(int fd, struct bt_stampack *ack)
{
	uint64_t end = bt_stampack_start(ack->bytes);
	unsigned char *zeros = aligned_alloc(BDISK_PAGE, CHUNK);
	int rc = zeros ? 0 : -ENOMEM;

	if (zeros)
		memset(zeros, 0, CHUNK);
	for (uint64_t at = PAGES * BDISK_PAGE; rc == 0 && at < end; at += CHUNK)
		rc = put(fd, zeros, end - at < CHUNK ? end - at : CHUNK, at);
	free(zeros);
	for (unsigned i = 0; i < PAGES && rc == 0; i++) {
		ack->sequence++;
		rc = bdisk_head_write(fd, ack);
	}
	return rc;
}

/* Bytes that should be zero: a finding for each sector in which some are not. */
static void check_zeros(struct verify *v, const unsigned char *data, size_t bytes, uint64_t offset)
{
	for (size_t at = 0; at < bytes; at += BDISK_SECTOR) {
		struct bdisk_found f = { .offset = offset + at, .blocks = 1, .how = BDISK_FLIPPED };
		size_t sector = bytes - at < BDISK_SECTOR ? bytes - at : BDISK_SECTOR;

		for (size_t i = at; i < at + sector; i++) {
			if (data[i] == 0)
				continue;
			if (f.wrong == 0) {
				f.where = offset + i;
				f.bits = data[i];
			}
			if (f.wrong < BT_STAMP_PLACES)
				f.places[f.wrong] = (uint16_t)(i - at);
			f.wrong++;
		}
		if (f.wrong)
			bdisk_found_add(&v->findings, &f);
	}
}

/* Checks a page of the head, and clears its acknowledgement, so that the rest is zeros as in all pages of it. */
static void check_page(struct verify *v, unsigned char *page, uint64_t offset)
{
	struct bdisk_found f = { .offset = offset, .blocks = 1, .how = BDISK_FLIPPED, .generation = v->ack.generation, .wrong = 1 };
	unsigned char mended[BT_STAMPACK_BYTES], zeros[BT_STAMPACK_BYTES] = { 0 };
	struct bt_stampack ack;
	int state = read_page(page, &ack);

	if (state > 0) {
		bt_stampack_write(mended, &ack);
		f.where = offset + (uint64_t)state - 1;
		f.places[0] = (uint16_t)(state - 1);
		f.bits = page[state - 1] ^ mended[state - 1];
	} else if (!memcmp(page, zeros, sizeof(zeros))) {
		f.how = BDISK_MISSING;
	} else {
		f.where = offset;
		f.wrong = BT_STAMPACK_BYTES; /* any of them */
	}
	if (state != 0)
		bdisk_found_add(&v->findings, &f);
	memset(page, 0, BT_STAMPACK_BYTES);
}

int bdisk_head_check(struct verify *v)
{
	unsigned char *data = aligned_alloc(BDISK_PAGE, CHUNK);
	ssize_t got = data ? 1 : 0;

	for (uint64_t at = 0; got > 0 && at < v->start; at += CHUNK) {
		size_t bytes = v->start - at < CHUNK ? v->start - at : CHUNK;

		memset(data, 0, CHUNK);
		got = pread(v->b->target.fd, data, bytes, (off_t)at);
		for (unsigned i = 0; got > 0 && at == 0 && i < PAGES; i++)
			check_page(v, data + i * BDISK_PAGE, i * BDISK_PAGE);
		if (got > 0)
			check_zeros(v, data, (size_t)got, at);
		else if (got < 0)
			bdisk_found_add(&v->findings, &(struct bdisk_found){ .offset = at, .blocks = 1,
				.how = BDISK_UNREADABLE, .error = (int16_t)errno });
	}
	free(data);
	return data ? 0 : -ENOMEM;
}

int bdisk_ledger_open(const char *file)
{
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666), rc = 0;
	unsigned char first[BT_STAMPACK_BYTES];
	struct bt_stampack ack;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = -EEXIST;
	else if (st.st_size > 0 && (pread(fd, first, sizeof(first), 0) != sizeof(first) || read_page(first, &ack) < 0))
		rc = -EEXIST;
	/* Half a record at the end was never acknowledged: its writer died in the middle. */
	else if (ftruncate(fd, st.st_size - st.st_size % BT_STAMPACK_BYTES) < 0 || lseek(fd, 0, SEEK_END) < 0)
		rc = -errno;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

int bdisk_ledger_append(int fd, const struct bt_stampack *ack)
{
	unsigned char bytes[BT_STAMPACK_BYTES];
	ssize_t done;

	bt_stampack_write(bytes, ack);
	done = write(fd, bytes, sizeof(bytes));
	if (done != sizeof(bytes))
		return done < 0 ? -errno : -ENOSPC;
	return fdatasync(fd) < 0 ? -errno : 0;
}

int bdisk_ledger_find(const char *file, struct bt_stampack *ack, bool known, uint64_t *damaged)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc = -ENOENT;
	unsigned char bytes[BT_STAMPACK_BYTES];
	struct bt_stampack a;
	ssize_t got;

	*damaged = 0;
	if (fd < 0)
		return -errno;
	while ((got = read(fd, bytes, sizeof(bytes))) == sizeof(bytes)) {
		int state = read_page(bytes, &a);

		*damaged += state != 0;
		if (state < 0 || (known && a.id < ack->id))
			continue;
		rc = 0;
		/* A later run, of which the file has lost even the head, counts more than the one that the file knows of. */
		if (!known || a.id > ack->id || bt_stampack_later(&a, ack))
			*ack = a;
		known = true;
	}
	if (got < 0)
		rc = -errno;
	close(fd);
	return rc;
}
