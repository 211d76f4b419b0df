/* SPDX-License-Identifier: ISC */
/* What reading a configuration (conf_parse.c) and judging its values
 * (conf_value.c) share. */
#ifndef POCKETCA_CONF_PARSE_H
#define POCKETCA_CONF_PARSE_H

#include <stdio.h>

#include <confuse.h>

#include "conf.h"

/* Where a value stood: the n-th note of an option is its n-th value. */
struct note {
    const cfg_opt_t *opt;
    int line;
};

/* The lines of a section's braces: libconfuse keeps the second alone. */
struct braces {
    int open, close;
};

struct parse {
    struct conf *c;
    struct errs *errs;
    const char *file;
    char *dir;
    int last_line;
    struct note *notes;
    size_t n_notes;
    struct braces *sections;
    size_t n_sections;
    /* where we are while walking */
    const char *title;
    cfg_t *section;
    int section_line, line;
};

struct field {
    const char *name;
    bool list, required;
    /* Judges one value and stores it at `at`. */
    void (*set)(struct parse *p, const struct field *f, void *at,
                const char *value);
    size_t offset;
    int64_t min, max;
};

/* A section with a title, each its own place in the configuration. */
struct conf_section {
    const char *name;
    const struct field *fields;      /* to one without a name */
    void *(*begin)(struct parse *p); /* where its values go; NULL: nowhere */
    void (*end)(struct parse *p, void *at); /* or NULL */
};
/* conf_section.c; in the order in which they are read. */
enum { CONF_SECTIONS = 3 };
extern const struct conf_section conf_sections[CONF_SECTIONS];
extern const struct field conf_top_fields[];

/* An error, or a warning, at p->line. */
void conf_complain(struct parse *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void conf_warn(struct parse *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes the reasons of another module, with file and line before each. */
void conf_complain_all(struct parse *p, const char *name, struct errs *from);
/* path, or below dir when it is relative; the caller frees. */
char *conf_path_join(const char *dir, const char *path);

/* The kinds of value: each judges one and stores it. */
typedef void set_fn(struct parse *p, const struct field *f, void *at,
                    const char *value);
set_fn conf_set_str, conf_set_data, conf_set_path, conf_set_key_uri,
    conf_set_credential, conf_set_span, conf_set_count, conf_set_size,
    conf_set_bool, conf_set_level, conf_set_host, conf_set_public_url;

/* "listen" ... have titles that become file names and paths: false, and an
 * error, when this one cannot. */
bool conf_title_check(struct parse *p, const char *what);
/* Where the n-th value of an option of this section stands; the line of the
 * section itself when the option is not there. */
int conf_line(const struct parse *p, const char *option, size_t nth);

bool conf_given(const struct parse *p, const char *option);

/* An error or a warning about the n-th value of an option, at its line. */
#define COMPLAIN(p, option, nth, ...)                                          \
    TELL(conf_complain, p, option, nth, __VA_ARGS__)
#define WARN(p, option, nth, ...) TELL(conf_warn, p, option, nth, __VA_ARGS__)
#define TELL(how, p, option, nth, ...)                                         \
    do {                                                                       \
        const int here_ = (p)->line;                                           \
        (p)->line = conf_line(p, option, nth);                                 \
        how(p, __VA_ARGS__);                                                   \
        (p)->line = here_;                                                     \
    } while (0)

/* conf_fit.c: a reason for every rule of the profile that an authority of the
 * chain, the one that signs first, does not let it keep. */
struct conf_issuer {
    const struct cert *cert;
    const char *path;
};
void conf_fit(const struct conf *c, const struct profile *p,
              const struct conf_issuer *chain, size_t n, struct errs *e);
/* Likewise for every name of `host`. */
void conf_fit_host(const struct conf *c, const struct conf_issuer *chain,
                   size_t n, struct errs *e);

/* conf_profile.c */
extern const struct field conf_profile_fields[];
void *conf_profile_begin(struct parse *p);
void conf_profile_end(struct parse *p, void *at);

#endif
