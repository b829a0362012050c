/* The table of logs: read from the configuration, changed whole or not at all. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "ledger/note.h"
#include "witness/record.h"
#include "witness/ward.h"

void ward_free(struct ward *ward)
{
    if (!ward)
        return;
    record_done(&ward->record);
    digester_free(ward->digester);
    pthread_mutex_destroy(&ward->lock);
    gb_free(ward->path);
    gb_free(ward);
}

static int ward_open(const struct witness *witness, struct ward *ward, struct gb_err *err)
{
    uint8_t hash[32];
    size_t len = strlen(witness->config->state) + sizeof "/logs/" + sizeof ward->hash;
    int r = digester_new(&ward->digester, err);
    if (r < 0)
        return r;
    if (digest_of(ward->digester, DIGEST_SHA256, gb_bytes_str(ward->origin), hash) < 0)
        return gb_err_set(err, GB_ERR_BUG, "libcrypto does not hash");
    gb_hex_encode(gb_bytes(hash, sizeof hash), ward->hash);
    ward->path = gb_calloc(1, len);
    if (!ward->path)
        return gb_err_nomem(err);
    (void)snprintf(ward->path, len, "%s/logs/%s", witness->config->state, ward->hash);
    return record_load(ward->path, &witness->pen.self, ward->origin, &ward->record, err);
}

static int ward_new(const struct witness *witness, const char *origin, struct ward **ret_ward,
                    struct gb_err *err)
{
    struct ward *ward = gb_calloc(1, sizeof *ward);
    if (!ward)
        return gb_err_nomem(err);
    if (pthread_mutex_init(&ward->lock, NULL) != 0) {
        gb_free(ward);
        return gb_err_nomem(err);
    }
    gb_buf_init(&ward->record.note, GB_LIMIT_NOTE);
    memcpy(ward->origin, origin, strlen(origin) + 1);
    int r = ward_open(witness, ward, err);
    if (r < 0)
        ward_free(ward);
    else
        *ret_ward = ward;
    return r;
}

struct ward *ward_find(struct witness *witness, struct gb_bytes origin)
{
    struct ward *found = NULL;
    pthread_mutex_lock(&witness->lock);
    for (size_t i = 0; !found && i < witness->count; i++)
        if (gb_bytes_is(origin, witness->wards[i]->origin))
            found = witness->wards[i];
    pthread_mutex_unlock(&witness->lock);
    return found;
}

/* ---- which logs ---- */

/* The wards that the configuration names: those that are known, and new ones. */
struct naming {
    struct ward *wards[GB_LIMIT_CONF_ITEMS];
    struct ward_keys keys[GB_LIMIT_CONF_ITEMS];
    bool is_new[GB_LIMIT_CONF_ITEMS];
    size_t count;
};

static int naming_find(struct witness *witness, struct naming *naming, const char *origin,
                       size_t *ret_index, struct gb_err *err)
{
    for (size_t i = 0; i < naming->count; i++)
        if (strcmp(naming->wards[i]->origin, origin) == 0) {
            *ret_index = i;
            return GB_OK;
        }
    struct ward *ward = ward_find(witness, gb_bytes_str(origin));
    bool is_new = !ward;
    int r = is_new ? ward_new(witness, origin, &ward, err) : GB_OK;
    if (r < 0)
        return r;
    naming->wards[naming->count] = ward;
    naming->is_new[naming->count] = is_new;
    *ret_index = naming->count++;
    return GB_OK;
}

static int naming_add(struct witness *witness, struct naming *naming, struct digester *digester,
                      const char *vkey, struct gb_err *err)
{
    struct note_key key;
    size_t index = 0;
    int r = note_key_read(digester, gb_bytes_str(vkey), &key, err);
    if (r == GB_OK && key.kind != NOTE_ED25519)
        r = gb_err_set(err, GB_ERR_CONFIG, "it is a witness' key, not a log's");
    if (r == GB_OK)
        r = naming_find(witness, naming, key.name, &index, err);
    if (r == GB_OK && naming->keys[index].count == GB_LIMIT_WARD_KEYS)
        r = gb_err_set(err, GB_ERR_LIMIT, "more than %d keys of one log", GB_LIMIT_WARD_KEYS);
    if (r < 0)
        gb_err_prefix(err, "log = %.80s: ", vkey);
    else
        naming->keys[index].keys[naming->keys[index].count++] = key;
    return r;
}

static int naming_read(struct witness *witness, struct naming *naming,
                       const struct conf_list *vkeys, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    int r = digester_new(&digester, err);
    for (size_t i = 0; r == GB_OK && i < vkeys->count; i++)
        r = naming_add(witness, naming, digester, vkeys->items[i], err);
    size_t fresh = 0;
    for (size_t i = 0; i < naming->count; i++)
        fresh += naming->is_new[i];
    if (r == GB_OK && witness->count + fresh > GB_ARRAY_LEN(witness->wards))
        r = gb_err_set(err, GB_ERR_LIMIT, "more than %zu logs since the start: start again",
                       GB_ARRAY_LEN(witness->wards));
    return r;
}

static void set_keys(struct ward *ward, const struct ward_keys *keys)
{
    pthread_mutex_lock(&ward->lock);
    ward->keys = *keys;
    pthread_mutex_unlock(&ward->lock);
}

static void naming_apply(struct witness *witness, const struct naming *naming)
{
    static const struct ward_keys none;
    for (size_t i = 0; i < witness->count; i++)
        set_keys(witness->wards[i], &none);
    pthread_mutex_lock(&witness->lock);
    for (size_t i = 0; i < naming->count; i++)
        if (naming->is_new[i])
            witness->wards[witness->count++] = naming->wards[i];
    pthread_mutex_unlock(&witness->lock);
    for (size_t i = 0; i < naming->count; i++)
        set_keys(naming->wards[i], &naming->keys[i]);
}

int witness_set_logs(struct witness *witness, const struct conf_list *vkeys, struct gb_err *err)
{
    struct naming *naming = gb_calloc(1, sizeof *naming);
    if (!naming)
        return gb_err_nomem(err);
    int r = naming_read(witness, naming, vkeys, err);
    if (r == GB_OK)
        naming_apply(witness, naming);
    for (size_t i = 0; r < 0 && i < naming->count; i++)
        if (naming->is_new[i])
            ward_free(naming->wards[i]);
    gb_free(naming);
    return r;
}
