/* SPDX-License-Identifier: ISC */
/*
 * Subjects (RFC 5280 section 4.1.2.4 and appendix A): the fields that a
 * profile may fix or take from a request, as UTF-8, and as a Name.
 */
#ifndef POCKETCA_SUBJECT_H
#define POCKETCA_SUBJECT_H

#include "buf.h"
#include "der.h"

/* In the order in which they stand in a Name. */
enum subject_field {
    SUBJECT_C = 0,
    SUBJECT_ST,
    SUBJECT_L,
    SUBJECT_O,
    SUBJECT_OU,
    SUBJECT_CN,
    SUBJECT_SERIAL_NUMBER,
    SUBJECT_EMAIL,
    SUBJECT__MAX
};

/* Each field at most once; NULL: not there. */
struct subject {
    char *v[SUBJECT__MAX];
};

/* "c", "st", "l", "o", "ou", "cn", "serial-number", "email" */
const char *subject_field_text(enum subject_field f);
/* The field of that text (len octets), or SUBJECT__MAX. */
enum subject_field subject_field_parse(const char *text, size_t len);
/* The field of an attribute type, or SUBJECT__MAX. */
enum subject_field subject_field_of(const struct der_tlv *oid);
/* NULL when the field may have this value, else the rule that it breaks: the
 * upper bounds and characters of RFC 5280 appendix A. */
const char *subject_rule(enum subject_field f, const char *value);
/* In place, as X.520 compares: without blanks at the ends and doubled ones. */
void subject_collapse(char *s);
/* Takes the value, without blanks at its ends and doubled ones, all of them
 * U+0020; of several the last one stays, and an empty one is none. */
void subject_set(struct subject *s, enum subject_field f, char *value);
/* The same of a request: another value stands beside the one before, each a
 * line, which subject_rule() lets no field have. */
void subject_add(struct subject *s, enum subject_field f, char *value);
/* "\"a\", \"b\"" of these, for sentences: what is longer than 64 characters,
 * and more than 8 values, end in "…"; the caller frees. */
char *subject_values(const char *value);
bool subject_is_empty(const struct subject *s);
void subject_copy(struct subject *to, const struct subject *from);
void subject_free(struct subject *s);
AUTO_VALUE(subject, struct subject, subject_free)

/* Appends the Name: country and serial number as PrintableString, mail address
 * as IA5String, the others as UTF8String. */
void subject_write(struct buf *b, const struct subject *s);
/* The fields of a Name that cert_name_check() found good; what is no text, or
 * no field, is passed over. */
void subject_read(struct subject *out, const uint8_t *name, size_t len);

/* On the wire between processes; whoever gets it judges the values. */
void subject_put(struct buf *b, const struct subject *s);
void subject_get(struct rd *r, struct subject *s);

#endif
