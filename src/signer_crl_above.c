/* SPDX-License-Identifier: ISC */
/*
 * The list of an authority whose key is elsewhere, mostly the root, may say
 * that one of ours is revoked.  Then nobody accepts what that one issues, and
 * /readyz says so; it goes on, since what is out has to be found and revoked
 * too.
 */
#include "signer_crl.h"

#include <string.h>

struct above {
    struct signer *s;
    const struct signer_authority *issuer;
};

static bool is_below(const struct signer_authority *a,
                     const struct signer_authority *issuer)
{
    return a->info->parent && strcmp(a->info->parent, issuer->name) == 0;
}

static void note_entry(void *arg, const struct crl_entry *entry)
{
    const struct above *w = arg;

    for (size_t i = 0; i < w->s->n_authorities; i++) {
        const struct signer_authority *a = &w->s->authorities[i];

        if (is_below(a, w->issuer) &&
            serial_equal(&a->cert.serial, &entry->serial))
            w->s->crls[i].ended = *entry;
    }
}

/* Those of the list that was there before. */
static void forget(const struct above *w)
{
    for (size_t i = 0; i < w->s->n_authorities; i++)
        if (is_below(&w->s->authorities[i], w->issuer))
            w->s->crls[i].ended = (struct crl_entry){0};
}

static void tell(const struct above *w)
{
    for (size_t i = 0; i < w->s->n_authorities; i++) {
        AUTO(free) char *text = crl_above_text(w->s, i);

        if (text && is_below(&w->s->authorities[i], w->issuer))
            log_msg(LOG_ERROR, "crl", "%s", text);
    }
}

void crl_above_read(struct signer *s, size_t i)
{
    struct above w = {s, &s->authorities[i]};
    AUTO(free)
    char *path = xasprintf("%s/crl/%s.crl", s->conf->data, w.issuer->name);
    AUTO(fd) int fd = crl_file_open(path);
    AUTO(errs) struct errs e = {0};

    pthread_mutex_lock(&s->crl_lock);
    forget(&w);
    if (fd >= 0 && crl_walk(fd, &w.issuer->cert, note_entry, &w, &e) != 0) {
        forget(&w);
        log_msg(LOG_ERROR, "crl", "%s: %s", path, e.v[0].detail);
    }
    tell(&w);
    pthread_mutex_unlock(&s->crl_lock);
}

char *crl_above_text(const struct signer *s, size_t i)
{
    const struct crl_entry *ended = &s->crls[i].ended;
    char when[TM_RFC3339_SIZE];

    if (!ended->serial.len)
        return NULL;
    tm_rfc3339(when, ended->revoked_at);
    return xasprintf("authority: %s was revoked by %s at %s, %s: nobody "
                     "accepts what it issues",
                     s->authorities[i].name, s->authorities[i].info->parent,
                     when, crl_reason_text(ended->reason));
}
