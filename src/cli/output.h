/* What the commands print: JSON, or text that is a pleasure. Untrusted text arrives here escaped.
 */
#ifndef GB_CLI_OUTPUT_H
#define GB_CLI_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "result/verdict.h"
#include "wire/json.h"

/* Prints "garboard: ..." with file, offset and errno on standard error and returns the exit code
 * that fits the error. */
int output_error(const struct gb_err *err);
/* The same for the command's own usage faults; returns CMD_USAGE. */
int output_usage(const struct cmd_line *line, const char *fmt, ...) GB_PRINTF(2, 3);

/* Prints and frees `value`; CMD_OK, or CMD_SYSTEM when standard output fails. */
int output_json(struct json *value);
/* A verdict that did not reach its reader is no verdict: CMD_SYSTEM when standard output fails. */
int output_flush(void);

/* ---- text, in output_text.c ---- */

/* The chain, link by link, aligned; the broken link stands out, its remedy under it. */
int output_verdict(const struct cmd_line *line, struct gb_arena *arena,
                   const struct verdict *verdict);
/* That a node counts although its tier says no: the policy's mode is warn. */
void output_warned(const struct cmd_line *line);
/* What a policy in the shadow would say. */
void output_shadow(const struct cmd_line *line, const char *name, uint64_t version,
                   enum gb_tier tier);
/* Findings as lines, worst first within the list's order. */
int output_findings(const struct cmd_line *line, struct gb_arena *arena,
                    const struct gb_findings *findings);

/* Prints words from column `margin` on, broken at blanks, each further line at the margin again. */
void output_wrapped(const char *text, size_t margin);

/* ANSI colour when the line asks for colour, else "". */
const char *output_colour(const struct cmd_line *line, enum gb_tier tier);
const char *output_reset(const struct cmd_line *line);

#endif
