/* Descriptions of events, one function a payload: the parts of uefi_describe. Each gives a
 * printable line, GB_ERR_INPUT for a payload that does not decode, or GB_ERR_NOMEM. */
#ifndef GB_EVIDENCE_UEFI_DESCRIBE_H
#define GB_EVIDENCE_UEFI_DESCRIBE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/eventlog.h"

enum { UEFI_DESCRIBE_SHOWN = 400 }; /* bytes of a text that one line shows */

typedef int uefi_describe_fn(struct gb_arena *arena, const struct boot_event *event,
                             const char **ret_text, struct gb_err *err);

/* Words where the payload is words, else its size. */
uefi_describe_fn uefi_describe_any;
uefi_describe_fn uefi_describe_separator;
uefi_describe_fn uefi_describe_no_action;
/* EFI_PLATFORM_FIRMWARE_BLOB; POST code events hold the same or a text. */
uefi_describe_fn uefi_describe_blob;
/* EFI_PLATFORM_FIRMWARE_BLOB2: the same behind a counted description. */
uefi_describe_fn uefi_describe_blob2;
/* EFI_HANDOFF_TABLE_POINTERS and EFI_HANDOFF_TABLE_POINTERS2. */
uefi_describe_fn uefi_describe_tables;
uefi_describe_fn uefi_describe_tables2;
/* EV_S_CRTM_VERSION: a GUID (EDK2's firmware volume), a UTF-16 or an ASCII version. */
uefi_describe_fn uefi_describe_version;
/* UEFI_VARIABLE_DATA. */
uefi_describe_fn uefi_describe_variable;
/* The entry of db or MokList that let an image start: EFI_SIGNATURE_DATA, or with shim and older
 * firmware the certificate alone. */
uefi_describe_fn uefi_describe_authority;

/* Ends a description: `text` NULL is an allocation that failed. */
GB_MUST_USE int uefi_describe_done(const char *text, const char **ret_text, struct gb_err *err);
/* Printable ASCII, at least a byte of it. */
bool uefi_describe_is_text(struct gb_bytes in);
bool uefi_describe_is_utf16(struct gb_bytes in);
struct gb_bytes uefi_describe_without_nuls(struct gb_bytes in);

#endif
