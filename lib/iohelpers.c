/* SPDX-License-Identifier: ISC
 *
 * iohelpers - the CPU time of the threads that io_uring has in this process beside our own.
 */
#include <dirent.h>
#include <string.h>

#include "iohelpers.h"
#include "num.h"
#include "src.h"

static const struct bt_src self = { "" };

/* "iou-wrk-1234": the id, 0 for other names. */
static uint64_t serves(const char *tid, const char *prefix)
{
	uint64_t id = 0;
	char comm[32];

	if (bt_src_line(&self, comm, sizeof(comm), "/proc/self/task/%s/comm", tid) <= 0 || strncmp(comm, prefix, strlen(prefix)) != 0)
		return 0;
	return bt_num_u64(comm + strlen(prefix), 1, INT32_MAX, &id) == 0 ? id : 0;
}

static uint64_t run_ns(const char *tid)
{
	uint64_t ns = 0;

	return bt_src_u64(&self, &ns, "/proc/self/task/%s/schedstat", tid) == 0 ? ns : 0;
}

/* Sum over the threads named prefix and one of two ids; *found receives the id of the last one. */
static uint64_t sum(DIR *tasks, const char *prefix, uint64_t one, uint64_t other, uint64_t *found)
{
	const struct dirent *e;
	uint64_t ns = 0, id;

	rewinddir(tasks);
	while ((e = readdir(tasks))) {
		id = e->d_name[0] == '.' ? 0 : serves(e->d_name, prefix);
		if (id == 0 || (id != one && id != other))
			continue;
		ns += run_ns(e->d_name);
		bt_num_u64(e->d_name, 1, INT32_MAX, found);
	}
	return ns;
}

uint64_t bt_iohelpers_ns(pid_t tid, bool sqpoll)
{
	uint64_t me = (uint64_t)tid, submitter = 0, last = 0, ns;
	DIR *tasks = opendir("/proc/self/task");

	if (!tasks)
		return 0;
	ns = sqpoll ? sum(tasks, "iou-sqp-", me, me, &submitter) : 0;
	ns += sum(tasks, "iou-wrk-", me, submitter ? submitter : me, &last);
	closedir(tasks);
	return ns;
}
