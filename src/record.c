/* SPDX-License-Identifier: ISC */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "pem.h"

static const char *const who_names[WHO__MAX] = {
    [WHO_TOKEN] = "token",
    [WHO_USER] = "user",
    [WHO_CERTIFICATE] = "certificate",
    [WHO_SERVICE] = "service",
};

const char *who_type_text(enum who_type t)
{
    if (t <= WHO_STOP || t >= WHO__MAX)
        abort();
    return who_names[t];
}

void strs_put(struct buf *b, const struct strs *l)
{
    buf_u32(b, (uint32_t)l->n);
    for (size_t i = 0; i < l->n; i++)
        buf_str(b, l->v[i]);
}

void strs_get(struct rd *r, struct strs *l)
{
    uint32_t n = rd_u32(r);

    /* The smallest string takes four octets: a count beyond that is a lie. */
    if (n > r->n / 4)
        r->failed = true;
    for (uint32_t i = 0; i < n && !r->failed; i++)
        strs_add_own(l, rd_str(r));
}

void serial_put(struct buf *b, const struct serial *s)
{
    buf_u8(b, s->len);
    buf_put(b, s->v, s->len);
}

void serial_get(struct rd *r, struct serial *s)
{
    *s = (struct serial){.len = rd_u8(r)};
    if (s->len > SERIAL_MAX) {
        r->failed = true;
        s->len = 0;
    }
    rd_bytes(r, s->v, s->len);
    if (r->failed || (s->len && s->v[0] == 0 && s->len > 1)) {
        r->failed = true;
        *s = (struct serial){0};
    }
}

static void blob_get(struct rd *r, struct buf *out)
{
    size_t len;
    const uint8_t *p = rd_blob(r, &len);

    buf_put(out, p, len);
}

void requester_free(struct requester *r)
{
    free(r->id);
    free(r->label);
    *r = (struct requester){0};
}

void requester_copy(struct requester *to, const struct requester *from)
{
    to->type = from->type;
    to->id = xstrdup_null(from->id);
    to->label = xstrdup_null(from->label);
}

void requester_put(struct buf *b, const struct requester *q)
{
    buf_u8(b, (uint8_t)q->type);
    buf_str(b, q->id);
    buf_str(b, q->label);
}

void requester_get(struct rd *r, struct requester *q)
{
    q->type = (enum who_type)rd_u8(r);
    q->id = rd_str(r);
    q->label = rd_str_null(r);
    if (q->type >= WHO__MAX)
        r->failed = true;
}

void record_free(struct record *r)
{
    free(r->authority);
    free(r->profile);
    requester_free(&r->requester);
    free(r->protocol);
    free(r->note);
    strs_free(&r->warnings);
    buf_free(&r->der);
    *r = (struct record){0};
}

void record_put(struct buf *b, const struct record *r)
{
    buf_u64(b, r->leaf);
    buf_str(b, r->authority);
    buf_str(b, r->profile);
    requester_put(b, &r->requester);
    buf_str(b, r->protocol);
    buf_str(b, r->note);
    buf_i64(b, r->issued_at);
    buf_i64(b, r->revoked_at);
    buf_u8(b, (uint8_t)r->reason);
    serial_put(b, &r->serial);
    serial_put(b, &r->replaces);
    serial_put(b, &r->replaced_by);
    strs_put(b, &r->warnings);
    buf_blob(b, r->der.data, r->der.len);
}

void record_get(struct rd *rd, struct record *r)
{
    *r = (struct record){0};
    r->leaf = rd_u64(rd);
    r->authority = rd_str(rd);
    r->profile = rd_str(rd);
    requester_get(rd, &r->requester);
    if (r->requester.type == WHO_STOP)
        rd->failed = true;
    r->protocol = rd_str(rd);
    r->note = rd_str_null(rd);
    r->issued_at = rd_i64(rd);
    r->revoked_at = rd_i64(rd);
    r->reason = rd_u8(rd);
    serial_get(rd, &r->serial);
    serial_get(rd, &r->replaces);
    serial_get(rd, &r->replaced_by);
    strs_get(rd, &r->warnings);
    blob_get(rd, &r->der);
}

void authority_infos_free(struct authority_infos *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->v[i].name);
        free(l->v[i].parent);
        buf_free(&l->v[i].der);
        buf_free(&l->v[i].pem);
    }
    free(l->v);
    *l = (struct authority_infos){0};
}

enum { INFO_KEY = 1, INFO_EXPOSED = 2 };

void authority_infos_put(struct buf *b, const struct authority_infos *l)
{
    buf_u32(b, (uint32_t)l->n);
    for (size_t i = 0; i < l->n; i++) {
        const struct authority_info *a = &l->v[i];

        buf_str(b, a->name);
        buf_str(b, a->parent);
        buf_blob(b, a->der.data, a->der.len);
        buf_u8(b, (uint8_t)((a->has_key ? INFO_KEY : 0) |
                            (a->key_exposed ? INFO_EXPOSED : 0)));
    }
}

void authority_infos_get(struct rd *rd, struct authority_infos *l)
{
    uint32_t n = rd_u32(rd);

    *l = (struct authority_infos){0};
    for (uint32_t i = 0; i < n && !rd->failed; i++) {
        struct authority_info *a;
        uint8_t flags;

        l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
        a = &l->v[l->n++];
        *a = (struct authority_info){0};
        a->name = rd_str(rd);
        a->parent = rd_str_null(rd);
        blob_get(rd, &a->der);
        pem_put(&a->pem, "CERTIFICATE", a->der.data, a->der.len);
        flags = rd_u8(rd);
        if (flags > (INFO_KEY | INFO_EXPOSED))
            rd->failed = true;
        a->has_key = flags & INFO_KEY;
        a->key_exposed = flags & INFO_EXPOSED;
    }
}

const struct authority_info *
authority_infos_find(const struct authority_infos *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i].name, name) == 0)
            return &l->v[i];
    return NULL;
}

void authority_chain_pem(const struct authority_infos *l, const char *name,
                         const struct buf *leaf, struct buf *out)
{
    if (leaf)
        pem_put(out, "CERTIFICATE", leaf->data, leaf->len);
    /* As many steps as there are authorities: a circle ends too. */
    for (size_t i = 0; name && i < l->n; i++) {
        const struct authority_info *a = authority_infos_find(l, name);

        if (!a || !a->parent)
            return;
        buf_put(out, a->pem.data, a->pem.len);
        name = a->parent;
    }
}
