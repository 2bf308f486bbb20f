/* SPDX-License-Identifier: ISC
 *
 * bnet - what does the network deliver.
 */
#include "bnet.h"

int main(void)
{
	return 0;
}
