/* SPDX-License-Identifier: ISC
 *
 * kernel - what stands for the BPF programs where bsample is built without them.
 */
#include <errno.h>

#include "kernel.h"

int kernel_open(struct kernel **k, const struct kernel_conf *conf, char error[400])
{
	(void)conf;
	*k = NULL;
	bt_src_copy(error, 400, "this bsample is built without BPF");
	return -ENOTSUP;
}

int kernel_pass(struct kernel *k, void (*take)(void *arg, const struct taskfig *f, uint64_t read_ns), void *arg)
{
	(void)k, (void)take, (void)arg;
	return -ENOTSUP;
}

bool kernel_there(const struct kernel *k, uint32_t place)
{
	(void)k, (void)place;
	return false;
}

void kernel_drain(struct kernel *k, void (*take)(void *arg, const struct taskfig *f), void *arg)
{
	(void)k, (void)take, (void)arg;
}

uint64_t kernel_lost(const struct kernel *k)
{
	(void)k;
	return 0;
}

const char *kernel_attach(const struct kernel *k)
{
	(void)k;
	return "";
}

void kernel_close(struct kernel *k)
{
	(void)k;
}
