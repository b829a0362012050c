/* What `garboard ima` prints for people. */
#ifndef GB_CLI_IMA_TEXT_H
#define GB_CLI_IMA_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "cli/cmd.h"
#include "evidence/ima.h"
#include "verify/replay_ima.h"

/* One aligned line an entry; `edited` has a flag for each. GB_ERR_NOMEM. */
GB_MUST_USE int ima_text_entries(const struct cmd_line *line, struct gb_arena *arena,
                                 const struct ima_log *log, const bool *edited);
/* One line a bank. */
void ima_text_values(const struct replay_ima *states, size_t count);

#endif
