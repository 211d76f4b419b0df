/* SPDX-License-Identifier: ISC */
/* Comma-separated values (RFC 4180). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crl.h"
#include "digest.h"
#include "tm.h"
#include "view_part.h"

static const char header[] =
    "serial,status,subject,names,profile,authority,not_before,not_after,"
    "issued_at,requester_type,requester_id,requester_label,protocol,note,"
    "key_type,key_size,key_sha256,sha256,replaces,replaced_by,revoked_at,"
    "reason,leaf_index\r\n";

void view_csv_header(struct buf *b)
{
    buf_puts(b, header);
}

/* A spreadsheet takes a cell that begins so for a formula; an apostrophe in
 * front makes it text. */
static void put_cell(struct buf *b, const char *s)
{
    s = s ? s : "";
    buf_putc(b, '"');
    if (*s && strchr("=+-@\t\r\n", *s))
        buf_putc(b, '\'');
    for (; *s; s++) {
        if (*s == '"')
            buf_putc(b, '"');
        buf_putc(b, (uint8_t)*s);
    }
    buf_puts(b, "\",");
}

static void put_instant(struct buf *b, int64_t t)
{
    char text[TM_RFC3339_SIZE];

    tm_rfc3339(text, t);
    buf_printf(b, "%s,", text);
}

/* 0: none. */
static void put_time(struct buf *b, int64_t t)
{
    if (t)
        put_instant(b, t);
    else
        buf_putc(b, ',');
}

static void put_serial(struct buf *b, const struct serial *s)
{
    char text[2 * SERIAL_MAX + 1] = "";

    if (s->len)
        serial_text(text, s);
    buf_printf(b, "%s,", text);
}

static void put_hash(struct buf *b, const uint8_t sha256[32])
{
    char text[65];

    hex_encode(text, sha256, 32);
    buf_printf(b, "%s,", text);
}

static void put_names(struct buf *b, const struct names *l)
{
    AUTO(buf) struct buf all = {0};
    AUTO(free) char *text = NULL;

    for (size_t i = 0; i < l->n; i++) {
        AUTO(free) char *one = name_text(&l->v[i]);

        buf_printf(&all, "%s%s", i ? " " : "", one);
    }
    text = buf_take_str(&all);
    put_cell(b, text);
}

static void put_key(struct buf *b, const struct key_pub *k)
{
    uint8_t sha256[32];

    if (!k->type) {
        buf_puts(b, ",,,");
        return;
    }
    buf_printf(b, "%s,", key_type_text(k->type));
    if (k->type == KEY_EC)
        buf_puts(b, key_curve_text(k->curve));
    else if (k->type == KEY_RSA)
        buf_printf(b, "%d", k->bits);
    buf_putc(b, ',');
    key_pub_sha256(k, sha256);
    put_hash(b, sha256);
}

static void put_requester(struct buf *b, const struct requester *r)
{
    put_cell(b, who_type_text(r->type));
    put_cell(b, r->id);
    put_cell(b, r->label);
}

void view_csv_record(struct buf *b, const struct record *r, int64_t now)
{
    AUTO(cert) struct cert c = {0};
    AUTO(free) char *subject = NULL;
    uint8_t sha256[32];

    view_cert(&c, &r->der);
    if (c.subject)
        subject = cert_name_text(c.subject, c.subject_len);
    digest_sum(DIGEST_SHA256, r->der.data, r->der.len, sha256);
    put_serial(b, &r->serial);
    buf_printf(b, "%s,", status_text(view_status(r, &c, now)));
    put_cell(b, subject);
    put_names(b, &c.names);
    put_cell(b, r->profile);
    put_cell(b, r->authority);
    put_instant(b, c.not_before);
    put_instant(b, c.not_after);
    put_instant(b, r->issued_at);
    put_requester(b, &r->requester);
    put_cell(b, r->protocol);
    put_cell(b, r->note);
    put_key(b, &c.key);
    put_hash(b, sha256);
    put_serial(b, &r->replaces);
    put_serial(b, &r->replaced_by);
    put_time(b, r->revoked_at);
    put_cell(b, r->revoked_at ? crl_reason_text(r->reason) : NULL);
    buf_printf(b, "%" PRIu64 "\r\n", r->leaf);
}
