/* SPDX-License-Identifier: ISC
 *
 * command - the COMMAND that is sampled: held until the base has been read, then run, and its status passed on.
 */
#ifndef BSAMPLE_COMMAND_H
#define BSAMPLE_COMMAND_H

#include "bsample.h"

/* Without a COMMAND all of them do nothing. They speak to the user, and command_start ends the program when there is no such. */

/* command_start - make its process and hold it. It finds the run by BTOOLS_RUN. command_release: let it go. */
void command_start(struct bsample *s);
void command_release(struct bsample *s);

/* command_ended - whether it has. */
bool command_ended(struct bsample *s);

/* command_leave - wait for its end; sig: the signal that ends us, which is passed to it, or 0. Returns its status, or less than 0:
 * the signal that ends us. */
int command_leave(struct bsample *s, int sig);

#endif
