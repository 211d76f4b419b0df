#!/bin/sh
# SPDX-License-Identifier: ISC
# Tokens: made, shown once, limited in every way, removed.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
make() { # STATUS CODE WHAT JSON
    want "$1" "$2" "$3" -H 'Content-Type: application/json' -d "$4" \
        "$API/v1/tokens"
}
as() { # TOKEN STATUS CODE WHAT CURL-ARG…
    BEARER=$1
    shift
    want "$@"
    BEARER=$ADMIN
}
make 201 - 'a token is made' '{"label":"ci","roles":["issue","read"],
    "profiles":["server"],"names":["dns:*.a.internal"],"uses":3,
    "lifetime":"30d"}'
json 'and shown' '.token | test("^pca_[a-z0-9]+_[A-Za-z0-9_-]+$")'
ci=$(jq -r .token "$T/body")
ci_id=$(jq -r .id "$T/body")
is 'its id is in it' "$(echo "$ci" | cut -d_ -f2)" "$ci_id"
want 200 - 'the list' "$API/v1/tokens"
json 'has it, without the secret' "[.tokens[] | select(.id == \"$ci_id\")] |
    length == 1 and .[0].label == \"ci\" and .[0].uses == 0 and
    (.[0] | has(\"token\") | not)"
unlike 'no secret anywhere in it' "$T/body" "${ci##*_}"
as "$ci" 200 - 'a token reads itself' "$API/v1/tokens/self"
json 'its limits' ".id == \"$ci_id\" and .roles == [\"issue\", \"read\"] and
    .names == [\"dns:*.a.internal\"] and .profiles == [\"server\"]"
as "$ci" 403 role-missing 'it makes no tokens' \
    -H 'Content-Type: application/json' -d '{"label":"x","roles":["read"]}' \
    "$API/v1/tokens"
as "$ci" 403 role-missing 'it lists no tokens' "$API/v1/tokens"
make 409 label-taken 'a label twice' '{"label":"ci","roles":["read"]}'

make 201 - 'patterns as they come' '{"label":"patterns","roles":["read"],"names":
    ["*.A.internal","10.0.0.0/8","FD00:0::/8","joe@x.org","spiffe://td/**"]}'
json 'are answered in full' '.names == ["dns:*.a.internal", "ip:10.0.0.0/8",
    "ip:fd00::/8", "email:joe@x.org", "uri:spiffe://td/**"]'
make 400 bad-json 'no body' ''
json 'is said' '.detail | test("empty")'
want 200 - 'a page' "$API/v1/tokens?limit=1"
next=$(jq -r .next "$T/body")
want 200 - 'the one after it' "$API/v1/tokens?limit=1&cursor=$next"
for c in '' x "${next}0" "$(echo "$next" | tr a-z A-Z)-"; do
    want 400 bad-argument "no cursor: '$c'" "$API/v1/tokens?cursor=$c"
done

# names: exactly one label more
try() { # STATUS CODE NAME [QUERY]
    csr x.a.internal
    as "$ci" "$1" "$2" "$3${4:+ with $4}: $1" \
        --data-binary @"$T/x.a.internal.csr" \
        "$API/v1/certificates?names=$3${4:+&$4}"
}
try 422 name-not-in-token a.internal
try 422 name-not-in-token x.y.a.internal
try 422 name-not-in-token xa.internal
try 422 name-not-in-token A.INTERNAL
try 422 name-not-in-token a.internal.evil.org
try 422 name-not-in-token x.a.internal.evil.org
try 422 name-not-in-token 10.0.0.1
try 422 'profile-not-allowed' x.a.internal profile=client
try 422 'profile-not-allowed' x.a.internal profile=mutual
try 422 unknown-profile x.a.internal profile=nope
try '422' 'wildcard-not-allowed|name-not-in-token' '*.a.internal'
csr x.a.internal DNS:x.a.internal
for q in 'names=x.a.internal,b.internal' 'names=b.internal,x.a.internal'; do
    as "$ci" 422 name-not-in-token "one name outside: $q" \
        --data-binary @"$T/x.a.internal.csr" "$API/v1/certificates?$q"
    json 'the name is said' '[.errors[] | select(.name == "dns:b.internal" and
        .code == "name-not-in-token")] | length == 1'
done
as "$ci" 200 - 'refusals cost no use' "$API/v1/tokens/self"
json 'still none' '.uses == 0'
try 201 - x.a.internal
mine=$(serial_of "$T/body")
try 201 - X.A.INTERNAL
is 'in lower case' "$(openssl x509 -in "$T/body" -noout -ext subjectAltName |
    sed -n 's/ *DNS://p')" x.a.internal

# limits hold for reading too
issue other.b.internal
as "$ci" 404 not-found 'a certificate outside is not there' \
    "$API/v1/certificates/$serial"
as "$ci" 200 - 'its own is' "$API/v1/certificates/$mine"
as "$ci" 200 - 'the list' "$API/v1/certificates?limit=1000"
json 'has only what fits' '[.certificates[].names[]] | unique ==
    ["dns:x.a.internal"]'
as "$ci" 403 role-missing 'no revocation without the role' -X POST \
    "$API/v1/certificates/$mine/revoke"
as "$ci" 200 - 'profiles' "$API/v1/profiles"
json 'only its own' '[.profiles[].name] == ["server"]'
as "$ci" 201 - 'renewal is a use' -X POST \
    "$API/v1/certificates/$mine/renew"
try 401 token-used-up x.a.internal
like 'said with WWW-Authenticate' "$T/head" '^[Ww][Ww][Ww]-[Aa]uthenticate: Bearer'

# revoke role with names
r=$(token '"revoke","read"' '"names":["dns:**.a.internal"]')
as "$r" 404 not-found 'a limited token revokes nothing outside' -X POST \
    "$API/v1/certificates/$serial/revoke"
as "$r" 200 - 'but inside' -X POST "$API/v1/certificates/$mine/revoke"
as "$r" 403 role-missing 'and issues nothing' \
    --data-binary @"$T/x.a.internal.csr" "$API/v1/certificates"

# a profile limit alone
p=$(token '"issue","read"' '"profiles":["client"]')
as "$p" 201 - "the default is the token's first profile" \
    -H 'Accept: application/json' --data-binary @"$T/x.a.internal.csr" \
    "$API/v1/certificates"
json 'client' '.profile == "client"'
as "$p" 404 not-found 'other profiles are not there' \
    "$API/v1/certificates/$serial"

# wildcards need profile and token
stop
sed -i '/^profile server {/,/^}/s/wildcards *= *no/wildcards = yes/' \
    "$CA/pocketca.conf"
serve
openssl req -new -key "$T/x.a.internal.key" -subj /O=x \
    -addext 'subjectAltName=DNS:*.w.internal' -out "$T/wild.csr" 2>/dev/null
w0=$(token '"issue"' '"names":["dns:**.internal"]')
w1=$(token '"issue"' '"names":["dns:**.internal"],"wildcards":true')
as "$w0" 422 wildcard-not-allowed 'a pattern permits no wildcard name' \
    --data-binary @"$T/wild.csr" "$API/v1/certificates"
as "$w1" 201 - 'profile and token do' \
    --data-binary @"$T/wild.csr" "$API/v1/certificates"
as "$w1" 422 wildcard-not-allowed 'profile client does not' \
    --data-binary @"$T/wild.csr" "$API/v1/certificates?profile=client"
want 201 - 'the token of init may' \
    --data-binary @"$T/wild.csr" "$API/v1/certificates"
w2=$(token '"admin"')
as "$w2" 422 wildcard-not-allowed 'another of an admin may when it says so' \
    --data-binary @"$T/wild.csr" "$API/v1/certificates"
BEARER=$w2
make 422 wildcard-not-allowed 'and gives no more than it has' \
    '{"label":"w3","roles":["issue"],"wildcards":true}'
BEARER=$ADMIN

# no token makes one that may more
sub=$(token '"admin"' '"names":["dns:**.a.internal"],"lifetime":"10d"')
BEARER=$sub
for t in '"roles":["read"]' \
    '"roles":["read"],"names":["dns:**"]' \
    '"roles":["read"],"names":["dns:**.internal"]' \
    '"roles":["issue"],"names":["dns:*.a.internal"],"wildcards":true' \
    '"roles":["admin"],"names":["dns:a.internal"]' \
    '"roles":["read"],"names":["dns:*.a.internal"],"lifetime":"never"' \
    '"roles":["read"],"names":["dns:*.a.internal"],"lifetime":"11d"'; do
    req -H 'Content-Type: application/json' \
        -d "{\"label\":\"more\",$t}" "$API/v1/tokens"
    case $status in 4*) got=refused ;; *) got="$status $(cat "$T/body")" ;; esac
    is "refused: $t" "$got" refused
done
make 201 - 'less is fine' '{"label":"less","roles":["read"],
    "names":["dns:*.a.internal"],"lifetime":"1d"}'
less=$(jq -r .token "$T/body")
less_id=$(jq -r .id "$T/body")
BEARER=$ADMIN
as "$less" 200 - 'and works' "$API/v1/certificates"
want 204 - 'removed' -X DELETE "$API/v1/tokens/$less_id"
as "$less" 401 token-unknown 'is dead at once' "$API/v1/certificates"
want 404 not-found 'removed twice' -X DELETE "$API/v1/tokens/$less_id"
want 404 not-found 'an unknown id' -X DELETE "$API/v1/tokens/zzzzzzzzzzzz"
req "$API/v1/certificates/$mine"
json 'a label stays readable after removal' '.requester.label == "ci"'
want 204 - 'ci removed' -X DELETE "$API/v1/tokens/$ci_id"
req "$API/v1/certificates/$mine"
json 'still' '.requester.label == "ci"'

# an end
short=$(token '"read"' '"lifetime":"1s"')
sleep 2
as "$short" 401 token-expired 'expired' "$API/v1/certificates"
never=$(token '"read"' '"lifetime":"never"')
as "$never" 200 - 'never must be written out, and works' \
    "$API/v1/tokens/self"
wrong=$(echo "$never" | sed 's/.$/A/')
[ "$wrong" != "$never" ] || wrong=$(echo "$never" | sed 's/.$/B/')
as "$wrong" 401 token-unknown 'a wrong secret' "$API/v1/certificates"

# shapes
before=$(state)
make 400 bad-json 'no roles' '{"label":"x"}'
for t in '{"roles":["read"]}' '{"label":"","roles":["read"]}' \
    '{"label":"x","roles":[]}' '{"label":"x","roles":["root"]}' \
    '{"label":"x","roles":"read"}' '{"label":"x","roles":["read"],"uses":0}' \
    '{"label":"x","roles":["read"],"uses":-1}' \
    '{"label":"x","roles":["read"],"uses":1.5}' \
    '{"label":"x","roles":["read"],"lifetime":"soon"}' \
    '{"label":"x","roles":["read"],"names":["dns:*.*.b"]}' \
    '{"label":"x","roles":["read"],"profiles":["nope"]}' \
    '{"label":"x","roles":["read"],"nope":1}' \
    '{"label":"x","roles":["read"],"label":"y"}'; do
    req -H 'Content-Type: application/json' -d "$t" "$API/v1/tokens"
    case $status in 400 | 422) got=refused ;; *) got=$status ;; esac
    is "refused: $t" "$got" refused
done
is 'nothing was recorded' "$(state)" "$before"
sed 's/level=//' "$T/log" >"$T/log2"
unlike 'no secret in the log' "$T/log2" 'pca_[a-z0-9]+_'
finish
