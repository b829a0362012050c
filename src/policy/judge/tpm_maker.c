#include "policy/judge/tpm_maker.h"

#include <stddef.h>

#include "base/bytes.h"
#include "base/check.h"
#include "result/verdict.h"
#include "verify/tpm_facts.h"

/* TCG Vendor ID Registry; those who are known to ship TPM 2.0, in chips or in processors. */
static const char *const hardware[] = {"AMD",  "ATML", "BRCM", "CSCO", "FLYS", "HISI", "IFX",
                                       "INTC", "NSG",  "NSM",  "NTC",  "NTZ",  "QCOM", "ROCC",
                                       "SMSC", "SMSN", "SNS",  "STM",  "TXN",  "WEC"};

/* Hypervisors of Microsoft, Google, Amazon, VMware; libtpms calls itself IBM, and the certificates
 * of swtpm-localca have a number of IBM's. */
static const char *const virtual[] = {"MSFT", "GOOG", "AMZN", "VMW", "IBM", "id:00001014"};

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (gb_bytes_is(gb_bytes_str(text), words[i]))
            return true;
    return false;
}

enum verdict_tpm tpm_maker_kind(const struct tpm_facts *facts)
{
    bool is_swtpm =
        facts->model && gb_bytes_starts(gb_bytes_str(facts->model), gb_bytes_str("swtpm"));
    if (is_swtpm ||
        (facts->manufacturer && is_one_of(facts->manufacturer, virtual, GB_ARRAY_LEN(virtual))))
        return VERDICT_TPM_VIRTUAL;
    if (facts->manufacturer && is_one_of(facts->manufacturer, hardware, GB_ARRAY_LEN(hardware)))
        return VERDICT_TPM_HARDWARE;
    return VERDICT_TPM_UNKNOWN;
}
