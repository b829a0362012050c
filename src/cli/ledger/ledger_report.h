/* What `garboard ledger verify` prints, and what `prove` prints of a proof. */
#ifndef GB_CLI_LEDGER_REPORT_H
#define GB_CLI_LEDGER_REPORT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "cli/ledger/ledger_rounds.h"
#include "ledger/proof.h"
#include "ledger/verify.h"
#include "wire/json.h"

/* An exit code. `rounds` is NULL when nobody asked. */
int ledger_report_print(const struct cmd_line *line, struct gb_arena *arena,
                        const struct ledger_asked *asked, const struct ledger_report *report,
                        const struct ledger_rounds *rounds);
/* The proof file at `path`, of `entry` (empty: of the one in the file): an exit code, or an error.
 */
GB_MUST_USE int ledger_report_proof(const struct cmd_line *line, struct gb_arena *arena,
                                    const struct checkpoint_trust *trust, const char *path,
                                    struct gb_bytes entry, struct gb_err *err);

/* ---- what both share ---- */

/* Text from the folder, made safe to print. */
const char *ledger_report_shown(struct gb_arena *arena, struct gb_bytes text);
/* Members origin, size and root. */
void ledger_report_head(struct gb_arena *arena, const struct checkpoint *head, struct json *out);
/* The last line: verified, or what is wrong and where (`index` may be NULL). */
void ledger_report_end(const struct cmd_line *line, const char *fault, const uint64_t *index);

#endif
