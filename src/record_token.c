/* SPDX-License-Identifier: ISC */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "ascii.h"
#include "digest.h"

static const struct {
    unsigned role;
    const char *text;
} roles[] = {
    {ROLE_ISSUE, "issue"},     {ROLE_REVOKE, "revoke"}, {ROLE_READ, "read"},
    {ROLE_METRICS, "metrics"}, {ROLE_ADMIN, "admin"},
};
enum {
    N_ROLES = COUNT(roles),
    ROLES_ALL =
        ROLE_ISSUE | ROLE_REVOKE | ROLE_READ | ROLE_METRICS | ROLE_ADMIN,
};

const char *role_text(unsigned one)
{
    for (int i = 0; i < N_ROLES; i++)
        if (roles[i].role == one)
            return roles[i].text;
    return NULL;
}

unsigned role_parse(const char *text)
{
    for (int i = 0; i < N_ROLES; i++)
        if (strcmp(roles[i].text, text) == 0)
            return roles[i].role;
    return 0;
}

void token_free(struct token *t)
{
    free(t->id);
    free(t->label);
    strs_free(&t->profiles);
    strs_free(&t->names);
    requester_free(&t->creator);
    if (t->secret)
        mem_wipe(t->secret, strlen(t->secret));
    free(t->secret);
    *t = (struct token){0};
}

void token_put(struct buf *b, const struct token *t)
{
    buf_str(b, t->id);
    buf_str(b, t->label);
    buf_u32(b, t->roles);
    strs_put(b, &t->profiles);
    strs_put(b, &t->names);
    buf_u8(b, t->wildcards);
    buf_u64(b, t->max_uses);
    buf_i64(b, t->created_at);
    buf_i64(b, t->not_after);
    requester_put(b, &t->creator);
    buf_put(b, t->secret_sha256, sizeof(t->secret_sha256));
    buf_u64(b, t->uses);
    buf_i64(b, t->last_used);
    buf_i64(b, t->removed_at);
    buf_str(b, t->secret);
}

void token_get(struct rd *rd, struct token *t)
{
    uint8_t wildcards;

    *t = (struct token){0};
    t->id = rd_str(rd);
    t->label = rd_str(rd);
    t->roles = rd_u32(rd);
    strs_get(rd, &t->profiles);
    strs_get(rd, &t->names);
    wildcards = rd_u8(rd);
    t->wildcards = wildcards;
    t->max_uses = rd_u64(rd);
    t->created_at = rd_i64(rd);
    t->not_after = rd_i64(rd);
    requester_get(rd, &t->creator);
    rd_bytes(rd, t->secret_sha256, sizeof(t->secret_sha256));
    t->uses = rd_u64(rd);
    t->last_used = rd_i64(rd);
    t->removed_at = rd_i64(rd);
    t->secret = rd_str_null(rd);
    if (wildcards > 1 || (t->roles & ~(unsigned)ROLES_ALL))
        rd->failed = true;
}

enum {
    ID_AT = 4, /* behind "pca_" */
    SECRET_AT = ID_AT + TOKEN_ID_LEN + 1,
    TEXT_LEN = SECRET_AT + TOKEN_SECRET_LEN,
};
_Static_assert((int)TEXT_LEN < (int)TOKEN_TEXT_MAX, "a token fits its buffer");

int token_split(const char *text, size_t len, char id_out[TOKEN_ID_LEN + 1],
                uint8_t sha256[32])
{
    memset(id_out, 0, TOKEN_ID_LEN + 1);
    digest_sum(DIGEST_SHA256, text, len, sha256);
    if (len != TEXT_LEN || memcmp(text, "pca_", ID_AT) != 0 ||
        text[SECRET_AT - 1] != '_')
        return -1;
    for (int i = ID_AT; i < SECRET_AT - 1; i++)
        if (!ascii_is_lower(text[i]) && !ascii_is_digit(text[i]))
            return -1;
    for (int i = SECRET_AT; i < TEXT_LEN; i++)
        if (!ascii_is_alnum(text[i]))
            return -1;
    memcpy(id_out, text + ID_AT, TOKEN_ID_LEN);
    return 0;
}

/* n characters, each one of the first `of` digits and letters, evenly. */
static void random_text(char *out, size_t n, unsigned of)
{
    static const char set[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const unsigned limit = 256 / of * of;
    uint8_t pool[64];
    size_t left = 0;

    while (n) {
        if (left == 0) {
            if (RAND_priv_bytes(pool, sizeof(pool)) != 1)
                abort();
            left = sizeof(pool);
        }
        left--;
        if (pool[left] < limit) {
            *out++ = set[pool[left] % of];
            n--;
        }
    }
    mem_wipe(pool, sizeof(pool));
}

void token_generate(struct token *t)
{
    char text[TEXT_LEN + 1] = "pca_", id[TOKEN_ID_LEN + 1];

    random_text(text + ID_AT, TOKEN_ID_LEN, 36);
    text[SECRET_AT - 1] = '_';
    random_text(text + SECRET_AT, TOKEN_SECRET_LEN, 62);
    if (token_split(text, TEXT_LEN, id, t->secret_sha256) != 0)
        abort();
    free(t->id);
    free(t->secret);
    t->id = xstrdup(id);
    t->secret = xstrdup(text);
    mem_wipe(text, sizeof(text));
}

int token_limits(const struct token *t, struct limits *out, struct errs *e)
{
    struct limits l = {0};
    int bad = 0;

    for (size_t i = 0; i < t->names.n; i++) {
        struct pattern p = {0};

        if (pattern_parse(&p, t->names.v[i], e) != 0)
            bad = -1;
        else
            patterns_add(&l.names, &p);
    }
    if (bad) {
        limits_free(&l);
        return -1;
    }
    strs_copy(&l.profiles, &t->profiles);
    l.wildcards = t->wildcards;
    l.limited = true;
    *out = l;
    return 0;
}
