/* SPDX-License-Identifier: ISC */
/* Certificates: asked for, renewed, shown. */
#include <stdlib.h>
#include <string.h>

#include "front_handle.h"
#include "log.h"
#include "pem.h"
#include "request.h"
#include "view.h"

enum { IDEM_KEY_MAX = 64, NAMES_MAX = 1000 };

#define POST_LINE                                                              \
    "send the CSR as it is: curl --data-binary @request.csr, or as JSON "      \
    "{\"csr\": \"-----BEGIN ...\"} with Content-Type: application/json"

/* What is known of a request before its body is read. */
struct order {
    enum msg_type type; /* ISSUE or RENEW */
    bool json;          /* the body is */
    enum cert_format format;
    struct serial renews;
};

/* Types that a bare CSR comes as; what it is, its first octets tell. */
static const char *const bare_types[] = {
    "",
    "application/octet-stream",
    "application/pkcs10",
    "application/x-pem-file",
    "application/x-www-form-urlencoded",
    "application/x-x509-csr",
    "text/plain",
};

static bool is_bare(const char *type)
{
    for (size_t i = 0; i < COUNT(bare_types); i++)
        if (strcmp(type, bare_types[i]) == 0)
            return true;
    return false;
}

/* The format that Accept chooses; -1 when the request is answered with 406. */
static int choose_format(struct req *r, bool json, enum cert_format *out)
{
    static const char *const types[] = {TYPE_CHAIN, TYPE_JSON, TYPE_DER,
                                        TYPE_CHAIN};
    static const enum cert_format formats[] = {CERT_PEM, CERT_JSON, CERT_DER,
                                               CERT_PEM};
    /* The same ring, entered where this request's default is. */
    int i = front_accept(r, types + json, 3);

    if (i >= 0) {
        *out = formats[i + json];
        return 0;
    }
    front_refuse(r, ERR_NOT_ACCEPTABLE, "Accept permits none of %s, %s and %s",
                 TYPE_CHAIN, TYPE_JSON, TYPE_DER);
    return -1;
}

/* ---- reading, on a crypto thread ---- */

struct asked {
    struct front_args query;
    json_t *json;
    struct request_args args;
    struct strs names;
    struct buf der;
    struct csr csr;
    int dry; /* dry_run: say what would be issued, and issue nothing */
};

static void asked_free(struct asked *a)
{
    front_args_free(&a->query);
    json_decref(a->json);
    strs_free(&a->names);
    csr_free(&a->csr);
    buf_free(&a->der);
}

AUTO_VALUE(asked, struct asked, asked_free)

/* Comma-separated, blanks left out, so that the same names are the same
 * request for an Idempotency-Key, however they came. */
static void split_names(struct strs *out, const char *text)
{
    AUTO(strs) struct strs parts = {0};

    strs_split(&parts, text, ',');
    for (size_t i = 0; i < parts.n; i++) {
        const char *s = parts.v[i] + strspn(parts.v[i], " ");
        size_t len = strlen(s);

        while (len && s[len - 1] == ' ')
            len--;
        strs_add_own(out, xstrndup(s, len));
    }
}

static const char *const *query_names(enum msg_type type)
{
    static const char *const issue[] = {"profile", "lifetime", "not_before",
                                        "names",   "note",     "replaces",
                                        "dry_run", NULL};
    static const char *const renew[] = {"lifetime", NULL};

    return type == MSG_ISSUE ? issue : renew;
}

static int read_query(const struct req *r, enum msg_type type, struct asked *a,
                      struct errs *e)
{
    const char *text = r->query ? r->query : "", *names;

    if (front_args_parse(&a->query, text, strlen(text), e) != 0 ||
        front_args_only(&a->query, query_names(type), e) != 0)
        return -1;
    a->args.profile = front_args_get(&a->query, "profile");
    a->args.lifetime = front_args_get(&a->query, "lifetime");
    a->args.not_before = front_args_get(&a->query, "not_before");
    a->args.note = front_args_get(&a->query, "note");
    a->args.replaces = front_args_get(&a->query, "replaces");
    if (front_args_bool(&a->query, "dry_run", &a->dry, e) != 0)
        return -1;
    names = front_args_get(&a->query, "names");
    if (names) {
        split_names(&a->names, names);
        a->args.name_list = &a->names;
    }
    return 0;
}

/* Who sent a form, as a revocation takes it, meant arguments. */
static void hint_form(const struct req *r, enum msg_type type, struct errs *e)
{
    AUTO(front_args) struct front_args form = {0};
    AUTO(errs) struct errs other = {0};

    if (front_args_parse(&form, (const char *)r->body.data, r->body.len,
                         &other) == 0 &&
        front_args_only(&form, query_names(type), &other) == 0)
        err_add(e, ERR_BAD_ARGUMENT,
                "%s belongs into the URL, as ?%s=...; the body is the CSR",
                form.v[0].key, form.v[0].key);
}

static int read_bare(const struct req *r, const struct order *o,
                     struct asked *a, struct errs *e)
{
    if (read_query(r, o->type, a, e) != 0)
        return -1;
    if (r->body.len == 0 && o->type == MSG_RENEW)
        return 0;
    if (csr_decode(r->body.data, r->body.len, &a->der, e) == 0)
        return 0;
    if (r->body.len)
        hint_form(r, o->type, e);
    return -1;
}

struct json_order {
    const char *csr;
    struct request_args args;
    struct strs names;
    int dry;
};

static int read_json(const struct req *r, const struct order *o,
                     struct asked *a, struct errs *e)
{
#define AT(m) offsetof(struct json_order, m)
    static const struct view_member members[] = {
        {"csr", VIEW_TEXT, AT(csr)},
        {"lifetime", VIEW_TEXT, AT(args.lifetime)},
        {"profile", VIEW_TEXT, AT(args.profile)},
        {"names", VIEW_TEXTS, AT(names)},
        {"not_before", VIEW_TEXT, AT(args.not_before)},
        {"note", VIEW_TEXT, AT(args.note)},
        {"replaces", VIEW_TEXT, AT(args.replaces)},
        {"dry_run", VIEW_BOOL, AT(dry)},
    };
#undef AT
    const size_t n = o->type == MSG_ISSUE ? 8 : 2;
    struct json_order in = {0};
    int rc;

    if (r->query && *r->query)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "with a JSON body every argument belongs into it");
    a->json = view_parse(r->body.data, r->body.len, e);
    if (!a->json)
        return -1;
    rc = view_read(a->json, members, n, &in, e);
    a->args = in.args;
    a->names = in.names;
    a->dry = in.dry;
    if (rc != 0)
        return -1;
    if (json_object_get(a->json, "names"))
        a->args.name_list = &a->names;
    if (in.csr)
        return csr_decode(in.csr, strlen(in.csr), &a->der, e);
    if (o->type == MSG_RENEW)
        return 0;
    return err_add(e, ERR_BAD_JSON, "csr: the request in PEM is missing");
}

/* NULL is fine: no key was given. */
static int check_idem_key(const char *key, struct errs *e)
{
    size_t n = 0;

    if (!key)
        return 0;
    while (key[n] > ' ' && key[n] < 0x7f)
        n++;
    if (n >= 1 && n <= IDEM_KEY_MAX && !key[n])
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "Idempotency-Key: 1 to %d visible characters are wanted",
                   IDEM_KEY_MAX);
}

/* What is wrong is told by the signer together with all that policy has
 * against the rest. */
static void fill(struct req *r, const struct order *o, struct asked *a,
                 struct msg_issue *m, struct errs *e)
{
    const char *key = front_head(r, "Idempotency-Key");
    const bool has_csr = a->der.len > 0;
    const bool good_key = check_idem_key(key, e) == 0;

    if (has_csr)
        csr_verify(&a->csr, r->verifier, e);
    request_fill(m, has_csr ? &a->csr : NULL, &a->args, e);
    errs_merge(&m->errs, e);
    m->renews = o->renews;
    m->protocol = xstrdup("http");
    if (key && good_key && !a->dry) {
        m->idem_key = xstrdup(key);
        request_hash(m->idem_hash, a->der.data, a->der.len, &a->args,
                     o->type == MSG_RENEW ? &o->renews : NULL);
    }
}

/* Whoever sent a private key has to make a new one: somebody should see it. */
static void warn_private_key(struct req *r, const struct errs *e)
{
    if (errs_first(e)->code != ERR_CSR_IS_PRIVATE_KEY)
        return;
    mem_wipe(r->body.data, r->body.len);
    log_msg(LOG_WARN, "private-key",
            "request %s: a private key came instead of a CSR; it should not "
            "be used any more",
            r->caller.request_id);
}

/* -1: there is nothing to judge, for the reasons added.  They may be added
 * otherwise, too. */
static int read_csr(const struct req *r, const struct order *o, struct asked *a,
                    struct errs *e)
{
    if ((o->json ? read_json : read_bare)(r, o, a, e) != 0)
        return -1;
    if (a->names.n > NAMES_MAX)
        return err_add(e, ERR_TOO_MANY_NAMES, "%zu names, at most %d are read",
                       a->names.n, NAMES_MAX);
    if (a->der.len == 0)
        return 0;
    csr_parse(&a->csr, a->der.data, a->der.len, e);
    return a->csr.sig.tbs ? 0 : -1;
}

static front_fn certified, explained, known;

/* What has too many reasons for a frame, or would be judged by a profile that
 * was not meant, is refused for those that there are. */
static void ask(struct req *r, enum msg_type type, const struct asked *a,
                struct msg_issue *m)
{
    const bool no_profile = a->args.profile && !*a->args.profile;
    struct buf *b = front_begin(r, type);

    msg_issue_put(b, m);
    if (type == MSG_EXPLAIN)
        buf_str(b, NULL); /* with the caller's own limits */
    if (m->errs.n && (no_profile || b->len > MSG_MAX))
        front_problem(r, &m->errs);
    else
        front_ask_checked(r, type == MSG_EXPLAIN ? explained : certified);
}

/* The same request, to be told about: the answer is JSON, or none. */
static void ask_dry(struct req *r, const struct asked *a, struct msg_issue *m)
{
    static const char *const types[] = {TYPE_JSON};

    if (front_accept(r, types, 1) < 0)
        front_refuse(r, ERR_NOT_ACCEPTABLE, "a dry run is answered with %s",
                     TYPE_JSON);
    else
        ask(r, MSG_EXPLAIN, a, m);
}

static void read_order(struct req *r)
{
    AUTO(errs) struct errs e = {0};
    AUTO(asked) struct asked a = {0};
    AUTO(msg_issue) struct msg_issue m = {0};
    const struct order *o = r->state;

    if (read_csr(r, o, &a, &e) != 0) {
        warn_private_key(r, &e);
        front_problem(r, &e);
        return;
    }
    /* A new RSA key takes milliseconds, and nobody unknown gets them. */
    if (a.csr.provable && a.csr.key.type == KEY_RSA && !front_known(r)) {
        front_ask_who(r, known);
        return;
    }
    fill(r, o, &a, &m, &e);
    if (a.dry)
        ask_dry(r, &a, &m);
    else
        ask(r, o->type, &a, &m);
}

static void known(struct req *r)
{
    front_work(r, read_order);
}

static void certified(struct req *r)
{
    const struct order *o = r->state;
    AUTO(record) struct record rec = {0};
    struct rd *body = front_answer(r, MSG_RECORD);
    char location[sizeof("/v1/certificates/") + 2 * SERIAL_MAX] =
        "/v1/certificates/";
    bool repeated = rd_u8(body);

    record_get(body, &rec);
    front_answer_done(r, body);
    serial_text(location + strlen(location), &rec.serial);
    front_header(r, "Location", location);
    front_reply_record(r, repeated ? 200 : 201, &rec, o->format);
}

static void render_explained(struct req *r)
{
    AUTO(msg_explained) struct msg_explained m = {0};

    for (size_t i = 0; i < r->answers.n; i++) {
        struct answer *a = &r->answers.v[i];

        if (a->type != MSG_EXPLAINED)
            log_fatal("signer", "%s inside an explanation", msg_name(a->type));
        msg_explained_get(&a->body, &m);
        front_answer_done(r, &a->body);
    }
    front_reply_json(r, 200, view_explained(&m));
}

/* It may be thousands of lines: not on the thread that serves everyone. */
static void explained(struct req *r)
{
    front_work(r, render_explained);
}

static void begin(struct req *r, enum msg_type type,
                  const struct serial *renews)
{
    AUTO(free) char *ct = front_content_type(r);
    struct order *o = xcalloc(1, sizeof(*o));

    r->state = o;
    r->state_free = free;
    o->type = type;
    o->json = strcmp(ct, TYPE_JSON) == 0;
    if (renews)
        o->renews = *renews;
    if (type == MSG_RENEW && r->body.len == 0)
        o->json = false;
    else if (!o->json && !is_bare(ct)) {
        front_refuse_type(r, ct, POST_LINE);
        return;
    }
    if (choose_format(r, o->json, &o->format) == 0)
        front_work(r, read_order);
}

void front_issue(struct req *r)
{
    begin(r, MSG_ISSUE, NULL);
}

void front_renew(struct req *r)
{
    struct serial s;

    if (front_serial(r, &s) == 0)
        begin(r, MSG_RENEW, &s);
}

void front_renew_self(struct req *r)
{
    begin(r, MSG_RENEW, NULL);
}

/* ---- one certificate ---- */

static void show(struct req *r, enum cert_format format)
{
    AUTO(record) struct record rec = {0};
    struct rd *body = front_answer(r, MSG_RECORD);

    rd_u8(body);
    record_get(body, &rec);
    front_answer_done(r, body);
    front_reply_record(r, 200, &rec, format);
}

static void show_pem(struct req *r)
{
    show(r, CERT_PEM);
}

static void render_json(struct req *r)
{
    show(r, CERT_JSON);
}

/* Two certificates as JSON text are most of what this costs. */
static void show_json(struct req *r)
{
    front_work(r, render_json);
}

static void show_der(struct req *r)
{
    show(r, CERT_DER);
}

static void get(struct req *r, front_fn *fn)
{
    struct serial s;

    if (front_query_none(r) != 0 || front_serial(r, &s) != 0)
        return;
    serial_put(front_begin(r, MSG_GET), &s);
    front_ask(r, fn);
}

void front_get(struct req *r)
{
    static front_fn *const shows[] = {
        [CERT_PEM] = show_pem, [CERT_JSON] = show_json, [CERT_DER] = show_der};
    enum cert_format format;

    if (choose_format(r, true, &format) == 0)
        get(r, shows[format]);
}

void front_get_pem(struct req *r)
{
    get(r, show_pem);
}

void front_get_der(struct req *r)
{
    get(r, show_der);
}
