/* SPDX-License-Identifier: ISC
 *
 * temp - what the temperature sensors say: /sys/class/hwmon, and /sys/class/thermal. A zone may be in both.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groups.h"

#define SENSORS_MAX 1024
#define LOOK_NS 10000000000u /* how often to look for new ones */
enum { DIM_CHIP, DIM_SENSOR };

static const struct bsample_field fields[] = {
	{ .metric = "temp", .unit = "C", .how = BSAMPLE_GAUGE, .scale = 1e-3, .column = "temp", .fold = BSAMPLE_LARGEST,
	  .help = "degrees Celsius" },
	{ .metric = NULL },
};

struct sensor {
	struct bt_reread file; /* path names it */
	char chip[64], name[64];
	bool gone;
};

struct temp {
	struct sensor *list[SENSORS_MAX];
	size_t n;
	uint64_t looked_ns;
	const char *root; /* where it was looked */
};

static void add(struct bsample *s, struct temp *q, const char *path, const char *chip, const char *name)
{
	struct sensor *found;

	for (size_t i = 0; i < q->n; i++)
		if (strcmp(q->list[i]->file.path, path) == 0)
			return;
	found = q->n < SENSORS_MAX ? calloc(1, sizeof(*found)) : NULL;
	if (!found)
		return;
	if (bt_reread_open(&found->file, &s->src, "%s", path) < 0) {
		bt_reread_close(&found->file);
		free(found);
		return;
	}
	bt_src_copy(found->chip, sizeof(found->chip), chip);
	bt_src_copy(found->name, sizeof(found->name), name);
	q->list[q->n++] = found;
}

/* "temp12_input": the digits. */
static bool is_input(const char *file, char number[8])
{
	size_t digits = strncmp(file, "temp", 4) == 0 ? strspn(file + 4, "0123456789") : 0;

	if (digits == 0 || digits > 6 || strcmp(file + 4 + digits, "_input") != 0)
		return false;
	bt_src_copy(number, digits + 1, file + 4);
	return true;
}

/* dir is a chip: /sys/class/hwmon/hwmon0. */
static void look_chip(struct bsample *s, struct temp *q, const char *dir)
{
	char chip[64] = "", label[64], number[8], path[768];
	DIR *d = bsample_opendir(s, dir);
	struct dirent *e;

	bt_src_line(&s->src, chip, sizeof(chip), "%s/name", dir);
	while (d && (e = readdir(d))) {
		if (!is_input(e->d_name, number))
			continue;
		if (bt_src_line(&s->src, label, sizeof(label), "%s/temp%s_label", dir, number) <= 0)
			snprintf(label, sizeof(label), "temp%s", number);
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		add(s, q, path, chip, label);
	}
	if (d)
		closedir(d);
}

static void look_zone(struct bsample *s, struct temp *q, const char *dir, const char *zone)
{
	char type[64] = "", path[512];

	bt_src_line(&s->src, type, sizeof(type), "%s/type", dir);
	snprintf(path, sizeof(path), "%s/temp", dir);
	add(s, q, path, type, zone);
}

/* The entries of a class, whose names begin with prefix. */
static void look_class(struct bsample *s, struct temp *q, const char *class, const char *prefix)
{
	DIR *d = bsample_opendir(s, class);
	struct dirent *e;
	char path[384];

	while (d && (e = readdir(d))) {
		if (strncmp(e->d_name, prefix, strlen(prefix)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", class, e->d_name);
		if (strcmp(prefix, "hwmon") == 0)
			look_chip(s, q, path);
		else
			look_zone(s, q, path, e->d_name);
	}
	if (d)
		closedir(d);
}

/* readdir has no order; the table should. */
static int by_path(const void *a, const void *b)
{
	const struct sensor *const *x = a, *const *y = b;

	return strcmp((*x)->file.path, (*y)->file.path);
}

static void look(struct bsample *s, struct temp *q)
{
	q->looked_ns = bsample_now(s);
	q->root = s->src.root;
	look_class(s, q, "/sys/class/hwmon", "hwmon");
	look_class(s, q, "/sys/class/thermal", "thermal_zone");
	qsort(q->list, q->n, sizeof(q->list[0]), by_path);
}

static int open_temp(struct bsample *s, struct bsample_table *t)
{
	struct temp *q = calloc(1, sizeof(*q));

	t->state = q;
	t->cadence_ns = 1000000000;
	if (!q)
		return -ENOMEM;
	look(s, q);
	if (q->n > 0)
		return 0;
	bsample_missing(t, "no sensors below /sys/class/hwmon or /sys/class/thermal: virtual machines have none");
	return -ENOENT;
}

static void forget_gone(struct temp *q)
{
	size_t kept = 0;

	for (size_t i = 0; i < q->n; i++) {
		if (q->list[i]->gone) {
			bt_reread_close(&q->list[i]->file);
			free(q->list[i]);
		} else {
			q->list[kept++] = q->list[i];
		}
	}
	q->n = kept;
}

static void read_sensor(struct bsample *s, struct bsample_table *t, struct sensor *one)
{
	const char *p = bsample_text(s, t, &one->file);
	struct bsample_row *row;
	bool below;
	uint64_t v;

	/* A sensor may fail now and then (EAGAIN, EIO): that is not gone. */
	one->gone = !p && (errno == ENODEV || errno == ENOENT);
	below = p && *p == '-';
	p = p && below ? p + 1 : p;
	if (!p || !bsample_u64(&p, &v) || !(row = bsample_row(t, one->file.path, strlen(one->file.path))))
		return;
	bsample_row_dim(row, DIM_CHIP, one->chip, strlen(one->chip));
	bsample_row_dim(row, DIM_SENSOR, one->name, strlen(one->name));
	row->now[0] = below ? (uint64_t)-(int64_t)v : v;
}

static int read_temp(struct bsample *s, struct bsample_table *t)
{
	struct temp *q = t->state;

	if (bsample_now(s) - q->looked_ns > LOOK_NS || q->root != s->src.root)
		look(s, q);
	for (size_t i = 0; i < q->n; i++)
		read_sensor(s, t, q->list[i]);
	forget_gone(q);
	return 0;
}

static void close_temp(struct bsample_table *t)
{
	struct temp *q = t->state;

	for (size_t i = 0; q && i < q->n; i++) {
		bt_reread_close(&q->list[i]->file);
		free(q->list[i]);
	}
	free(q);
}

const struct bsample_group bsample_temp = {
	.name = "temp", .help = "temperatures", .fields = fields, .list = true,
	.dims = { [DIM_CHIP] = { "chip", false }, [DIM_SENSOR] = { "sensor", false } },
	.open = open_temp, .read = read_temp, .close = close_temp,
};
