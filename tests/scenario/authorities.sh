#!/bin/sh
# SPDX-License-Identifier: ISC
# Two authorities in one service, of different keys: each profile names its
# own, and each has its own chain and CRL.
. "${SOURCE:?}/tests/scenario/lib.sh"
URLS=no # there is no pki.example

R=$T/r
root() { c=$1; shift; "$POCKETCA" "$c" -c "$R/pocketca.conf" "$@"; }
here() { c=$1; shift; "$POCKETCA" "$c" -c "$CA/pocketca.conf" "$@"; }
ok 'an offline root' "$POCKETCA" init --root-only --dir "$R" --name Test \
    --public-url http://pki.example
ports
ok 'a first authority' "$POCKETCA" init --issuing-csr --dir "$CA" --name Test \
    --listen-api "$API" --listen-public "$PUBLIC" --host localhost,127.0.0.1
ok 'is signed' root sign-intermediate "$CA/issuing.csr" --out "$T/chain.pem"
ok 'and installed' here install-chain "$T/chain.pem"

# ---- the second: a key, a section, a chain
openssl genpkey -algorithm ed25519 -out "$CA/keys/second.key"
openssl req -new -key "$CA/keys/second.key" -subj '/CN=Test Second' \
    -out "$T/second.csr"
ok 'a second is signed' root sign-intermediate "$T/second.csr" \
    --out "$T/second-chain.pem"
cat >>"$CA/pocketca.conf" <<'END'
authority second { certificate = "second.pem"  key = "file:keys/second.key" }
profile quick {
    authority = "second"
    usage     = { "server" }
    names     = { "dns:**.quick" }
    lifetime  = "1d"
}
END
exits 1 'without its certificate nothing starts' here serve
like 'and the section is named' "$T/out" 'second.pem'
exits 1 "the first one's chain is not its" here install-chain -a second \
    "$T/chain.pem"
ok 'its own is' here install-chain -a second "$T/second-chain.pem"
ok 'check is content' here check
BEARER=$(cat "$CA/admin.token")
ADMIN=$BEARER
serve

# ---- each signs what is its
req "$API/v1/authorities"
json 'both and the root are listed' \
    '[.authorities[].name] | sort == ["issuing", "root", "second"]'
issue a.internal profile=server
first=$serial
issue b.quick profile=quick
second=$serial
for s in "$first issuing a.internal" "$second second b.quick"; do
    # shellcheck disable=SC2086
    set -- $s
    req "$API/v1/certificates/$1"
    json "$3 is from $2" ".authority == \"$2\""
    is "its chain is that of $2" "$(grep -c BEGIN "$T/$3.pem")" 2
    ok "$3 verifies" openssl verify -CAfile "$R/root.pem" \
        -untrusted "$T/$3.pem" "$T/$3.pem"
    req "$API/ca/$2.pem"
    is "/ca/$2.pem is the issuer" \
        "$(openssl x509 -in "$T/body" -noout -subject | sed 's/subject/issuer/')" \
        "$(openssl x509 -in "$T/$3.pem" -noout -issuer)"
    openssl x509 -in "$T/$3.pem" -noout -text >"$T/text"
    like "its CRL is that of $2" "$T/text" "URI:$PUBLIC/crl/$2.crl"
done
csr c.internal
want 422 name-not-allowed "the second's profile has names of its own" \
    --data-binary @"$T/c.internal.csr" "$API/v1/certificates?profile=quick"
req "$API/v1/certificates?authority=second"
json 'the list tells them apart' \
    '[.certificates[].serial] | index("'"$second"'") and (index("'"$first"'") | not)'

# ---- each revokes what is its
on() { # AUTHORITY SERIAL: it is on that CRL
    curl -sS "$PUBLIC/crl/$1.crl" | openssl crl -inform DER -noout -text |
        grep -qi "Serial Number: $2"
}
number() {
    curl -sS "$PUBLIC/crl/$1.crl" |
        openssl crl -inform DER -noout -crlnumber
}
was=$(number issuing)
want 200 - 'the second one is revoked' -d reason=superseded \
    "$API/v1/certificates/$second/revoke"
ok "and on its authority's CRL" on second "$second"
no "not on the other's" on issuing "$second"
is "the other's is as it was" "$(number issuing)" "$was"
want 200 - 'the first one too' -d reason=superseded \
    "$API/v1/certificates/$first/revoke"
ok 'and on its CRL' on issuing "$first"
no "not on the second's" on second "$first"
for s in "issuing a.internal" "second b.quick"; do
    # shellcheck disable=SC2086
    set -- $s
    curl -sS "$PUBLIC/crl/$1.pem" >"$T/crl.pem"
    no "openssl finds $2 revoked" openssl verify -crl_check \
        -CRLfile "$T/crl.pem" -CAfile "$R/root.pem" -untrusted "$T/$2.pem" \
        "$T/$2.pem"
    like 'by that CRL' "$T/out" 'certificate revoked'
done

# ---- and many of both at once: what one key has got goes from either
issue d.internal profile=server
d1=$serial
want 201 - 'the second certifies the same key' --data-binary \
    @"$T/d.internal.csr" "$API/v1/certificates?profile=quick&names=d.quick"
cp "$T/body" "$T/d.quick.pem"
d2=$(serial_of "$T/d.quick.pem")
issue e.internal profile=server
want 200 - 'a CRL is newer than the other' -d reason=superseded \
    "$API/v1/certificates/$serial/revoke"
was=$(number second)
for again in no yes; do
    want 200 - "the first one's of that key (again: $again)" \
        -d 'authority=issuing&name=d.internal&reason=keyCompromise' \
        -d dry_run=false "$API/v1/revocations"
    ok 'its CRL has it' on issuing "$d1"
    ok "the other's CRL has the other" on second "$d2"
done
json 'the second time there is nothing to do' '.valid + .renewals == 0'
issue f.internal profile=server
want 200 - 'a CRL is newer again' -d reason=superseded \
    "$API/v1/certificates/$serial/revoke"
was=$(number second)
want 200 - "all of the second's are revoked" \
    -d 'authority=second&dry_run=false' "$API/v1/revocations"
json 'already' '.already_revoked == 2 and .valid == 0'
is 'and its CRL is not made anew for that' "$(number second)" "$was"

# ---- a serial number that both have: older CAs count from the same one
old() { # NAME AUTHORITY SERIAL
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$T/$1.key" -subj "/CN=$1" -out "$T/$1.csr" 2>/dev/null
    printf '%s\n' 'keyUsage = digitalSignature' 'subjectKeyIdentifier = hash' \
        "subjectAltName = DNS:$1" 'authorityKeyIdentifier = keyid' >"$T/ext"
    openssl x509 -req -in "$T/$1.csr" -days 30 -set_serial "0x$3" \
        -CA "$CA/$2.pem" -CAkey "$CA/keys/$2.key" -extfile "$T/ext" \
        -out "$T/$1.pem" 2>/dev/null
    ok "$1 is imported" here import --authority "$2" "$T/$1.pem"
}
revoked() { # NAME…: these and no others
    is "revoked: $*" "$(here list --name '*.old' --status revoked |
        sed 's/.*dns://' | sort | tr '\n' ' ')" "$* "
}
old a.old issuing 1001
old b.old second 1001
old c.old issuing 1002
old d.old second 1002
old e.old second "$(serial_of "$CA/issuing.pem")"
exits 1 'by that number alone it is not guessed' here revoke 1001
like 'both are named' "$T/out" 'second and issuing have a certificate 1001 each'
want 400 bad-argument 'nor over HTTP' -X POST \
    "$API/v1/certificates/1001/revoke"
ok 'by its file' here revoke "$T/a.old.pem" --reason superseded
revoked a.old
ok "on its authority's CRL" on issuing 1001
no 'and on no other' on second 1001
exits 4 'status knows it from the other' here status "$T/a.old.pem"
exits 0 'which is good' here status "$T/b.old.pem"
want 200 - 'of many, when one matches' -d 'name=b.old&dry_run=false' \
    "$API/v1/revocations"
revoked a.old b.old
ok 'by its name' here revoke --name c.old
revoked a.old b.old c.old
stop
ok 'without a service' here revoke --name d.old
revoked a.old b.old c.old d.old
ok "though the first authority's own has its number" here revoke "$T/e.old.pem"
revoked a.old b.old c.old d.old e.old
ok 'the ledger fits' here audit
finish
