/* SPDX-License-Identifier: ISC */
/* OCSP: requests of OpenSSL and hostile ones read, answers read by OpenSSL. */
#include "ocsp_made.h"

/* ---- requests */

/* What is asked; 0: as OpenSSL would. */
struct asking {
    int n;           /* certificates */
    size_t nonce;    /* octets; 0: none */
    bool bad_digest; /* MD5 */
    const EVP_MD *md;
};

static void request(struct buf *out, const struct asking *a)
{
    AUTO(ocsp_req) OCSP_REQUEST *q = OCSP_REQUEST_new();
    unsigned char *der = NULL, nonce[300] = {1};
    int len;

    for (int i = 0; i < a->n; i++)
        ck_assert_ptr_nonnull(OCSP_request_add0_id(
            q, id_of(a->md ? a->md : EVP_sha1(), 1000 + i)));
    if (a->nonce)
        ck_assert_int_eq(OCSP_request_add1_nonce(q, nonce, (int)a->nonce), 1);
    len = i2d_OCSP_REQUEST(q, &der);
    ck_assert_int_gt(len, 0);
    buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
}

static bool reads(const struct buf *der, struct ocsp_request *out)
{
    AUTO(errs) struct errs e = {0};
    /* To the octet, so that a reader that goes too far is seen. */
    uint8_t *p = xmemdup(der->data, der->len);
    int rc;

    memset(out, 0xa5, sizeof(*out)); /* what was there does not count */
    rc = ocsp_request_parse(out, p, der->len, &e);

    ck_assert_int_eq(rc == 0, e.n == 0);
    ck_assert(rc == 0 || errs_first(&e)->code == ERR_BAD_REQUEST);
    free(p);
    return rc == 0;
}

START_TEST(what_openssl_asks)
{
    const EVP_MD *const md[] = {EVP_sha1(), EVP_sha256()};
    const size_t nonces[] = {0, 1, 16, 32, 127, 128};

    for (int h = 0; h < 2; h++)
        for (int n = 1; n <= OCSP_IDS_MAX; n++)
            for (size_t k = 0; k < 6; k++) {
                AUTO(buf) struct buf der = {0};
                AUTO(errs) struct errs e = {0};
                const struct asking a = {
                    .n = n, .nonce = nonces[k], .md = md[h]};
                struct ocsp_request q;

                request(&der, &a);
                ck_assert_int_eq(ocsp_request_parse(&q, der.data, der.len, &e),
                                 0);
                ck_assert_uint_eq(q.n, (size_t)n);
                ck_assert_uint_eq(q.nonce_len, nonces[k]);
                ck_assert(!nonces[k] || q.nonce[0] == 1);
                for (int i = 0; i < n; i++) {
                    char text[2 * SERIAL_MAX + 1];

                    ck_assert_int_eq(q.ids[i].digest,
                                     h ? DIGEST_SHA256 : DIGEST_SHA1);
                    ck_assert(ocsp_id_of(&q.ids[i], &issuer));
                    serial_text(text, &q.ids[i].serial);
                    ck_assert_int_eq(strtol(text, NULL, 16), 1000 + i);
                }
            }
}
END_TEST

START_TEST(too_much_is_refused)
{
    const struct asking bad[] = {{.n = 0},
                                 {.n = 5},
                                 {.n = 1000},
                                 {.n = 1, .nonce = 129},
                                 {.n = 1, .nonce = 300}};
    struct ocsp_request q;

    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(buf) struct buf der = {0};

        request(&der, &bad[i]);
        ck_assert(!reads(&der, &q));
    }
}
END_TEST

/* Truncated at every octet, and with an octet behind. */
START_TEST(cut_or_followed)
{
    AUTO(buf) struct buf der = {0};
    const struct asking a = {.n = 2, .nonce = 16};
    struct ocsp_request q;
    const size_t cap = (request(&der, &a), der.len);

    ck_assert(reads(&der, &q));
    for (der.len = 0; der.len < cap; der.len++)
        ck_assert(!reads(&der, &q));
    buf_putc(&der, 0);
    ck_assert(!reads(&der, &q));
}
END_TEST

/* A hash that we do not know is read, and nobody's. */
START_TEST(other_hashes_are_of_no_authority)
{
    const EVP_MD *const md[] = {EVP_md5(), EVP_sha512(), EVP_sha384()};

    for (int i = 0; i < 3; i++) {
        AUTO(buf) struct buf der = {0};
        const struct asking a = {.n = 1, .md = md[i]};
        struct ocsp_request q;

        request(&der, &a);
        ck_assert(reads(&der, &q));
        ck_assert_int_eq(q.ids[0].digest, DIGEST__MAX);
        ck_assert(!ocsp_id_of(&q.ids[0], &issuer));
    }
}
END_TEST

/* Name and key both count, to the last octet. */
START_TEST(another_issuer_is_another)
{
    AUTO(buf) struct buf der = {0};
    AUTO(errs) struct errs e = {0};
    const struct asking a = {.n = 1, .md = EVP_sha256()};
    struct ocsp_request q;
    struct ocsp_issuer other;

    request(&der, &a);
    ck_assert_int_eq(ocsp_request_parse(&q, der.data, der.len, &e), 0);
    other = issuer;
    other.name[DIGEST_SHA256][31] ^= 1;
    ck_assert(!ocsp_id_of(&q.ids[0], &other));
    other = issuer;
    other.key[DIGEST_SHA256][31] ^= 1;
    ck_assert(!ocsp_id_of(&q.ids[0], &other));
    other = issuer;
    other.key[DIGEST_SHA1][0] ^= 1; /* not what was asked with */
    ck_assert(ocsp_id_of(&q.ids[0], &other));
}
END_TEST

/* A request by hand: pieces of it in hexadecimal. */
struct by_hand {
    const char *what;
    const char *version;    /* before the list */
    const char *serial;     /* INTEGER; NULL: 1 */
    const char *hash;       /* AlgorithmIdentifier; NULL: SHA-1 */
    const char *key;        /* OCTET STRING; NULL: the issuer's */
    const char *single;     /* behind the CertID */
    const char *extensions; /* behind the list */
    const char *behind;     /* the TBSRequest */
    bool good;
};

static void put_hex(struct buf *b, const char *hex)
{
    size_t n = hex ? strlen(hex) / 2 : 0;

    if (n)
        ck_assert_int_eq(hex_decode(buf_extend(b, n), n, hex, 2 * n), (int)n);
}

static void by_hand(struct buf *b, const struct by_hand *h)
{
    const size_t all = der_open(b, DER_SEQUENCE);
    const size_t tbs = der_open(b, DER_SEQUENCE);
    size_t list, one, id;

    put_hex(b, h->version);
    list = der_open(b, DER_SEQUENCE);
    one = der_open(b, DER_SEQUENCE);
    id = der_open(b, DER_SEQUENCE);
    put_hex(b, h->hash ? h->hash : "300906052b0e03021a0500");
    der_put(b, DER_OCTET_STRING, issuer.name[DIGEST_SHA1], 20);
    if (h->key)
        put_hex(b, h->key);
    else
        der_put(b, DER_OCTET_STRING, issuer.key[DIGEST_SHA1], 20);
    put_hex(b, h->serial ? h->serial : "020101");
    der_close(b, id);
    put_hex(b, h->single);
    der_close(b, one);
    der_close(b, list);
    put_hex(b, h->extensions);
    der_close(b, tbs);
    put_hex(b, h->behind);
    der_close(b, all);
}

#define NONCE "06092b0601050507300102"
#define RESPONSE "06092b0601050507300104"
#define BASIC "06092b0601050507300101"
#define OTHER "06022a03"

static const struct by_hand hands[] = {
    {"as it should be", .good = true},
    {"no parameters", .hash = "300706052b0e03021a", .good = true},
    {"odd parameters", .hash = "300a06052b0e03021a020100"},
    {"two parameters", .hash = "300b06052b0e03021a05000500"},
    {"NULL with contents", .hash = "300a06052b0e03021a050100"},
    {"empty parameters of another type", .hash = "300906052b0e03021a0400"},
    {"another hash, with parameters of its own", .hash = "300606022a030400",
     .good = true},
    {"a hash without a name", .hash = "3000"},
    {"a key hash of another length",
     .key = "041300000000000000000000000000000000000000"},
    {"SHA-256 with a hash of 20", .hash = "300d06096086480165030402010500"},
    {"version 1, said", .version = "a003020100", .good = true},
    {"version 2", .version = "a003020101"},
    {"version, and more", .version = "a006020100020100"},
    {"a requestor", .version = "a1048202612e", .good = true},
    {"a requestor by directory name",
     .version = "a110a40e300c310a300806035504030c0161", .good = true},
    {"a requestor of no kind", .version = "a1048902612e"},
    {"two requestors", .version = "a1088202612e8202612e"},
    {"requestor before version", .version = "a1048202612ea003020100"},
    {"serial zero", .serial = "020100", .good = true},
    {"serial of 20 octets",
     .serial = "02147fffffffffffffffffffffffffffffffffffffff", .good = true},
    {"serial of 20 octets, first bit set",
     .serial = "021500ffffffffffffffffffffffffffffffffffffffff", .good = true},
    {"serial of 21 octets",
     .serial = "0215010101010101010101010101010101010101010101"},
    {"a negative serial", .serial = "0201ff"},
    {"a serial not at its shortest", .serial = "02020001"},
    {"a serial that is none", .serial = "0200"},
    {"something behind a serial", .serial = "0201010500"},
    {"no extensions in their place", .extensions = "a2023000"},
    {"extensions, and more", .extensions = "a2023000a2023000"},
    {"an extension, and more in its list", .extensions = "a20e"
                                                         "300c"
                                                         "3008" OTHER "0402"
                                                         "0500"
                                                         "0500"},
    {"an extension, and more behind its list", .extensions = "a20e"
                                                             "300a"
                                                             "3008" OTHER "0402"
                                                             "0500"
                                                             "0500"},
    {"extensions twice", .extensions = "a20c"
                                       "300a"
                                       "3008" OTHER "0402"
                                       "0500"
                                       "a20c"
                                       "300a"
                                       "3008" OTHER "0402"
                                       "0500"},
    {"a nonce", .extensions = "a213"
                              "3011"
                              "300f" NONCE "0402"
                              "0400"},
    {"a nonce of one",
     .extensions = "a214"
                   "3012"
                   "3010" NONCE "0403"
                   "040107",
     .good = true},
    {"a bare nonce", .extensions = "a212"
                                   "3010"
                                   "300e" NONCE "0401"
                                   "07"},
    {"a nonce, and more", .extensions = "a216"
                                        "3014"
                                        "3012" NONCE "0405"
                                        "0401070500"},
    {"two nonces", .extensions = "a226"
                                 "3024"
                                 "3010" NONCE "0403"
                                 "040107"
                                 "3010" NONCE "0403"
                                 "040107"},
    {"a critical nonce",
     .extensions = "a217"
                   "3015"
                   "3013" NONCE "0101ff"
                   "0403"
                   "040107",
     .good = true},
    {"critical FALSE, said", .extensions = "a217"
                                           "3015"
                                           "3013" NONCE "010100"
                                           "0403"
                                           "040107"},
    {"unknown",
     .extensions = "a20c"
                   "300a"
                   "3008" OTHER "0402"
                   "0500",
     .good = true},
    {"unknown and critical", .extensions = "a20f"
                                           "300d"
                                           "300b" OTHER "0101ff"
                                           "0402"
                                           "0500"},
    {"basic answers are fine",
     .extensions = "a21e"
                   "301c"
                   "301a" RESPONSE "040d"
                   "300b" BASIC,
     .good = true},
    {"basic answers, and more", .extensions = "a220"
                                              "301e"
                                              "301c" RESPONSE "040f"
                                              "300b" BASIC "0500"},
    {"other answers only", .extensions = "a217"
                                         "3015"
                                         "3013" RESPONSE "0406"
                                         "3004" OTHER},
    {"of one",
     .single = "a00c"
               "300a"
               "3008" OTHER "0402"
               "0500",
     .good = true},
    {"of one, critical", .single = "a00f"
                                   "300d"
                                   "300b" OTHER "0101ff"
                                   "0402"
                                   "0500"},
    {"of one, empty", .single = "a0023000"},
    {"a nonce of no meaning",
     .single = "a013"
               "3011"
               "300f" NONCE "0402"
               "0400",
     .good = true},
    {"other answers, of no meaning",
     .single = "a017"
               "3015"
               "3013" RESPONSE "0406"
               "3004" OTHER,
     .good = true},
    {"something behind a CertID", .single = "0500"},
    {"a signature",
     .behind = "a00a"
               "3008"
               "3000"
               "030400"
               "010203",
     .good = true},
    {"a signature with certificates",
     .behind = "a00e"
               "300c"
               "3000"
               "030400"
               "010203"
               "a0023000",
     .good = true},
    {"a signature of odd bits", .behind = "a00a"
                                          "3008"
                                          "3000"
                                          "030401"
                                          "010204"},
    {"a signature, and more in it", .behind = "a00c"
                                              "300a"
                                              "3000"
                                              "030400"
                                              "010203"
                                              "0500"},
    {"a signature, and more beside it", .behind = "a00c"
                                                  "3008"
                                                  "3000"
                                                  "030400"
                                                  "010203"
                                                  "0500"},
    {"two signatures", .behind = "a00a"
                                 "3008"
                                 "3000"
                                 "030400"
                                 "010203"
                                 "a00a"
                                 "3008"
                                 "3000"
                                 "030400"
                                 "010203"},
    {"something behind", .behind = "0500"},
};

START_TEST(by_hand_each_rule)
{
    const struct by_hand *h = &hands[_i];
    AUTO(buf) struct buf der = {0};
    struct ocsp_request q;

    by_hand(&der, h);
    ck_assert_msg(reads(&der, &q) == h->good, "%s", h->what);
}
END_TEST

/* BER's indefinite length, anywhere. */
START_TEST(indefinite_lengths_are_refused)
{
    AUTO(buf) struct buf der = {0};
    AUTO(buf) struct buf ber = {0};
    struct ocsp_request q;

    by_hand(&der, &hands[0]);
    buf_put(&ber, "\x30\x80", 2);
    buf_put(&ber, der.data + 2, der.len - 2);
    buf_put(&ber, "\0\0", 2);
    ck_assert(!reads(&ber, &q));
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("ocsp");

    tcase_add_test(tc, what_openssl_asks);
    tcase_add_test(tc, too_much_is_refused);
    tcase_add_test(tc, cut_or_followed);
    tcase_add_test(tc, other_hashes_are_of_no_authority);
    tcase_add_test(tc, another_issuer_is_another);
    tcase_add_loop_test(tc, by_hand_each_rule, 0, COUNT(hands));
    tcase_add_test(tc, indefinite_lengths_are_refused);
    return ocsp_run("ocsp", tc);
}
