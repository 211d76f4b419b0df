#!/bin/sh
# SPDX-License-Identifier: ISC
# install-chain is killed before each thing that it writes, renames, syncs or
# removes: the next one finishes, and nothing is half there.
. "${SOURCE:?}/tests/scenario/lib.sh"
URLS=no # there is no pki.example
command -v strace >/dev/null || bail 'strace is missing'
# a leak checker does not work under a tracer
export ASAN_OPTIONS="detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"

R=$T/r
ports
ok 'a root' "$POCKETCA" init --root-only --dir "$R" --name Test \
    --public-url http://pki.example
ok 'an authority begins' "$POCKETCA" init --issuing-csr --dir "$T/new" \
    --name Test --host localhost,127.0.0.1 --listen-api "$API" \
    --listen-public "$PUBLIC"
ok 'it is signed' "$POCKETCA" sign-intermediate -c "$R/pocketca.conf" \
    "$T/new/issuing.csr" --out "$T/chain.pem"
install() { "$@" "$POCKETCA" install-chain -c "$CA/pocketca.conf" "$T/chain.pem"; }
fresh() {
    rm -rf "$CA"
    cp -a "$T/new" "$CA"
}

# What is there is whole, and does not say more than is true.
half() {
    for f in root.pem issuing.pem chain.pem admin.token admin.curlrc; do
        [ ! -e "$CA/$f" ] || [ -s "$CA/$f" ] || echo "$f is empty"
    done
    [ ! -e "$CA/root.pem" ] || cmp "$CA/root.pem" "$R/root.pem"
    [ ! -e "$CA/chain.pem" ] || cmp "$CA/chain.pem" "$T/chain.pem"
    [ ! -e "$CA/issuing.pem" ] || [ -e "$CA/chain.pem" ] || echo 'no chain.pem'
}
# All of it is there.
whole() {
    "$POCKETCA" check -c "$CA/pocketca.conf" >"$T/check" 2>&1 || cat "$T/check"
    "$POCKETCA" audit -c "$CA/pocketca.conf" >"$T/audit" 2>&1 || cat "$T/audit"
    cmp "$CA/chain.pem" "$T/chain.pem"
    find "$CA" -name '*.part*' -o -name '*.new'
    [ "$(stat -c %a "$CA/admin.token")" = 600 ] || echo 'the token is open'
    grep -q "$(cat "$CA/admin.token")" "$CA/admin.curlrc" ||
        echo 'admin.curlrc has another token'
    id=$(sed 's/^pca_//; s/_.*//' "$CA/admin.token")
    "$POCKETCA" token list -c "$CA/pocketca.conf" >"$T/tokens" 2>&1
    grep -q "$id" "$T/tokens" || echo "no token $id"
}

killed=0 last=''
for call in write fsync rename unlink fchmod fdatasync ftruncate pwrite64; do
    n=1
    while :; do
        fresh
        install strace -f -qq -o /dev/null -e trace=$call \
            -e inject=$call:signal=KILL:when=$n >"$T/out" 2>&1
        rc=$?
        [ "$rc" -eq 137 ] || break # it got through
        killed=$((killed + 1))
        last=$(half)
        # once more; where all was there by then it says so
        install >"$T/again" 2>&1 ||
            grep -q 'every authority has its certificate' "$T/again" ||
            last="$last $(cat "$T/again")"
        last=$last$(whole)
        [ -z "$last" ] || break 2
        n=$((n + 1))
    done
    [ "$rc" -eq 0 ] || break
done
is "killed at any ${call:-} (the ${n:-}th): whole after the next" "$last" ''
is 'the last one got through' "$rc" 0
[ "$killed" -gt 50 ]
is "it was killed often enough ($killed times)" $? 0
whole >"$T/out"
is 'and is whole' "$(cat "$T/out")" ''
BEARER=$(cat "$CA/admin.token")
ADMIN=$BEARER
serve
issue web.internal
ok 'it serves' openssl verify -x509_strict -CAfile "$R/root.pem" \
    -untrusted "$T/web.internal.pem" "$T/web.internal.pem"
finish
