#include "verify/replay_boot.h"

#include <string.h>

#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "evidence/pcr.h"
#include "evidence/systemd_log.h"

enum {
    PHASE_PCR = 11,         /* TPM2_PCR_KERNEL_BOOT of systemd */
    FIRST_DYNAMIC_PCR = 17, /* of the dynamic root of trust: ones after a reset (PTP 1.06, 5.8) */
    LAST_DYNAMIC_PCR = 22,
};

/* What the TPM's registers hold before the log's first event. A confidential VM's registers have
 * no localities. */
static void reset(const struct eventlog *log, struct pcr_bank *bank)
{
    if (log->cc_registers)
        return;
    size_t size = digest_size(bank->alg);
    for (size_t pcr = FIRST_DYNAMIC_PCR; pcr <= LAST_DYNAMIC_PCR; pcr++)
        memset(bank->value[pcr], 0xff, size);
    bank->value[0][size - 1] = log->startup_locality;
}

static int extend(struct digester *digester, struct pcr_bank *bank, uint32_t pcr,
                  const uint8_t *digest, struct gb_err *err)
{
    size_t size = digest_size(bank->alg);
    uint8_t *value = bank->value[pcr];
    bank->mask |= UINT32_C(1) << pcr;
    if (digest_of_two(digester, bank->alg, gb_bytes(value, size), gb_bytes(digest, size), value) <
        0)
        return gb_err_set(err, GB_ERR_BUG, "libcrypto cannot hash %s", digest_name(bank->alg));
    return GB_OK;
}

static int replay_bank(struct digester *digester, const struct eventlog *log, size_t position,
                       struct pcr_bank *bank, struct gb_err *err)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct boot_event *e = &log->events[i];
        const uint8_t *digest = e->digest[position];
        if (e->type == EV_NO_ACTION || !digest)
            continue;
        int r = extend(digester, bank, e->pcr, digest, err);
        if (r < 0)
            return r;
    }
    return GB_OK;
}

int replay_boot(struct digester *digester, const struct eventlog *log,
                struct pcr_values *ret_values, struct gb_err *err)
{
    struct pcr_values values = {0};
    for (size_t b = 0; b < log->bank_count; b++) {
        struct pcr_bank *bank = pcr_bank_add(&values, digest_from_id(log->banks[b].alg_id));
        if (!bank)
            continue; /* a bank that we cannot compute */
        reset(log, bank);
        int r = replay_bank(digester, log, b, bank, err);
        if (r < 0)
            return r;
    }
    *ret_values = values;
    return GB_OK;
}

int replay_systemd(struct digester *digester, const struct systemd_log *log,
                   struct pcr_values *values, struct gb_err *err)
{
    struct pcr_values after = *values;
    for (size_t i = 0; i < log->count; i++)
        for (size_t a = 0; a < DIGEST_ALGS; a++) {
            const uint8_t *digest = log->events[i].digest[a];
            struct pcr_bank *bank = pcr_bank_find(&after, digest_algs[a]);
            if (!bank || !digest)
                continue;
            int r = extend(digester, bank, log->events[i].pcr, digest, err);
            if (r < 0)
                return r;
        }
    *values = after;
    return GB_OK;
}

/* ---- words that were measured without a log ---- */

/* systemd-pcrphase measures each word without a closing NUL. */
static int extend_words(struct digester *digester, const char *const *words, struct pcr_bank *bank,
                        struct gb_err *err)
{
    uint8_t digest[GB_LIMIT_DIGEST];
    for (; *words; words++) {
        if (digest_of(digester, bank->alg, gb_bytes_str(*words), digest) < 0)
            return gb_err_set(err, GB_ERR_BUG, "libcrypto cannot hash %s", digest_name(bank->alg));
        int r = extend(digester, bank, PHASE_PCR, digest, err);
        if (r < 0)
            return r;
    }
    return GB_OK;
}

/* Applies one row to `values` and compares with every quoted bank that both have. No bank in
 * common proves nothing, so it does not fit. */
static int try_row(struct digester *digester, const char *const *words,
                   const struct pcr_values *quoted, struct pcr_values *values, bool *ret_fits,
                   struct gb_err *err)
{
    size_t compared = 0;
    *ret_fits = false;
    for (size_t b = 0; b < values->count; b++) {
        struct pcr_bank *bank = &values->banks[b];
        const struct pcr_bank *want = pcr_bank_get(quoted, bank->alg);
        int r = extend_words(digester, words, bank, err);
        if (r < 0)
            return r;
        if (!want || !(want->mask >> PHASE_PCR & 1))
            continue;
        compared++;
        if (memcmp(bank->value[PHASE_PCR], want->value[PHASE_PCR], digest_size(bank->alg)) != 0)
            return GB_OK;
    }
    *ret_fits = compared > 0;
    return GB_OK;
}

int replay_phases(struct digester *digester, const struct pcr_values *quoted,
                  struct pcr_values *values, int *ret_row, struct gb_err *err)
{
    *ret_row = -1;
    for (size_t row = 0; row < systemd_phase_count; row++) {
        struct pcr_values tried = *values;
        bool fits;
        int r = try_row(digester, systemd_phases[row], quoted, &tried, &fits, err);
        if (r < 0)
            return r;
        if (!fits)
            continue;
        *values = tried;
        *ret_row = (int)row;
        return GB_OK;
    }
    return GB_OK;
}
