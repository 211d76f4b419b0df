/* SPDX-License-Identifier: ISC */
/*
 * Policy: what a certificate of a profile may contain, and what a token
 * narrows.  Compiled once from the configuration (conf_profile.c): what every
 * certificate of the profile has alike is DER already.  Every reason is
 * reported.
 */
#ifndef POCKETCA_PROFILE_H
#define POCKETCA_PROFILE_H

#include "cert.h"
#include "err.h"
#include "key.h"
#include "mem.h"
#include "name.h"
#include "pattern.h"
#include "report.h"
#include "subject.h"

struct profile {
    char *name;
    int line;             /* of its usage in the configuration */
    char *authority;      /* who signs; NULL: the first authority */
    struct strs usage;    /* "server", "email", "1.2.3.4" ...: as shown */
    unsigned eku;         /* enum ext_key_usage; from usage */
    struct buf eku_other; /* the other purposes: OIDs, DER */
    bool ca;              /* usage intermediate */
    unsigned path_len;    /* only with ca */
    struct patterns names, deny;
    int *names_line; /* beside names: where each stands */
    int subject_line;
    bool wildcards;
    bool single_label; /* "web" without a dot may be certified */
    struct key_rule *keys;
    size_t n_keys;
    int64_t lifetime, max_lifetime, min_lifetime;
    int64_t not_before; /* how far ahead a request may begin; 0: now only */
    unsigned max_names; /* default 100 */
    unsigned min_names; /* 0: one, where there are names at all */
    bool renew, rekey;
    struct subject fixed;   /* fields that every certificate has alike */
    unsigned taken;         /* 1 << enum subject_field: from the request */
    bool no_cn;             /* not even the first DNS name */
    bool cdp, aia;          /* default true */
    struct strs policies;   /* "1.2.3.4 https://cps": as shown */
    struct strs extensions; /* "1.2.3.4 critical hex:0500" */
    bool must_staple;
    struct buf extra; /* the extensions of these three, DER */
};

struct profiles {
    struct profile *v;
    size_t n;
};

/* The rules of a profile that come as texts (pocketca.conf(5)), each read and
 * added: -1 with an ERR_BAD_ARGUMENT that names the value and the rule, and
 * nothing added.  "server", "1.3.6.1.5.5.7.3.4"; "o", "o=Example", "cn=";
 * "1.2.3.4 https://cps"; "1.2.3.4 hex:0500", "1.2.3.4 critical base64:BQA=". */
int profile_usage(struct profile *p, const char *text, struct errs *e);
int profile_subject(struct profile *p, const char *text, struct errs *e);
int profile_policy(struct profile *p, const char *text, struct errs *e);
int profile_extension(struct profile *p, const char *text, struct errs *e);
/* NULL, or why no certificate of the profile may have the nth of its
 * extensions: an error of the lints, or of who reads it; the caller frees. */
char *profile_extension_fault(const struct profile *p, size_t nth);
/* After the last of them: fills `extra`. */
void profile_compile(struct profile *p);

/* What a credential narrows; all empty: nothing. */
struct limits {
    struct strs profiles;  /* none: every profile */
    struct patterns names; /* none: every name */
    bool wildcards;        /* counts only when `limited` */
    bool limited;          /* false: no limits at all; of a token always true */
};
void limits_free(struct limits *l);
/* True when the profile is among those, or there is no limit. */
bool limits_have(const struct limits *l, const char *profile);
AUTO_VALUE(limits, struct limits, limits_free)

/* What somebody wants certified. Pointers are borrowed. */
struct request {
    const struct names *names;
    const struct strs *odd_san; /* kinds of name never certified */
    bool partial;               /* there were others, which were refused */
    const struct key_pub *key;  /* without a type it is not judged */
    const char *cn;       /* of the certificate, not fixed by the profile */
    unsigned power;       /* enum csr_power */
    const char *critical; /* OIDs behind CSR_POWER_CRITICAL */
};

/* The names and subject fields of a request, before a profile takes them. */
struct claim {
    const struct names *names; /* SAN, or a list that takes its place */
    bool listed;               /* it is such a list */
    bool odd;                  /* there are kinds that are never certified */
    bool partial;              /* there are some that could not be read */
    const struct subject *subject;
};
/* And what it takes. */
struct taken {
    struct names names;     /* to be judged; a common name too, as NAME_CN */
    struct subject subject; /* of the certificate */
    bool partial;           /* names are missing that were refused */
};
void taken_free(struct taken *t);
AUTO_VALUE(taken, struct taken, taken_free)
/* A CN that is a name is one more name, unless the names were listed.  Where
 * the profile takes CNs it is the subject's when it is none, or none that the
 * profile has, no server's; else any other is dropped with a warning.  A mail
 * address of the subject that the profile takes is one more name too (RFC 5280
 * section 4.1.2.6).  -1 with ERR_NO_NAMES, ERR_BAD_NAME or ERR_BAD_CSR (a field
 * of the subject that no certificate may have, or with several values); *out,
 * which was empty, then has the rest. */
int profile_take(const struct profile *p, const struct claim *a,
                 struct taken *out, struct strs *warnings, struct errs *e);

const struct profile *profiles_find(const struct profiles *l, const char *name);
/* The profile asked for, or the credential's first, or the first at all.
 * NULL with ERR_UNKNOWN_PROFILE (which lists those the caller may use) or
 * ERR_PROFILE_NOT_ALLOWED. */
const struct profile *profiles_choose(const struct profiles *l,
                                      const char *asked,
                                      const struct limits *lim, struct errs *e);
/* True when the profile has the name, a DNS name of one label where it may be:
 * without a look at what is denied. */
bool profile_has_name(const struct profile *p, const struct name *n);
/* 0, or -1 with every reason why not, each about the value and the rule.  A
 * DNS name of one label needs single_label or a pattern that names it; what
 * `deny` has is refused whatever `names` has, a CN also where it is a name of
 * another kind.  report: gets what each rule
 * said; or NULL. */
int profile_judge(const struct profile *p, const struct limits *lim,
                  const struct request *r, struct report *report,
                  struct errs *e);
/* When a certificate is to be valid; 0: not asked for. */
struct span {
    int64_t lifetime, not_before;
};
/* The validity: notBefore is a minute before now unless the profile lets the
 * request choose, the length counts both ends.  No lifetime asked for: the
 * default, cut to the issuer's end, but never below min_lifetime.  Otherwise
 * granted or refused:
 * ERR_LIFETIME_TOO_LONG, ERR_LIFETIME_TOO_SHORT, ERR_ISSUER_EXPIRES (names the
 * longest), ERR_NOT_BEFORE_NOT_ALLOWED (one that the profile does not let be
 * chosen), or ERR_BAD_ARGUMENT: over before it began. */
int profile_validity(const struct profile *p, const struct span *asked,
                     int64_t now, int64_t issuer_not_after, int64_t *not_before,
                     int64_t *not_after, struct errs *e);
/* KeyUsage that fits the key's type and the profile's usage. */
unsigned profile_key_usage(const struct profile *p, const struct key_pub *k);
/* Fills in all that the profile, what it took and the key decide, and takes
 * out the addresses that the profile does not want.  spec borrows. */
void profile_spec(const struct profile *p, const struct taken *t,
                  const struct key_pub *k, struct cert_spec *spec);
/* How the subjects that a profile makes, empty ones apart, lie to the directory
 * names in the name constraints of an authority. */
struct dn_fit {
    enum {
        DN_FITS = 0,
        DN_NONE,    /* no subject is within a permitted one */
        DN_WIDER,   /* some are not, since `field` is not fixed */
        DN_EXCLUDED /* some are, or may be, within `base` */
    } how;
    enum subject_field field; /* the first that is not fixed */
    struct der_tlv base;      /* the content of a directoryName */
};
struct dn_fit profile_dn_fit(const struct profile *p, const struct cert *ca);
/* "O=Example,C=DE; O=Other": those that are permitted; the caller frees. */
char *profile_dn_permitted(const struct cert *ca);
/* Fixes fields of the subject, or leaves it empty, so that certificates of the
 * profile are within the directory names of the authority and of all above it;
 * false when there is no way, and then nothing is changed. */
bool profile_fit(struct profile *p, const struct cert *ca);
/* What the responder of that authority is called: by a subject, or, where
 * directory names permit none, by `url` (or NULL) alone.  False when there is
 * no way; then it is a subject that does not fit. */
bool profile_fit_responder(struct taken *out, const char *authority,
                           const char *url, const struct cert *ca);
/* True when the certificate's names and profile all fit the limits: what a
 * limited token sees.  Wildcards are a matter of issuing only. */
bool limits_cover(const struct limits *l, const char *profile,
                  const struct names *names);
void profile_free(struct profile *p);
AUTO_VALUE(profile, struct profile, profile_free)
void profiles_free(struct profiles *l);

#endif
