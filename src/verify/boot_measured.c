#include <string.h>

#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/eventlog.h"
#include "evidence/pcr.h"
#include "evidence/systemd_log.h"
#include "verify/boot.h"
#include "verify/claims.h"

enum { PHASE_PCR = 11 };

/* The list being made: as long as all events of all sources. */
struct list {
    enum digest_alg bank;
    bool lends[DIGEST_ALGS]; /* further banks that hold, by place in digest_algs */
    struct measured *items;
    size_t count;
};

static void add(struct list *list, struct measured item)
{
    list->items[list->count++] = item;
}

/* Position of the bank in the log, or -1. */
static int bank_position(const struct eventlog *log, enum digest_alg bank)
{
    for (size_t b = 0; b < log->bank_count; b++)
        if (log->banks[b].alg_id == bank)
            return (int)b;
    return -1;
}

/* The digests of a firmware's event in the banks that lend theirs. */
static void lend_firmware(const struct list *list, const struct eventlog *log,
                          const struct boot_event *e, struct measured *item)
{
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        int position = list->lends[i] ? bank_position(log, digest_algs[i]) : -1;
        if (position >= 0 && e->digest[position])
            item->others[i] = gb_bytes(e->digest[position], digest_size(digest_algs[i]));
    }
}

/* An event that leaves the bank out extends nothing there, so that nothing proves it. */
static void add_firmware(struct list *list, const struct eventlog *log, const bool *proven)
{
    int position = bank_position(log, list->bank);
    for (size_t i = 0; position >= 0 && i < log->count; i++) {
        const struct boot_event *e = &log->events[i];
        const uint8_t *digest = e->digest[position];
        if (e->type == EV_NO_ACTION || !digest)
            continue;
        add(list, (struct measured){.log = GB_LOG_BOOT,
                                    .index = e->index,
                                    .pcr = e->pcr,
                                    .type = e->type,
                                    .digest = gb_bytes(digest, digest_size(list->bank)),
                                    .data = e->data,
                                    .data_proven = proven[i]});
        lend_firmware(list, log, e, &list->items[list->count - 1]);
    }
}

static void add_systemd(struct list *list, const struct systemd_log *log, const struct boot *boot)
{
    size_t row = 0;
    while (row < DIGEST_ALGS - 1 && digest_algs[row] != list->bank)
        row++;
    for (size_t i = 0; i < boot->systemd_count; i++) {
        const struct systemd_event *e = &log->events[i];
        if (!e->digest[row])
            continue;
        add(list, (struct measured){.log = GB_LOG_SYSTEMD,
                                    .index = e->index,
                                    .pcr = e->pcr,
                                    .type = EV_IPL,
                                    .digest = gb_bytes(e->digest[row], digest_size(list->bank)),
                                    .data = gb_bytes_str(e->text),
                                    .data_proven = boot->systemd_proven[i]});
        for (size_t k = 0; k < DIGEST_ALGS; k++)
            if (list->lends[k] && e->digest[k])
                list->items[list->count - 1].others[k] =
                    gb_bytes(e->digest[k], digest_size(digest_algs[k]));
    }
}

static int hash_word(struct gb_arena *arena, struct digester *digester, enum digest_alg alg,
                     struct gb_bytes word, struct gb_bytes *ret_digest, struct gb_err *err)
{
    uint8_t *digest = gb_arena_new_array(arena, uint8_t, digest_size(alg));
    if (!digest)
        return gb_err_nomem(err);
    if (digest_of(digester, alg, word, digest) < 0)
        return gb_err_set(err, GB_ERR_BUG, "%s failed", digest_name(alg));
    *ret_digest = gb_bytes(digest, digest_size(alg));
    return GB_OK;
}

/* Words that replay_phases found: they lead to the quoted values, and so are proven. */
static int add_phases(struct gb_arena *arena, struct digester *digester, struct list *list, int row,
                      struct gb_err *err)
{
    for (uint32_t i = 0; systemd_phases[row][i]; i++) {
        struct measured item = {.log = GB_LOG_SYSTEMD,
                                .index = i,
                                .pcr = PHASE_PCR,
                                .type = EV_IPL,
                                .data = gb_bytes_str(systemd_phases[row][i]),
                                .data_proven = true};
        int r = hash_word(arena, digester, list->bank, item.data, &item.digest, err);
        for (size_t k = 0; r == 0 && k < DIGEST_ALGS; k++)
            if (list->lends[k])
                r = hash_word(arena, digester, digest_algs[k], item.data, &item.others[k], err);
        if (r < 0)
            return r;
        add(list, item);
    }
    return GB_OK;
}

int boot_measured(struct gb_arena *arena, struct digester *digester,
                  const struct evidence *evidence, const struct boot *boot,
                  const struct pcr_values *proven, enum digest_alg bank,
                  const struct measured **ret_items, size_t *ret_count, struct gb_err *err)
{
    struct list list = {.bank = bank};
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        list.lends[i] = digest_algs[i] != bank && boot_holds(boot, proven, digest_algs[i]);
    size_t most = evidence->boot_log.count + boot->systemd_count + SYSTEMD_PHASE_WORDS;
    list.items = gb_arena_new_array(arena, struct measured, most);
    if (!list.items)
        return gb_err_nomem(err);
    add_firmware(&list, &evidence->boot_log, boot->data_proven);
    add_systemd(&list, &evidence->systemd_log, boot);
    int r = boot->phase_row < 0 ? GB_OK : add_phases(arena, digester, &list, boot->phase_row, err);
    if (r < 0)
        return r;
    *ret_items = list.items;
    *ret_count = list.count;
    return GB_OK;
}
