#include "reference/boot/grub_test.h"

#include <string.h>

#include "base/text.h"
#include "reference/boot/grub_run.h"

/* grub-core/commands/test.c keeps one "and" and one "or" and reads on: nothing is left out, and a
 * missing -a counts as one. */
struct test {
    bool and_;
    bool or_;
    bool invert;
};

static void update(struct test *test, bool value)
{
    test->and_ = test->and_ && value != test->invert;
    test->invert = false;
}

/* A file is looked for in its folder, which opens and measures nothing. -s opens it, and what is
 * opened is measured. */
static int test_file(struct grub_run *run, const char *operator, const char * path, bool *ret_value)
{
    struct gb_bytes file = {0};
    int r = grub_find(run, path, &file);
    bool folder = file.data && file.len == 0; /* or an empty file: not told apart here */
    if (folder && (strcmp(operator, "-f") == 0 || strcmp(operator, "-d") == 0))
        return grub_refuse(run, path,
                           "-f and -d of an empty file or a folder are not evaluated here");
    if (strcmp(operator, "-d") == 0)
        file.data = NULL;
    if (run->saved && strcmp(operator, "-s") == 0)
        return grub_refuse(run, path, "behind a save_env, -s may find another file");
    if (r == 0 && file.data && strcmp(operator, "-s") == 0)
        r = grub_measure_file(run, GB_LINK_BOOTLOADER, path, file);
    *ret_value = file.data && (strcmp(operator, "-s") != 0 || file.len > 0);
    return r;
}

/* Numbers, as grub_strtol() reads them; only plain ones here. */
static int test_numbers(struct grub_run *run, const char *const *words, bool *ret_value)
{
    enum { EQ, NE, LT, LE, GT, GE };
    static const char *const names[] = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"};
    uint64_t a = 0;
    uint64_t b = 0;
    size_t i = 0;
    while (i < GB_ARRAY_LEN(names) && strcmp(words[1], names[i]) != 0)
        i++;
    if (!gb_text_u64(gb_bytes_str(words[0]), INT32_MAX, &a) ||
        !gb_text_u64(gb_bytes_str(words[2]), INT32_MAX, &b) || i == GB_ARRAY_LEN(names))
        return grub_refuse(run, words[1], "only plain numbers are compared here");
    const bool holds[] = {
        [EQ] = a == b, [NE] = a != b, [LT] = a<b, [LE] = a <= b, [GT] = a> b, [GE] = a >= b};
    *ret_value = holds[i];
    return GB_OK;
}

static bool is_number_test(const char *word)
{
    return word[0] == '-' && strlen(word) == 3 && strchr("enlg", word[1]) && strchr("qet", word[2]);
}

/* `ret_used` words were read. */
static int test_one(struct grub_run *run, const char *const *words, size_t left, bool *ret_value,
                    size_t *ret_used)
{
    const char *first = words[0];
    if (left >= 3 && (strcmp(words[1], "=") == 0 || strcmp(words[1], "==") == 0 ||
                      strcmp(words[1], "!=") == 0)) {
        *ret_value = (strcmp(first, words[2]) == 0) == (words[1][0] == '=');
        *ret_used = 3;
        return GB_OK;
    }
    if (left >= 3 && is_number_test(words[1])) {
        *ret_used = 3;
        return test_numbers(run, words, ret_value);
    }
    *ret_used = 2;
    if (left >= 2 && (strcmp(first, "-z") == 0 || strcmp(first, "-n") == 0)) {
        *ret_value = (words[1][0] == 0) == (first[1] == 'z');
        return GB_OK;
    }
    if (left >= 2 && (strcmp(first, "-e") == 0 || strcmp(first, "-f") == 0 ||
                      strcmp(first, "-s") == 0 || strcmp(first, "-d") == 0))
        return test_file(run, first, words[1], ret_value);
    *ret_used = 1;
    *ret_value = first[0] != 0;
    if (first[0] == '-' || first[0] == '(' || first[0] == ')')
        return grub_refuse(run, first, "of test, this operator is not evaluated here");
    return GB_OK;
}

int grub_test(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    struct test test = {.and_ = true};
    size_t end = line->count;
    if (strcmp(line->words[0], "[") == 0 && strcmp(line->words[--end], "]") != 0)
        return grub_refuse(run, "[", "no ] at its end");
    for (size_t i = 1, used = 1; i < end; i += used) {
        const char *word = line->words[i];
        bool value = false;
        used = 1;
        if (strcmp(word, "-a") == 0)
            continue;
        if (strcmp(word, "!") == 0) {
            test.invert = !test.invert;
        } else if (strcmp(word, "-o") == 0) {
            test.or_ = test.or_ || test.and_;
            test.and_ = true;
        } else {
            int r = test_one(run, line->words + i, end - i, &value, &used);
            if (r < 0)
                return r;
            update(&test, value);
        }
    }
    *ret_true = end > 1 && (test.and_ || test.or_);
    return GB_OK;
}
