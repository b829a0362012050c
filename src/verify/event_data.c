#include "verify/event_data.h"

#include <string.h>

#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "evidence/systemd_log.h"
#include "verify/event_rule.h"

static int matches(struct digester *digester, const struct eventlog *log,
                   const struct boot_event *event, const struct event_form *form, size_t *ret_banks,
                   bool *ret_answer, struct gb_err *err)
{
    uint8_t digest[GB_LIMIT_DIGEST];
    size_t banks = 0;
    *ret_answer = false;
    for (size_t b = 0; b < log->bank_count; b++) {
        enum digest_alg alg = digest_from_id(log->banks[b].alg_id);
        if (alg == DIGEST_NONE || !event->digest[b])
            continue;
        banks++;
        if (digest_of_two(digester, alg, form->head, form->tail, digest) < 0)
            return gb_err_set(err, GB_ERR_BUG, "libcrypto cannot hash %s", digest_name(alg));
        if (memcmp(digest, event->digest[b], digest_size(alg)) != 0) {
            *ret_banks = banks;
            return GB_OK;
        }
    }
    *ret_banks = banks;
    *ret_answer = banks > 0;
    return GB_OK;
}

int event_data_check(struct digester *digester, const struct eventlog *log,
                     const struct boot_event *event, enum event_data *ret_answer,
                     struct gb_err *err)
{
    struct event_rule rule;
    event_rule_of(log, event, &rule);
    size_t banks = 0;
    bool match = false;
    for (size_t i = 0; i < rule.count && !match; i++) {
        int r = matches(digester, log, event, &rule.forms[i], &banks, &match, err);
        if (r < 0)
            return r;
    }
    if (match)
        *ret_answer = EVENT_DATA_PROVEN;
    else
        *ret_answer = rule.strict && banks > 0 ? EVENT_DATA_LIES : EVENT_DATA_ELSEWHERE;
    return GB_OK;
}

/* ---- systemd's own log ---- */

/* These hash the text as it is logged. Other types may log it escaped and cut, and a volume key's
 * is an HMAC. */
static bool hashes_its_text(const char *type)
{
    return strcmp(type, "phase") == 0 || strcmp(type, "machine-id") == 0;
}

int event_data_check_systemd(struct digester *digester, const struct systemd_event *event,
                             enum event_data *ret_answer, struct gb_err *err)
{
    bool strict = hashes_its_text(event->type);
    size_t banks = 0;
    size_t equal = 0;
    for (size_t a = 0; a < DIGEST_ALGS; a++) {
        uint8_t digest[GB_LIMIT_DIGEST];
        enum digest_alg alg = digest_algs[a];
        if (!event->digest[a])
            continue;
        banks++;
        if (digest_of(digester, alg, gb_bytes_str(event->text), digest) < 0)
            return gb_err_set(err, GB_ERR_BUG, "libcrypto cannot hash %s", digest_name(alg));
        equal += memcmp(digest, event->digest[a], digest_size(alg)) == 0;
    }
    if (banks > 0 && equal == banks)
        *ret_answer = EVENT_DATA_PROVEN;
    else
        *ret_answer = strict && banks > 0 ? EVENT_DATA_LIES : EVENT_DATA_ELSEWHERE;
    return GB_OK;
}
