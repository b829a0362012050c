#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/reader.h"
#include "evidence/uefi.h"

enum {
    MAX_TEXT = 16 << 10, /* of one path; nodes are short, a URI may be long */
    MAX_NODES = 64,      /* real paths have up to ten */
    SHOWN_PATH = 512,

    TYPE_HARDWARE = 1,
    TYPE_ACPI = 2,
    TYPE_MESSAGING = 3,
    TYPE_MEDIA = 4,
    TYPE_END = 0x7f,
};

/* Of a path being put into words. */
struct words {
    struct gb_arena *arena;
    struct gb_buf nodes; /* all of them */
    struct gb_buf file;  /* the media file path nodes only */
};

static void put_guid(struct gb_buf *out, const char *name, struct gb_reader *r)
{
    struct uefi_guid guid = {{0}};
    struct gb_bytes b = gb_read_bytes(r, sizeof guid.bytes);
    if (b.len > 0)
        memcpy(guid.bytes, b.data, sizeof guid.bytes);
    char text[37];
    uefi_guid_text(&guid, text);
    gb_buf_printf(out, "%s(%s)", name, text);
}

static void put_pci(struct gb_buf *out, struct gb_reader *r)
{
    unsigned function = gb_read_u8(r);
    unsigned device = gb_read_u8(r);
    gb_buf_printf(out, "Pci(0x%x,0x%x)", device, function);
}

static void put_memory(struct gb_buf *out, struct gb_reader *r)
{
    unsigned type = gb_read_u32le(r);
    uint64_t start = gb_read_u64le(r);
    uint64_t end = gb_read_u64le(r);
    gb_buf_printf(out, "MemoryMapped(0x%x,0x%lx,0x%lx)", type, start, end);
}

/* EISA ids: PNP0A03 and PNP0A08 are PCI and PCI Express roots. */
static void put_acpi(struct gb_buf *out, struct gb_reader *r)
{
    unsigned hid = gb_read_u32le(r);
    unsigned uid = gb_read_u32le(r);
    if (hid == 0x0a0341d0 || hid == 0x0a0841d0)
        gb_buf_printf(out, "PciRoot(0x%x)", uid);
    else
        gb_buf_printf(out, "Acpi(0x%08x,0x%x)", hid, uid);
}

static void put_scsi(struct gb_buf *out, struct gb_reader *r)
{
    unsigned target = gb_read_u16le(r);
    unsigned lun = gb_read_u16le(r);
    gb_buf_printf(out, "Scsi(0x%x,0x%x)", target, lun);
}

static void put_usb(struct gb_buf *out, struct gb_reader *r)
{
    unsigned port = gb_read_u8(r);
    unsigned interface = gb_read_u8(r);
    gb_buf_printf(out, "USB(0x%x,0x%x)", port, interface);
}

static void put_sata(struct gb_buf *out, struct gb_reader *r)
{
    unsigned port = gb_read_u16le(r);
    unsigned multiplier = gb_read_u16le(r);
    unsigned lun = gb_read_u16le(r);
    gb_buf_printf(out, "Sata(0x%x,0x%x,0x%x)", port, multiplier, lun);
}

static void put_mac(struct gb_buf *out, struct gb_reader *r)
{
    struct gb_bytes mac = gb_read_bytes(r, 32);
    char hex[13] = "";
    if (mac.len > 0)
        gb_hex_encode(gb_bytes(mac.data, 6), hex);
    gb_buf_printf(out, "MAC(%s)", hex);
}

static void put_nvme(struct gb_buf *out, struct gb_reader *r)
{
    unsigned namespace = gb_read_u32le(r);
    uint64_t eui = gb_read_u64le(r);
    gb_buf_printf(out, "NVMe(0x%x,%016lx)", namespace, eui);
}

static void put_partition(struct gb_buf *out, struct gb_reader *r)
{
    unsigned number = gb_read_u32le(r);
    gb_read_bytes(r, 8 + 8); /* start, size */
    gb_buf_printf(out, "HD(%u,", number);
    put_guid(out, "", r);
    gb_buf_puts(out, ")");
}

/* The path of a media file: components are escaped one by one, so that a backslash between them
 * stays one. */
static bool put_file(struct words *w, struct gb_reader *r)
{
    struct gb_bytes text = gb_utf16_decode(w->arena, gb_read_bytes(r, gb_reader_left(r)));
    if (!text.data)
        return false;
    struct gb_buf *file = &w->file;
    if (file->len > 0 && file->data[file->len - 1] != '\\' && text.len > 0 && text.data[0] != '\\')
        gb_buf_puts(file, "\\");
    for (size_t from = 0, i = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != '\\')
            continue;
        const char *part =
            gb_text_escape(w->arena, gb_bytes(text.data + from, i - from), SHOWN_PATH);
        if (!part)
            return false;
        gb_buf_puts(file, part);
        if (i < text.len)
            gb_buf_puts(file, "\\");
        from = i + 1;
    }
    return true;
}

static bool put_uri(struct words *w, struct gb_reader *r)
{
    const char *uri = gb_text_escape(w->arena, gb_read_bytes(r, gb_reader_left(r)), SHOWN_PATH);
    if (!uri)
        return false;
    gb_buf_printf(&w->nodes, "Uri(%s)", uri);
    return true;
}

static const struct {
    uint8_t type, subtype;
    void (*put)(struct gb_buf *out, struct gb_reader *r);
    const char *guid_name; /* instead of `put`: a node that is one GUID */
} nodes[] = {
    {TYPE_HARDWARE, 1, put_pci, NULL},    {TYPE_HARDWARE, 3, put_memory, NULL},
    {TYPE_HARDWARE, 4, NULL, "VenHw"},    {TYPE_ACPI, 1, put_acpi, NULL},
    {TYPE_MESSAGING, 2, put_scsi, NULL},  {TYPE_MESSAGING, 5, put_usb, NULL},
    {TYPE_MESSAGING, 10, NULL, "VenMsg"}, {TYPE_MESSAGING, 11, put_mac, NULL},
    {TYPE_MESSAGING, 18, put_sata, NULL}, {TYPE_MESSAGING, 23, put_nvme, NULL},
    {TYPE_MEDIA, 1, put_partition, NULL}, {TYPE_MEDIA, 3, NULL, "VenMedia"},
    {TYPE_MEDIA, 6, NULL, "FvFile"},      {TYPE_MEDIA, 7, NULL, "Fv"},
};

/* One node; what it holds beyond the fields we show is passed over. False when out of memory. */
static bool put_node(struct words *w, uint8_t type, uint8_t subtype, struct gb_reader *body)
{
    if (type == TYPE_MEDIA && subtype == 4)
        return put_file(w, body);
    if (w->nodes.len > 0)
        gb_buf_puts(&w->nodes, "/");
    if (type == TYPE_MESSAGING && subtype == 24)
        return put_uri(w, body);
    for (size_t i = 0; i < GB_ARRAY_LEN(nodes); i++) {
        if (nodes[i].type != type || nodes[i].subtype != subtype)
            continue;
        if (nodes[i].put)
            nodes[i].put(&w->nodes, body);
        else
            put_guid(&w->nodes, nodes[i].guid_name, body);
        return true;
    }
    gb_buf_printf(&w->nodes, "Path(%u,%u)", type, subtype);
    return true;
}

/* Each node is type, subtype, length of all (UEFI 2.10, 10.3.1); type 0x7f ends the path. */
static int read_nodes(struct words *w, struct gb_reader *r, struct gb_err *err)
{
    for (size_t n = 0; gb_reader_left(r) > 0; n++) {
        uint8_t type = gb_read_u8(r);
        uint8_t subtype = gb_read_u8(r);
        uint16_t len = gb_read_u16le(r);
        if (len < 4)
            gb_reader_fail(r, "device path node is smaller than its head");
        if (n == MAX_NODES)
            gb_reader_fail(r, "device path has too many nodes");
        struct gb_reader body = gb_read_sub(r, gb_reader_ok(r) ? len - 4u : 0);
        if (!gb_reader_ok(r) || type == TYPE_END)
            break;
        if (!put_node(w, type, subtype, &body))
            return gb_err_nomem(err);
        if (!gb_reader_ok(&body))
            return gb_reader_check(&body, err);
    }
    return gb_reader_check(r, err);
}

int uefi_device_path_text(struct gb_arena *arena, struct gb_bytes in, const char **ret_text,
                          struct gb_err *err)
{
    struct gb_reader r;
    gb_reader_init(&r, in);
    struct words w = {.arena = arena};
    gb_buf_init(&w.nodes, MAX_TEXT);
    gb_buf_init(&w.file, MAX_TEXT);
    int ret = read_nodes(&w, &r, err);
    const struct gb_buf *shown = w.file.len > 0 ? &w.file : &w.nodes;
    struct gb_bytes text = gb_bytes("", 0);
    if (ret == 0)
        text = gb_arena_copy(arena, gb_buf_bytes(shown));
    if (ret == 0 && (!gb_buf_ok(&w.nodes) || !gb_buf_ok(&w.file) || !text.data))
        ret = gb_err_nomem(err);
    gb_buf_done(&w.nodes);
    gb_buf_done(&w.file);
    if (ret == 0)
        *ret_text = (const char *)text.data;
    return ret;
}

/* EFI_IMAGE_LOAD_EVENT: address, length, link-time address, length of the device path, the path.
 * Bytes may follow: shim up to 15 leaves nine, RHEL 8's eight. Nothing here is covered by a digest.
 */
int uefi_image_load_read(struct gb_arena *arena, struct gb_bytes in,
                         struct uefi_image_load *ret_image, struct gb_err *err)
{
    struct uefi_image_load image = {0};
    struct gb_reader r;
    gb_reader_init(&r, in);
    image.address = gb_read_u64le(&r);
    image.length = gb_read_u64le(&r);
    gb_read_u64le(&r);
    uint64_t path_size = gb_read_u64le(&r);
    if (path_size > gb_reader_left(&r))
        gb_reader_fail(&r, "device path ends early");
    struct gb_bytes path = gb_read_bytes(&r, gb_reader_ok(&r) ? (size_t)path_size : 0);
    int ret = gb_reader_check(&r, err);
    if (ret == 0)
        ret = uefi_device_path_text(arena, path, &image.path, err);
    if (ret == 0)
        *ret_image = image;
    return ret;
}
