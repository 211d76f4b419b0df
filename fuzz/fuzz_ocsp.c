/* SPDX-License-Identifier: ISC */
/* OCSP requests: whatever we read OpenSSL reads too, with the same serials. */
#include <stdlib.h>
#include <string.h>

#include "ocsp.h"

/* Behind ours: it has macros of the same names. */
#include <openssl/ocsp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare_serial(OCSP_REQUEST *x, int i, const struct serial *ours)
{
    OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(x, i));
    ASN1_INTEGER *serial = NULL;
    int zero = ours->len == 1 && ours->v[0] == 0;

    if (!OCSP_id_get0_info(NULL, NULL, NULL, &serial, id) ||
        ASN1_STRING_type(serial) != V_ASN1_INTEGER)
        abort();
    if (zero ? ASN1_INTEGER_get(serial) != 0
             : ASN1_STRING_length(serial) != ours->len ||
                   memcmp(ASN1_STRING_get0_data(serial), ours->v, ours->len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(errs) struct errs e = {0};
    const unsigned char *p = data;
    struct ocsp_request q;
    OCSP_REQUEST *x;

    if (ocsp_request_parse(&q, data, size, &e) != 0)
        return 0;
    x = d2i_OCSP_REQUEST(NULL, &p, (long)size);
    /* What is inside a signature we do not read. */
    if (!x && q.is_signed)
        return 0;
    if (!x || p != data + size || OCSP_request_onereq_count(x) != (int)q.n)
        abort();
    for (size_t i = 0; i < q.n; i++)
        compare_serial(x, (int)i, &q.ids[i].serial);
    OCSP_REQUEST_free(x);
    return 0;
}
