#!/bin/sh
# SPDX-License-Identifier: ISC
# renewals: what descends by self-renewal and what has the same key goes too;
# a compromised key never comes back.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
renew() { # NAME-OF-PEM → NAME2
    BEARER=''
    want 201 - "$1 renews itself" --cert "$T/$1.pem" --key "$T/$3.key" \
        -X POST "$API/v1/renew"
    cp "$T/body" "$T/$2.pem"
    BEARER=$ADMIN
}
status_of() { # NAME
    req "$API/v1/certificates/$(serial_of "$T/$1.pem")"
    jq -r '.status' "$T/body"
}
# a: keyCompromise takes the line with it
issue a.internal
renew a.internal a2 a.internal
renew a2 a3 a.internal
req --data-binary @"$T/a.internal.csr" "$API/v1/certificates"
cp "$T/body" "$T/a-same-key.pem"
issue bystander.internal
want 200 - 'keyCompromise' -X POST -d reason=keyCompromise \
    "$API/v1/certificates/$(serial_of "$T/a.internal.pem")/revoke"
json 'three went along' '.also_revoked | length == 3'
is 'they are the renewals and the same key' \
    "$(jq -r '.also_revoked[]' "$T/body" | sort)" \
    "$(for n in a2 a3 a-same-key; do serial_of "$T/$n.pem"; done | sort)"
for n in a.internal a2 a3 a-same-key; do
    is "$n is revoked" "$(status_of "$n")" revoked
done
is 'the bystander is not' "$(status_of bystander.internal)" valid
curl -sS "$PUBLIC/crl/issuing.crl" | openssl crl -inform DER -noout -text \
    >"$T/text"
is 'four on the CRL' "$(grep -c 'Serial Number' "$T/text")" 4
before=$(state)
want 422 key-compromised 'the key is not certified again' \
    --data-binary @"$T/a.internal.csr" "$API/v1/certificates"
want 422 key-compromised 'nor for another name' \
    --data-binary @"$T/a.internal.csr" "$API/v1/certificates?names=z.internal"
want 422 key-compromised 'nor renewed by a token' -X POST \
    "$API/v1/certificates/$(serial_of "$T/a3.pem")/renew"
csr a.internal
want 422 key-compromised 'nor with a new key, since the ancestor is tainted' \
    --data-binary @"$T/a.internal.csr" \
    "$API/v1/certificates/$(serial_of "$T/a3.pem")/renew"
is 'nothing was recorded' "$(state)" "$before"

# b: any other reason takes only itself, unless asked
issue b.internal
renew b.internal b2 b.internal
want 200 - 'superseded' -X POST -d reason=superseded \
    "$API/v1/certificates/$serial/revoke"
json 'alone' '(.also_revoked // []) | length == 0'
is 'the renewal is good' "$(status_of b2)" valid
want 201 - 'and may be renewed' -X POST \
    "$API/v1/certificates/$(serial_of "$T/b2.pem")/renew"
cp "$T/body" "$T/b3.pem"

# c: with renewals asked for, and without where it is the default
issue c.internal
renew c.internal c2 c.internal
want 200 - 'superseded with renewals' -X POST \
    -d 'reason=superseded&renewals=true' "$API/v1/certificates/$serial/revoke"
json 'took the renewal' '.also_revoked | length == 1'
is 'which is revoked' "$(status_of c2)" revoked
issue d.internal
renew d.internal d2 d.internal
want 200 - 'keyCompromise without renewals' -X POST \
    -H 'Content-Type: application/json' \
    -d '{"reason":"keyCompromise","renewals":false}' \
    "$API/v1/certificates/$serial/revoke"
json 'alone' '(.also_revoked // []) | length == 0'
is 'the renewal stays' "$(status_of d2)" valid
want 422 key-compromised 'but cannot be renewed' -X POST \
    "$API/v1/certificates/$(serial_of "$T/d2.pem")/renew"

# t: a thief of the key has renewed another certificate of it, to his own
issue t.internal
stolen=$serial
want 201 - 'the same key' --data-binary @"$T/t.internal.csr" \
    "$API/v1/certificates?names=t2.internal"
cp "$T/body" "$T/t2.pem"
csr t2.internal
want 201 - 'renewed to another' --data-binary @"$T/t2.internal.csr" \
    "$API/v1/certificates/$(serial_of "$T/t2.pem")/renew"
cp "$T/body" "$T/t3.pem"
want 200 - 'a dry run' -d 'name=t.internal&reason=keyCompromise' \
    "$API/v1/revocations"
json 'says that both go' '.valid == 1 and .renewals == 2'
exits 1 'by command' "$POCKETCA" revoke -c "$CA/pocketca.conf" \
    --name t.internal --reason keyCompromise
like 'says so too' "$T/out" '^1 match: .*; with them 2 renewed'
is 'nothing is done' "$(status_of t3)" valid
want 200 - 'revoked' -d reason=keyCompromise "$API/v1/certificates/$stolen/revoke"
json 'takes both along' '.also_revoked | length == 2'
is 'his is revoked' "$(status_of t3)" revoked

# d: a token with limits and one key on both sides of them.  Compromise is a
# fact about the key, so all of it goes; other reasons stay within the limits.
pair() { # NAME: $T/NAME.in.pem and $T/NAME.out.pem, of the same key
    issue "$1.in.internal"
    cp "$T/$1.in.internal.pem" "$T/$1.in.pem"
    want 201 - "$1: the same key outside" \
        --data-binary @"$T/$1.in.internal.csr" \
        "$API/v1/certificates?names=$1.out.internal"
    cp "$T/body" "$T/$1.out.pem"
}
pair e
pair f
pair g
limited=$(token '"revoke","read"' '"names":["dns:*.in.internal"]')
revoke_as() { # TOKEN NAME CURL-ARG…
    BEARER=$1 serial=$(serial_of "$T/$2.pem")
    shift 2
    want 200 - "revoked: $*" -X POST "$@" \
        "$API/v1/certificates/$serial/revoke"
    BEARER=$ADMIN
}
BEARER=$limited
want 404 not-found 'what is outside is not there for the token' -X POST \
    -d reason=superseded \
    "$API/v1/certificates/$(serial_of "$T/e.out.pem")/revoke"
BEARER=$ADMIN
for d in true false; do
    BEARER=$limited
    want 200 - "many, dry_run=$d" \
        -d "name=g.in.internal&reason=superseded&renewals=true&dry_run=$d" \
        "$API/v1/revocations"
    BEARER=$ADMIN
    json 'one and nothing along with it' '.valid == 1 and .renewals == 0'
done
is 'outside it stays' "$(status_of g.out)" valid
revoke_as "$limited" e.in -d 'reason=superseded&renewals=true'
json 'superseded takes nothing outside' '(.also_revoked // []) | length == 0'
is 'it stays' "$(status_of e.out)" valid
revoke_as "$ADMIN" e.in -d 'reason=keyCompromise&renewals=false'
revoke_as "$limited" f.in -d reason=keyCompromise
json 'keyCompromise takes the other, and says so' \
    ".also_revoked == [\"$(serial_of "$T/f.out.pem")\"]"
is 'it is revoked' "$(status_of f.out)" revoked
curl -sS "$PUBLIC/crl/issuing.crl" | openssl crl -inform DER -noout -text \
    >"$T/text"
like 'it is on the CRL' "$T/text" "$(serial_of "$T/f.out.pem" | tr a-f A-F)"
want 422 key-compromised 'and the key is certified for nobody' \
    --data-binary @"$T/f.in.internal.csr" \
    "$API/v1/certificates?names=x.out.internal"
for d in true false; do
    BEARER=$limited
    want 200 - "many by keyCompromise, dry_run=$d" \
        -d "name=g.in.internal&reason=keyCompromise&dry_run=$d" \
        "$API/v1/revocations"
    BEARER=$ADMIN
    json 'and the other' '.changed == 1 and .renewals == 1'
done
is 'which is revoked' "$(status_of g.out)" revoked
finish
