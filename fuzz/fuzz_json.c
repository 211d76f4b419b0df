/* SPDX-License-Identifier: ISC */
/* JSON that is taken is taken again when it is written out. */
#include <stdlib.h>

#include "view.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

struct any {
    const char *text;
    struct strs list;
    int flag;
    uint64_t count;
};

static void read_members(const json_t *j)
{
    static const struct view_member members[] = {
        {"label", VIEW_TEXT, offsetof(struct any, text)},
        {"roles", VIEW_TEXTS, offsetof(struct any, list)},
        {"wildcards", VIEW_BOOL, offsetof(struct any, flag)},
        {"uses", VIEW_COUNT, offsetof(struct any, count)},
    };
    AUTO(errs) struct errs e = {0};
    struct any a = {0};

    if ((view_read(j, members, 4, &a, &e) == 0) != (e.n == 0))
        abort();
    strs_free(&a.list);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf b = {0};
    json_t *j = view_parse(p, len, &e), *back;

    if (!j != (e.n == 1))
        abort();
    if (!j)
        return 0;
    read_members(j);
    view_print(&b, json_incref(j));
    back = view_parse(b.data, b.len, &e);
    if (!back || !json_equal(j, back))
        abort();
    json_decref(back);
    json_decref(j);
    return 0;
}
