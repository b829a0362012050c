/* What an apply warns of (policy/lint/lint.h), with the fleet as it is. */
#ifndef GB_SERVER_APPLY_LINT_H
#define GB_SERVER_APPLY_LINT_H

#include "server/apply.h"
#include "server/server.h"
#include "wire/json.h"

/*
 * In the pool, after apply_prepare: a list of {"level":"warning|note","kind","name","line","why",
 * "remedy"}, the first three of the place null for what concerns all documents; the line counts in
 * the document, its "---" too. Owned by the caller. What cannot be told for want of memory is left
 * out: warnings decide nothing.
 */
struct json *apply_lint(struct server *server, const struct apply_plan *plan);

#endif
