/* SPDX-License-Identifier: ISC */
/* How revocations are asked for and shown. */
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "cmd_record.h"
#include "crl.h"
#include "tm.h"
#include "view.h"

enum { PAGE = 250, SHOWN = 20, SHOWN_JSON = 100 };

/* ---- one */

static int ask(struct client *c, const struct msg_revoke *m,
               struct msg_revoked *r, struct errs *e)
{
    struct frame f = {.more = true};

    msg_revoke_put(client_begin(c, MSG_REVOKE), m);
    if (client_send(c, e) < 0)
        return -1;
    while (f.more) {
        if (client_recv(c, &f, e) < 0)
            return -1;
        if (f.type != MSG_REVOKED)
            return err_add(e, ERR_SIGNER_AWAY, "REVOKE was answered by %s",
                           msg_name(f.type));
        msg_revoked_get(&f.body, r);
        if (!rd_done(&f.body))
            return err_add(e, ERR_SIGNER_AWAY, "the signer's answer is broken");
    }
    return 0;
}

static void show_pending(bool pending)
{
    if (pending)
        puts("the CRL that says so is being built");
}

static void show(const struct msg_revoked *r)
{
    char serial[2 * SERIAL_MAX + 1], when[TM_RFC3339_SIZE];

    serial_text(serial, &r->record.serial);
    tm_rfc3339(when, r->record.revoked_at);
    printf("%s revoked at %s, reason %s\n", serial, when,
           crl_reason_text(r->record.reason));
    for (size_t i = 0; i < r->n; i++) {
        serial_text(serial, &r->also[i]);
        printf("%s too\n", serial);
    }
    show_pending(r->crl_pending);
}

int cmd_revoke_serial(struct client *c, const struct msg_revoke *m, bool json,
                      struct errs *e)
{
    AUTO(msg_revoked) struct msg_revoked r = {0};

    if (ask(c, m, &r, e) < 0)
        return -1;
    if (json)
        cmd_print_json(view_revoked(&r, tm_now(), NULL));
    else
        show(&r);
    return 0;
}

/* ---- many */

/* To the array rows, or printed as a line when that is NULL. */
static int take_row(struct frame *f, json_t *rows, struct errs *e)
{
    AUTO(record) struct record r = {0};

    rd_u8(&f->body);
    record_get(&f->body, &r);
    if (!rd_done(&f->body))
        return err_add(e, ERR_SIGNER_AWAY, "the signer's answer is broken");
    if (rows)
        json_array_append_new(rows, view_record(&r, tm_now(), NULL));
    else
        cmd_record_line(&r, tm_now());
    return 0;
}

static int page(struct client *c, struct msg_revocations *m,
                struct revocations *all, json_t *rows, struct errs *e)
{
    struct frame f = {.more = true};

    msg_revocations_put(client_begin(c, MSG_REVOCATIONS), m);
    if (client_send(c, e) < 0)
        return -1;
    while (f.more) {
        if (client_recv(c, &f, e) < 0)
            return -1;
        if (f.type == MSG_RECORD) {
            m->show--;
            if (take_row(&f, rows, e) < 0)
                return -1;
            continue;
        }
        revocations_get(&f.body, all);
        if (f.type != MSG_REVOKED_PAGE || !rd_done(&f.body))
            return err_add(e, ERR_SIGNER_AWAY, "the signer's answer is broken");
    }
    return 0;
}

/* All pages, or what came before a failure; rows as take_row(). */
static int all_pages(struct client *c, struct msg_revocations *m,
                     struct revocations *all, json_t *rows, struct errs *e)
{
    int rc;

    m->q.limit = PAGE;
    m->q.has_cursor = false;
    do {
        rc = page(c, m, all, rows, e);
    } while (rc == 0 && all->cursor && revocations_next(m, all, e) == 0);
    revocations_settle(all);
    return rc;
}

static void show_counts(const struct revocations *l)
{
    const struct revocations_sum sum = revocations_sum(l);

    printf("%zu match: %zu valid, %zu expired, %zu revoked already",
           sum.matched, sum.valid, sum.expired, sum.already);
    if (sum.changed)
        printf(", %zu revoked and now for keyCompromise", sum.changed);
    if (sum.refused)
        printf(", %zu refused", sum.refused);
    if (sum.renewals)
        printf("; with them %zu renewed from these or with their key",
               sum.renewals);
    putchar('\n');
}

/* What is not to be revoked, each with the reason. */
static void show_refused(const struct revocations *l)
{
    char serial[2 * SERIAL_MAX + 1];

    fflush(stdout);
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i].outcome != OUTCOME_REFUSED)
            continue;
        serial_text(serial, &l->v[i].serial);
        fprintf(stderr, "pocketca: %s is not revoked: %s\n", serial,
                l->v[i].why);
    }
}

static void show_revoked(const struct revocations *l)
{
    char serial[2 * SERIAL_MAX + 1];

    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i].outcome == OUTCOME_ALREADY ||
            l->v[i].outcome == OUTCOME_REFUSED)
            continue;
        serial_text(serial, &l->v[i].serial);
        printf("%s revoked\n", serial);
    }
    show_counts(l);
    show_pending(l->crl_pending);
}

static int do_it(struct client *c, struct msg_revocations *m, bool json)
{
    AUTO(revocations) struct revocations l = {0};
    AUTO(errs) struct errs e = {0};
    int rc = all_pages(c, m, &l, NULL, &e);

    if (rc == 0 && l.n == 0)
        rc = err_add(&e, ERR_NOT_FOUND, "no certificate matches");
    else if (json && rc == 0)
        cmd_print_json(view_revocations(&l, NULL));
    else if (!json && l.n)
        show_revoked(&l);
    show_refused(&l);
    if (rc < 0)
        return cmd_fail(&e);
    return revocations_sum(&l).refused ? EXIT_REFUSED : EXIT_DONE;
}

/* Says what would be done, and is no success unless there is nothing to do;
 * rows: those shown, or NULL when they are printed already. */
static int say_first(const struct revocations *l, json_t *rows)
{
    const bool idle = revocations_sum(l).affected == 0;

    if (rows) {
        cmd_print_json(view_revocations(l, json_incref(rows)));
    } else {
        if (l->n > SHOWN)
            puts("…");
        show_counts(l);
    }
    show_refused(l);
    if (!idle)
        fprintf(stderr, "pocketca: a dry run, nothing was revoked: --yes does "
                        "it\n");
    return idle && !revocations_sum(l).refused ? EXIT_DONE : EXIT_REFUSED;
}

int cmd_revoke_many(struct client *c, struct msg_revocations *m, bool yes,
                    bool json)
{
    AUTO(revocations) struct revocations l = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(json) json_t *rows = json ? json_array() : NULL;

    if (yes)
        return do_it(c, m, json);
    m->dry = true;
    m->show = json ? SHOWN_JSON : SHOWN;
    if (all_pages(c, m, &l, rows, &e) < 0)
        return cmd_fail(&e);
    if (l.n == 0) {
        err_add(&e, ERR_NOT_FOUND, "no certificate matches");
        return cmd_fail(&e);
    }
    if (l.n > 1 || revocations_sum(&l).affected == 0)
        return say_first(&l, rows);
    if (cmd_revoke_serial(
            c,
            &(struct msg_revoke){l.v[0].serial, m->reason, m->renewals,
                                 l.v[0].leaf},
            json, &e) < 0)
        return cmd_fail(&e);
    return EXIT_DONE;
}
