#include "make_ima.h"

#include <assert.h>
#include <string.h>

enum { CEILING = 64 << 20 };

void make_ima_init(struct make_ima *m, enum digest_alg alg)
{
    *m = (struct make_ima){.alg = alg};
    gb_buf_init(&m->binary, CEILING);
    gb_buf_init(&m->ascii, CEILING);
    int r = digester_new(&m->digester, NULL);
    assert(r == GB_OK);
    (void)r;
}

void make_ima_done(struct make_ima *m)
{
    gb_buf_done(&m->binary);
    gb_buf_done(&m->ascii);
    digester_free(m->digester);
}

static void put_hex(struct gb_buf *out, struct gb_bytes in)
{
    for (size_t i = 0; i < in.len; i++)
        gb_buf_printf(out, "%02x", in.data[i]);
}

static unsigned long number(const struct make_ima_field *field)
{
    const uint8_t *bytes = field->data;
    unsigned long value = 0;
    for (size_t i = field->len; i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

static void put_data(struct gb_buf *out, const struct make_ima_field *field)
{
    size_t words = field->words ? strlen(field->words) + 1 : 0;
    gb_buf_u32le(out, (uint32_t)(words + field->len + (field->kind == MAKE_IMA_TEXT)));
    if (words > 0)
        gb_buf_add(out, field->words, words);
    if (field->len > 0)
        gb_buf_add(out, field->data, field->len);
    if (field->kind == MAKE_IMA_TEXT)
        gb_buf_u8(out, 0);
}

static void print_field(struct gb_buf *out, const struct make_ima_field *field)
{
    gb_buf_puts(out, " ");
    if (field->words)
        gb_buf_puts(out, field->words);
    if (field->kind == MAKE_IMA_TEXT)
        gb_buf_add(out, field->data, field->len);
    else if (field->kind == MAKE_IMA_NUMBER)
        gb_buf_printf(out, "%lu", number(field));
    else
        put_hex(out, gb_bytes(field->data, field->len));
}

/* What stands before the data in both forms. */
static void begin(struct make_ima *m, uint32_t pcr, const char *template, const uint8_t *digest)
{
    size_t size = digest_size(m->alg);
    gb_buf_u32le(&m->binary, pcr);
    gb_buf_add(&m->binary, digest, size);
    gb_buf_u32le(&m->binary, (uint32_t)strlen(template));
    gb_buf_puts(&m->binary, template);
    gb_buf_printf(&m->ascii, "%2u ", pcr);
    put_hex(&m->ascii, gb_bytes(digest, size));
    gb_buf_printf(&m->ascii, " %s", template);
}

static void end(struct make_ima *m)
{
    gb_buf_puts(&m->ascii, "\n");
    assert(gb_buf_ok(&m->binary) && gb_buf_ok(&m->ascii));
}

void make_ima_add(struct make_ima *m, uint32_t pcr, const char *template,
                  const struct make_ima_field *fields, size_t count, bool violation)
{
    uint8_t digest[GB_LIMIT_DIGEST] = {0};
    struct gb_buf data;
    gb_buf_init(&data, CEILING);
    for (size_t i = 0; i < count; i++)
        put_data(&data, &fields[i]);
    int r = violation ? GB_OK : digest_of(m->digester, m->alg, gb_buf_bytes(&data), digest);
    assert(r == GB_OK);
    (void)r;
    begin(m, pcr, template, digest);
    gb_buf_u32le(&m->binary, (uint32_t)data.len);
    gb_buf_add(&m->binary, data.data, data.len);
    for (size_t i = 0; i < count; i++)
        print_field(&m->ascii, &fields[i]);
    gb_buf_done(&data);
    end(m);
}

void make_ima_legacy(struct make_ima *m, const uint8_t digest[20], const char *name)
{
    uint8_t hashed[20 + 256] = {0};
    uint8_t out[GB_LIMIT_DIGEST];
    size_t len = strlen(name);
    assert(len < 256);
    memcpy(hashed, digest, 20);
    memcpy(hashed + 20, name, len);
    int r = digest_of(m->digester, m->alg, gb_bytes(hashed, sizeof hashed), out);
    assert(r == GB_OK);
    (void)r;
    begin(m, 10, "ima", out);
    gb_buf_add(&m->binary, digest, 20);
    gb_buf_u32le(&m->binary, (uint32_t)len);
    gb_buf_puts(&m->binary, name);
    gb_buf_puts(&m->ascii, " ");
    put_hex(&m->ascii, gb_bytes(digest, 20));
    gb_buf_printf(&m->ascii, " %s", name);
    end(m);
}

static void add_ng(struct make_ima *m, const char *path, const uint8_t digest[32], bool violation)
{
    const struct make_ima_field fields[] = {
        {MAKE_IMA_DIGEST, digest, 32, "sha256:"},
        {MAKE_IMA_TEXT, path, strlen(path), NULL},
    };
    make_ima_add(m, 10, "ima-ng", fields, 2, violation);
}

void make_ima_file(struct make_ima *m, const char *path, const uint8_t digest[32])
{
    add_ng(m, path, digest, false);
}

void make_ima_filled(struct make_ima *m, const char *path, uint8_t fill)
{
    uint8_t digest[32];
    memset(digest, fill, sizeof digest);
    add_ng(m, path, digest, false);
}

void make_ima_violation(struct make_ima *m, const char *path)
{
    const uint8_t zero[32] = {0};
    add_ng(m, path, zero, true);
}
