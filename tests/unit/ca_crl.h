/* SPDX-License-Identifier: ISC */
/* The CRLs that the signer has given this test, its front. */
#ifndef POCKETCA_CA_CRL_H
#define POCKETCA_CA_CRL_H

#include "ca.h"

/* The file of that name that the front was given last; false, and number 0,
 * when there is none. */
static inline bool ca_crl(struct ca *c, const char *name, struct buf *der,
                          uint64_t *number)
{
    uint8_t sha256[32];
    size_t i = 0, n;

    *number = 0;
    while (i < c->n_files && strcmp(c->files[i].name, name) != 0)
        i++;
    if (i == c->n_files)
        return false;
    n = c->files[i].size;
    ck_assert_int_eq(pread(c->file_fd[i], buf_extend(der, n), n, 0),
                     (ssize_t)n);
    SHA256(der->data, der->len, sha256);
    ck_assert_mem_eq(sha256, c->files[i].sha256, 32);
    *number = c->files[i].number;
    return true;
}

/* The same, by OpenSSL; NULL when there is none. */
static inline X509_CRL *openssl_crl(struct ca *c, const char *name,
                                    uint64_t *number)
{
    AUTO(buf) struct buf der = {0};
    const unsigned char *p;

    if (!ca_crl(c, name, &der, number))
        return NULL;
    p = der.data;
    return d2i_X509_CRL(NULL, &p, (long)der.len);
}

/* The reason that the CRL gives for that serial, -1: it is not on it.  The
 * CRL is the issuing authority's, by OpenSSL's opinion. */
static inline int on_crl(struct ca *c, const struct serial *s, uint64_t *number)
{
    X509_CRL *crl = openssl_crl(c, "issuing.crl", number);
    AUTO(x509) X509 *issuing = openssl_read(&c->issuing);
    AUTO(bignum) BIGNUM *bn = BN_bin2bn(s->v, s->len, NULL);
    ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(bn, NULL);
    X509_REVOKED *entry;
    ASN1_ENUMERATED *reason;
    int found = -1;

    ck_assert_ptr_nonnull(crl);
    ck_assert_int_eq(X509_CRL_verify(crl, X509_get0_pubkey(issuing)), 1);
    if (X509_CRL_get0_by_serial(crl, &entry, serial) == 1) {
        reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
        found = reason ? (int)ASN1_ENUMERATED_get(reason) : 0;
        ASN1_ENUMERATED_free(reason);
    }
    ASN1_INTEGER_free(serial);
    X509_CRL_free(crl);
    return found;
}

/* By the octets of the certificate. */
static inline uint32_t partition_of(const struct record *r)
{
    AUTO(cert) struct cert cert = {0};
    AUTO(errs) struct errs e = {0};
    struct der_tlv uri;

    ck_assert_int_eq(cert_parse(&cert, r->der.data, r->der.len, &e), 0);
    return crl_partition_of(&cert, "issuing", &uri);
}

/* The CRL of a partition as the front has it, and whether the serial is on it;
 * number 0: the front has none. */
static inline bool on_part(struct ca *c, uint32_t partition,
                           const struct serial *s, uint64_t *number)
{
    AUTO(free) char *scope = crl_scope("issuing", partition);
    AUTO(free) char *name = xasprintf("%s.crl", scope);
    AUTO(free)
    char *url = crl_url("http://ca.internal:8080", "issuing", partition);
    AUTO(buf) struct buf idp = {0};
    AUTO(buf) struct buf der = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert issuing = {0};
    struct crl crl;
    struct crl_entry entry;
    bool found = false;

    if (!ca_crl(c, name, &der, number))
        return false;
    ck_assert_int_eq(cert_parse(&issuing, c->issuing.data, c->issuing.len, &e),
                     0);
    ck_assert_int_eq(crl_parse_frame(&crl, der.data, der.len, &e), 0);
    ck_assert_int_eq(crl_verify(&crl, &issuing, "issuing", &e), 0);
    ck_assert_uint_eq(crl.number, *number);
    crl_put_idp(&idp, url);
    if (partition)
        ck_assert(crl.idp_len == idp.len &&
                  memcmp(crl.idp, idp.data, idp.len) == 0);
    else
        ck_assert_uint_eq(crl.idp_len, 0);
    while (crl_entry_next(&crl.revoked, &entry) == 1)
        found |= serial_equal(&entry.serial, s);
    return found;
}

static inline int no_entry(void *arg, struct crl_entry *out)
{
    (void)arg;
    (void)out;
    return 0;
}

/* A CRL without entries; NULL: the issuing authority's, by its key, and about
 * everything. */
struct empty_crl {
    const struct buf *issuer;
    const char *key, *url;
    uint64_t number;
    int64_t next; /* 0: a day from now */
};

/* In the file of that name. */
static inline int empty_crl(struct ca *c, const char *name,
                            const struct empty_crl *m)
{
    const struct buf *issuer = m->issuer ? m->issuer : &c->issuing;
    AUTO(errs) struct errs e = {0};
    AUTO(evp_pkey)
    EVP_PKEY *pkey =
        key_load(m->key ? m->key : "file:keys/issuing.key", c->dir, NULL, &e);
    AUTO(cert) struct cert cert = {0};
    AUTO(key_signer) struct key_signer *ks = key_signer_new(pkey);
    const int64_t next = m->next ? m->next : tm_now() + TM_DAY;
    struct crl_spec spec = {.this_update = next - 365 * TM_DAY - TM_MINUTE,
                            .next_update = next,
                            .number = m->number,
                            .url = m->url};
    char path[160];
    int fd;

    cert_parse(&cert, issuer->data, issuer->len, &e);
    spec.issuer = cert.subject;
    spec.issuer_len = cert.subject_len;
    spec.aki = cert.ski;
    ca_path(c, path, name);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_eq(crl_build(fd, &spec, ks, no_entry, NULL), 0);
    return fd;
}

/* That of a partition, in its place. */
static inline void part_crl(struct ca *c, uint32_t partition, uint64_t number)
{
    AUTO(free)
    char *url = crl_url("http://ca.internal:8080", "issuing", partition);
    AUTO(free) char *name = xasprintf("crl/issuing/%u.crl", partition);

    close(
        empty_crl(c, name, &(struct empty_crl){.url = url, .number = number}));
}

static inline void copy_file(const char *from, const char *to)
{
    AUTO(file) FILE *in = fopen(from, "r");
    AUTO(file) FILE *out = fopen(to, "w");
    int ch;

    ck_assert(in && out);
    while ((ch = getc(in)) != EOF)
        putc(ch, out);
}

static inline void ca_copy(const struct ca *c, const char *from, const char *to)
{
    char a[160], b[160];

    ca_path(c, a, from);
    ca_path(c, b, to);
    copy_file(a, b);
}

#endif
