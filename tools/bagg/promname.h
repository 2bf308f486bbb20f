/* SPDX-License-Identifier: ISC
 *
 * promname - names of metric families and labels for Prometheus and OpenMetrics.
 *
 * Invariant: no name is given twice, and the same groups give the same names: what two texts become alike is told apart by a
 * number.
 */
#ifndef BAGG_PROMNAME_H
#define BAGG_PROMNAME_H

#include "view.h"

/* A unit of records in the base unit that Prometheus wants. */
struct prom_unit {
	const char *unit, *name; /* name NULL: no suffix */
	int shift;               /* decimal digits to the right */
};

struct prom_names {
	struct bt_intern families; /* all that are taken, with every suffix that a sample of theirs may have */
	struct bt_intern bases;    /* names without a number */
	uint32_t *tried;           /* by number in bases: numbers tried */
	uint32_t cap_tried;
	struct bt_intern dims;     /* raw names of labels */
	char **labels;             /* by number in dims */
	struct bt_intern series;   /* family and labels */
	uint32_t *times;           /* by number in series: how often it was asked for */
	uint32_t cap_times;
};

/* prom_unit_of - unit NULL: none. A unit that is not known keeps its own name: out->name points into name. */
void prom_unit_of(const char *unit, char name[64], struct prom_unit *out);

/* prom_names_init - give every dimension of the groups and every tag of own its label. 0 or -ENOMEM; free in any case. */
int prom_names_init(struct prom_names *p, const struct bagg_groups *g, const struct bt_rec_source *own);
void prom_names_free(struct prom_names *p);

/* prom_family - append a new name for a family. Returns 0 or -ENOMEM. */
int prom_family(struct prom_names *p, const char *metric, const struct prom_unit *unit, struct bt_buf *out);

/* prom_labels - replace out by the labels of the group at hand, a="b",c="d", unlike those of every other one in its family.
 * Returns 0 or -ENOMEM. */
int prom_labels(struct prom_names *p, uint32_t family, const struct bagg_agg *a, struct bt_buf *out);

/* prom_escape - append text for a label, or for HELP: there quotes are escaped only in OpenMetrics. */
void prom_escape(struct bt_buf *b, const char *s, bool quotes);

#endif
