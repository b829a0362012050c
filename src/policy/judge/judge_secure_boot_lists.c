/* spec.secureBoot.dbx and .sbat (T10, T30): what firmware and shim measured of the lists by which
 * they refuse. */
#include <inttypes.h>

#include "base/encode.h"
#include "base/text.h"
#include "evidence/eventlog.h"
#include "evidence/uefi.h"
#include "policy/judge/judge.h"
#include "policy/judge/judge_rules.h"
#include "policy/rules/rules.h"
#include "verify/claims.h"

enum { SECURE_BOOT_PCR = 7, SHOWN_COMPONENT = 64 };

/* A variable whose measured digest covers its name and contents. */
static bool read_variable(const struct measured *m, uint32_t type, struct uefi_variable *variable)
{
    return m->log == GB_LOG_BOOT && m->type == type && m->data_proven && m->digest.len > 0 &&
           uefi_variable_split(m->data, variable, NULL) == GB_OK;
}

/* ---- dbx ---- */

static bool holds(const struct uefi_signatures *signatures, struct gb_bytes digest)
{
    for (size_t i = 0; i < signatures->count; i++)
        if (uefi_guid_equal(&signatures->items[i].type, &UEFI_CERT_SHA256) &&
            gb_bytes_equal(signatures->items[i].data, digest))
            return true;
    return false;
}

static void add_dbx(struct judge *judge, enum gb_finding_code code, const struct measured *m,
                    const char *text)
{
    struct gb_event_ref event = GB_NO_EVENT;
    if (m)
        event = (struct gb_event_ref){.log = m->log, .index = m->index};
    judge_add(judge, GB_LINK_BOOT_POLICY, code, event, text, NULL, NULL);
}

/* What one measured dbx lacks. A list whose sizes do not add up holds nothing (T10). */
static int judge_one_dbx(struct judge *judge, const struct measured *m, struct gb_bytes lists,
                         struct gb_err *err)
{
    const struct secure_boot_rule *rule = &judge->node->rules.secure_boot;
    struct uefi_signatures signatures;
    int r = uefi_signatures_read(judge->arena, lists, &signatures, NULL);
    if (r == GB_ERR_NOMEM)
        return gb_err_nomem(err);
    if (r < 0) {
        add_dbx(judge, GB_FINDING_DBX_UNPROVEN, m, "its signature lists cannot be read");
        return GB_OK;
    }
    for (size_t i = 0; i < rule->dbx_count; i++)
        if (!holds(&signatures, rule->dbx[i]))
            add_dbx(judge, GB_FINDING_DBX_LACKS, m,
                    judge_text(judge, gb_hex(judge->arena, rule->dbx[i])));
    return GB_OK;
}

/*
 * Firmware measures SecureBoot, PK, KEK, db, dbx and more of its settings one after the other,
 * before it starts anything (PFP 1.06, 3.3.4.8). Only that first run counts: what was started later
 * can extend PCR 7 with a dbx of its own, and an event under a false type ends the run.
 */
int judge_dbx(struct judge *judge, struct gb_err *err)
{
    const struct secure_boot_rule *rule = &judge->node->rules.secure_boot;
    const struct gb_findings *list = &judge->links[GB_LINK_BOOT_POLICY];
    size_t before = list->count + list->dropped;
    bool found = false;
    if (rule->dbx_count == 0)
        return GB_OK;
    for (size_t i = 0; i < judge->claims->boot_count; i++) {
        const struct measured *m = &judge->claims->boot[i];
        struct uefi_variable variable;
        if (m->pcr != SECURE_BOOT_PCR)
            continue;
        if (!read_variable(m, EV_EFI_VARIABLE_DRIVER_CONFIG, &variable))
            break;
        if (!uefi_variable_is(&variable, &UEFI_IMAGE_SECURITY_DB, "dbx"))
            continue;
        int r = judge_one_dbx(judge, m, variable.data, err);
        if (r < 0)
            return r;
        found = true;
    }
    if (!found)
        add_dbx(judge, GB_FINDING_DBX_UNPROVEN, NULL,
                "there is none among the first measurements of PCR 7");
    else if (list->count + list->dropped == before)
        add_dbx(judge, GB_FINDING_DBX_OK, NULL,
                judge_text(judge, gb_arena_printf(judge->arena, "%zu", rule->dbx_count)));
    return GB_OK;
}

/* ---- SBAT ---- */

/* The generation of a component in SbatLevel ("sbat,1,2023012900\nshim,2\ngrub,3\n"); 0: shim
 * refuses no generation of it. */
static uint64_t generation_of(struct gb_bytes csv, const char *component)
{
    struct gb_lines lines;
    struct gb_bytes line;
    gb_lines_init(&lines, csv);
    while (gb_lines_next(&lines, &line)) {
        uint64_t generation = 0;
        if (!gb_bytes_is(gb_text_until(&line, ','), component))
            continue;
        return gb_text_u64(gb_text_until(&line, ','), UINT32_MAX, &generation) ? generation : 0;
    }
    return 0;
}

static void judge_one_sbat(struct judge *judge, const struct measured *m, struct gb_bytes csv)
{
    const struct secure_boot_rule *rule = &judge->node->rules.secure_boot;
    for (size_t i = 0; i < rule->sbat_count; i++) {
        const struct sbat_rule *want = &rule->sbat[i];
        uint64_t found = generation_of(csv, want->component);
        if (found >= want->generation)
            continue;
        judge_add(judge, GB_LINK_BOOT_POLICY, GB_FINDING_SBAT_OLD,
                  (struct gb_event_ref){.log = m->log, .index = m->index}, want->component,
                  judge_text(judge, gb_arena_printf(judge->arena, "%" PRIu64, found)),
                  judge_text(judge, gb_arena_printf(judge->arena, "%" PRIu64, want->generation)));
    }
}

/* What shim started can measure a better SbatLevel behind the true one: the weakest counts. */
void judge_sbat(struct judge *judge)
{
    const struct gb_findings *list = &judge->links[GB_LINK_BOOT_POLICY];
    size_t before = list->count + list->dropped;
    bool found = false;
    if (judge->node->rules.secure_boot.sbat_count == 0)
        return;
    for (size_t i = 0; i < judge->claims->boot_count; i++) {
        const struct measured *m = &judge->claims->boot[i];
        struct uefi_variable variable;
        if (m->pcr != SECURE_BOOT_PCR || !read_variable(m, EV_EFI_VARIABLE_AUTHORITY, &variable) ||
            !uefi_variable_is(&variable, &UEFI_SHIM_LOCK, "SbatLevel"))
            continue;
        judge_one_sbat(judge, m, variable.data);
        found = true;
    }
    enum gb_finding_code code = found ? GB_FINDING_SBAT_OK : GB_FINDING_SBAT_UNPROVEN;
    if (!found || list->count + list->dropped == before)
        judge_add(judge, GB_LINK_BOOT_POLICY, code, GB_NO_EVENT, "PCR 7 has none", NULL, NULL);
}
