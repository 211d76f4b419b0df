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

struct parse {
    struct conf *c;
    struct errs *errs;
    const char *file;
    char *dir;
    int last_line;
    struct note *notes;
    size_t n_notes;
    /* where we are while walking */
    const char *title;
    int line;
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

/* An error at p->line. */
void conf_complain(struct parse *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes the reasons of another module, with file and line before each. */
void conf_complain_all(struct parse *p, const char *name, struct errs *from);
/* path, or below dir when it is relative; the caller frees. */
char *conf_path_join(const char *dir, const char *path);

/* The kinds of value: each judges one and stores it. */
typedef void set_fn(struct parse *p, const struct field *f, void *at,
                    const char *value);
set_fn conf_set_str, conf_set_data, conf_set_path, conf_set_key_uri,
    conf_set_span, conf_set_count, conf_set_size, conf_set_bool, conf_set_level,
    conf_set_host, conf_set_public_url, conf_set_usage, conf_set_pattern,
    conf_set_key_rule;

#endif
