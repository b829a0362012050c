/* A verdict that came over the network, printed like the offline one: link by link. */
#ifndef GB_CLI_VERDICT_TEXT_H
#define GB_CLI_VERDICT_TEXT_H

#include "base/arena.h"
#include "base/finding.h"
#include "cli/cmd.h"
#include "wire/json.h"

/* The tier of a verdict, or of one of its links or findings; none for words that are no tier. */
enum gb_tier verdict_text_tier(const struct json *object);
/* The chain; CMD_OK, or CMD_SYSTEM. */
int verdict_text_print(const struct cmd_line *line, struct gb_arena *arena,
                       const struct json *verdict);
/* CMD_OK only for affirming and warning, else CMD_CONTRAINDICATED. */
int verdict_text_exit(const struct json *verdict);

#endif
