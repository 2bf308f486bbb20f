/* SPDX-License-Identifier: ISC
 *
 * jsonpath - a value within nested JSON by its path: "a.b", and "a.0.b" for the first element of an array.
 */
#ifndef BT_JSONPATH_H
#define BT_JSONPATH_H

#include "json.h"

/* bt_json_path - the value at path in the object that json holds, in *out. A key of the object itself that is spelled
 * like the whole path comes first. Keys are compared unescaped; of two equal keys the last one counts. Returns whether
 * there is one; it may be null or nested. Spans point into the line. Time in proportion to the line. */
bool bt_json_path(const struct bt_json *json, const char *path, struct bt_json_field *out);

#endif
