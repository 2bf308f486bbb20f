/* SPDX-License-Identifier: ISC
 *
 * io - what the engines have in common.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io.h"
#include "rng.h"

#define STEP 4672u /* bytes between the starts of two messages in the payload, on top of their length */

static char *payload;

static void fill_payload(void)
{
	char *data = mmap(NULL, 2 * BNET_PAYLOAD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct bt_rng rng;

	if (data == MAP_FAILED)
		return;
	bt_rng_seed(&rng, 1);
	for (size_t at = 0; at < BNET_PAYLOAD; at += sizeof(uint64_t)) {
		uint64_t word = bt_rng_next(&rng);

		memcpy(data + at, &word, sizeof(word));
	}
	memcpy(data + BNET_PAYLOAD, data, BNET_PAYLOAD);
	payload = data;
}

const char *bnet_payload(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fill_payload);
	return payload;
}

int bnet_io_init(struct bnet_io *io, enum bt_net_engine engine)
{
	io->ops = engine == BT_NET_URING ? &bnet_uring : &bnet_sync;
	io->buffer = mmap(NULL, BNET_RECEIVE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (io->buffer == MAP_FAILED)
		io->buffer = NULL;
	if (!io->buffer || !bnet_payload())
		return -ENOMEM;
	return io->ops->init(io);
}

void bnet_io_fini(struct bnet_io *io)
{
	if (io->ops)
		io->ops->fini(io);
	if (io->buffer)
		munmap(io->buffer, BNET_RECEIVE);
	io->buffer = NULL;
	io->ops = NULL;
}

static void set_fd(struct bnet_io *io, struct bnet_flow *f, int fd)
{
	if (io->closing)
		pthread_mutex_lock(io->closing);
	if (fd < 0)
		io->ops->drop(io, f);
	f->fd = fd;
	if (io->closing)
		pthread_mutex_unlock(io->closing);
}

int bnet_io_add(struct bnet_io *io, struct bnet_flow *f, int fd)
{
	set_fd(io, f, fd);
	f->head_left = 0;
	f->left = 0;
	f->got_bytes = 0;
	f->watched = f->receiving = f->sending = false;
	return io->ops->add(io, f);
}

void bnet_io_drop(struct bnet_io *io, struct bnet_flow *f)
{
	if (f->fd < 0)
		return;
	set_fd(io, f, -1);
	f->head_left = 0;
	f->left = 0;
}

int bnet_io_send(struct bnet_io *io, struct bnet_flow *f, uint64_t bytes, uint32_t head_bytes)
{
	if (head_bytes > bytes)
		head_bytes = (uint32_t)bytes;
	f->payload_at = (uint32_t)((f->payload_at + STEP) % BNET_PAYLOAD);
	if (bytes <= BNET_HEAD_MAX) { /* in one piece */
		memcpy(f->head + head_bytes, payload + f->payload_at, bytes - head_bytes);
		head_bytes = (uint32_t)bytes;
	}
	f->head_at = 0;
	f->head_left = head_bytes;
	f->left = bytes - head_bytes;
	return io->ops->send(io, f);
}

int bnet_io_wait(struct bnet_io *io, uint64_t until_ns)
{
	return io->ops->wait(io, until_ns);
}

void bnet_io_wake(struct bnet_io *io)
{
	uint64_t one = 1;

	atomic_store(&io->woken, true);
	if (write(io->wake_fd, &one, sizeof(one)) < 0)
		return; /* it is awake in any case */
}

unsigned bnet_io_parts(struct bnet_flow *f)
{
	unsigned n = 0;

	if (f->head_left > 0)
		f->parts[n++] = (struct iovec){ f->head + f->head_at, f->head_left };
	if (f->left > 0)
		f->parts[n++] = (struct iovec){ (char *)(uintptr_t)payload + f->payload_at, f->left < BNET_PAYLOAD ? f->left : BNET_PAYLOAD };
	return n;
}

void bnet_io_took(struct bnet_io *io, struct bnet_flow *f, size_t n)
{
	uint32_t head = n < f->head_left ? (uint32_t)n : f->head_left;

	io->moved += n;
	f->head_at += head;
	f->head_left -= head;
	n -= head;
	f->left -= n;
	f->payload_at = (uint32_t)((f->payload_at + n) % BNET_PAYLOAD);
}

void bnet_io_gone(struct bnet_io *io, struct bnet_flow *f, int error)
{
	io->events->gone(io->arg, f, error);
	bnet_io_drop(io, f);
}

uint64_t bnet_io_rest(const struct bnet_io *io, uint64_t until_ns)
{
	uint64_t now;

	if (until_ns == 0)
		return 0;
	now = bt_clock_now(io->clock);
	if (until_ns <= now)
		return 0;
	return until_ns - now < BNET_WAKE_NS ? until_ns - now : BNET_WAKE_NS;
}
