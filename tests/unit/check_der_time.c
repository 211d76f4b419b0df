/* SPDX-License-Identifier: ISC */
/* UTCTime and GeneralizedTime. */
#include "octets.h"

START_TEST(times_read)
{
    static const struct {
        struct octets der;
        int64_t t; /* -1: refused */
    } cases[] = {
        {O("\x17\x0d"
           "500101000000Z"),
         TM_FIRST},
        {O("\x17\x0d"
           "691231235958Z"),
         -2},
        {O("\x18\x0f"
           "19500101000000Z"),
         TM_FIRST},
        {O("\x18\x0f"
           "19491231235959Z"),
         -1},
        {O("\x18\x0f"
           "00000101000000Z"),
         -1},
        {O("\x17\x0d"
           "700101000000Z"),
         0},
        {O("\x17\x0d"
           "491231235959Z"),
         2524607999},
        {O("\x18\x0f"
           "20500101000000Z"),
         2524608000},
        {O("\x18\x0f"
           "99991231235959Z"),
         TM_LAST},
        {O("\x17\x0d"
           "240229120000Z"),
         1709208000},
        {O("\x17\x0d"
           "230229120000Z"),
         -1},
        {O("\x17\x0d"
           "231301120000Z"),
         -1},
        {O("\x17\x0d"
           "230100120000Z"),
         -1},
        {O("\x17\x0d"
           "230101240000Z"),
         -1},
        {O("\x17\x0d"
           "230101126000Z"),
         -1},
        {O("\x17\x0d"
           "230101125960Z"),
         -1},
        {O("\x17\x0b"
           "2301011200Z"),
         -1},
        {O("\x17\x11"
           "230101120000+0100"),
         -1},
        {O("\x17\x0d"
           "2301011200000"),
         -1},
        {O("\x17\x0d"
           "23010112 000Z"),
         -1},
        {O("\x17\x0d"
           "-30101120000Z"),
         -1},
        {O("\x18\x11"
           "20230101120000.5Z"),
         -1},
        {O("\x18\x0f"
           "2023010112000\0Z"),
         -1},
        {O("\x18\x0f"
           "a0230101120000Z"),
         -1},
        {O("\x17\x0f"
           "20230101120000Z"),
         -1},
        {O("\x18\x0d"
           "230101120000Z"),
         -1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct der d = der_of(cases[i].der.p, cases[i].der.n);
        int64_t t = -3;
        int rc = der_get_time(&d, &t);

        ck_assert_msg((rc ? -1 : t) == cases[i].t, "case %zu: %lld", i,
                      (long long)t);
    }
}
END_TEST

/* Both kinds, on their sides of 2050, as OpenSSL reads them. */
START_TEST(times_written)
{
    static const int64_t times[] = {TM_FIRST,   -1,         0,
                                    951782399,  1709208000, 2524607999,
                                    2524608000, TM_LAST};

    for (size_t i = 0; i < COUNT(times); i++) {
        AUTO(buf) struct buf b = {0}, g = {0};
        ASN1_TIME *ref = ASN1_TIME_set(NULL, (time_t)times[i]);
        uint8_t *der = NULL;
        int len = i2d_ASN1_TIME(ref, &der);
        struct der d;
        int64_t t;

        der_put_time(&b, times[i]);
        ck_assert_int_eq((int)b.len, len);
        ck_assert_mem_eq(b.data, der, b.len);
        ck_assert_int_eq(b.data[0], times[i] < 2524608000
                                        ? DER_UTC_TIME
                                        : DER_GENERALIZED_TIME);
        d = der_of(b.data, b.len);
        ck_assert_int_eq(der_get_time(&d, &t), 0);
        ck_assert_int_eq(t, times[i]);
        der_put_gentime(&g, times[i]);
        ck_assert_int_eq(g.data[0], DER_GENERALIZED_TIME);
        d = der_of(g.data, g.len);
        ck_assert_int_eq(der_get_time(&d, &t), 0);
        ck_assert_int_eq(t, times[i]);
        OPENSSL_free(der);
        ASN1_TIME_free(ref);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        times_read,
        times_written,
    };

    return unit_run("der_time", tests, COUNT(tests));
}
