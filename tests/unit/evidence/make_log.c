#include "make_log.h"

#include <string.h>

#include "evidence/eventlog.h"

enum { MAX = 1 << 20 };

static void put_u64le(struct gb_buf *out, uint64_t value)
{
    gb_buf_u32le(out, (uint32_t)value);
    gb_buf_u32le(out, (uint32_t)(value >> 32));
}

void make_log_begin(struct make_log *log, const enum digest_alg *algs, size_t count)
{
    static const uint8_t zeros[20];
    *log = (struct make_log){.alg_count = count};
    gb_buf_init(&log->out, MAX);
    if (digester_new(&log->digester, NULL) < 0 || count == 0)
        return;
    memcpy(log->algs, algs, count * sizeof *algs);
    gb_buf_u32le(&log->out, 0);
    gb_buf_u32le(&log->out, EV_NO_ACTION);
    gb_buf_add(&log->out, zeros, sizeof zeros);
    gb_buf_u32le(&log->out, (uint32_t)(16 + 8 + 4 + 4 * count + 1));
    gb_buf_add(&log->out, "Spec ID Event03", 16);
    gb_buf_u32le(&log->out, 0);
    gb_buf_add(&log->out, "\0\2\0\2", 4);
    gb_buf_u32le(&log->out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        gb_buf_u16le(&log->out, (uint16_t)algs[i]);
        gb_buf_u16le(&log->out, (uint16_t)digest_size(algs[i]));
    }
    gb_buf_u8(&log->out, 0);
}

void make_log_begin_sha256(struct make_log *log)
{
    static const enum digest_alg algs[] = {DIGEST_SHA256};
    make_log_begin(log, algs, 1);
}

void make_log_end(struct make_log *log)
{
    digester_free(log->digester);
    gb_buf_done(&log->out);
}

static void put_digest(struct make_log *log, enum digest_alg alg, const struct gb_bytes *covered)
{
    uint8_t digest[64] = {0};
    if (covered && digest_of(log->digester, alg, *covered, digest) < 0)
        log->out.failed = true;
    gb_buf_add(&log->out, digest, digest_size(alg));
}

static void put_event(struct make_log *log, uint32_t pcr, uint32_t type, struct gb_bytes data,
                      const struct gb_bytes *covered)
{
    gb_buf_u32le(&log->out, pcr);
    gb_buf_u32le(&log->out, type);
    if (log->alg_count == 0) {
        put_digest(log, DIGEST_SHA1, covered);
    } else {
        gb_buf_u32le(&log->out, (uint32_t)log->alg_count);
        for (size_t i = 0; i < log->alg_count; i++) {
            gb_buf_u16le(&log->out, (uint16_t)log->algs[i]);
            put_digest(log, log->algs[i], covered);
        }
    }
    gb_buf_u32le(&log->out, (uint32_t)data.len);
    gb_buf_add(&log->out, data.data, data.len);
}

void make_log_event(struct make_log *log, uint32_t pcr, uint32_t type, struct gb_bytes data,
                    struct gb_bytes covered)
{
    put_event(log, pcr, type, data, &covered);
}

void make_log_add(struct make_log *log, uint32_t pcr, uint32_t type, struct gb_bytes data)
{
    put_event(log, pcr, type, data, &data);
}

void make_log_text(struct make_log *log, uint32_t pcr, uint32_t type, const char *text)
{
    make_log_add(log, pcr, type, gb_bytes_str(text));
}

void make_log_no_action(struct make_log *log, uint32_t pcr, struct gb_bytes data)
{
    put_event(log, pcr, EV_NO_ACTION, data, NULL);
}

void make_log_separator(struct make_log *log, uint32_t pcr)
{
    make_log_add(log, pcr, EV_SEPARATOR, gb_bytes("\0\0\0\0", 4));
}

void make_log_separators(struct make_log *log)
{
    for (uint32_t pcr = 0; pcr < 8; pcr++)
        make_log_separator(log, pcr);
}

void make_utf16(struct gb_buf *out, const char *ascii)
{
    for (; *ascii; ascii++)
        gb_buf_u16le(out, (uint8_t)*ascii);
}

void make_variable(struct gb_buf *out, const uint8_t guid[16], const char *name,
                   struct gb_bytes data)
{
    gb_buf_add(out, guid, 16);
    put_u64le(out, strlen(name));
    put_u64le(out, data.len);
    make_utf16(out, name);
    gb_buf_add(out, data.data, data.len);
}
