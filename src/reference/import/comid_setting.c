/* What a set of ours says of itself besides its values, read and written. */
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "base/labels.h"
#include "base/limits.h"
#include "policy/selector.h"
#include "policy/sets/refval.h"
#include "reference/import/comid.h"
#include "reference/import/import.h"
#include "wire/cbor.h"

static const char label_key[] = "appliesTo.labels.";

static const struct word {
    const char *key;
    size_t at; /* of a const char * in the set */
} words[] = {
    {"source", offsetof(struct ref_set, source)},
    {"appliesTo.vendor", offsetof(struct ref_set, applies.vendor)},
    {"appliesTo.model", offsetof(struct ref_set, applies.model)},
    {"appliesTo.firmware", offsetof(struct ref_set, applies.firmware)},
    {"appliesTo.distribution", offsetof(struct ref_set, applies.distribution)},
    {"appliesTo.kernel", offsetof(struct ref_set, applies.kernel)},
};

static const char *word_of(const struct ref_set *set, const struct word *word)
{
    const char *text;
    memcpy(&text, (const char *)set + word->at, sizeof text);
    return text;
}

/* Of two, one would be lost without a word, and it may be the one that narrows the set. */
static void refuse_twice(struct cbor_reader *reader, const struct comid *comid,
                         const struct comid_measurement *m)
{
    cbor_fail(reader, GB_ERR_INPUT, "%s: the setting \"%s\" comes twice", comid->label,
              import_text(comid->import, m->key_text));
}

static void read_life(struct cbor_reader *reader, struct comid *comid,
                      const struct comid_measurement *m, const char *value)
{
    if (comid->own_has_life)
        refuse_twice(reader, comid, m);
    comid->own_has_life = true;
    for (int i = 0; i < REF_LIFE_COUNT; i++) {
        if (strcmp(ref_life_name((enum ref_life)i), value) != 0)
            continue;
        comid->own->life = (enum ref_life)i;
        return;
    }
    cbor_fail(reader, GB_ERR_INPUT, "%s: no set lives as %s", comid->label, value);
}

/* Labels stand in the order in which they come; a node has no more than the ceiling. */
static void read_label(struct cbor_reader *reader, struct comid *comid, struct gb_bytes key,
                       const char *value)
{
    struct set_selector *applies = &comid->own->applies;
    const char *name = comid_own_text(reader, comid, key, true);
    if (applies->label_count == GB_LIMIT_LABELS)
        cbor_fail(reader, GB_ERR_LIMIT, "%s: more than %d labels", comid->label, GB_LIMIT_LABELS);
    for (size_t i = 0; name && i < applies->label_count; i++)
        if (strcmp(applies->labels[i].key, name) == 0)
            cbor_fail(reader, GB_ERR_INPUT, "%s: the label %s comes twice", comid->label, name);
    struct gb_label *labels =
        gb_arena_new_array(comid->import->arena, struct gb_label, applies->label_count + 1);
    if (!labels)
        import_fail(comid->import, GB_ERR_NOMEM);
    if (!labels || !name || !cbor_ok(reader))
        return;
    if (applies->label_count > 0)
        memcpy(labels, applies->labels, applies->label_count * sizeof *labels);
    labels[applies->label_count] = (struct gb_label){name, value};
    applies->labels = labels;
    applies->label_count++;
}

void comid_setting_read(struct cbor_reader *reader, struct comid *comid,
                        const struct comid_measurement *m)
{
    const char *value = m->name.data ? comid_own_text(reader, comid, m->name, true) : NULL;
    if (!value) {
        cbor_fail(reader, GB_ERR_INPUT, "%s: a setting without a value", comid->label);
        return;
    }
    for (size_t i = 0; i < GB_ARRAY_LEN(words); i++) {
        if (!gb_bytes_is(m->key_text, words[i].key))
            continue;
        if (comid->own_words >> i & 1)
            refuse_twice(reader, comid, m);
        comid->own_words |= 1U << i;
        memcpy((char *)comid->own + words[i].at, &value, sizeof value);
        return;
    }
    struct gb_bytes before = gb_bytes_str(label_key);
    if (gb_bytes_is(m->key_text, "life"))
        read_life(reader, comid, m, value);
    else if (gb_bytes_starts(m->key_text, before) && m->key_text.len > before.len)
        read_label(reader, comid, gb_bytes_from(m->key_text, before.len), value);
    else
        cbor_fail(reader, GB_ERR_INPUT, "%s: the setting \"%s\" is not known here", comid->label,
                  import_text(comid->import, m->key_text));
}

size_t comid_settings_count(const struct ref_set *set)
{
    size_t count = 1 + set->applies.label_count; /* life */
    for (size_t i = 0; i < GB_ARRAY_LEN(words); i++)
        count += word_of(set, &words[i]) != NULL;
    return count;
}

/* {0: KEY, 1: {11: VALUE}} */
static void write_one(struct gb_buf *out, const char *key, const char *more, const char *value)
{
    cbor_map(out, 2);
    cbor_uint(out, 0);
    cbor_text_head(out, strlen(key) + strlen(more));
    gb_buf_puts(out, key);
    gb_buf_puts(out, more);
    cbor_uint(out, 1);
    cbor_map(out, 1);
    cbor_uint(out, 11);
    cbor_text(out, gb_bytes_str(value));
}

void comid_settings_write(struct gb_buf *out, const struct ref_set *set)
{
    write_one(out, "life", "", ref_life_name(set->life));
    for (size_t i = 0; i < GB_ARRAY_LEN(words); i++)
        if (word_of(set, &words[i]))
            write_one(out, words[i].key, "", word_of(set, &words[i]));
    for (size_t i = 0; i < set->applies.label_count; i++)
        write_one(out, label_key, set->applies.labels[i].key, set->applies.labels[i].value);
}
