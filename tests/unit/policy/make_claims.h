/* Small synthetic claims: boots of several kinds, IMA lists, and the sets that know them. A digest
 * is made from one word, so that tests can say "kernel-2" where a real one is 32 random bytes. */
#ifndef GB_TESTS_MAKE_CLAIMS_H
#define GB_TESTS_MAKE_CLAIMS_H

#include "evidence/eventlog.h"
#include "policy/appraise.h"
#include "policy/sets/file_index.h"
#include "verify/claims.h"

enum { MAKE_MAX_EVENTS = 64, MAKE_MAX_IMA = 16, MAKE_MAX_FINDINGS = 8 };

/* Claims under construction; `claims` is ready at any moment. */
struct make {
    struct gb_arena *arena;
    struct claims claims;
    struct measured boot[MAKE_MAX_EVENTS];
    struct ima_entry ima[MAKE_MAX_IMA];
};

/* A proven quote (an affirming finding says so), SHA-256, no measurement yet. */
void make_init(struct make *make);
void make_done(struct make *make);

/* The 32 bytes that stand for a word. */
struct gb_bytes make_digest(struct gb_arena *arena, const char *word);

/* One measurement; `data` is a C string (its NUL not counted). Returns it for changes. */
struct measured *make_event(struct make *make, uint32_t pcr, uint32_t type, const char *word,
                            const char *data, bool proven);
/* UTF-16 name of a UKI's section, twice: the name, then the contents with digest `word`. */
void make_section(struct make *make, const char *name, const char *word);
/* EV_EVENT_TAG of the kernel's stub. */
struct measured *make_load_options(struct make *make, const char *word);
struct measured *make_initrd(struct make *make, const char *word);
/* EV_EFI_BOOT_SERVICES_APPLICATION. */
struct measured *make_image(struct make *make, const char *word);
/* A UEFI variable of the global namespace with one byte of data, in PCR 7. */
struct measured *make_secure_boot(struct make *make, uint8_t value);
/* An EV_IPL of PCR 11 in systemd's log. */
struct measured *make_phase(struct make *make, const char *word);

/* Firmware, separators, GPT: what every kind begins with. */
void make_firmware(struct make *make);
/* Whole boots: firmware, then what the name says. `cmdline` is the word for its digests, and its
 * proven text when `text` is not NULL. */
void make_uki(struct make *make, const char *cmdline, const char *text);
void make_grub(struct make *make, const char *cmdline);
void make_efi_stub(struct make *make, const char *cmdline, const char *text);

/* An IMA entry of a file; word NULL: no digest. boot_aggregate comes with the first. */
struct ima_entry *make_file(struct make *make, const char *word, const char *path);

/* Sets captured from `make`, read from their YAML like any others. */
const struct ref_set *make_sets(struct make *make, bool platform, bool os, bool packages);

/* The index over the files of sets that no policy_read has put together. */
const struct file_index *make_index(struct gb_arena *arena, const struct ref_set *sets);

/* What a finding of the verdict says; NULL when there is none of that code in the link. */
const char *make_message(struct gb_arena *arena, const struct verdict *verdict, enum gb_link link,
                         enum gb_finding_code code);
size_t make_count(const struct verdict *verdict, enum gb_link link, enum gb_finding_code code);

#endif
