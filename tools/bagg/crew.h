/* SPDX-License-Identifier: ISC
 *
 * crew - folds one input with several threads (-t).
 *
 * The reader cuts the input into blocks of whole lines and numbers them. Each thread folds the blocks it gets into groups of
 * its own; what is to be said of a line, and records that measure nothing, are noted and dealt with by the reader in the
 * order of the input. At the end the groups are joined in the order in which they were first seen. So the output is that of
 * one thread, byte for byte.
 */
#ifndef BAGG_CREW_H
#define BAGG_CREW_H

#include <stddef.h>
#include <stdint.h>

struct bagg;
struct bagg_crew;
struct bt_lines;

/* What a thread has found in its block for the reader to deal with. */
struct bagg_notes;

/* bagg_crew_new - threads for b, which is set up. NULL when they cannot be had. */
struct bagg_crew *bagg_crew_new(struct bagg *b, unsigned threads);

/* bagg_crew_read - fold all of l. Returns as bt_lines_next at its end. */
int bagg_crew_read(struct bagg_crew *c, struct bt_lines *l);

/* bagg_crew_end - all files are read: join what the threads have into the groups of b, and release all. Returns 0 or
 * -ENOMEM. */
int bagg_crew_end(struct bagg_crew *c);

/* bagg_notes_bad, bagg_notes_blind, bagg_notes_other - a line of this number within the block is bad (got: as
 * bt_lines_next returned it); makes percentiles unknown; measures nothing, but may matter. Return 0 or -ENOMEM. */
int bagg_notes_bad(struct bagg_notes *n, uint64_t number, int got, const char *why);
int bagg_notes_blind(struct bagg_notes *n, uint64_t number);
int bagg_notes_other(struct bagg_notes *n, const char *line, size_t len);

#endif
