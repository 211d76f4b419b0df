/* SPDX-License-Identifier: ISC */
/* What the pages of one call have followed: whoever asks for the next page
 * brings it along, so that nobody here keeps anything for a call that may never
 * go on. */
#include "signer_revoke.h"

/* The last ones; what is not among them is followed once more. */
enum { KEYS_MAX = 256, NAMED_MAX = 2048 };
_Static_assert(8 + KEYS_MAX * 33 + NAMED_MAX * 8 <= FOLLOWED_MAX,
               "it has its place in a frame");

static size_t first_of(size_t n, size_t max)
{
    return n > max ? n - max : 0;
}

void revoke_remember(const struct revoke *v, struct buf *out)
{
    size_t i = first_of(v->n_keys, KEYS_MAX);

    buf_u32(out, (uint32_t)(v->n_keys - i));
    for (; i < v->n_keys; i++) {
        buf_put(out, v->keys[i].sha256, sizeof(v->keys[i].sha256));
        buf_u8(out, v->keys[i].lost);
    }
    for (i = first_of(v->n_named, NAMED_MAX); i < v->n_named; i++)
        buf_u64(out, v->named[i]);
}

void revoke_recall(struct revoke *v, const struct buf *followed)
{
    struct rd r = rd_of(followed->data, followed->len);
    uint32_t n = rd_u32(&r);

    for (; n && r.n; n--) {
        struct revoke_key key;

        rd_bytes(&r, key.sha256, sizeof(key.sha256));
        key.lost = rd_u8(&r) == 1;
        if (!r.failed)
            revoke_add_key(v, &key);
    }
    while (r.n >= 8) {
        const uint64_t leaf = rd_u64(&r);

        revoke_add_named(v, leaf);
        leafset_add(&v->followed, leaf);
    }
}
