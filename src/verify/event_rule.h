/* What the digest of each event covers: the format's definition, and what firmware is known to do.
 */
#ifndef GB_VERIFY_EVENT_RULE_H
#define GB_VERIFY_EVENT_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "evidence/eventlog.h"

enum {
    EVENT_RULE_FORMS = 3,
    EVENT_RULE_SECTION = 64, /* PE section names have eight characters */
};

/* What a digest may cover: `head` followed by `tail`. */
struct event_form {
    struct gb_bytes head;
    struct gb_bytes tail;
};

/* All forms that the format and known firmware define for one event. docs/measurements.md says
 * where each was seen. */
struct event_rule {
    struct event_form forms[EVENT_RULE_FORMS];
    size_t count;
    bool strict; /* no other form exists: then the words lie. Else the digest covers something that
                    is not in the log */
    char section[EVENT_RULE_SECTION]; /* room for a form that is not in the log as it stands */
};

/* The rule for one event of `log`; a type without one gives no forms. The forms point into the
 * event and into *ret_rule, which must not be copied. */
void event_rule_of(const struct eventlog *log, const struct boot_event *event,
                   struct event_rule *ret_rule);

#endif
