/*
 * TCG event logs, SHA-1 (TCG_PCR_EVENT) and crypto-agile (TCG_PCR_EVENT2): TCG PC Client Platform
 * Firmware Profile 1.06, section 10. Reading judges form only: what the log says is proven by
 * verify/.
 */
#ifndef GB_EVIDENCE_EVENTLOG_H
#define GB_EVIDENCE_EVENTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "base/limits.h"

/* Event types (PFP 1.06, 10.4.1, Table 27). */
enum event_type {
    EV_PREBOOT_CERT = 0x0,
    EV_POST_CODE = 0x1,
    EV_NO_ACTION = 0x3,
    EV_SEPARATOR = 0x4,
    EV_ACTION = 0x5,
    EV_EVENT_TAG = 0x6,
    EV_S_CRTM_CONTENTS = 0x7,
    EV_S_CRTM_VERSION = 0x8,
    EV_CPU_MICROCODE = 0x9,
    EV_PLATFORM_CONFIG_FLAGS = 0xa,
    EV_TABLE_OF_DEVICES = 0xb,
    EV_COMPACT_HASH = 0xc,
    EV_IPL = 0xd,
    EV_IPL_PARTITION_DATA = 0xe,
    EV_NONHOST_CODE = 0xf,
    EV_NONHOST_CONFIG = 0x10,
    EV_NONHOST_INFO = 0x11,
    EV_OMIT_BOOT_DEVICE_EVENTS = 0x12,
    EV_POST_CODE2 = 0x13,
};

/* UEFI types have the top bit set and do not fit an enum of int. */
#define EV_EFI_VARIABLE_DRIVER_CONFIG    UINT32_C(0x80000001)
#define EV_EFI_VARIABLE_BOOT             UINT32_C(0x80000002)
#define EV_EFI_BOOT_SERVICES_APPLICATION UINT32_C(0x80000003)
#define EV_EFI_BOOT_SERVICES_DRIVER      UINT32_C(0x80000004)
#define EV_EFI_RUNTIME_SERVICES_DRIVER   UINT32_C(0x80000005)
#define EV_EFI_GPT_EVENT                 UINT32_C(0x80000006)
#define EV_EFI_ACTION                    UINT32_C(0x80000007)
#define EV_EFI_PLATFORM_FIRMWARE_BLOB    UINT32_C(0x80000008)
#define EV_EFI_HANDOFF_TABLES            UINT32_C(0x80000009)
#define EV_EFI_PLATFORM_FIRMWARE_BLOB2   UINT32_C(0x8000000a)
#define EV_EFI_HANDOFF_TABLES2           UINT32_C(0x8000000b)
#define EV_EFI_VARIABLE_BOOT2            UINT32_C(0x8000000c)
#define EV_EFI_GPT_EVENT2                UINT32_C(0x8000000d)
#define EV_EFI_HCRTM_EVENT               UINT32_C(0x80000010)
#define EV_EFI_VARIABLE_AUTHORITY        UINT32_C(0x800000e0)
#define EV_EFI_SPDM_FIRMWARE_BLOB        UINT32_C(0x800000e1)
#define EV_EFI_SPDM_FIRMWARE_CONFIG      UINT32_C(0x800000e2)
#define EV_EFI_SPDM_DEVICE_POLICY        UINT32_C(0x800000e3)
#define EV_EFI_SPDM_DEVICE_AUTHORITY     UINT32_C(0x800000e4)

/* Windows appends a signed EV_NO_ACTION that belongs to no PCR to old logs (WBCL trust point). */
#define EVENT_NO_PCR UINT32_MAX

struct boot_event {
    uint32_t index; /* from 0, the Spec ID event included */
    uint32_t pcr;   /* below GB_LIMIT_PCRS; of an EV_NO_ACTION also EVENT_NO_PCR */
    uint32_t type;
    size_t offset;                         /* of the event in the log, for messages */
    const uint8_t *digest[GB_LIMIT_BANKS]; /* by position in eventlog.banks; NULL when this event
                                              leaves the bank out */
    struct gb_bytes data;
};

struct eventlog {
    bool crypto_agile;
    bool cc_registers;        /* a confidential VM's log (CCEL): `pcr` is 1 to 4 for RTMR 0 to 3 */
    uint8_t startup_locality; /* 0, 3 or 4: PCR 0 starts with it (PFP 1.06, 10.4.5.3) */
    size_t bank_count;
    struct eventlog_bank {
        uint16_t alg_id; /* known to digest.h or not */
        uint16_t size;   /* of its digests, as Spec ID says */
    } banks[GB_LIMIT_BANKS];
    struct boot_event *events;
    size_t count;
};

/* "EV_SEPARATOR"; for a type we do not know "0x%08x" written into `room`. */
const char *event_type_name(uint32_t type, char room[11]);
/* 0 and true on success; false for a name that is none. */
bool event_type_from_name(struct gb_bytes name, uint32_t *ret_type);

/*
 * Reads a whole log. Quirks of real firmware (padding after the end mark, banks left out of an
 * event, unknown banks) become findings; malformed structure is GB_ERR_INPUT: "event 41: ...", with
 * the byte offset. Events point into `in`.
 */
GB_MUST_USE int eventlog_read(struct gb_arena *arena, struct gb_bytes in, struct eventlog *ret_log,
                              struct gb_findings *findings, struct gb_err *err);

#endif
