/* SPDX-License-Identifier: ISC
 *
 * promname - names of metric families and labels for Prometheus and OpenMetrics.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "promname.h"

static const char *const reserved[] = {
	"le", "quantile", "tool", "test", "host", "run", "loop", "taint", "rep", "kind", "duplicate", NULL
};

static void add_name(struct bt_buf *b, const char *s)
{
	for (; *s; s++) {
		bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');

		bt_buf_char(b, plain ? *s : '_');
	}
}

void prom_unit_of(const char *unit, char name[64], struct prom_unit *out)
{
	static const struct prom_unit units[] = {
		{ "ns", "seconds", 9 }, { "us", "seconds", 6 }, { "ms", "seconds", 3 }, { "s", "seconds", 0 }, { "B", "bytes", 0 },
		{ "B/s", "bytes_per_second", 0 }, { "op/s", "ops_per_second", 0 }, { "ratio", "ratio", 0 }, { "count", NULL, 0 },
		{ "Hz", "hertz", 0 }, { "J", "joules", 0 }, { "W", "watts", 0 }, { "C", "celsius", 0 }, { "%", "percent", 0 },
	};
	struct bt_buf b = BT_BUF_INIT;

	*out = (struct prom_unit){ unit, NULL, 0 };
	for (size_t i = 0; unit && i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(unit, units[i].unit) == 0) {
			*out = units[i];
			return;
		}
	if (!unit || !*unit)
		return;
	add_name(&b, unit);
	name[0] = '\0';
	strncat(name, bt_buf_cstr(&b), 63);
	out->name = name;
	bt_buf_free(&b);
}

/* One more counter, for number i of a table. */
static int grow(uint32_t **list, uint32_t *cap, int64_t i)
{
	uint32_t more = *cap ? *cap * 2 : 64, *bigger;

	if (i < 0)
		return -ENOMEM;
	if ((uint64_t)i < *cap)
		return 0;
	bigger = reallocarray(*list, more, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	memset(bigger + *cap, 0, (more - *cap) * sizeof(*bigger));
	*list = bigger;
	*cap = more;
	return 0;
}

/* How often this text has been asked for, this time included; -ENOMEM. */
static int64_t count_of(struct bt_intern *t, uint32_t **list, uint32_t *cap, const struct bt_buf *text)
{
	bool added;
	int64_t i = text->failed ? -ENOMEM : bt_intern(t, text->data, text->len, &added);

	return grow(list, cap, i) < 0 ? -ENOMEM : (int64_t)++(*list)[i];
}

static void finish_name(struct bt_buf *b, int64_t number, const struct prom_unit *unit)
{
	size_t len = unit->name ? strlen(unit->name) : 0;

	if (number > 1)
		bt_buf_printf(b, "_%lld", (long long)number);
	/* "latency_seconds" in seconds says it already. */
	if (len == 0 || b->failed || (b->len > len && b->data[b->len - len - 1] == '_' &&
				      memcmp(b->data + b->len - len, unit->name, len) == 0))
		return;
	bt_buf_char(b, '_');
	bt_buf_str(b, unit->name);
}

/* Whether the name and all that its samples may be called were free. They are taken now. -ENOMEM. */
static int take_family(struct prom_names *p, const char *name)
{
	static const char *const suffixes[] = { "", "_bucket", "_sum", "_count", "_created", "_quantile", "_total", "_info" };
	struct bt_buf b = BT_BUF_INIT;
	bool added, free_all = true;
	int64_t i = 0;

	for (size_t k = 0; k < sizeof(suffixes) / sizeof(suffixes[0]) && i >= 0; k++) {
		b.len = 0;
		bt_buf_str(&b, name);
		bt_buf_str(&b, suffixes[k]);
		i = b.failed ? -ENOMEM : bt_intern(&p->families, b.data, b.len, &added);
		free_all = free_all && i >= 0 && added;
	}
	bt_buf_free(&b);
	return i < 0 ? -ENOMEM : free_all;
}

int prom_family(struct prom_names *p, const char *metric, const struct prom_unit *unit, struct bt_buf *out)
{
	struct bt_buf base = BT_BUF_INIT;
	int64_t number;
	int taken = 0;

	bt_buf_str(&base, "btools_");
	add_name(&base, metric);
	finish_name(&base, 1, unit);
	do {
		number = count_of(&p->bases, &p->tried, &p->cap_tried, &base);
		out->len = 0;
		bt_buf_str(out, "btools_");
		add_name(out, metric);
		finish_name(out, number, unit);
		taken = number < 0 || out->failed ? -ENOMEM : take_family(p, bt_buf_cstr(out));
	} while (taken == 0);
	bt_buf_free(&base);
	return taken < 0 ? taken : 0;
}

static bool is_reserved(const char *s)
{
	unsigned i = 0;

	while (reserved[i] && strcmp(reserved[i], s) != 0)
		i++;
	return reserved[i];
}

/* What the name becomes if nobody else has it. Labels that start with _ are Prometheus' own. */
static void label_base(struct bt_buf *b, const char *raw)
{
	b->len = 0;
	if (!((*raw >= 'a' && *raw <= 'z') || (*raw >= 'A' && *raw <= 'Z')) || is_reserved(raw))
		bt_buf_str(b, "dim_");
	add_name(b, raw);
}

static int by_bytes(const void *a, const void *b)
{
	const struct bt_intern_key *x = *(const struct bt_intern_key *const *)a, *y = *(const struct bt_intern_key *const *)b;
	int rc = memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);

	return rc ? rc : x->len < y->len ? -1 : x->len > y->len;
}

/* A label for one raw name; plain: only if it is its own label. */
static int label(struct prom_names *p, struct bt_intern *taken, struct bt_intern *bases, struct bt_buf *raw, uint32_t i,
		 bool plain)
{
	struct bt_buf b = BT_BUF_INIT;
	bool added = false;
	int64_t number = 0;

	while (!p->labels[i] && number >= 0) {
		label_base(&b, bt_buf_cstr(raw));
		if (plain && (b.failed || b.len != raw->len || memcmp(b.data, raw->data, b.len) != 0))
			break;
		number = count_of(bases, &p->tried, &p->cap_tried, &b);
		if (number > 1)
			bt_buf_printf(&b, "_%lld", (long long)number);
		if (number > 0 && !b.failed && bt_intern(taken, b.data, b.len, &added) >= 0 && added)
			p->labels[i] = strdup(bt_buf_cstr(&b));
		if (b.failed || (added && !p->labels[i]))
			number = -ENOMEM;
	}
	bt_buf_free(&b);
	return number < 0 ? -ENOMEM : 0;
}

/* Names that are labels as they are come first, so that no other can take theirs; the rest in the order of their bytes. */
static int make_labels(struct prom_names *p)
{
	const struct bt_intern_key **sorted = calloc(p->dims.n + 1u, sizeof(*sorted));
	struct bt_intern taken = BT_INTERN_INIT, bases = BT_INTERN_INIT;
	struct bt_buf raw = BT_BUF_INIT;
	int rc = sorted ? 0 : -ENOMEM;

	p->labels = calloc(p->dims.n + 1u, sizeof(*p->labels));
	rc = p->labels ? rc : -ENOMEM;
	for (uint32_t i = 0; i < p->dims.n && rc == 0; i++)
		sorted[i] = &p->dims.keys[i];
	if (rc == 0)
		qsort(sorted, p->dims.n, sizeof(*sorted), by_bytes);
	for (uint32_t k = 0; k < 2 * p->dims.n && rc == 0; k++) {
		const struct bt_intern_key *key = sorted[k % p->dims.n];

		raw.len = 0;
		bt_buf_add(&raw, key->bytes, key->len);
		rc = label(p, &taken, &bases, &raw, (uint32_t)(key - p->dims.keys), k < p->dims.n);
	}
	bt_intern_free(&taken);
	bt_intern_free(&bases);
	bt_buf_free(&raw);
	free(sorted);
	/* From here on these count families. */
	memset(p->tried, 0, p->cap_tried * sizeof(*p->tried));
	return rc;
}

int prom_names_init(struct prom_names *p, const struct bagg_groups *g, const struct bt_rec_source *own)
{
	int64_t i = 0;
	bool added;

	*p = (struct prom_names){ .families = BT_INTERN_INIT };
	if (grow(&p->tried, &p->cap_tried, 0) < 0)
		return -ENOMEM;
	for (uint32_t k = 0; k < g->n && i >= 0; k++)
		for (unsigned d = 0; d < g->list[k]->n_dims && i >= 0; d++)
			i = bt_intern(&p->dims, g->list[k]->dims[d].name, strlen(g->list[k]->dims[d].name), &added);
	for (unsigned t = 0; t < own->n_tags && i >= 0; t++)
		i = bt_intern(&p->dims, own->tag_names[t], strlen(own->tag_names[t]), &added);
	return i < 0 ? -ENOMEM : make_labels(p);
}

void prom_names_free(struct prom_names *p)
{
	for (uint32_t i = 0; i < p->dims.n && p->labels; i++)
		free(p->labels[i]);
	free(p->labels);
	free(p->tried);
	free(p->times);
	bt_intern_free(&p->families);
	bt_intern_free(&p->bases);
	bt_intern_free(&p->dims);
	bt_intern_free(&p->series);
}

void prom_escape(struct bt_buf *b, const char *s, bool quotes)
{
	for (; *s; s++) {
		if (*s == '\n')
			bt_buf_str(b, "\\n");
		else if (*s == '\\' || (*s == '"' && quotes))
			bt_buf_printf(b, "\\%c", *s);
		else
			bt_buf_char(b, *s);
	}
}

/* An empty value is no label. */
static void add_label(struct bt_buf *b, size_t start, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	bt_buf_str(b, b->len > start ? "," : "");
	bt_buf_str(b, name);
	bt_buf_str(b, "=\"");
	prom_escape(b, value, true);
	bt_buf_char(b, '"');
}

/* What differs between runs of the same thing (run, rep) is a label only when groups were told apart by it. */
static void head_labels(const struct bagg_agg *a, struct bt_buf *b, size_t start)
{
	const struct bagg_group *g = a->group;

	for (int h = 0; h < BAGG_HEADS; h++)
		if (h <= BAGG_HOST || a->keys->head[h])
			add_label(b, start, bagg_head_name((enum bagg_head)h), bagg_agg_head(g, (enum bagg_head)h));
	if (g->of != BT_KIND_RESULT)
		add_label(b, start, "kind", bt_kind_name(g->of));
	if (g->rep)
		bt_buf_printf(b, "%srep=\"%llu\"", b->len > start ? "," : "", (unsigned long long)g->rep);
}

int prom_labels(struct prom_names *p, uint32_t family, const struct bagg_agg *a, struct bt_buf *out)
{
	struct bagg_pair pairs[BAGG_PAIRS];
	unsigned n = bagg_pairs(a, false, pairs);
	size_t start = sizeof(family);
	int64_t times;

	out->len = 0;
	bt_buf_add(out, &family, start);
	head_labels(a, out, start);
	for (unsigned i = 0; i < n; i++)
		add_label(out, start, p->labels[bt_intern_find(&p->dims, pairs[i].name, strlen(pairs[i].name))], pairs[i].value);
	times = count_of(&p->series, &p->times, &p->cap_times, out);
	if (times < 0 || out->failed)
		return -ENOMEM;
	memmove(out->data, out->data + start, out->len -= start);
	if (times > 1)
		bt_buf_printf(out, "%sduplicate=\"%lld\"", out->len ? "," : "", (long long)times);
	return 0;
}
