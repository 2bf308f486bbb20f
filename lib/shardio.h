/* SPDX-License-Identifier: ISC
 *
 * shardio - I/O of a shard, through its own ring: files and sockets.
 *
 * What can be had at once is had at once: cached data is read by the call itself (preadv2 with RWF_NOWAIT), bytes that the socket
 * takes are sent by it, and nothing has to come back through a ring. Everything else goes to the ring, or, in the queue backend, a
 * file is read by pread (which blocks the shard) and a socket waits in poll(2).
 */
#ifndef BT_SHARDIO_H
#define BT_SHARDIO_H

#include <sys/socket.h>

#include "shard.h"

/* A file, looked at once. The caller's memory, unchanged while I/O on it is under way; the descriptor stays the caller's. */
struct bt_shard_file {
	int fd;
	bool inline_io; /* try without the ring first: a regular file without O_DIRECT. The caller may clear it. */
};

/* bt_shard_file_init - look at fd. 0 or -errno (-EBADF). */
int bt_shard_file_init(struct bt_shard_file *f, int fd);

/* One operation. The caller's memory, as its buffer and address are: the runtime's from the call that returned 0 until done is
 * called, which may use it again. */
struct bt_io {
	void (*done)(struct bt_shard *self, struct bt_io *io);
	void *user;     /* the caller's */
	int32_t result; /* bytes (0: end of file), a descriptor, 0, or -errno; less than asked is possible */
	/* the runtime's: */
	uint8_t op, busy;
	int fd;
	void *buf;
	uint32_t len;
	uint64_t offset;
	struct bt_io *next, **link;
};

/* All of these: s is the caller's own shard. Return 1: complete, the result is in io->result (done is not called); 0: under
 * way, done will be called; -EAGAIN: the ring takes no more now; -EBUSY: io is under way; -EXDEV: not the caller's shard, counted;
 * -EINVAL. len: 1..2^31-1 bytes. */
int bt_shard_read_at(struct bt_shard *s, struct bt_io *io, const struct bt_shard_file *f, void *buf, uint32_t len, uint64_t offset);
int bt_shard_write_at(struct bt_shard *s, struct bt_io *io, const struct bt_shard_file *f, const void *buf, uint32_t len,
		      uint64_t offset);
int bt_shard_sock_recv(struct bt_shard *s, struct bt_io *io, int fd, void *buf, uint32_t len);
int bt_shard_sock_send(struct bt_shard *s, struct bt_io *io, int fd, const void *buf, uint32_t len); /* never SIGPIPE */
int bt_shard_sock_accept(struct bt_shard *s, struct bt_io *io, int fd); /* result: a descriptor, close-on-exec, the caller's */
int bt_shard_sock_connect(struct bt_shard *s, struct bt_io *io, int fd, const struct sockaddr *to, socklen_t len);

/* bt_shard_io_cancel - ask that io end: done is called with -ECANCELED, or with its result when that came first. 0; -EALREADY: io
 * is not under way; -EAGAIN; -EXDEV. */
int bt_shard_io_cancel(struct bt_shard *s, struct bt_io *io);

#endif
