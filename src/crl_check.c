/* SPDX-License-Identifier: ISC */
/* A CRL is read back before it replaces the one before it, and those that were
 * kept are read.  The file is mapped, and what has been looked at is let go
 * again, so that memory stays flat. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aside.h"
#include "crl.h"
#include "digest.h"

enum { CHUNK = 1 << 20 };

struct map {
    uint8_t *p;
    size_t len;
    size_t passed; /* octets that were let go */
    /* What is let go was hashed before, so that it is read once.  NULL: Ed25519
     * passes over it at the end. */
    struct key_verifier *verifier;
    const uint8_t *hashed; /* up to here */
};

static void map_close(struct map *m)
{
    key_verifier_free(m->verifier);
    if (m->p)
        munmap(m->p, m->len);
}
AUTO_VALUE(map, struct map, map_close)

static int bad(struct errs *e, const char *what)
{
    return err_add(e, ERR_STORAGE_ERROR, "the CRL is not as it has to be: %s",
                   what);
}

static int map_open(struct map *m, int fd, struct errs *e)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || st.st_size <= 0)
        return bad(e, "its file cannot be read");
    m->len = (size_t)st.st_size;
    m->p = mmap(NULL, m->len, PROT_READ, MAP_SHARED, fd, 0);
    if (m->p != MAP_FAILED)
        return 0;
    m->p = NULL;
    return bad(e, strerror(errno));
}

/* Everything before `at` has been looked at. */
static void map_hash(struct map *m, const uint8_t *at)
{
    if (!m->verifier || at <= m->hashed)
        return;
    key_verify_update(m->verifier, m->hashed, (size_t)(at - m->hashed));
    m->hashed = at;
}

/* And is let go, now and then. */
static void map_pass(struct map *m, const uint8_t *at)
{
    size_t page, end;

    if ((size_t)(at - m->p) < m->passed + CHUNK)
        return;
    map_hash(m, at);
    page = (size_t)sysconf(_SC_PAGESIZE);
    end = (size_t)(at - m->p) / page * page;
    madvise(m->p + m->passed, end - m->passed, MADV_DONTNEED);
    m->passed = end;
}

static bool same(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static int judge_frame(const struct crl *c, const struct crl_spec *spec,
                       struct errs *e)
{
    AUTO(buf) struct buf idp = {0};

    if (spec->url)
        crl_put_idp(&idp, spec->url);
    if (!same(c->issuer, c->issuer_len, spec->issuer, spec->issuer_len) ||
        !same(c->aki, c->aki_len, spec->aki, SKI_LEN))
        return bad(e, "its issuer is another");
    if (!same(c->idp, c->idp_len, idp.data, idp.len))
        return bad(e, "its distribution point is another");
    if (c->number != spec->number || c->this_update != spec->this_update ||
        c->next_update != spec->next_update)
        return bad(e, "its number or its times are others");
    return 0;
}

static int read_entries(struct map *m, const struct crl *c, crl_entry_fn *fn,
                        void *arg, struct errs *e)
{
    struct crl_entries list = c->revoked;
    struct crl_entry entry;
    int more;

    while ((more = crl_entry_next(&list, &entry)) == 1) {
        fn(arg, &entry);
        map_pass(m, list.rest.p);
    }
    return more < 0 ? bad(e, "an entry is malformed") : 0;
}

static void count_entry(void *arg, const struct crl_entry *entry)
{
    (void)entry;
    ++*(int64_t *)arg;
}

static int judge_entries(struct map *m, const struct crl *c, int64_t entries,
                         struct errs *e)
{
    int64_t n = 0;

    if (read_entries(m, c, count_entry, &n, e) != 0)
        return -1;
    return n == entries ? 0 : bad(e, "entries are missing, or too many");
}

static int judge_signature(struct map *m, const struct crl *c,
                           const struct key_pub *key, struct errs *e)
{
    AUTO(errs) struct errs why = {0};
    AUTO(key_verifier) struct key_verifier *v = NULL;
    int r;

    if (m->verifier) {
        map_hash(m, c->sig.tbs + c->sig.tbs_len);
        r = key_verify_final(m->verifier, key, &c->sig, &why);
    } else {
        v = key_verifier_new();
        r = key_verify(v, key, &c->sig, &why);
    }
    return r == 0 ? 0 : bad(e, "its signature is wrong");
}

/* All but its entries, which are to be hashed while they are read. */
static int open_crl(struct map *m, struct crl *c, int fd, enum key_type type,
                    struct errs *e)
{
    AUTO(errs) struct errs why = {0};

    if (map_open(m, fd, e) != 0)
        return -1;
    if (crl_parse_frame(c, m->p, m->len, &why) != 0)
        return bad(e, why.v[0].detail);
    if (type != KEY_ED25519) {
        m->verifier = key_verifier_new();
        m->hashed = c->sig.tbs;
        key_verify_init(m->verifier, c->sig.alg);
    }
    return 0;
}

int crl_walk(int fd, const struct cert *issuer, crl_entry_fn *fn, void *arg,
             struct errs *e)
{
    AUTO(map) struct map m = {0};
    struct crl c;

    if (open_crl(&m, &c, fd, issuer->key.type, e) != 0)
        return -1;
    if (!same(c.issuer, c.issuer_len, issuer->subject, issuer->subject_len))
        return bad(e, "its issuer is another");
    return read_entries(&m, &c, fn, arg, e) != 0
               ? -1
               : judge_signature(&m, &c, &issuer->key, e);
}

/* The hash of the whole file, which the ledger has of each. */
struct sum {
    const struct map *map;
    uint8_t *sha256;
};

static void sum_run(void *arg)
{
    const struct sum *s = arg;
    AUTO(evp_md_ctx) EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t *p = s->map->p;

    if (!md || !EVP_DigestInit_ex(md, digest_md(DIGEST_SHA256), NULL))
        abort();
    for (size_t left = s->map->len, n; left; p += n, left -= n) {
        n = left < CHUNK ? left : CHUNK;
        EVP_DigestUpdate(md, p, n);
        madvise(p, n, MADV_DONTNEED);
    }
    EVP_DigestFinal_ex(md, s->sha256, NULL);
}

int crl_check(int fd, const struct crl_spec *spec, const struct key_pub *key,
              struct crl_made *made, struct errs *e)
{
    AUTO(map) struct map m = {0};
    struct sum sum = {.map = &m, .sha256 = made->sha256};
    AUTO(aside) struct aside aside = {0};
    struct crl c;

    if (open_crl(&m, &c, fd, key->type, e) != 0)
        return -1;
    /* It costs as much as all the rest of the check. */
    aside_begin(&aside, sum_run, &sum);
    return judge_frame(&c, spec, e) != 0 ||
                   judge_entries(&m, &c, made->entries, e) != 0 ||
                   judge_signature(&m, &c, key, e) != 0
               ? -1
               : 0;
}
