/* SPDX-License-Identifier: ISC
 *
 * nvml - loads NVIDIA's management library.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nvml.h"

#define LIBRARY "libnvidia-ml.so.1"

#ifdef BT_STATIC
int bsample_nvml_open(struct nvml *n, char *why, size_t cap)
{
	memset(n, 0, sizeof(*n));
	snprintf(why, cap, "this bsample is linked statically and can load no library");
	return -ENOENT;
}

void bsample_nvml_close(struct nvml *n)
{
	(void)n;
}
#else
/* A function of that name into *to; a pointer to an object and one to a function are the same here, as dlsym(3) has it. */
static int find(const struct nvml *n, const char *name, void *to)
{
	void *symbol = dlsym(n->library, name);

	memcpy(to, &symbol, sizeof(symbol));
	return symbol ? 0 : -ENOENT;
}

static int find_needed(struct nvml *n)
{
	if (find(n, "nvmlInit_v2", &n->init) < 0 || find(n, "nvmlShutdown", &n->shutdown) < 0 ||
	    find(n, "nvmlDeviceGetCount_v2", &n->count) < 0 || find(n, "nvmlDeviceGetHandleByIndex_v2", &n->by_index) < 0)
		return -ENOENT;
	return 0;
}

static void find_others(struct nvml *n)
{
	find(n, "nvmlErrorString", &n->error);
	find(n, "nvmlDeviceGetName", &n->name);
	find(n, "nvmlDeviceGetUtilizationRates", &n->utilization);
	find(n, "nvmlDeviceGetMemoryInfo", &n->memory);
	find(n, "nvmlDeviceGetPowerUsage", &n->power);
	find(n, "nvmlDeviceGetTemperature", &n->temperature);
	find(n, "nvmlDeviceGetClockInfo", &n->clock);
	find(n, "nvmlDeviceGetProcessUtilization", &n->process_util);
	/* The same structure in both; what has no suffix has another one and is as old as 2020. */
	if (find(n, "nvmlDeviceGetComputeRunningProcesses_v3", &n->compute) < 0)
		find(n, "nvmlDeviceGetComputeRunningProcesses_v2", &n->compute);
	if (find(n, "nvmlDeviceGetGraphicsRunningProcesses_v3", &n->graphics) < 0)
		find(n, "nvmlDeviceGetGraphicsRunningProcesses_v2", &n->graphics);
}

int bsample_nvml_open(struct nvml *n, char *why, size_t cap)
{
	int status;

	memset(n, 0, sizeof(*n));
	n->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!n->library) {
		snprintf(why, cap, "no %s: no NVIDIA driver is installed", LIBRARY);
		return -ENOENT;
	}
	if (find_needed(n) < 0) {
		snprintf(why, cap, "%s lacks functions that are needed; it is from before 2013", LIBRARY);
		dlclose(n->library);
		memset(n, 0, sizeof(*n));
		return -ENOENT;
	}
	find_others(n);
	status = n->init();
	if (status != NVML_SUCCESS) {
		snprintf(why, cap, "%s does not start: %s", LIBRARY, n->error ? n->error(status) : "no reason given");
		dlclose(n->library);
		memset(n, 0, sizeof(*n));
		return -ENODEV;
	}
	return 0;
}

void bsample_nvml_close(struct nvml *n)
{
	if (!n->library)
		return;
	n->shutdown();
	dlclose(n->library);
	memset(n, 0, sizeof(*n));
}
#endif
