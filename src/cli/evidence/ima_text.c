#include "cli/evidence/ima_text.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "verify/replay_ima.h"

enum { SHOWN_PATH = 4096 };

/* Widths of the columns, from what the list holds. */
struct columns {
    int mark; /* 0 when no entry stands out */
    int template;
    int digest;
};

static const char *alg_text(const struct ima_entry *entry)
{
    return entry->file_alg == DIGEST_NONE ? "unknown" : digest_name(entry->file_alg);
}

static const char *mark_of(const struct ima_entry *entry, bool edited)
{
    return edited ? "edited" : entry->is_violation ? "violation" : "";
}

static struct columns measure(const struct ima_log *log, const bool *edited)
{
    struct columns c = {0};
    for (size_t i = 0; i < log->count; i++) {
        const struct ima_entry *e = &log->entries[i];
        int template = (int)e->template_name.len;
        int digest = (int)(2 * e->file_digest.len + strlen(alg_text(e)) + 1);
        if (*mark_of(e, edited[i]))
            c.mark = (int)strlen("violation") + 2;
        c.template = template > c.template ? template : c.template;
        c.digest = e->file_digest.len > 0 && digest > c.digest ? digest : c.digest;
    }
    return c;
}

/* What a path alone does not tell. */
static void print_notes(const struct ima_entry *entry)
{
    if (entry->signature.len > 0)
        printf("  (signed)");
    if (entry->is_verity)
        printf("  (fs-verity)");
    if (entry->buffer.len > 0)
        printf("  (%zu bytes measured)", entry->buffer.len);
    if (entry->pcr != REPLAY_IMA_PCR)
        printf("  (PCR %u)", entry->pcr);
}

static void print_digest(const struct ima_entry *entry, int width)
{
    char text[16 + 2 * GB_LIMIT_DIGEST] = "-";
    if (entry->file_digest.len > 0) {
        int at = snprintf(text, sizeof text, "%s:", alg_text(entry));
        gb_hex_encode(entry->file_digest, text + at);
    }
    printf("  %-*s", width, text);
}

/* `path` is escaped; a template's name is made of our own words. */
static void print_entry(const struct cmd_line *line, const struct columns *columns, size_t index,
                        const struct ima_entry *entry, const char *mark, const char *path)
{
    bool broken = *mark;
    printf("%7zu  %s%-*s%s%-*.*s", index,
           broken ? output_colour(line, GB_TIER_CONTRAINDICATED) : "", columns->mark, mark,
           broken ? output_reset(line) : "", columns->template, (int)entry->template_name.len,
           (const char *)entry->template_name.data);
    print_digest(entry, columns->digest);
    printf("  %s", *path ? path : "-");
    print_notes(entry);
    putchar('\n');
}

int ima_text_entries(const struct cmd_line *line, struct gb_arena *arena, const struct ima_log *log,
                     const bool *edited)
{
    const struct columns columns = measure(log, edited);
    for (size_t i = 0; i < log->count; i++) {
        const struct ima_entry *entry = &log->entries[i];
        const char *path = gb_text_escape(arena, entry->path, SHOWN_PATH);
        if (!path)
            return GB_ERR_NOMEM;
        print_entry(line, &columns, i, entry, mark_of(entry, edited[i]), path);
    }
    if (log->count > 0)
        putchar('\n');
    return GB_OK;
}

void ima_text_values(const struct replay_ima *states, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char hex[2 * GB_LIMIT_DIGEST + 1];
        gb_hex_encode(gb_bytes(states[i].value, digest_size(states[i].alg)), hex);
        printf("  %-6s  %s\n", digest_name(states[i].alg), hex);
    }
}
