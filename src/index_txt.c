/* SPDX-License-Identifier: ISC */
#include "index_txt.h"

#include <string.h>
#include <strings.h>

#include "crl.h"
#include "mem.h"
#include "tm.h"

enum { FIELDS = 6, LINE_MAX_LEN = 8192, CENTURY_TURN = 50 };

static int bad(const struct index_txt *t, struct errs *e, const char *what)
{
    return err_add(e, ERR_BAD_ARGUMENT, "%s:%u: %s", t->file, t->line, what);
}

static int bad_time(const struct index_txt *t, struct errs *e, const char *what,
                    const char *rule)
{
    AUTO(free) char *text = xasprintf("%s %s", what, rule);

    return bad(t, e, text);
}

static int two_digits(const char *p)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return -1;
    return (p[0] - '0') * 10 + p[1] - '0';
}

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ, as RFC 5280 section 4.1.2.5 has them; 0,
 * or -1 with the rule that it breaks. */
static int get_time(const struct index_txt *t, const char *what, const char *p,
                    size_t len, int64_t *out, struct errs *e)
{
    static const char form[] = "is not YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ";
    int v[7], n = (int)(len - 1) / 2;
    struct tm_civil c;

    if ((len != 13 && len != 15) || p[len - 1] != 'Z')
        return bad_time(t, e, what, form);
    for (int i = 0; i < n; i++)
        if ((v[i] = two_digits(p + 2 * i)) < 0)
            return bad_time(t, e, what, form);
    c = (struct tm_civil){.month = v[n - 5],
                          .day = v[n - 4],
                          .hour = v[n - 3],
                          .minute = v[n - 2],
                          .second = v[n - 1]};
    c.year =
        n == 7 ? v[0] * 100 + v[1] : v[0] + (v[0] < CENTURY_TURN ? 2000 : 1900);
    if (c.year < 1970)
        return bad_time(t, e, what, "is before 1970");
    if (tm_from_civil(&c, out) != 0)
        return bad_time(t, e, what, "is a day or an hour that there is not");
    return 0;
}

/* The words that `openssl ca` writes beside those of RFC 5280. */
static int get_reason(const char *word, size_t len)
{
    static const struct {
        const char *word;
        int reason;
    } others[] = {
        {"holdInstruction", REASON_CERTIFICATE_HOLD},
        {"keyTime", REASON_KEY_COMPROMISE},
        {"CAkeyTime", REASON_CA_COMPROMISE},
    };

    for (int i = 0; i <= REASON_AA_COMPROMISE; i++) {
        const char *text = crl_reason_text(i);

        if (text && strlen(text) == len && strncasecmp(text, word, len) == 0)
            return i;
    }
    for (size_t i = 0; i < COUNT(others); i++)
        if (strlen(others[i].word) == len &&
            strncmp(others[i].word, word, len) == 0)
            return others[i].reason;
    return -1;
}

static int get_revoked(const struct index_txt *t, const char *p, size_t len,
                       struct index_row *out, struct errs *e)
{
    const char *comma = memchr(p, ',', len), *end;
    size_t n = comma ? (size_t)(comma - p) : len;

    out->reason = REASON_UNSPECIFIED;
    if (get_time(t, "the date of revocation", p, n, &out->revoked_at, e))
        return -1;
    if (!comma)
        return 0;
    p += n + 1;
    len -= n + 1;
    end = memchr(p, ',', len);
    out->reason = get_reason(p, end ? (size_t)(end - p) : len);
    return out->reason >= 0 ? 0 : bad(t, e, "the reason is none of RFC 5280");
}

static int get_serial(const char *p, size_t len, struct serial *out)
{
    char text[2 * SERIAL_MAX + 3];

    if (len == 0 || len >= sizeof(text))
        return -1;
    memcpy(text, p, len);
    text[len] = '\0';
    if (strspn(text, "0123456789abcdefABCDEF") != len)
        return -1;
    return serial_parse(out, text);
}

static int get_row(const struct index_txt *t, const char *f[FIELDS],
                   const size_t n[FIELDS], struct index_row *out,
                   struct errs *e)
{
    *out = (struct index_row){.state = n[0] == 1 ? f[0][0] : '\0'};
    if (!out->state || !strchr("VRE", out->state))
        return bad(t, e, "the state is not V, R or E");
    if (get_time(t, "the end", f[1], n[1], &out->not_after, e))
        return -1;
    if (out->state == 'R' && get_revoked(t, f[2], n[2], out, e))
        return -1;
    if (out->state != 'R' && n[2])
        return bad(t, e, "it has a date of revocation and is not in state R");
    if (get_serial(f[3], n[3], &out->serial))
        return bad(t, e, "the serial number is not hexadecimal");
    return 0;
}

/* The line's octets, moved past; NULL at the end. */
static const char *next_line(struct index_txt *t, size_t *len)
{
    const char *p = t->text + t->at, *end;

    if (t->at == t->len)
        return NULL;
    end = memchr(p, '\n', t->len - t->at);
    *len = end ? (size_t)(end - p) : t->len - t->at;
    t->at += *len + (end ? 1 : 0);
    t->line++;
    if (*len && p[*len - 1] == '\r')
        --*len;
    return p;
}

int index_txt_next(struct index_txt *t, struct index_row *out, struct errs *e)
{
    const char *f[FIELDS];
    size_t n[FIELDS], len;
    const char *p = next_line(t, &len);

    if (!p)
        return 0;
    if (len > LINE_MAX_LEN || memchr(p, '\0', len))
        return bad(t, e, "the line is too long, or has a NUL in it");
    for (int i = 0; i < FIELDS; i++) {
        /* Within the subject, the last field, a tab may be escaped. */
        const char *tab = i < FIELDS - 1 ? memchr(p, '\t', len) : NULL;

        if (!tab && i < FIELDS - 1)
            return bad(t, e, "a row has six fields with a tab between");
        f[i] = p;
        n[i] = tab ? (size_t)(tab - p) : len;
        p += n[i] + (tab ? 1 : 0);
        len -= n[i] + (tab ? 1 : 0);
    }
    return get_row(t, f, n, out, e) ? -1 : 1;
}
