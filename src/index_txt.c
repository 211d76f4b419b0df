/* SPDX-License-Identifier: ISC */
#include "index_txt.h"

#include <string.h>
#include <strings.h>

#include "crl.h"
#include "mem.h"
#include "tm.h"

/* Octets in the file. */
struct text {
    const char *p;
    size_t len;
};

enum { FIELDS = 6, LINE_MAX_LEN = 8192, CENTURY_TURN = 50 };

static int bad(const struct index_txt *t, struct errs *e, const char *what)
{
    return err_add(e, ERR_BAD_ARGUMENT, "%s:%u: %s", t->file, t->line, what);
}

/* What it is, its text, and the rule that it breaks. */
static int bad_value(const struct index_txt *t, struct errs *e,
                     const char *what, struct text value, const char *rule)
{
    return err_add(e, ERR_BAD_ARGUMENT, "%s:%u: %s \"%.*s\" %s", t->file,
                   t->line, what, (int)value.len, value.p, rule);
}

static int two_digits(const char *p)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return -1;
    return (p[0] - '0') * 10 + p[1] - '0';
}

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ, as RFC 5280 section 4.1.2.5 has them; 0,
 * or -1 with the rule that it breaks. */
static int get_time(const struct index_txt *t, const char *what,
                    struct text value, int64_t *out, struct errs *e)
{
    static const char form[] = "is not YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ";
    const char *p = value.p;
    int v[7], n = ((int)value.len - 1) / 2;
    struct tm_civil c;

    if ((value.len != 13 && value.len != 15) || p[value.len - 1] != 'Z')
        return bad_value(t, e, what, value, form);
    for (int i = 0; i < n; i++)
        if ((v[i] = two_digits(p + 2 * i)) < 0)
            return bad_value(t, e, what, value, form);
    c = (struct tm_civil){.month = v[n - 5],
                          .day = v[n - 4],
                          .hour = v[n - 3],
                          .minute = v[n - 2],
                          .second = v[n - 1]};
    c.year =
        n == 7 ? v[0] * 100 + v[1] : v[0] + (v[0] < CENTURY_TURN ? 2000 : 1900);
    if (c.year < 1970)
        return bad_value(t, e, what, value, "is before 1970");
    if (tm_from_civil(&c, out) != 0)
        return bad_value(t, e, what, value,
                         "is a day or an hour that there is not");
    return 0;
}

/* The words that `openssl ca` writes beside those of RFC 5280. */
static int get_reason(struct text word)
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

        if (text && strlen(text) == word.len &&
            strncasecmp(text, word.p, word.len) == 0)
            return i;
    }
    for (size_t i = 0; i < COUNT(others); i++)
        if (strlen(others[i].word) == word.len &&
            strncmp(others[i].word, word.p, word.len) == 0)
            return others[i].reason;
    return -1;
}

/* The text up to a comma, moved past; at the end it is empty. */
static struct text to_comma(struct text *from)
{
    const char *comma = memchr(from->p, ',', from->len);
    const struct text got = {from->p,
                             comma ? (size_t)(comma - from->p) : from->len};

    from->p += got.len + (comma != NULL);
    from->len -= got.len + (comma != NULL);
    return got;
}

static int get_revoked(const struct index_txt *t, struct text field,
                       struct index_row *out, struct errs *e)
{
    const bool has_reason = memchr(field.p, ',', field.len);
    const struct text at = to_comma(&field), reason = to_comma(&field);

    out->reason = REASON_UNSPECIFIED;
    if (get_time(t, "the date of revocation", at, &out->revoked_at, e))
        return -1;
    if (has_reason)
        out->reason = get_reason(reason);
    return out->reason >= 0
               ? 0
               : bad_value(t, e, "the reason", reason, "is none of RFC 5280");
}

static int get_serial(struct text value, struct serial *out)
{
    char text[2 * SERIAL_MAX + 3];

    if (value.len == 0 || value.len >= sizeof(text))
        return -1;
    memcpy(text, value.p, value.len);
    text[value.len] = '\0';
    if (strspn(text, "0123456789abcdefABCDEF") != value.len)
        return -1;
    return serial_parse(out, text);
}

static int get_row(const struct index_txt *t, const struct text f[FIELDS],
                   struct index_row *out, struct errs *e)
{
    *out = (struct index_row){.state = f[0].len == 1 ? f[0].p[0] : '\0'};
    if (!out->state || !strchr("VRE", out->state))
        return bad_value(t, e, "the state", f[0], "is not V, R or E");
    if (get_time(t, "the end", f[1], &out->not_after, e))
        return -1;
    if (out->state == 'R' && get_revoked(t, f[2], out, e))
        return -1;
    if (out->state != 'R' && f[2].len)
        return bad_value(t, e, "the date of revocation", f[2],
                         "stands in a row whose state is not R");
    if (get_serial(f[3], &out->serial))
        return bad_value(t, e, "the serial number", f[3],
                         "is not hexadecimal, of at most 20 octets");
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

/* The fields of the line, which has tabs between. */
static int split(const struct index_txt *t, struct text line,
                 struct text f[FIELDS], struct errs *e)
{
    for (int i = 0; i < FIELDS; i++) {
        /* Within the subject, the last field, a tab may be escaped. */
        const char *tab =
            i < FIELDS - 1 ? memchr(line.p, '\t', line.len) : NULL;

        if (!tab && i < FIELDS - 1)
            return bad(t, e, "a row has six fields with a tab between");
        f[i] = (struct text){line.p, tab ? (size_t)(tab - line.p) : line.len};
        line.p += f[i].len + (tab != NULL);
        line.len -= f[i].len + (tab != NULL);
    }
    return 0;
}

int index_txt_next(struct index_txt *t, struct index_row *out, struct errs *e)
{
    struct text f[FIELDS], line;

    do { /* OpenSSL, too, passes comments over */
        line.p = next_line(t, &line.len);
        if (!line.p)
            return 0;
    } while (line.len && line.p[0] == '#');
    if (line.len > LINE_MAX_LEN)
        return bad(t, e, "the line is longer than 8192 octets");
    if (memchr(line.p, '\0', line.len))
        return bad(t, e, "there is a NUL octet in the line");
    return split(t, line, f, e) || get_row(t, f, out, e) ? -1 : 1;
}
