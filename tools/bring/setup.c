/* SPDX-License-Identifier: ISC
 *
 * setup - the flags of rings, and whether there are rings at all.
 */
#include <errno.h>
#include <liburing.h>
#include <string.h>

#include "bring.h"
#include "shard.h"
#include "src.h"

const char bring_setup_names[] = "sqpoll, single, coop, defer, cqeskip, or none";

static const struct {
	uint32_t flag;
	const char *name;
} flags[] = {
	{ BT_RING_SQPOLL, "sqpoll" },
	{ BT_RING_SINGLE, "single" },
	{ BT_RING_COOP, "coop" },
	{ BT_RING_DEFER, "defer" },
	{ BT_RING_CQE_SKIP, "cqeskip" },
};
#define FLAGS (sizeof(flags) / sizeof(*flags))

static uint32_t flag_of(const char *name, size_t len)
{
	for (size_t i = 0; i < FLAGS; i++)
		if (strlen(flags[i].name) == len && !strncmp(flags[i].name, name, len))
			return flags[i].flag;
	return 0;
}

int bring_setup_take(const char *list, uint32_t *out)
{
	uint32_t taken = 0;

	for (const char *p = list; strcmp(list, "none") != 0; p++) {
		size_t len = strcspn(p, ",");
		uint32_t flag = flag_of(p, len);

		if (flag == 0)
			return -EINVAL;
		taken |= flag;
		p += len;
		if (*p == '\0')
			break;
	}
	*out = taken;
	return 0;
}

void bring_tell(struct bring_job *job, const char *names, uint32_t cq_entries)
{
	uint32_t nobody = 0;

	if (!atomic_compare_exchange_strong(&job->told, &nobody, 1))
		return;
	bt_src_copy(job->effective, sizeof(job->effective), names);
	job->cq_entries = cq_entries;
	atomic_store(&job->told, BRING_TOLD);
}

int bring_uring_try(int *msg_error)
{
	struct io_uring_probe *probe;
	struct io_uring ring;
	int rc = io_uring_queue_init(1, &ring, 0);

	*msg_error = rc;
	if (rc < 0)
		return rc;
	probe = io_uring_get_probe_ring(&ring);
	if (!probe || !io_uring_opcode_supported(probe, IORING_OP_MSG_RING))
		*msg_error = -EOPNOTSUPP;
	io_uring_free_probe(probe);
	io_uring_queue_exit(&ring);
	return 0;
}

const char *bring_uring_reason(int error)
{
	switch (error) {
	case -ENOSYS: return "this kernel, or a seccomp filter, does not have io_uring";
	case -EPERM:
	case -EACCES: return "io_uring is forbidden here, by kernel.io_uring_disabled, a seccomp filter or a security module";
	case -ENOMEM: return "io_uring finds too little locked memory (ulimit -l)";
	case -EOPNOTSUPP: return "the io_uring of this kernel has no MSG_RING (it came with Linux 5.18)";
	default: return strerror(-error);
	}
}
