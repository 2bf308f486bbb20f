/* SPDX-License-Identifier: ISC
 *
 * caps - the capabilities of this process.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"

static int get(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &header, data) == 0 ? 0 : -errno;
}

uint64_t bt_caps_effective(void)
{
	struct __user_cap_data_struct data[2];

	if (get(data) != 0)
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

int bt_caps_keep(uint64_t mask)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	int rc = get(data);

	if (rc != 0)
		return rc;
	/* Or an execve would give them back to root. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	for (unsigned i = 0; i < 2; i++) {
		uint32_t keep = (uint32_t)(mask >> 32 * i);

		data[i].permitted &= keep;
		data[i].effective &= keep;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) == 0 ? 0 : -errno;
}
