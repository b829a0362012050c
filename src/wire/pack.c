#include "wire/pack.h"

#include <zstd.h>

#include "base/mem.h"

/* Measured on IMA lists, which are half digests: higher levels save some per cent and cost several
 * times as much. */
enum { LEVEL = 1 };

static void free_packer(ZSTD_CCtx **packer)
{
    ZSTD_freeCCtx(*packer);
}

int pack(struct gb_arena *arena, struct gb_bytes in, struct gb_bytes *ret_packed,
         struct gb_err *err)
{
    gb_cleanup(free_packer) ZSTD_CCtx *packer = ZSTD_createCCtx();
    size_t room = ZSTD_compressBound(in.len);
    uint8_t *out = gb_calloc(room, 1);
    if (!packer || !out) {
        gb_free(out);
        return gb_err_nomem(err);
    }
    ZSTD_CCtx_setParameter(packer, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(packer, ZSTD_c_checksumFlag, 1); /* a damaged disk is found out */
    size_t len = ZSTD_compress2(packer, out, room, in.data, in.len);
    struct gb_bytes copy = {0};
    if (!ZSTD_isError(len))
        copy = gb_arena_copy(arena, gb_bytes(out, len));
    gb_free(out);
    if (!copy.data)
        return gb_err_nomem(err);
    *ret_packed = copy;
    return GB_OK;
}

int unpack(struct gb_arena *arena, struct gb_bytes packed, size_t size, struct gb_bytes *ret_bytes,
           struct gb_err *err)
{
    if (ZSTD_getFrameContentSize(packed.data, packed.len) != size)
        return gb_err_set(err, GB_ERR_INPUT, "damaged: not one frame of %zu bytes", size);
    uint8_t *out = gb_arena_alloc_raw(arena, size + 1, 1);
    if (!out)
        return gb_err_nomem(err);
    size_t len = ZSTD_decompress(out, size, packed.data, packed.len);
    if (ZSTD_isError(len) || len != size)
        return gb_err_set(err, GB_ERR_INPUT, "damaged: %s",
                          ZSTD_isError(len) ? ZSTD_getErrorName(len) : "too short");
    out[size] = 0;
    *ret_bytes = gb_bytes(out, size);
    return GB_OK;
}
