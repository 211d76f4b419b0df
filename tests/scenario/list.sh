#!/bin/sh
# SPDX-License-Identifier: ISC
# The list: every argument, paging that stays stable, CSV.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
list() { # WHAT QUERY JQ
    want 200 - "$1: answered" "$API/v1/certificates?$2"
    json "$1" "$3"
}
post() { # CSR QUERY → $serial
    req -H 'Accept: application/json' --data-binary @"$T/$1.csr" \
        "$API/v1/certificates?$2"
    serial=$(jq -r .serial "$T/body")
}
for i in 1 2 3 4 5 6 7; do
    issue "n$i.a.internal" "lifetime=${i}0d"
done
seven=$serial
csr mixed.b.internal DNS:mixed.b.internal IP:10.1.2.3 IP:fd00::17 \
    DNS:n1.b.internal
post mixed.b.internal 'profile=mutual&note=hello+world'
mixed=$serial
first=$(serial_of "$T/n1.a.internal.pem")
req -X POST -d reason=superseded "$API/v1/certificates/$first/revoke"
is 'one is revoked' "$status" 200
req -H 'Accept: application/json' -X POST -d '' \
    "$API/v1/certificates/$seven/renew"
is 'one is renewed' "$status" 201
renewal=$(jq -r .serial "$T/body")
service=$(curl -sS --max-time 20 --cacert "$CA/root.pem" --oauth2-bearer \
    "$BEARER" "$API/v1/certificates?limit=1000" |
    jq '[.certificates[] | select(.requester.type == "service" or
        .protocol == "service")] | length')

list 'all' 'limit=1000' ".certificates | length == 9 + $service"
json 'newest first' ".certificates[0].serial == \"$renewal\""
json 'without PEM' '[.certificates[] | has("pem") or has("chain_pem")] |
    any | not'
json 'as_of' '(.as_of.tree_size | type) == "number" and
    (.as_of.root_hash | type) == "string"'
json 'no next' '.next == null'
list 'a name' 'name=n2.a.internal' '.certificates | length == 1'
list 'a name with its kind' 'name=dns:n2.a.internal' \
    '.certificates | length == 1'
list 'a name in upper case' 'name=N2.A.INTERNAL' '.certificates | length == 1'
list 'one label more' 'name=*.a.internal' '.certificates | length == 8'
list 'two labels more is not one' 'name=*.internal' \
    '.certificates | length == 0'
list 'any labels more' 'name=**.internal' '.certificates | length == 9'
list 'not the name itself' 'name=**.n2.a.internal' \
    '.certificates | length == 0'
list 'an address' 'name=10.1.2.3' ".certificates | length == 1 and
    .[0].serial == \"$mixed\""
list 'a network' 'name=ip:10.0.0.0/8' '.certificates | length == 1'
list 'another network' 'name=ip:11.0.0.0/8' '.certificates | length == 0'
list 'an IPv6 address in another spelling' 'name=fd00:0:0::0017' \
    '.certificates | length == 1'
json 'answers carry the kind, IPv6 by RFC 5952' \
    '.certificates[0].names | sort == ["dns:mixed.b.internal",
    "dns:n1.b.internal", "ip:10.1.2.3", "ip:fd00::17"]'
json 'the note' '.certificates[0].note == "hello world"'
list 'covers' 'covers=n2.a.internal' '.certificates | length == 1'
list 'covers nothing' 'covers=zz.a.internal' '.certificates | length == 0'
list 'revoked ones' 'status=revoked' ".certificates | length == 1 and
    .[0].serial == \"$first\" and .[0].reason == \"superseded\" and
    (.[0].revoked_at | endswith(\"Z\"))"
list 'valid ones' 'status=valid&limit=1000' \
    "(.certificates | length) == 8 + $service"
list 'expired ones' 'status=expired' '.certificates == []'
list 'replaced ones' 'replaced=true' ".certificates | length == 1 and
    .[0].serial == \"$seven\" and .[0].replaced_by == \"$renewal\""
list 'not replaced ones' 'replaced=false&limit=1000' \
    "(.certificates | length) == 8 + $service"
list 'a profile' 'profile=mutual' ".certificates | length == 1 and
    .[0].serial == \"$mixed\""
list 'an authority' 'authority=issuing&limit=1000' \
    "(.certificates | length) == 9 + $service"
list 'another authority' 'authority=issuing-2' '.certificates == []'
who=$(curl -sS --cacert "$CA/root.pem" --oauth2-bearer "$BEARER" \
    "$API/v1/tokens/self" | jq -r .id)
list 'a requester by id' "requester=$who&limit=1000" \
    '.certificates | length == 9'
key=$(openssl pkey -in "$T/n3.a.internal.key" -pubout -outform DER |
    sha256sum | cut -d' ' -f1)
list 'a key' "key_sha256=$key" '.certificates | length == 1 and
    .[0].names == ["dns:n3.a.internal"]'
sum=$(openssl x509 -in "$T/n3.a.internal.pem" -outform DER | sha256sum |
    cut -d' ' -f1)
list 'a fingerprint' "sha256=$sum" '.certificates | length == 1'
list 'expiring within' 'profile=server&expires_within=25d' '.certificates | length == 2'
at=$(date -u -d '+25 days' +%Y-%m-%dT%H:%M:%SZ)
list 'expiring before' "profile=server&expires_before=$at" '.certificates | length == 2'
list 'expiring after' "profile=server&expires_after=$at&limit=1000" \
    '.certificates | length == 6'
soon=$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)
list 'issued before' "issued_before=$soon&limit=1000" \
    "(.certificates | length) == 9 + $service"
list 'issued after' "issued_after=$soon" '.certificates == []'
list 'soonest end first' 'order=expiry&name=**.a.internal' \
    '[.certificates[].not_after] | . == sort'
list 'together' 'name=**.a.internal&status=valid&order=expiry&replaced=false' \
    '.certificates | length == 6'

# paging: every certificate once, also while new ones come
for order in issued expiry; do
    : >"$T/seen"
    cursor='' pages=0
    while :; do
        req "$API/v1/certificates?limit=2&order=$order&name=**.internal${cursor:+&cursor=$cursor}"
        [ "$status" = 200 ] || break
        jq -r '.certificates[].serial' "$T/body" >>"$T/seen"
        cursor=$(jq -r '.next // empty' "$T/body")
        pages=$((pages + 1))
        [ -n "$cursor" ] || break
        [ "$pages" -lt 20 ] || break
        issue "late$pages.$order.c.internal" lifetime=1d
    done
    is "$order: each once" "$(sort "$T/seen" | uniq -d)" ''
    old=$(curl -sS --cacert "$CA/root.pem" --oauth2-bearer "$BEARER" \
        "$API/v1/certificates?name=**.a.internal" |
        jq -r '.certificates[].serial' | sort)
    is "$order: none missed" \
        "$(echo "$old" | while read -r s; do grep -x "$s" "$T/seen"; done)" \
        "$old"
done
want 200 - 'one' "$API/v1/certificates?limit=1"
json 'next is a cursor' '.next | type == "string"'
want 400 bad-argument 'an argument that there is not' \
    "$API/v1/certificates?names=a"
json 'those that there are' '.detail | test("the list has name, .*, cursor$")'
want 400 bad-argument 'a broken cursor' "$API/v1/certificates?cursor=broken"
before=$(state)

# CSV
want 200 - 'CSV' -H 'Accept: text/csv' "$API/v1/certificates?name=**.a.internal"
like 'as text/csv' "$T/head" '^[Cc]ontent-[Tt]ype: text/csv'
is 'a head and a line each' "$(wc -l <"$T/body")" 9
csr plain.a.internal
req --data-binary @"$T/plain.a.internal.csr" \
    "$API/v1/certificates?note=%3Dcmd%7C%27calc%27"
is 'a note for a spreadsheet' "$status" 201
req -H 'Accept: text/csv' "$API/v1/certificates?name=plain.a.internal"
unlike 'no cell begins with =' "$T/body" '(^|,)"?='
like 'but it is there' "$T/body" 'cmd'

# what is not an argument
for q in limit=0 limit=-1 limit=1e9 limit=1001 limit= limit=x status=good \
    order=name replaced=maybe expires_within=soon issued_after=yesterday \
    nope=1 name=a..b 'name=%00' 'limit=1&limit=2' 'status' sha256=abc \
    key_sha256=zz "token=$BEARER" 'name=*' 'covers=*.a' 'covers=10.0.0.1'; do
    want 400 'bad-argument|bad-request' "$(echo "$q" | sed 's/pca_.*/…/') is refused" \
        "$API/v1/certificates?$q"
done
unlike 'a token in the query is not logged' "$T/log" 'pca_[a-z0-9]+_'
for q in 'name=%25' 'name=_' "name=%27%3B%20DROP%20TABLE%20certificates" \
    'requester=%25' 'profile=_' "authority=%27%20OR%201%3D1"; do
    req "$API/v1/certificates?$q"
    case $status in
    400) point ok "$q is no name" ;;
    200) json "$q is literal" '.certificates == []' ;;
    *) is "$q" "$status" '200 or 400' ;;
    esac
done
want 406 not-acceptable 'as an image' -H 'Accept: image/png' \
    "$API/v1/certificates"
is 'reading changed only what was issued' \
    "$(state | head -n 1 | jq .tree_size)" \
    "$(($(echo "$before" | head -n 1 | jq .tree_size) + 1))"
finish
