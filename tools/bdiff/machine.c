/* SPDX-License-Identifier: ISC
 *
 * machine - where the records of a side come from: the machines of their meta records.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "machine.h"

#define FACT_MAX 512  /* bytes, with NUL */
#define DIFFERENT 32 /* differences that are said one by one */

/* What the fingerprint is made of. */
static const char *const fact_names[BDIFF_FACTS] = {
	"cpu_model", "kernel", "arch", "microcode", "virt", "governor", "thp", "smt", "mitigations", "cpus", "cpus_allowed",
	"sockets", "cores", "mem", "cgroup_cpus", "cgroup_mem",
};

/* One fact that differs, on one host or more. Borrows its texts. */
struct difference {
	const char *name, *from, *to;
	const char *host; /* the first */
	bool others;
};

struct differences {
	struct difference v[DIFFERENT];
	unsigned n, more;
};

static char *field_copy(const struct bt_rec_in *r, const char *name)
{
	const struct bt_json_field *f = bt_json_find(r->json, name);
	char text[FACT_MAX] = "";

	if (f && f->type != BT_JSON_NESTED && f->type != BT_JSON_NULL)
		bt_rec_dim_value(f, text, sizeof(text));
	return strdup(text);
}

/* host NULL: any. */
static const struct bdiff_machine *find(const struct bdiff_origin *o, const char *host, const char *fp)
{
	for (unsigned i = 0; i < o->n; i++)
		if (strcmp(o->v[i].fp, fp) == 0 && (!host || strcmp(o->v[i].host, host) == 0))
			return &o->v[i];
	return NULL;
}

static void free_machine(struct bdiff_machine *m)
{
	free(m->host);
	free(m->fp);
	for (int i = 0; i < BDIFF_FACTS; i++)
		free(m->facts[i]);
}

static int grow(struct bdiff_origin *o)
{
	unsigned cap = o->cap ? o->cap * 2 : 4;
	struct bdiff_machine *v = reallocarray(o->v, cap, sizeof(*v));

	if (!v)
		return -ENOMEM;
	o->v = v;
	o->cap = cap;
	return 0;
}

int bdiff_origin_add(struct bdiff_origin *o, const struct bt_rec_in *r)
{
	struct bdiff_machine m = { .host = field_copy(r, "host"), .fp = field_copy(r, "fp") };
	bool ok = m.host && m.fp, wanted = ok && *m.fp && !find(o, m.host, m.fp);

	if (wanted && o->n == BDIFF_MACHINES) {
		o->more = true;
		wanted = false;
	}
	for (int i = 0; i < BDIFF_FACTS && ok && wanted; i++) {
		m.facts[i] = field_copy(r, fact_names[i]);
		ok = m.facts[i];
	}
	if (ok && wanted && (o->n < o->cap || grow(o) == 0)) {
		o->v[o->n++] = m;
		return 0;
	}
	free_machine(&m);
	return ok && !wanted ? 0 : -ENOMEM;
}

void bdiff_origin_free(struct bdiff_origin *o)
{
	for (unsigned i = 0; i < o->n; i++)
		free_machine(&o->v[i]);
	free(o->v);
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

static void note(struct differences *d, const char *name, const char *from, const char *to, const char *host)
{
	for (unsigned i = 0; i < d->n; i++) {
		struct difference *old = &d->v[i];

		if (strcmp(old->name, name) != 0 || strcmp(old->from, from) != 0 || strcmp(old->to, to) != 0)
			continue;
		old->others |= strcmp(old->host, host) != 0;
		return;
	}
	if (d->n < DIFFERENT)
		d->v[d->n++] = (struct difference){ name, from, to, host, false };
	else
		d->more++;
}

static void compare(struct differences *d, const struct bdiff_machine *base, const struct bdiff_machine *new)
{
	bool found = false;

	for (int i = 0; i < BDIFF_FACTS; i++) {
		if (!fact_differs(fact_names[i], base->facts[i], new->facts[i]))
			continue;
		note(d, fact_names[i], base->facts[i], new->facts[i], new->host);
		found = true;
	}
	if (!found)
		note(d, "fp", base->fp, new->fp, new->host);
}

static bool has_host(const struct bdiff_origin *o, const char *host)
{
	for (unsigned i = 0; i < o->n; i++)
		if (strcmp(o->v[i].host, host) == 0)
			return true;
	return false;
}

static bool is_alone(const struct bdiff_machine *m, const struct bdiff_origin *other)
{
	return !find(other, has_host(other, m->host) ? m->host : NULL, m->fp);
}

/* The machine of other that m is held against: of the same host and as alone as m, as far as there is such a one. */
static const struct bdiff_machine *partner(const struct bdiff_machine *m, const struct bdiff_origin *own,
					   const struct bdiff_origin *other)
{
	bool same_host = has_host(other, m->host);
	const struct bdiff_machine *first = NULL;

	for (unsigned i = 0; i < other->n; i++) {
		const struct bdiff_machine *x = &other->v[i];

		if (same_host && strcmp(x->host, m->host) != 0)
			continue;
		if (is_alone(x, own))
			return x;
		if (!first)
			first = x;
	}
	return first;
}

static void say(const struct differences *d, bool several_hosts)
{
	for (unsigned i = 0; i < d->n; i++) {
		const struct difference *x = &d->v[i];
		char hosts[128] = "";

		if (several_hosts)
			snprintf(hosts, sizeof(hosts), " (%.64s%s)", x->host, x->others ? " and others" : "");
		bt_warn("the machines differ: %s: %.200s -> %.200s%s", x->name, *x->from ? x->from : "none",
			*x->to ? x->to : "none", hosts);
	}
	if (d->more > 0)
		bt_warn("the machines differ: %u more times", d->more);
}

static bool several_hosts(const struct bdiff_origin *o)
{
	for (unsigned i = 1; i < o->n; i++)
		if (strcmp(o->v[i].host, o->v[0].host) != 0)
			return true;
	return false;
}

bool bdiff_machines_differ(const struct bdiff_origin *base, const struct bdiff_origin *new)
{
	struct differences d = { .n = 0 };

	if (base->n == 0 || new->n == 0)
		return false;
	for (unsigned i = 0; i < base->n; i++)
		if (is_alone(&base->v[i], new))
			compare(&d, &base->v[i], partner(&base->v[i], base, new));
	for (unsigned i = 0; i < new->n; i++)
		if (is_alone(&new->v[i], base))
			compare(&d, partner(&new->v[i], new, base), &new->v[i]);
	say(&d, several_hosts(base) || several_hosts(new));
	if (base->more || new->more)
		bt_warn("more than %d different machines: the others are not compared", BDIFF_MACHINES);
	return d.n > 0 || base->more || new->more;
}
