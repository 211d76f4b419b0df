/* SPDX-License-Identifier: ISC */
/* index.txt: every line is read or refused, and what was read is in range. */
#include <stdlib.h>
#include <string.h>

#include "crl.h"
#include "index_txt.h"
#include "tm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct index_txt t = {
        .file = "index.txt", .text = (const char *)data, .len = size};
    struct index_row row;
    size_t lines = 0;
    int got;

    do {
        AUTO(errs) struct errs e = {0};

        got = index_txt_next(&t, &row, &e);
        if (got != 0 && t.line != ++lines)
            abort();
        if ((got < 0) != (e.n == 1))
            abort();
        if (got == 1 && (!strchr("VRE", row.state) || row.serial.len == 0 ||
                         row.not_after < 0 || row.not_after > TM_LAST ||
                         row.revoked_at < 0 || row.revoked_at > TM_LAST ||
                         (row.state != 'R' && row.revoked_at) ||
                         !crl_reason_text(row.reason)))
            abort();
    } while (got != 0);
    if (t.at != t.len)
        abort();
    return 0;
}
