/* SPDX-License-Identifier: ISC
 *
 * mark - named instants: the command that sends one, and the run that takes them. A message is the name and the words KEY=VALUE,
 * each ended by NUL.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bsample.h"
#include "clock.h"
#include "err.h"

#define NAME_MAX_BYTES 256
#define KEYS_MAX 16

/* What is wrong with a word KEY=VALUE, or NULL. */
static const char *bad_key(const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : 0;

	if (!equals)
		return "is no KEY=VALUE";
	if (!bt_out_tag_name(word, len))
		return "has no key of letters, digits, '_', '.' or '-'";
	if (bt_rec_class(word, len) != BT_CLASS_DIM || (len == 4 && memcmp(word, "name", 4) == 0))
		return "has a key with a meaning of its own in records";
	return NULL;
}

static bool same_key(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strcspn(b, "=") == len && memcmp(a, b, len) == 0;
}

/* The run that BTOOLS_RUN names, as records have it; NULL when it names none. */
static const char *chosen_run(char run[9])
{
	const char *given = getenv("BTOOLS_RUN");

	if (!given || strlen(given) != 8 || strspn(given, "0123456789abcdefABCDEF") != 8)
		return NULL;
	for (int i = 0; i < 9; i++)
		run[i] = given[i] >= 'A' && given[i] <= 'F' ? (char)(given[i] | 0x20) : given[i];
	return run;
}

static void check_words(char **words, int count)
{
	if (count < 1)
		bt_die_usage("mark: a NAME is expected: bsample mark NAME [KEY=VALUE ...]");
	if (!words[0][0] || strlen(words[0]) > NAME_MAX_BYTES)
		bt_die(BT_EXIT_USAGE, "mark: a name has 1 to %d bytes", NAME_MAX_BYTES);
	if (count - 1 > KEYS_MAX)
		bt_die(BT_EXIT_USAGE, "mark: at most %d words KEY=VALUE", KEYS_MAX);
	for (int i = 1; i < count; i++) {
		const char *reason = bad_key(words[i]);

		if (reason)
			bt_die(BT_EXIT_USAGE, "mark: '%.60s' %s", words[i], reason);
		for (int k = 1; k < i; k++)
			if (same_key(words[i], words[k]))
				bt_die(BT_EXIT_USAGE, "mark: '%.60s' gives a key twice", words[i]);
	}
}

int bsample_mark_main(char **words, int count)
{
	char message[BT_MARKS_MAX], run[9];
	const char *chosen = chosen_run(run);
	size_t len = 0;
	int rc;

	check_words(words, count);
	for (int i = 0; i < count; i++) {
		size_t n = strlen(words[i]) + 1;

		if (len + n > sizeof(message))
			bt_die(BT_EXIT_USAGE, "mark: all words together may take %d bytes", BT_MARKS_MAX);
		memcpy(message + len, words[i], n);
		len += n;
	}
	rc = bt_marks_send(chosen, message, len);
	if (rc == -EMLINK)
		bt_die(BT_EXIT_USAGE, "mark: several runs are being sampled; BTOOLS_RUN says which one is meant");
	if (rc == 0 && chosen)
		bt_die(BT_EXIT_TROUBLE, "mark: nobody samples run %s, or another user does", chosen);
	if (rc == 0)
		bt_die(BT_EXIT_TROUBLE, "mark: nobody samples, or another user does");
	if (rc < 0)
		bt_die(BT_EXIT_TROUBLE, "mark: %s", rc == -EAGAIN ? "the sampler does not take it: it is stopped" : strerror(-rc));
	return BT_EXIT_OK;
}

/* Whoever sent it need not have been our own command. */
static bool is_mark(const char *message, size_t len)
{
	const char *words[KEYS_MAX + 1], *p = message;
	unsigned n = 0;

	if (len == 0 || message[len - 1] != '\0' || !message[0] || strlen(message) > NAME_MAX_BYTES)
		return false;
	for (; p < message + len; p += strlen(p) + 1) {
		if (n > KEYS_MAX || (n > 0 && bad_key(p)))
			return false;
		for (unsigned i = 1; i < n; i++)
			if (same_key(words[i], p))
				return false;
		words[n++] = p;
	}
	return true;
}

static void emit(struct bsample *s, const char *message, size_t len, int64_t ts_us)
{
	char keys[BT_MARKS_MAX];
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_MARK);
	r.ts_us = ts_us > s->last_us ? ts_us : s->last_us;
	bt_rec_str(&r, "name", message);
	memcpy(keys, message, len);
	for (char *p = keys + strlen(keys) + 1; p < keys + len; ) {
		char *value = strchr(p, '=') + 1;

		value[-1] = '\0';
		bt_rec_str(&r, p, value);
		p = value + strlen(value) + 1;
	}
	if (s->wide)
		bsample_wide_mark(s, message);
	bsample_write(s, &r);
}

/* The next mark to s->marks.next. The kernel stamps it with the wall clock, which may have been slewed since the run began. */
static bool take(struct bsample *s)
{
	struct bsample_marks *m = &s->marks;
	int64_t sent_us;
	int n;

	while (m->next_len == 0 && !m->empty) {
		n = bt_marks_take(&m->socket, m->next, &sent_us);
		m->empty = n < 0;
		if (m->empty)
			break;
		m->next_us = sent_us - bt_clock_relate() + s->wall_us;
		if (is_mark(m->next, (size_t)n))
			m->next_len = (size_t)n;
		else if (m->refused++ == 0)
			bsample_warn(s, "mark", "a message that is no mark was passed over");
	}
	return m->next_len > 0;
}

void bsample_marks_look(struct bsample *s)
{
	s->marks.empty = s->marks.socket.fd < 0;
}

void bsample_marks_until(struct bsample *s, int64_t ts_us)
{
	while (take(s) && s->marks.next_us <= ts_us) {
		emit(s, s->marks.next, s->marks.next_len, s->marks.next_us);
		s->marks.next_len = 0;
	}
}

void bsample_mark_now(struct bsample *s, const char *name)
{
	emit(s, name, strlen(name) + 1, bsample_time(s, bsample_now(s)));
}
