#include "reference/packages/oci.h"

#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "reference/packages/file_list.h"
#include "reference/packages/file_tree.h"
#include "reference/packages/oci_stream.h"
#include "reference/packages/package.h"
#include "reference/packages/unpack.h"
#include "wire/arc.h"
#include "wire/json.h"

enum { MOST_INDEXES = 4, SHOWN = 100 };

struct reading {
    const struct package_room *room;
    const struct oci_store *store;
    const struct oci_wish *wish;
    struct digester *packed; /* of layers as they are stored */
    struct digester *plain;  /* and unpacked */
    struct file_tree *tree;
    struct file_list *list;
};

/* What a descriptor says of a blob. */
struct blob {
    const char *name;
    bool digested; /* docker-archive tells none of a layer as it is stored */
    uint64_t size; /* UINT64_MAX: not told */
    uint8_t sha256[FILE_DIGEST];
};

static const char *shown(const struct reading *reading, struct gb_bytes text)
{
    const char *safe = gb_text_escape(reading->room->scratch, text, SHOWN);
    return safe ? safe : "?";
}

static int read_digest(const struct reading *reading, struct gb_bytes text,
                       uint8_t digest[FILE_DIGEST], struct gb_err *err)
{
    struct gb_bytes prefix = gb_bytes_str("sha256:");
    if (gb_bytes_starts(text, prefix) &&
        gb_hex_decode(gb_bytes_from(text, prefix.len), digest, FILE_DIGEST))
        return GB_OK;
    return gb_err_set(err, GB_ERR_INPUT, "\"%s\" is no SHA-256 digest", shown(reading, text));
}

static int read_descriptor(const struct reading *reading, const struct json *value,
                           struct blob *ret_blob, struct gb_err *err)
{
    struct blob blob = {.digested = true};
    struct gb_bytes text;
    if (!json_get_text(value, "digest", &text) || !json_get_number(value, "size", &blob.size))
        return gb_err_set(err, GB_ERR_INPUT, "a descriptor without digest or size");
    int r = read_digest(reading, text, blob.sha256, err);
    if (r < 0)
        return r;
    const char *hex = gb_hex(reading->room->scratch, gb_bytes(blob.sha256, FILE_DIGEST));
    blob.name = hex ? gb_arena_printf(reading->room->scratch, "blobs/sha256/%s", hex) : NULL;
    *ret_blob = blob;
    return blob.name ? GB_OK : gb_err_nomem(err);
}

static int check_blob(const struct blob *blob, uint64_t size, const uint8_t *digest,
                      struct gb_err *err)
{
    bool fits = blob->size == UINT64_MAX || size == blob->size;
    if (!blob->digested || (fits && memcmp(digest, blob->sha256, FILE_DIGEST) == 0))
        return GB_OK;
    return gb_err_set(err, GB_ERR_INPUT, "%s: another size or SHA-256 than what led to it",
                      blob->name);
}

/* A whole file of the image, parsed. */
static int read_json(const struct reading *reading, const struct blob *blob,
                     struct json **ret_value, struct gb_err *err)
{
    struct gb_buf text;
    struct arc_input input = {0};
    struct gb_bytes piece = {0};
    uint8_t digest[FILE_DIGEST] = {0};
    gb_buf_init(&text, GB_LIMIT_OCI_JSON);
    int r = reading->store->open(reading->store->ctx, blob->name, &input, err);
    while (r == 0 && input.read) {
        r = input.read(input.ctx, &piece, err);
        if (r < 0 || piece.len == 0)
            break;
        gb_buf_add(&text, piece.data, piece.len);
        if (!gb_buf_ok(&text))
            r = gb_err_set(err, GB_ERR_LIMIT, "more than %d bytes", GB_LIMIT_OCI_JSON);
    }
    reading->store->close(reading->store->ctx);
    if (r == 0)
        r = digest_of(reading->plain, DIGEST_SHA256, gb_buf_bytes(&text), digest);
    if (r == 0)
        r = check_blob(blob, text.len, digest, err);
    if (r == 0) {
        r = json_read(gb_buf_bytes(&text), ret_value, err);
        if (r < 0)
            gb_err_prefix(err, "%s: ", blob->name);
    }
    gb_buf_done(&text);
    return r;
}

/* "linux/arm64" or "linux/arm/v7". */
static bool on_platform(const struct reading *reading, const struct json *platform,
                        bool needs_variant)
{
    struct gb_bytes wanted = gb_bytes_str(reading->wish->platform);
    struct gb_bytes os, arch, variant;
    if (!json_get_text(platform, "os", &os) || !json_get_text(platform, "architecture", &arch))
        return false;
    if (!gb_bytes_equal(gb_text_until(&wanted, '/'), os) ||
        !gb_bytes_equal(gb_text_until(&wanted, '/'), arch))
        return false;
    if (wanted.len == 0)
        return true;
    return json_get_text(platform, "variant", &variant) ? gb_bytes_equal(wanted, variant)
                                                        : !needs_variant;
}

/* An index need not name platforms, and `docker save` writes none: the configuration knows. */
static int check_platform(const struct reading *reading, const struct json *config,
                          struct gb_err *err)
{
    struct gb_bytes os = {0}, arch = {0};
    if (!reading->wish->platform || on_platform(reading, config, false))
        return GB_OK;
    (void)json_get_text(config, "os", &os);
    (void)json_get_text(config, "architecture", &arch);
    return gb_err_set(err, GB_ERR_NOTFOUND,
                      "the image is for %s/%s, and --platform asks for %s: give it the image of "
                      "that platform",
                      shown(reading, os), shown(reading, arch), reading->wish->platform);
}

/* Attestations lie in the index beside images, on platform "unknown". */
static bool is_candidate(const struct reading *reading, const struct json *descriptor, bool first)
{
    const struct json *notes = json_get(descriptor, "annotations");
    struct gb_bytes text;
    if (json_get_text(json_get(descriptor, "platform"), "os", &text) &&
        gb_bytes_is(text, "unknown"))
        return false;
    if (first && reading->wish->image &&
        (!json_get_text(notes, "org.opencontainers.image.ref.name", &text) ||
         !gb_bytes_is(text, reading->wish->image)))
        return false;
    bool has_platform = !json_absent(json_get(descriptor, "platform"));
    return !reading->wish->platform || !has_platform ||
           on_platform(reading, json_get(descriptor, "platform"), true);
}

static int choose(const struct reading *reading, const struct json *index, bool first,
                  struct blob *ret_blob, struct gb_err *err)
{
    const struct json *list = json_get(index, "manifests");
    const struct json *chosen = NULL;
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json *descriptor = json_at(list, i);
        if (!is_candidate(reading, descriptor, first))
            continue;
        if (chosen)
            return gb_err_set(err, GB_ERR_CONFIG,
                              "several images: choose by --platform or --image");
        chosen = descriptor;
    }
    if (!chosen)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no such image in the index");
    return read_descriptor(reading, chosen, ret_blob, err);
}

/* Every file that this layer brought, hidden later or not. */
static int add_layer(struct file_list *list, const struct file_node *folder, uint32_t layer,
                     struct gb_err *err)
{
    int r = GB_OK;
    for (const struct file_node *at = folder->first; r == 0 && at; at = at->next) {
        if (at->kind == FILE_FOLDER)
            r = add_layer(list, at, layer, err);
        else if (at->kind == FILE_REGULAR && at->layer == layer)
            r = file_list_node(list, at, err);
    }
    return r;
}

/* Stored bytes, hashed; unpacked, hashed; as a tar, over what is there. */
static int apply(const struct reading *reading, const struct blob *blob, const uint8_t *diff_id,
                 uint32_t layer, struct arc_input input, struct gb_err *err)
{
    gb_cleanup(arc_freep) struct arc *arc = NULL;
    const struct unpack_wish wish = {.arena = reading->room->scratch,
                                     .digester = reading->room->digester,
                                     .kind = ARC_TAR,
                                     .plain = true,
                                     .whiteouts = true,
                                     .layer = layer};
    struct oci_stream packed, plain;
    struct arc_entry entry;
    uint8_t digest[FILE_DIGEST];
    int r = oci_stream_begin(&packed, input, reading->packed, err);
    if (r == 0)
        r = arc_open(ARC_RAW, false, oci_stream_input(&packed), &arc, err);
    if (r == 0)
        r = arc_next(arc, &entry, err);
    if (r == 0)
        return gb_err_set(err, GB_ERR_INPUT, "an empty layer");
    if (r > 0)
        r = oci_stream_begin(&plain, arc_input_entry(arc), reading->plain, err);
    if (r == 0)
        r = unpack_tree(&wish, oci_stream_input(&plain), reading->tree, err);
    if (r == 0)
        r = oci_stream_end(&plain, digest, err);
    if (r == 0 && memcmp(digest, diff_id, FILE_DIGEST) != 0)
        r = gb_err_set(err, GB_ERR_INPUT, "unpacked it is not what the configuration lists");
    if (r == 0)
        r = oci_stream_end(&packed, digest, err);
    return r < 0 ? r : check_blob(blob, packed.size, digest, err);
}

static int read_layer(const struct reading *reading, const struct blob *blob,
                      const uint8_t *diff_id, uint32_t layer, struct gb_err *err)
{
    struct arc_input input;
    int r = reading->store->open(reading->store->ctx, blob->name, &input, err);
    if (r == 0)
        r = apply(reading, blob, diff_id, layer, input, err);
    reading->store->close(reading->store->ctx);
    if (r == 0 && reading->wish->all_layers)
        r = add_layer(reading->list, file_tree_root(reading->tree), layer, err);
    if (r < 0)
        gb_err_prefix(err, "layer %u: ", layer);
    return r;
}

/* A path that the image's own manifest names. */
static int name_blob(const struct reading *reading, const struct json *value, struct blob *ret_blob,
                     struct gb_err *err)
{
    struct gb_bytes text;
    if (!json_as_text(value, &text) || text.len == 0 || text.data[0] == '/' ||
        memmem(text.data, text.len, "..", 2) || text.len > GB_LIMIT_ARC_PATH)
        return gb_err_set(err, GB_ERR_INPUT, "manifest.json: a file name that is none");
    struct gb_bytes copy = gb_arena_copy(reading->room->scratch, text);
    *ret_blob = (struct blob){.name = (const char *)copy.data};
    return copy.data ? GB_OK : gb_err_nomem(err);
}

static int layer_blob(const struct reading *reading, const struct json *layer, bool docker,
                      struct blob *ret_blob, struct gb_err *err)
{
    struct gb_bytes type;
    if (docker)
        return name_blob(reading, layer, ret_blob, err);
    if (json_get_text(layer, "mediaType", &type) && memmem(type.data, type.len, "encrypted", 9))
        return gb_err_set(err, GB_ERR_CONFIG, "a layer is encrypted: decrypt the image first");
    return read_descriptor(reading, layer, ret_blob, err);
}

static int read_layers(const struct reading *reading, const struct json *layers, bool docker,
                       const struct json *config, struct gb_err *err)
{
    const struct json *ids = json_get(json_get(config, "rootfs"), "diff_ids");
    size_t count = json_count(layers);
    int r = check_platform(reading, config, err);
    if (r < 0)
        return r;
    if (count == 0 || count != json_count(ids))
        return gb_err_set(err, GB_ERR_INPUT, "%zu layers, and %zu in the configuration", count,
                          json_count(ids));
    if (count > GB_LIMIT_OCI_LAYERS)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d layers", GB_LIMIT_OCI_LAYERS);
    for (size_t i = 0; i < count; i++) {
        struct blob blob = {0};
        struct gb_bytes text;
        uint8_t diff_id[FILE_DIGEST];
        if (!json_as_text(json_at(ids, i), &text))
            return gb_err_set(err, GB_ERR_INPUT, "a diff_id that is no text");
        r = read_digest(reading, text, diff_id, err);
        if (r == 0)
            r = layer_blob(reading, json_at(layers, i), docker, &blob, err);
        if (r == 0)
            r = read_layer(reading, &blob, diff_id, (uint32_t)i + 1, err);
        if (r < 0)
            return r;
    }
    return reading->wish->all_layers ? GB_OK : file_list_tree(reading->list, reading->tree, err);
}

static int read_manifest(const struct reading *reading, const struct json *manifest,
                         struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *config = NULL;
    struct blob blob = {0};
    int r = read_descriptor(reading, json_get(manifest, "config"), &blob, err);
    if (r == 0)
        r = read_json(reading, &blob, &config, err);
    return r < 0 ? r : read_layers(reading, json_get(manifest, "layers"), false, config, err);
}

/* From index to index to the manifest of one image. */
static int read_index(const struct reading *reading, struct json *top, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *at = top;
    for (int i = 0; i < MOST_INDEXES; i++) {
        struct blob blob = {0};
        if (json_absent(json_get(at, "manifests")))
            return read_manifest(reading, at, err);
        /* Others choose by its media type, and would run another image (CVE-2021-41190). */
        if (!json_absent(json_get(at, "layers")) || !json_absent(json_get(at, "config")))
            return gb_err_set(err, GB_ERR_INPUT, "an index and a manifest in one");
        int r = choose(reading, at, i == 0, &blob, err);
        json_free(gb_take(at));
        if (r == 0)
            r = read_json(reading, &blob, &at, err);
        if (r < 0)
            return r;
    }
    return gb_err_set(err, GB_ERR_LIMIT, "an index in an index in an index");
}

/* `docker save`: manifest.json is a list of images; the configuration is named by its digest. */
static int read_docker(const struct reading *reading, const struct json *list, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *config = NULL;
    const struct json *image = json_at(list, 0);
    struct gb_bytes name, folder;
    struct blob blob = {0};
    if (json_count(list) > 1)
        return gb_err_set(err, GB_ERR_CONFIG, "several images: save the one that is meant");
    int r = name_blob(reading, json_get(image, "Config"), &blob, err);
    if (r < 0)
        return r;
    if (blob.name && file_path_split(gb_bytes_str(blob.name), &folder, &name) &&
        name.len >= (size_t)2 * FILE_DIGEST) { /* "HEX.json" or "blobs/sha256/HEX" */
        name.len = (size_t)2 * FILE_DIGEST;
        blob.digested = gb_hex_decode(name, blob.sha256, FILE_DIGEST);
        blob.size = UINT64_MAX;
    }
    r = read_json(reading, &blob, &config, err);
    return r < 0 ? r : read_layers(reading, json_get(image, "Layers"), true, config, err);
}

static int read_image(const struct reading *reading, struct gb_err *err)
{
    const struct blob index = {.name = "index.json"};
    const struct blob docker = {.name = "manifest.json"};
    gb_cleanup(json_freep) struct json *list = NULL;
    struct json *top = NULL;
    int r = read_json(reading, &index, &top, err);
    if (r == 0)
        return read_index(reading, top, err);
    if (r != GB_ERR_NOTFOUND)
        return r;
    r = read_json(reading, &docker, &list, err);
    if (r == GB_ERR_NOTFOUND)
        return gb_err_set(err, r, "no image: neither index.json nor manifest.json is in it");
    return r < 0 ? r : read_docker(reading, list, err);
}

int oci_read(const struct package_room *room, const struct oci_store *store,
             const struct oci_wish *wish, struct file_list *list, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *packed = NULL;
    gb_cleanup(digester_freep) struct digester *plain = NULL;
    struct reading reading = {.room = room, .store = store, .wish = wish, .list = list};
    int r = digester_new(&packed, err);
    if (r == 0)
        r = digester_new(&plain, err);
    if (r == 0)
        r = file_tree_new(room->scratch, room->seed, &reading.tree, err);
    if (r < 0)
        return r;
    reading.packed = packed;
    reading.plain = plain;
    return read_image(&reading, err);
}
