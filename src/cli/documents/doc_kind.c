#include "cli/documents/doc_kind.h"

#include <strings.h>

#include "base/bytes.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/output.h"

static const struct doc_kind kinds[] = {
    {"NodePolicy", "nodepolicies", "np"},
    {"ReferenceSet", "referencesets", "rs"},
    {"AccessPolicy", "accesspolicies", "ap"},
};

const struct doc_kind *doc_kind_find(const char *word)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(kinds); i++)
        if (strcasecmp(word, kinds[i].kind) == 0 || strcasecmp(word, kinds[i].plural) == 0 ||
            strcasecmp(word, kinds[i].brief) == 0)
            return &kinds[i];
    return NULL;
}

int doc_kind_arg(const struct cmd_line *line, const char *word, const struct doc_kind **ret_kind)
{
    static const char *const names[] = {"nodepolicy",    "nodepolicies", "referenceset",
                                        "referencesets", "accesspolicy", "accesspolicies"};
    *ret_kind = doc_kind_find(word);
    if (*ret_kind)
        return CMD_OK;
    const char *near = gb_text_nearest(gb_bytes_str(word), names, GB_ARRAY_LEN(names));
    if (near)
        return output_usage(line, "unknown kind \"%s\" (did you mean \"%s\"?)", word, near);
    return output_usage(line,
                        "unknown kind \"%s\": there are nodepolicy (np), referenceset (rs) and "
                        "accesspolicy (ap)",
                        word);
}
