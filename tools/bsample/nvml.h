/* SPDX-License-Identifier: ISC
 *
 * nvml - the part of NVIDIA's management library that we use, loaded at run time. Types and values as its reference manual has them
 * (NVML API Reference Guide).
 */
#ifndef BSAMPLE_NVML_H
#define BSAMPLE_NVML_H

#include <stddef.h>

#define NVML_SUCCESS 0
#define NVML_INSUFFICIENT_SIZE 7
#define NVML_TEMPERATURE_GPU 0
enum { NVML_CLOCK_GRAPHICS, NVML_CLOCK_SM, NVML_CLOCK_MEM };

typedef void *nvml_device; /* a handle that the library owns */

struct nvml_utilization {
	unsigned gpu, memory; /* per cent of the library's last period, 1/6 s to 1 s */
};

struct nvml_memory {
	unsigned long long total, free, used; /* bytes */
};

/* Of _v2 and _v3; without a suffix it ends behind used. */
struct nvml_process {
	unsigned pid;
	unsigned long long used; /* bytes; all ones: not known */
	unsigned gpu_instance, compute_instance;
};

struct nvml_process_util {
	unsigned pid;
	unsigned long long at_us; /* CPU time stamp */
	unsigned sm, memory, encoder, decoder; /* per cent */
};

struct nvml {
	void *library;
	int (*init)(void);
	int (*shutdown)(void);
	int (*count)(unsigned *count);
	int (*by_index)(unsigned index, nvml_device *device);
	const char *(*error)(int status);
	/* What an old library may lack is NULL. */
	int (*name)(nvml_device device, char *name, unsigned len);
	int (*utilization)(nvml_device device, struct nvml_utilization *out);
	int (*memory)(nvml_device device, struct nvml_memory *out);
	int (*power)(nvml_device device, unsigned *milliwatt);
	int (*temperature)(nvml_device device, unsigned sensor, unsigned *celsius);
	int (*clock)(nvml_device device, unsigned clock, unsigned *mhz);
	int (*compute)(nvml_device device, unsigned *count, struct nvml_process *out);
	int (*graphics)(nvml_device device, unsigned *count, struct nvml_process *out);
	int (*process_util)(nvml_device device, struct nvml_process_util *out, unsigned *count, unsigned long long since_us);
};

/* bsample_nvml_open - load and start it. Returns 0, or -errno with why (cap bytes) saying what is missing: -ENOENT when there is no
 * library, -ENODEV when it has no driver to speak to. */
int bsample_nvml_open(struct nvml *n, char *why, size_t cap);

/* bsample_nvml_close - takes one that is all zero. */
void bsample_nvml_close(struct nvml *n);

#endif
