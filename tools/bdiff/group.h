/* SPDX-License-Identifier: ISC
 *
 * group - observations of the same thing on both sides: same metric, unit, statistic and keys.
 */
#ifndef BDIFF_GROUP_H
#define BDIFF_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "intern.h"
#include "pool.h"
#include "rec.h"
#include "recread.h"

enum bdiff_side { BDIFF_BASE, BDIFF_NEW };

/* One key of a group as its identity holds it: a type, a name, a value. */
struct bdiff_part {
	bool is_string;   /* else JSON text: a number, true or false */
	const char *name; /* ready for a record: escaped, valid UTF-8 */
	const char *value;
	uint32_t len; /* bytes of value, which may hold any */
};

/* The first parts of every identity, always there; a record without unit has an empty one. */
enum { BDIFF_HEADS = 3 }; /* metric, unit, stat */

/* A process that measured. Samples of one process share its memory layout and its moment, so runs are what is counted. */
struct bdiff_run {
	uint16_t file; /* that it was read from, by its place on the command line: baselines from 0, NEW last */
};

struct bdiff_runs {
	struct bt_intern ids; /* file, host and run id */
	struct bt_intern processes; /* host and run id, of those that have both */
	uint64_t again;       /* runs that stand in another file as well */
	struct bdiff_run *v;  /* ids.n of them */
	size_t cap;
};

struct bdiff_obs {
	double value;
	uint32_t run; /* place in struct bdiff_runs */
};

struct bdiff_values {
	struct bdiff_obs *v; /* owned */
	uint32_t n, cap;
	uint32_t taint;          /* of all that was seen: place in struct bdiff_groups' taints, plus 1; 0: clean */
	struct bdiff_pool *pool; /* owned; NULL: not a distribution's shape */
};

struct bdiff_group {
	enum bt_better better;
	bool contradiction; /* records name both directions */
	struct bdiff_values side[2];
};

struct bdiff_groups {
	struct bt_intern ids;
	struct bdiff_group *v; /* ids.n of them */
	size_t cap;
	struct bt_intern taints; /* sorted comma lists, NUL included */
};

/* bdiff_id_part - append one part to an identity. */
void bdiff_id_part(struct bt_buf *id, bool is_string, const char *name, const char *value, size_t len);

/* bdiff_id_field - append a field of a record. Nested values and null are no keys. Returns false if it is too long. */
bool bdiff_id_field(struct bt_buf *id, const struct bt_json_field *f);

/* bdiff_part_next - the part at p; returns what follows it, or NULL at end. */
const char *bdiff_part_next(const char *p, const char *end, struct bdiff_part *out);

/* bdiff_groups_id - bounds of the identity of group i. */
const char *bdiff_groups_id(const struct bdiff_groups *g, uint32_t i, const char **end);

/* bdiff_groups_taint - the comma list of a side, "" when it is clean. */
const char *bdiff_groups_taint(const struct bdiff_groups *g, const struct bdiff_values *s);

/* bdiff_groups_add - one more observation, of that run. 0 or -ENOMEM. */
int bdiff_groups_add(struct bdiff_groups *g, const struct bt_buf *id, enum bdiff_side side, uint32_t run,
		     const struct bt_rec_in *r, double value);

/* bdiff_groups_hist - the counts of one more distribution, whose group has the statistic "shape"; an empty one adds nothing.
 * scale: what its values were multiplied by. h is used up. 0 or -ENOMEM. */
int bdiff_groups_hist(struct bdiff_groups *g, const struct bt_buf *id, enum bdiff_side side, uint32_t run,
		      const struct bt_rec_in *r, struct bt_hist *h, double scale);

/* bdiff_groups_drop - forget all observations of a side, keep their memory. */
void bdiff_groups_drop(struct bdiff_groups *g, enum bdiff_side side);

void bdiff_groups_free(struct bdiff_groups *g);

#endif
