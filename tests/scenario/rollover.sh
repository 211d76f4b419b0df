#!/bin/sh
# SPDX-License-Identifier: ISC
# A new key for an issuing authority, while the service runs: the root moves to
# a directory of its own and signs issuing-2, the profiles go over to it, the
# first goes on revoking, and at last it is gone.
. "${SOURCE:?}/tests/scenario/lib.sh"

R=$T/root
root() { c=$1; shift; "$POCKETCA" "$c" -c "$R/pocketca.conf" "$@"; }
export POCKETCA_CONF="$CA/pocketca.conf"
init
serve
issue old.internal
old=$serial
issue gone.internal
gone=$serial
want 200 - 'one is revoked before' -d reason=superseded \
    "$API/v1/certificates/$gone/revoke"

# ---- the root, taken out of the service's directory
take_root() { "$POCKETCA" init --root-only --dir "$R" --name Test "$@"; }
exits 1 'a root is no issuing authority' take_root \
    --import-cert "$CA/issuing.pem" --import-key "$CA/keys/issuing.key"
like 'which it says' "$T/out" 'is no root'
exits 2 'nor has it one above' take_root --import-cert "$CA/root.pem" \
    --import-key "$CA/keys/root.key" --import-chain "$CA/root.pem"
exits 2 'a life of its own is for a new one' take_root --root-lifetime 5y \
    --import-cert "$CA/root.pem" --import-key "$CA/keys/root.key"
no 'nothing was made' test -e "$R"
ok 'the root moves' take_root --public-url "$PUBLIC" \
    --import-cert "$CA/root.pem" --import-key "$CA/keys/root.key" \
    --import-crl "$CA/crl/root.crl"
ok 'it is the same' cmp "$R/root.pem" "$CA/root.pem"
ok 'its CRL goes on' "$POCKETCA" crl import "$R/crl/root.crl"
like 'with the next number' "$T/out" 'root.crl is number 2$'
rm "$CA/keys/root.key"

# ---- issuing-2
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -out "$CA/keys/issuing-2.key" 2>/dev/null
openssl req -new -key "$CA/keys/issuing-2.key" -subj '/CN=Test Issuing 2' \
    -out "$T/issuing-2.csr"
ok 'the root signs it' root sign-intermediate "$T/issuing-2.csr" \
    --out "$T/chain-2.pem"
cp "$CA/pocketca.conf" "$T/one.conf"
cat >"$T/section" <<'END'
authority issuing-2 { certificate = "issuing-2.pem"
    key = "file:keys/issuing-2.key" crl-lifetime = 7d crl-refresh = 1d }
END
cat "$T/section" >>"$CA/pocketca.conf"
ln -s "$CA" "$T/link"
ok 'it is installed, the service running, by way of a link' "$POCKETCA" \
    install-chain -c "$T/link/pocketca.conf" --authority issuing-2 \
    "$T/chain-2.pem"
ok 'check' "$POCKETCA" check

reload() { # WHAT: requests go on all the while
    seen=$(grep -cE '\bready\b' "$T/log")
    : >"$T/failed"
    : >"$T/going"
    (while [ -e "$T/going" ]; do
        curl -sSf -o "$T/during" --max-time 20 --cacert "$CA/root.pem" \
            --oauth2-bearer "$ADMIN" --data-binary @"$T/old.internal.csr" \
            "$API/v1/certificates" 2>>"$T/failed" || echo no >>"$T/failed"
    done) &
    load=$!
    kill -HUP "$SERVE"
    again() { [ "$(grep -cE '\bready\b' "$T/log")" -gt "$seen" ]; }
    eventually 100 "$1" again
    rm "$T/going"
    wait "$load"
    is "$1: nobody was refused" "$(cat "$T/failed")" ''
}
reload 'both are in service'
req "$API/v1/authorities"
json 'both are listed' '[.authorities[].name] ==
    ["issuing", "issuing-2", "root"]'
want 200 - 'the new one has a CRL' "$PUBLIC/crl/issuing-2.crl"
want 200 - 'the chain' "$PUBLIC/ca/chain.pem"
is 'has both' "$(grep -c BEGIN "$T/body")" 3

# ---- the profiles go over: the new section comes first
{
    sed '/^authority issuing/,$d' "$T/one.conf"
    cat "$T/section"
    sed -n '/^authority issuing/,$p' "$T/one.conf"
} >"$CA/pocketca.conf"
reload 'the new one issues'
issue new.internal
new=$serial
req "$API/v1/certificates/$new"
json 'by the new key' '.authority == "issuing-2"'
openssl x509 -in "$T/new.internal.pem" -noout -text >"$T/text"
like 'with its CRL' "$T/text" "URI:$PUBLIC/crl/issuing-2.crl"
for n in old new; do
    ok "$n verifies" openssl verify -x509_strict -CAfile "$CA/root.pem" \
        -untrusted "$T/$n.internal.pem" "$T/$n.internal.pem"
    ok "every URL of $n answers" urls "$T/$n.internal.pem"
done
want 201 - 'the old one renews itself' -H 'Accept: application/json' -X POST \
    --cert "$T/old.internal.pem" --key "$T/old.internal.key" \
    "$API/v1/certificates/$old/renew"
json 'at the new authority' ".authority == \"issuing-2\" and
    .replaces == \"$old\""
judged() { # NAME: by the lists that a server is given
    curl -sSf "$PUBLIC/crl/chain.pem" >"$T/chain.crl" &&
        openssl verify -crl_check_all -CAfile "$CA/root.pem" \
            -CRLfile "$T/chain.crl" -untrusted "$T/$1.internal.pem" \
            "$T/$1.internal.pem" >"$T/out" 2>&1
}
ok 'chain.pem has the list of the old one' judged old
ok 'and of the new one' judged new
is 'each once, with the root' "$(grep -c BEGIN "$T/chain.crl")" 3
want 200 - 'the old one is revoked' -d reason=superseded \
    "$API/v1/certificates/$old/revoke"
no 'which chain.pem says' judged old
like 'by the right list' "$T/out" 'certificate revoked'
on() { # AUTHORITY SERIAL: it is on that CRL
    curl -sS "$PUBLIC/crl/$1.crl" | openssl crl -inform DER -noout -text |
        grep -qi "Serial Number: $2"
}
ok "by the old authority's CRL" on issuing "$old"
ok 'and so is the one before' on issuing "$gone"
no "not by the new one's" on issuing-2 "$old"
want 200 - 'ready' "$API/readyz"

# ---- its key was stolen, or so it is said
urls_issued
URLS=no # nothing is good below one that was revoked
ok 'the root may revoke the old one' root import "$CA/issuing.pem"
ok 'which it does' root revoke --reason superseded "$CA/issuing.pem"
ok 'with its list' root crl sign --authority root
ok 'which the service gets' "$POCKETCA" crl import "$R/crl/root.crl"
want 200 - 'nothing is issued with that key' "$API/readyz"
json 'it is told' '.warnings | length == 1 and
    (.[0] | test("issuing was revoked by root at .*, superseded"))'

# ---- its key is gone, as when all that it issued has ended
sed '/^authority issuing {/,/^}/d' "$CA/pocketca.conf" >"$T/two.conf"
cp "$T/two.conf" "$CA/pocketca.conf"
reload 'without the first'
req "$API/v1/authorities"
json 'it is still known' 'any(.authorities[]; .name == "issuing")'
ok 'and its last CRL is served' on issuing "$old"
ok 'the new one is judged' judged new
is 'by what is in use' "$(grep -c BEGIN "$T/chain.crl")" 2
want 200 - 'what it issued is found' "$API/v1/certificates/$old"
want 200 - 'nothing is amiss' "$API/readyz"
for w in online offline; do
    exits 1 "$w: no empty CRL in its name" "$POCKETCA" crl sign \
        --authority issuing --key "$CA/keys/issuing.key"
    like "$w: which would make good what is revoked" "$T/out" \
        'has revoked certificates here'
    [ "$w" = offline ] || { ok 'it is as it was' on issuing "$old"; stop; }
done
ok "the root's may be" root crl sign --authority root
ok 'audit' "$POCKETCA" audit
finish
