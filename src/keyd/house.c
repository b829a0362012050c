#include "base/clock.h"
#include "keyd/beliefs.h"
#include "keyd/challenges.h"
#include "keyd/config.h"
#include "keyd/desk.h"
#include "keyd/ledger.h"
#include "keyd/monitor.h"
#include "keyd/nonces.h"
#include "keyd/vault.h"

void house_close(struct house *house)
{
    challenges_free(house->challenges);
    nonces_free(house->nonces);
    beliefs_holder_free(house->beliefs);
    ledger_free(house->ledger);
    vault_free(house->vault);
    *house = (struct house){0};
}

static int open_parts(struct house *house, struct gb_err *err)
{
    const struct keyd_config *config = house->config;
    const struct beliefs *beliefs = NULL;
    int r = vault_open(config, gb_clock_s() * 1000, &house->vault, err);
    if (r == 0)
        r = ledger_open(config, house->vault, &house->ledger, err);
    if (r == 0)
        r = beliefs_read(config, &beliefs, err);
    if (r == 0)
        beliefs_tell(beliefs);
    if (r == 0)
        r = beliefs_holder_new(beliefs, &house->beliefs, err);
    if (r == 0)
        r = challenges_new(CHALLENGES_MAX, &house->challenges, err);
    if (r == 0)
        r = nonces_new(NONCES_MAX, &house->nonces, err);
    return r;
}

int house_open(const struct keyd_config *config, struct house *ret_house, struct gb_err *err)
{
    struct house house = {.config = config};
    int r = open_parts(&house, err);
    if (r < 0) {
        house_close(&house);
        return r;
    }
    *ret_house = house;
    return GB_OK;
}

static int read_anew(struct house *house, const struct keyd_config *anew,
                     const struct beliefs **ret_beliefs, struct gb_err *err)
{
    struct keyd_config config = *house->config;
    config.tpm_roots = anew->tpm_roots;
    config.tpm_intermediates = anew->tpm_intermediates;
    config.officer_keys = anew->officer_keys;
    int r = beliefs_read(&config, ret_beliefs, err);
    return r < 0
               ? r
               : vault_reload(house->vault, gb_clock_s() * 1000, err); /* nothing after it fails */
}

/* A request that brings documents comes before or after, never between. */
int house_reload(struct house *house, const struct keyd_config *anew, struct gb_err *err)
{
    gb_cleanup(beliefs_unrefp) const struct beliefs *next = NULL;
    beliefs_hold(house->beliefs);
    int r = read_anew(house, anew, &next, err);
    if (r == 0) {
        beliefs_tell(next);
        beliefs_swap(house->beliefs, gb_take(next));
    }
    beliefs_release(house->beliefs);
    return r;
}
