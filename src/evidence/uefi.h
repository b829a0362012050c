/*
 * Payloads of firmware events, decoded: UEFI variables and signature lists (UEFI 2.10, 32.4.1), GPT
 * (UEFI 2.10, 5.3), image load events and device paths (UEFI 2.10, 10), EV_IPL text of shim, GRUB
 * and systemd-stub, tagged events, SBAT.
 */
#ifndef GB_EVIDENCE_UEFI_H
#define GB_EVIDENCE_UEFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/eventlog.h"

struct uefi_guid {
    uint8_t bytes[16]; /* as on the wire: mixed-endian */
};

bool uefi_guid_equal(const struct uefi_guid *a, const struct uefi_guid *b);
/* "8be4df61-93ca-11d2-aa0d-00e098032b8c" with NUL. */
void uefi_guid_text(const struct uefi_guid *guid, char out[37]);

extern const struct uefi_guid UEFI_GLOBAL_VARIABLE;   /* SecureBoot, PK, KEK, Boot#### */
extern const struct uefi_guid UEFI_IMAGE_SECURITY_DB; /* db, dbx */
extern const struct uefi_guid UEFI_SHIM_LOCK;         /* MokList, SbatLevel */
extern const struct uefi_guid UEFI_CERT_X509;         /* EFI_CERT_X509_GUID */
extern const struct uefi_guid UEFI_CERT_SHA256;       /* EFI_CERT_SHA256_GUID */

/* UEFI_VARIABLE_DATA (PFP 1.06, 10.2.6). Spans point into the event. */
struct uefi_variable {
    struct uefi_guid guid;
    struct gb_bytes name_utf16; /* without closing NUL */
    const char *name; /* UTF-8, not escaped, in the arena; NULL after uefi_variable_split */
    struct gb_bytes data;
    struct gb_bytes tail; /* shim 15 and older logs six bytes behind the data; else empty */
};

GB_MUST_USE int uefi_variable_read(struct gb_arena *arena, struct gb_bytes in,
                                   struct uefi_variable *ret_variable, struct gb_err *err);
/* The same without decoding the name, so without allocating. */
GB_MUST_USE int uefi_variable_split(struct gb_bytes in, struct uefi_variable *ret_variable,
                                    struct gb_err *err);
/* Whether the variable is `name` (ASCII) of `guid`. */
bool uefi_variable_is(const struct uefi_variable *variable, const struct uefi_guid *guid,
                      const char *name);
/* Whether its contents are signature lists: PK, KEK, db, dbx, dbt, dbr, and shim's MokList,
 * MokListX. */
bool uefi_variable_holds_signatures(const struct uefi_variable *variable);

/* One EFI_SIGNATURE_DATA of a PK/KEK/db/dbx variable: SignatureHeaderSize and SignatureSize are
 * honoured (GHSA-9r4w-jg96-92mv). */
struct uefi_signature {
    struct uefi_guid type; /* of its list: UEFI_CERT_X509, UEFI_CERT_SHA256, ... */
    struct uefi_guid owner;
    struct gb_bytes data; /* a DER certificate or a hash */
};

struct uefi_signatures {
    struct uefi_signature *items;
    size_t count;
};

GB_MUST_USE int uefi_signatures_read(struct gb_arena *arena, struct gb_bytes in,
                                     struct uefi_signatures *ret_signatures, struct gb_err *err);
/* Checks the lists and counts their signatures, without allocating. */
GB_MUST_USE int uefi_signatures_count(struct gb_bytes in, size_t *ret_count, struct gb_err *err);
/* The common name of a DER certificate's subject, printable, for messages only: it is searched, not
 * parsed. "" when none is found; NULL when out of memory. */
GB_MUST_USE const char *uefi_certificate_name(struct gb_arena *arena, struct gb_bytes der);

/* An EFI device path in words: its file's path ("\\EFI\\BOOT\\BOOTX64.EFI") when it names one, else
 * all nodes ("PciRoot(0x0)/Pci(0x3,0x0)"). Printable. */
GB_MUST_USE int uefi_device_path_text(struct gb_arena *arena, struct gb_bytes in,
                                      const char **ret_text, struct gb_err *err);

/* EFI_IMAGE_LOAD_EVENT (PFP 1.06, 10.2.3). `path` is printable ("\\EFI\\BOOT\\BOOTX64.EFI",
 * "PciRoot(0x0)/..."), "" when none. */
struct uefi_image_load {
    uint64_t address;
    uint64_t length;
    const char *path;
};

GB_MUST_USE int uefi_image_load_read(struct gb_arena *arena, struct gb_bytes in,
                                     struct uefi_image_load *ret_image, struct gb_err *err);

/* UEFI_GPT_DATA: the header's disk GUID and the partitions. */
struct uefi_gpt {
    struct uefi_guid disk;
    struct uefi_partition {
        struct uefi_guid type;
        struct uefi_guid unique;
        uint64_t first_lba;
        uint64_t last_lba;
        const char *name; /* printable */
    } *partitions;
    size_t count;
};

GB_MUST_USE int uefi_gpt_read(struct gb_arena *arena, struct gb_bytes in, struct uefi_gpt *ret_gpt,
                              struct gb_err *err);

/* TCG_PCClientTaggedEvent of EV_EVENT_TAG. The data are a name; the digest covers
 * what is named. */
struct uefi_tagged {
    uint32_t id;
    struct gb_bytes data;
};

GB_MUST_USE int uefi_tagged_read(struct gb_bytes in, struct uefi_tagged *ret_tagged,
                                 struct gb_err *err);

#define UEFI_TAG_INITRD UINT32_C(0x8f3b22ec) /* kernel's stub: digest of the initrd */
#define UEFI_TAG_LOAD_OPTIONS                                                                      \
    UINT32_C(0x8f3b22ed) /* kernel's stub: digest of the UTF-16 options                            \
                          */

/* What an EV_IPL event is about. */
enum uefi_ipl_kind {
    UEFI_IPL_OTHER,
    UEFI_IPL_GRUB_COMMAND,  /* "grub_cmd: ", "grub_cmd ": digest of the text behind the prefix */
    UEFI_IPL_GRUB_CMDLINE,  /* "kernel_cmdline: ", "grub_kernel_cmdline ", "module_cmdline: " */
    UEFI_IPL_GRUB_FILE,     /* PCR 9: text is a path, digest is the file's */
    UEFI_IPL_SHIM_VARIABLE, /* PCR 14: MokList, MokListX, MokListTrusted: digest of the variable */
    UEFI_IPL_UKI_SECTION,   /* PCR 11 of systemd-stub: UTF-16 section name; name and contents are
                               measured in turn */
    UEFI_IPL_STUB_CMDLINE,  /* PCR 12 of systemd-stub, PCR 8/12 of systemd-boot: UTF-16 command line
                             */
};

/* The event taken apart without allocating. `text` points into it, behind a prefix if it has one,
 * closing NULs included. */
struct uefi_ipl_form {
    enum uefi_ipl_kind kind;
    bool utf16;
    struct gb_bytes text;
};

struct uefi_ipl_form uefi_ipl_split(const struct boot_event *event);

struct uefi_ipl {
    enum uefi_ipl_kind kind;
    const char *text; /* UTF-8 without prefix, not escaped, in the arena */
};

/* GB_ERR_NOMEM only: any bytes are some text. */
GB_MUST_USE int uefi_ipl_read(struct gb_arena *arena, const struct boot_event *event,
                              struct uefi_ipl *ret_ipl, struct gb_err *err);

/*
 * One printable line on what an event is about: "SecureBoot = 1", "db: 2 certificates (Microsoft
 * ...), 0 hashes",
 * "\\EFI\\BOOT\\BOOTX64.EFI", "kernel command line: console=ttyS0 ...". Never NULL but when out of
 * memory. A payload that does not decode gives GB_ERR_INPUT and *ret_text is untouched.
 */
GB_MUST_USE int uefi_describe(struct gb_arena *arena, const struct boot_event *event,
                              const char **ret_text, struct gb_err *err);

#endif
