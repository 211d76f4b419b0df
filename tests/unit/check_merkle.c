/* SPDX-License-Identifier: ISC */
/* The tree against the definition of RFC 6962 section 2.1, done naively. */
#include "merkle.h"

#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "mem.h"
#include "unit.h"

enum { LEAVES = 1100 };

static uint8_t leaves[LEAVES][MERKLE_HASH];

static void make_leaves(void)
{
    for (unsigned i = 0; i < LEAVES; i++)
        merkle_leaf(leaves[i], &i, sizeof(i));
}

static void sha256(uint8_t out[MERKLE_HASH], const void *p, size_t len)
{
    digest_sum(DIGEST_SHA256, p, len, out);
}

static void node(uint8_t out[MERKLE_HASH], const uint8_t left[MERKLE_HASH],
                 const uint8_t right[MERKLE_HASH])
{
    uint8_t pair[1 + 2 * MERKLE_HASH] = {1};

    memcpy(pair + 1, left, MERKLE_HASH);
    memcpy(pair + 1 + MERKLE_HASH, right, MERKLE_HASH);
    sha256(out, pair, sizeof(pair));
}

/* MTH(D[n]): k is the largest power of two smaller than n. */
static void naive(const uint8_t (*d)[MERKLE_HASH], size_t n,
                  uint8_t out[MERKLE_HASH])
{
    uint8_t left[MERKLE_HASH], right[MERKLE_HASH];
    size_t k = 1;

    if (n == 0) {
        sha256(out, "", 0);
        return;
    }
    if (n == 1) {
        memcpy(out, d[0], MERKLE_HASH);
        return;
    }
    while (2 * k < n)
        k *= 2;
    naive(d, k, left);
    naive(d + k, n - k, right);
    node(out, left, right);
}

static void expect_hex(const uint8_t hash[MERKLE_HASH], const char *hex)
{
    char text[2 * MERKLE_HASH + 1];

    hex_encode(text, hash, MERKLE_HASH);
    ck_assert_str_eq(text, hex);
}

START_TEST(the_hashes_are_prefixed)
{
    uint8_t out[MERKLE_HASH], again[MERKLE_HASH];

    sha256(out, "abc", 3); /* FIPS 180-4 */
    expect_hex(out, "ba7816bf8f01cfea414140de5dae2223"
                    "b00361a396177a9cb410ff61f20015ad");
    merkle_leaf(out, "bc", 2);
    sha256(again, "\0bc", 3);
    ck_assert_mem_eq(out, again, MERKLE_HASH);
}
END_TEST

START_TEST(every_size_gives_the_root)
{
    struct merkle_edge e = {0};
    uint8_t root[MERKLE_HASH], want[MERKLE_HASH];

    make_leaves();
    merkle_root(&e, root);
    expect_hex(root, "e3b0c44298fc1c149afbf4c8996fb924"
                     "27ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < LEAVES; i++) {
        merkle_append(&e, leaves[i]);
        ck_assert_uint_eq(e.size, i + 1);
        merkle_root(&e, root);
        naive((const uint8_t(*)[MERKLE_HASH])leaves, i + 1, want);
        ck_assert_mem_eq(root, want, MERKLE_HASH);
    }
}
END_TEST

/* As the ledger takes the roots of its tiles. */
START_TEST(an_append_leaves_the_subtrees_that_it_completed)
{
    struct merkle_edge e = {0};
    uint8_t want[MERKLE_HASH];

    make_leaves();
    for (size_t n = 1; n <= LEAVES; n++) {
        merkle_append(&e, leaves[n - 1]);
        for (unsigned i = 0; n % ((size_t)1 << i) == 0; i++) {
            size_t width = (size_t)1 << i;

            naive((const uint8_t(*)[MERKLE_HASH])leaves + n - width, width,
                  want);
            ck_assert_mem_eq(e.hash[i], want, MERKLE_HASH);
        }
    }
}
END_TEST

START_TEST(whole_trees_append_like_their_leaves)
{
    make_leaves();
    for (unsigned level = 0; level <= 8; level++) {
        const size_t width = (size_t)1 << level;
        struct merkle_edge one = {0}, many = {0};
        uint8_t a[MERKLE_HASH], b[MERKLE_HASH];

        for (size_t i = 0; i + width <= LEAVES; i += width) {
            naive((const uint8_t(*)[MERKLE_HASH])leaves + i, width, a);
            merkle_append_tree(&one, level, a);
            for (size_t k = 0; k < width; k++)
                merkle_append(&many, leaves[i + k]);
            merkle_root(&one, a);
            merkle_root(&many, b);
            ck_assert_uint_eq(one.size, many.size);
            ck_assert_mem_eq(a, b, MERKLE_HASH);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_hashes_are_prefixed,
        every_size_gives_the_root,
        an_append_leaves_the_subtrees_that_it_completed,
        whole_trees_append_like_their_leaves,
    };

    return unit_run("merkle", tests, COUNT(tests));
}
