/* SPDX-License-Identifier: ISC */
/* Entries of the ledger: their octets, and what their hashes bind. */
#include "ledger_book.h"

static struct entry full_entry(void)
{
    struct entry e = entry_of(7);

    e.type = ENTRY_ISSUED;
    e.authority = (char *)"issuing";
    e.serial = (struct serial){.v = {0x41, 0x02}, .len = 2};
    return e;
}

START_TEST(an_entry_has_these_octets)
{
    const struct entry e = full_entry();
    AUTO(buf) struct buf b = {0};
    AUTO(buf) struct buf want = {0};

    entry_encode(&b, &e);
    buf_put(&want, "\1\1\0\0\0\0\x6b\x03\xaa\x07\2", 11);
    want.data[6] = (uint8_t)((START + 7) >> 24);
    want.data[7] = (uint8_t)((START + 7) >> 16);
    want.data[8] = (uint8_t)((START + 7) >> 8);
    want.data[9] = (uint8_t)(START + 7);
    buf_put(&want, "\0\0\0\0041000\0\0\0\7issuing\2\x41\2", 22);
    buf_put(&want, e.object, 32);
    ck_assert_uint_eq(b.len, want.len);
    ck_assert_mem_eq(b.data, want.data, b.len);
}
END_TEST

START_TEST(an_entry_comes_back)
{
    const struct entry e = full_entry();
    AUTO(buf) struct buf b = {0};
    AUTO(buf) struct buf again = {0};
    struct entry out;

    entry_encode(&b, &e);
    ck_assert_int_eq(entry_decode(b.data, b.len, &out), 0);
    ck_assert(out.type == e.type && out.time == e.time && out.who == e.who);
    ck_assert_str_eq(out.who_id, e.who_id);
    ck_assert_str_eq(out.authority, e.authority);
    ck_assert(serial_equal(&out.serial, &e.serial));
    ck_assert_mem_eq(out.object, e.object, 32);
    entry_encode(&again, &out);
    ck_assert_uint_eq(again.len, b.len);
    ck_assert_mem_eq(again.data, b.data, b.len);
    entry_free(&out);
}
END_TEST

/* Whatever octet is changed: it is refused, or it is another entry with those
 * very octets. */
START_TEST(an_entry_has_one_form)
{
    const struct entry e = full_entry();
    AUTO(buf) struct buf b = {0};
    struct entry out;

    entry_encode(&b, &e);
    for (size_t len = 0; len < b.len; len++)
        ck_assert_int_ne(entry_decode(b.data, len, &out), 0);
    for (size_t i = 0; i < b.len; i++) {
        for (unsigned v = 0; v < 256; v++) {
            AUTO(buf) struct buf again = {0};
            const uint8_t was = b.data[i];

            b.data[i] = (uint8_t)v;
            if (entry_decode(b.data, b.len, &out) == 0) {
                entry_encode(&again, &out);
                entry_free(&out);
                ck_assert_uint_eq(again.len, b.len);
                ck_assert_mem_eq(again.data, b.data, b.len);
            }
            b.data[i] = was;
        }
    }
    buf_putc(&b, 0);
    ck_assert_int_ne(entry_decode(b.data, b.len, &out), 0);
}
END_TEST

START_TEST(an_entry_out_of_range_is_refused)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {{0, 0},          {0, 2},         {1, ENTRY_STOP},
                 {1, ENTRY__MAX}, {1, 0xff},      {2, 0x80},
                 {10, WHO_STOP},  {10, WHO__MAX}, {15, 0}};
    const struct entry e = full_entry();
    struct entry out;

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf b = {0};

        entry_encode(&b, &e);
        ck_assert_int_eq(entry_decode(b.data, b.len, &out), 0);
        entry_free(&out);
        b.data[cases[i].at] = cases[i].value;
        ck_assert_msg(entry_decode(b.data, b.len, &out) != 0, "case %zu", i);
    }
}
END_TEST

/* Each member of a token changes its object, but those that its use changes. */
START_TEST(a_token_is_bound_whole)
{
    AUTO(token)
    struct token t = {.id = xstrdup("abc"),
                      .label = xstrdup("l"),
                      .roles = ROLE_ISSUE,
                      .creator = {WHO_USER, xstrdup("0"), NULL}};
    uint8_t seen[11][32], hash[32];
    unsigned n = 0;

    for (int step = 0; step < 14; step++) {
        AUTO(buf) struct buf b = {0};

        if (step == 1)
            t.id[0] = 'x';
        if (step == 2)
            t.label[0] = 'm';
        if (step == 3)
            t.roles |= ROLE_ADMIN;
        if (step == 4)
            strs_add(&t.profiles, "server");
        if (step == 5)
            strs_add(&t.names, "dns:**.internal");
        if (step == 6)
            t.wildcards = true;
        if (step == 7)
            t.max_uses = 3;
        if (step == 8)
            t.created_at = START;
        if (step == 9)
            t.not_after = START;
        if (step == 10)
            t.creator.id[0] = '1';
        if (step == 11)
            t.uses = 1;
        if (step == 12)
            t.last_used = START;
        if (step == 13)
            t.removed_at = START;
        ledger_token(&b, &t);
        digest_sum(DIGEST_SHA256, b.data, b.len, hash);
        for (unsigned i = 0; i < n; i++)
            ck_assert_msg(step > 10 ? i < 10 || !memcmp(seen[i], hash, 32)
                                    : memcmp(seen[i], hash, 32) != 0,
                          "step %d", step);
        if (step <= 10)
            memcpy(seen[n++], hash, 32);
    }
}
END_TEST

START_TEST(a_revocation_is_bound_whole)
{
    static const struct serial serials[] = {{.v = {1}, .len = 1},
                                            {.v = {2}, .len = 1}};
    uint8_t hash[16][32];

    for (unsigned i = 0; i < 16; i++) {
        AUTO(buf) struct buf b = {0};

        ledger_revocation(&b, i & 1 ? "a" : "b", &serials[i >> 1 & 1],
                          START + (i >> 2 & 1), i >> 3 & 1);
        digest_sum(DIGEST_SHA256, b.data, b.len, hash[i]);
        for (unsigned k = 0; k < i; k++)
            ck_assert_mem_ne(hash[i], hash[k], 32);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_entry_has_these_octets, an_entry_comes_back,
        an_entry_has_one_form,     an_entry_out_of_range_is_refused,
        a_token_is_bound_whole,    a_revocation_is_bound_whole,
    };

    return unit_run("ledger_entry", tests, COUNT(tests));
}
