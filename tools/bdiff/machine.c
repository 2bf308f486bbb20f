/* SPDX-License-Identifier: ISC
 *
 * machine - where an input comes from: the machines of its meta records.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "machine.h"

#define FACT_MAX 512 /* bytes, with NUL */

/* What the fingerprint is made of. */
static const char *const fact_names[BDIFF_FACTS] = {
	"cpu_model", "kernel", "arch", "microcode", "virt", "governor", "thp", "smt", "mitigations", "cpus", "cpus_allowed",
	"sockets", "cores", "mem", "cgroup_cpus", "cgroup_mem",
};

static char *field_copy(const struct bt_rec_in *r, const char *name)
{
	const struct bt_json_field *f = bt_json_find(r->json, name);
	char text[FACT_MAX] = "";

	if (f && f->type != BT_JSON_NESTED && f->type != BT_JSON_NULL)
		bt_rec_dim_value(f, text, sizeof(text));
	return strdup(text);
}

static const struct bdiff_machine *find(const struct bdiff_origin *o, const char *fp)
{
	for (unsigned i = 0; i < o->n_machines; i++)
		if (strcmp(o->machines[i].fp, fp) == 0)
			return &o->machines[i];
	return NULL;
}

int bdiff_origin_add(struct bdiff_origin *o, const struct bt_rec_in *r)
{
	struct bdiff_machine *m = &o->machines[o->n_machines];
	char *fp = field_copy(r, "fp");

	if (!fp)
		return -ENOMEM;
	if (!*fp || o->n_machines == BDIFF_MACHINES || find(o, fp)) {
		free(fp);
		return 0;
	}
	o->n_machines++;
	m->fp = fp;
	for (int i = 0; i < BDIFF_FACTS; i++) {
		m->facts[i] = field_copy(r, fact_names[i]);
		if (!m->facts[i])
			return -ENOMEM;
	}
	return 0;
}

void bdiff_origin_free(struct bdiff_origin *o)
{
	for (unsigned i = 0; i < o->n_machines; i++) {
		free(o->machines[i].fp);
		for (int k = 0; k < BDIFF_FACTS; k++)
			free(o->machines[i].facts[k]);
	}
	memset(o, 0, sizeof(*o));
}

/* Memory is rounded in the fingerprint: kernels keep a varying part for themselves. */
static bool fact_differs(const char *name, const char *a, const char *b)
{
	double x, y;

	if (strcmp(name, "mem") != 0)
		return strcmp(a, b) != 0;
	x = strtod(a, NULL);
	y = strtod(b, NULL);
	return fabs(x - y) > fmax(x, y) / 32;
}

static void say_difference(const struct bdiff_machine *a, const struct bdiff_machine *b)
{
	unsigned said = 0;

	for (int i = 0; i < BDIFF_FACTS; i++) {
		const char *x = a->facts[i], *y = b->facts[i];

		if (!fact_differs(fact_names[i], x, y))
			continue;
		bt_warn("the machines differ: %s: %.200s -> %.200s", fact_names[i], *x ? x : "none", *y ? y : "none");
		said++;
	}
	if (said == 0)
		bt_warn("the machines differ: fp: %.32s -> %.32s", a->fp, b->fp);
}

/* The first machine of o that other does not have; NULL: none. */
static const struct bdiff_machine *only_in(const struct bdiff_origin *o, const struct bdiff_origin *other)
{
	for (unsigned i = 0; i < o->n_machines; i++)
		if (!find(other, o->machines[i].fp))
			return &o->machines[i];
	return NULL;
}

bool bdiff_machines_differ(const struct bdiff_origin *base, const struct bdiff_origin *new)
{
	const struct bdiff_machine *a = only_in(base, new), *b = only_in(new, base);

	if (base->n_machines == 0 || new->n_machines == 0 || (!a && !b))
		return false;
	say_difference(a ? a : &base->machines[0], b ? b : &new->machines[0]);
	return true;
}
