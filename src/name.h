/* SPDX-License-Identifier: ISC */
/*
 * Names (RFC 5280 section 4.2.1.6): what a certificate is for.  A struct name
 * is always well-formed and normal: DNS names lower case in A-label form,
 * addresses as RFC 5952 says, the domain of a mail address lower case, scheme
 * and host of a URI lower case.
 *
 * In text a name is "dns:…", "ip:…", "email:…", "uri:…"; without prefix an
 * address is ip, with @ it is email, with scheme:// it is uri, else dns.
 *
 * A common name that is none of these is a name of a kind of its own, "cn:…",
 * which patterns and searches know.  It stands in a subject, never in a SAN,
 * and nobody asks for it by a list of names.  Its value is in lower case (of
 * ASCII) and without doubled blanks.
 */
#ifndef POCKETCA_NAME_H
#define POCKETCA_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum name_kind {
    NAME_STOP = 0,
    NAME_DNS,
    NAME_IP,
    NAME_EMAIL,
    NAME_URI,
    NAME_CN,
    NAME__MAX
};

struct name {
    enum name_kind kind;
    bool wildcard;  /* DNS only: the first label is "*" */
    uint8_t ip[16]; /* NAME_IP: network order */
    uint8_t ip_len; /* 4 or 16 */
    char *value;    /* without prefix; owned */
};

/* A list without doubles.  Read v and n; change it by the functions only. */
struct names {
    struct name *v;
    size_t n;
    size_t cap;
    uint32_t *slots; /* hash index of longer lists, or NULL */
    size_t n_slots, indexed;
};

/* "dns", "ip", "email", "uri", "cn". */
const char *name_kind_text(enum name_kind k);
/* The kind that the text is of, by its prefix or by its looks; the prefix is
 * taken away.  Never NAME_STOP. */
enum name_kind name_kind_of(const char **text, size_t *len);
/* Reads the value (without prefix) as that kind; as name_parse(). */
int name_parse_kind(struct name *out, enum name_kind k, const char *value,
                    size_t len, struct errs *e);

/* Text with or without prefix, len octets (a NUL inside is an error).  On -1
 * one ERR_BAD_NAME is added that quotes the name and the rule, and *out is
 * untouched.  A DNS name is judged by host_dns(), a URI by uri_normal();
 * refused are also addresses of IPv4 in IPv6 form, mail addresses with a quoted
 * local part, and "cn:", which is asked for in the subject. */
int name_parse(struct name *out, const char *text, size_t len, struct errs *e);
/* From a GeneralName of a SAN: dNSName, iPAddress, rfc822Name, URI; tag is
 * the context tag number (2, 7, 1, 6).  Other kinds are the caller's. */
int name_from_general(struct name *out, unsigned tag, const uint8_t *p,
                      size_t len, struct errs *e);
/* True when a CN is meant as a name: a well-formed DNS name, address or mail
 * address, or something that only a typing error keeps from being one
 * ("a..b", "1.2.3"), so that name_parse() can say which. */
bool name_is_like(const char *text, size_t len);
/* A common name, by which patterns judge it and searches find it; false when
 * it can be none. */
bool name_of_cn(struct name *out, const char *cn);
void name_free(struct name *n);
AUTO_VALUE(name, struct name, name_free)
void name_copy(struct name *to, const struct name *from);
bool name_equal(const struct name *a, const struct name *b);
/* "dns:a.b"; the caller frees. */
char *name_text(const struct name *n);

/* Adds unless an equal one is there; takes ownership of *n either way. */
void names_add(struct names *l, struct name *n);
void names_copy(struct names *to, const struct names *from);
/* What a common name that is none of `san` is found by: as itself, and as the
 * name that it is, if it is one; nothing for one that is among them. */
void names_of_cn(struct names *out, const char *cn, const struct names *san);
bool names_has(const struct names *l, const struct name *n);
void names_free(struct names *l);
AUTO_VALUE(names, struct names, names_free)
/* Comma-separated text (an argument), blanks around each left out; every bad
 * one is reported, and then nothing is added. */
int names_parse(struct names *l, const char *text, struct errs *e);
void names_put(struct buf *b, const struct names *l);
/* Parses again: nothing is believed.  A bad name, and a common name, fails the
 * reader. */
void names_get(struct rd *r, struct names *l);

#endif
