#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "evidence/pcr.h"
#include "evidence/uefi.h"
#include "os/file.h"
#include "result/verdict.h"
#include "verify/event_data.h"
#include "verify/replay_boot.h"
#include "wire/json.h"

enum {
    TYPE_COLUMN = 34, /* EV_EFI_BOOT_SERVICES_APPLICATION and two blanks */
    SHOWN = 110,      /* of a description in the table; JSON has it whole */
};

/* All that is shown of one log. */
struct view {
    struct gb_arena *arena;
    struct eventlog log;
    const char **texts; /* what each event is about; NULL where its payload does not decode */
    const bool *proven;
    struct pcr_values pcrs;
    struct gb_findings findings;
};

static int describe(struct view *v, struct gb_err *err)
{
    v->texts = gb_arena_new_array(v->arena, const char *, v->log.count);
    if (!v->texts)
        return gb_err_nomem(err);
    for (size_t i = 0; i < v->log.count; i++) {
        int r = uefi_describe(v->arena, &v->log.events[i], &v->texts[i], err);
        if (r < 0 && r != GB_ERR_INPUT)
            return r;
    }
    return GB_OK;
}

static int look(struct view *v, struct digester *digester, const char *path, struct gb_err *err)
{
    struct gb_bytes bytes;
    v->findings.arena = v->arena;
    int r = file_read(v->arena, path, GB_LIMIT_BOOT_LOG, &bytes, err);
    if (r < 0)
        return r;
    r = eventlog_read(v->arena, bytes, &v->log, &v->findings, err);
    if (r < 0) {
        gb_err_prefix(err, "%s: ", path);
        return r;
    }
    r = replay_boot(digester, &v->log, &v->pcrs, err);
    if (r < 0)
        return r;
    r = event_log_judge(v->arena, digester, &v->log, &v->proven, &v->findings, err);
    if (r < 0)
        return r;
    return describe(v, err);
}

/* ---- JSON ---- */

static struct json *digests_json(const struct view *v, const struct boot_event *event)
{
    struct json *out = json_new_object();
    for (size_t b = 0; b < v->log.bank_count; b++) {
        char room[7];
        const struct eventlog_bank *bank = &v->log.banks[b];
        enum digest_alg alg = digest_from_id(bank->alg_id);
        snprintf(room, sizeof room, "0x%04x", bank->alg_id);
        if (event->digest[b])
            json_set(out, alg ? digest_name(alg) : room,
                     json_hex(gb_bytes(event->digest[b], bank->size)));
    }
    return out;
}

static struct json *event_json(const struct view *v, size_t i)
{
    const struct boot_event *event = &v->log.events[i];
    char room[11];
    struct json *out = json_new_object();
    json_set(out, "index", json_number(i));
    json_set(out, "pcr", json_number(event->pcr));
    json_set(out, "type", json_text(event_type_name(event->type, room)));
    json_set(out, "digests", digests_json(v, event));
    json_set(out, "offset", json_number(event->offset));
    json_set(out, "size", json_number(event->data.len));
    json_set(out, "description", json_text(v->texts[i]));
    json_set(out, "data_proven", json_bool(v->proven[i]));
    return out;
}

static struct json *bank_json(const struct pcr_bank *bank)
{
    struct json *out = json_new_object();
    for (uint32_t pcr = 0; pcr < GB_LIMIT_PCRS; pcr++) {
        char name[4];
        snprintf(name, sizeof name, "%u", pcr);
        if (bank->mask >> pcr & 1)
            json_set(out, name, json_hex(gb_bytes(bank->value[pcr], digest_size(bank->alg))));
    }
    return out;
}

static struct json *view_json(const struct view *v)
{
    struct json *events = json_new_array();
    struct json *pcrs = json_new_object();
    struct json *findings = json_new_array();
    for (size_t i = 0; i < v->log.count; i++)
        json_push(events, event_json(v, i));
    for (size_t b = 0; b < v->pcrs.count; b++)
        if (v->pcrs.banks[b].mask != 0)
            json_set(pcrs, digest_name(v->pcrs.banks[b].alg), bank_json(&v->pcrs.banks[b]));
    for (const struct gb_finding *f = v->findings.first; f; f = f->next)
        json_push(findings, finding_json(v->arena, f, false));
    struct json *out = json_new_object();
    json_set(out, "format", json_text(v->log.crypto_agile ? "crypto-agile" : "sha1"));
    json_set(out, "startup_locality", json_number(v->log.startup_locality));
    json_set(out, "events", events);
    json_set(out, "pcrs", pcrs);
    json_set(out, "findings", findings);
    return out;
}

/* ---- text ---- */

/* Bytes of `text` that a column of SHOWN takes, without cutting a UTF-8 sequence. */
static int shown_len(const char *text)
{
    size_t len = strlen(text);
    if (len <= SHOWN)
        return (int)len;
    len = SHOWN;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return (int)len;
}

/* "=": the digest covers the words. "!": it should, and does not. */
static char mark(const struct view *v, size_t i)
{
    for (const struct gb_finding *f = v->findings.first; f; f = f->next)
        if (f->code == GB_FINDING_EVENT_DATA && f->event.index == i)
            return '!';
    return v->proven[i] ? '=' : ' ';
}

static void print_events(const struct cmd_line *line, const struct view *v)
{
    printf("event  PCR   %-*swhat\n", TYPE_COLUMN, "type");
    for (size_t i = 0; i < v->log.count; i++) {
        const struct boot_event *event = &v->log.events[i];
        const char *text = v->texts[i] ? v->texts[i] : "(does not decode)";
        char room[11];
        char sign = mark(v, i);
        enum gb_tier tier = sign == '!' ? GB_TIER_CONTRAINDICATED : GB_TIER_NONE;
        const char *colour = sign == '=' ? "" : output_colour(line, tier);
        char pcr[11] = "-";
        if (event->pcr != EVENT_NO_PCR)
            snprintf(pcr, sizeof pcr, "%u", event->pcr);
        int len = shown_len(text);
        printf("%5zu  %3s %c %-*s%s%.*s%s%s\n", i, pcr, sign, TYPE_COLUMN,
               event_type_name(event->type, room), colour, len, text, text[len] ? "..." : "",
               *colour ? output_reset(line) : "");
    }
    puts("\n= the digest covers these words   ! it should, and does not");
}

static void print_pcrs(const struct view *v)
{
    for (size_t b = 0; b < v->pcrs.count; b++) {
        const struct pcr_bank *bank = &v->pcrs.banks[b];
        printf("\n%s\n", digest_name(bank->alg));
        for (uint32_t pcr = 0; pcr < GB_LIMIT_PCRS; pcr++) {
            char hex[2 * GB_LIMIT_DIGEST + 1];
            if (!(bank->mask >> pcr & 1))
                continue;
            gb_hex_encode(gb_bytes(bank->value[pcr], digest_size(bank->alg)), hex);
            printf("%5u  %s\n", pcr, hex);
        }
    }
}

static int print_view(const struct cmd_line *line, struct view *v)
{
    print_events(line, v);
    printf("\nPCRs after replaying %zu events from startup locality %u:\n", v->log.count,
           v->log.startup_locality);
    print_pcrs(v);
    puts("");
    return output_findings(line, v->arena, &v->findings);
}

/* A log without measurements proves nothing, so verify refuses it; as a file it is read well. */
static void excuse_empty(struct gb_findings *findings)
{
    enum gb_tier worst = GB_TIER_NONE;
    for (struct gb_finding *f = findings->first; f; f = f->next) {
        if (f->code == GB_FINDING_LOG_EMPTY)
            f->tier = GB_TIER_WARNING;
        if (f->tier > worst)
            worst = f->tier;
    }
    if (findings->dropped == 0)
        findings->worst = worst;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct view v = {.arena = arena};
    int r = digester_new(&digester, err);
    if (r == 0)
        r = look(&v, digester, line->args[0], err);
    if (r < 0)
        return r;
    excuse_empty(&v.findings);
    r = line->json ? output_json(view_json(&v)) : print_view(line, &v);
    if (r != CMD_OK)
        return r;
    return v.findings.worst == GB_TIER_CONTRAINDICATED ? CMD_CONTRAINDICATED : CMD_OK;
}

const struct cmd cmd_eventlog = {
    .name = "eventlog",
    .args = "FILE",
    .min_args = 1,
    .max_args = 1,
    .summary = "read and replay a firmware event log",
    .examples = "  garboard eventlog /sys/kernel/security/tpm0/binary_bios_measurements\n"
                "  garboard eventlog eventlog.bin --format json | jq .pcrs.sha256\n",
    .options = (const struct cmd_option[]){{.name = NULL}},
    .run = run,
};
