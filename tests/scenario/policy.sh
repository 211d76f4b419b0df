#!/bin/sh
# SPDX-License-Identifier: ISC
# What profile and authority allow: names, lifetimes, arguments.
. "${SOURCE:?}/tests/scenario/lib.sh"

init --allow 'dns:**.example.internal,ip:10.0.0.0/8,email:*@example.internal'
serve
csr a.example.internal
post() { # STATUS CODE QUERY
    want "$1" "$2" "$3: $1 $2" -H 'Accept: application/json' \
        --data-binary @"$T/a.example.internal.csr" \
        "$API/v1/certificates?$3"
}
json_post() { # STATUS CODE JSON
    jq -n --rawfile csr "$T/a.example.internal.csr" "{csr: \$csr} + $3" \
        >"$T/request.json" || bail "jq $3"
    want "$1" "$2" "$3: $1 $2" -H 'Content-Type: application/json' \
        --data-binary @"$T/request.json" "$API/v1/certificates"
}
post 201 - 'names=b.example.internal,10.0.0.9'
json 'names take the place of those of the CSR' \
    '.names | sort == ["dns:b.example.internal", "ip:10.0.0.9"]'
post 201 - 'names=dns:c.example.internal&profile=client&note=n%C3%BCtzlich'
json 'profile and note' '.profile == "client" and .note == "nützlich"'
json_post 201 - '{names: ["b.example.internal", "10.0.0.9"],
    profile: "mutual", lifetime: "12h", note: "x"}'
json 'all of it' '.profile == "mutual" and .note == "x" and
    (.names | sort) == ["dns:b.example.internal", "ip:10.0.0.9"] and
    ((.not_after | fromdate) - (.not_before | fromdate)) == 12 * 3600 - 1'
old=$(jq -r .serial "$T/body")
json_post 201 - "{replaces: \"$old\"}"
json 'replaces' ".replaces == \"$old\""
new=$(jq -r .serial "$T/body")
req "$API/v1/certificates/$old"
json 'replaced_by' ".replaced_by == \"$new\""
post 201 - 'names=B.EXAMPLE.Internal'
json 'lower case' '.names == ["dns:b.example.internal"]'
post 201 - 'names=b.example.internal,B.example.internal,b.example.internal'
json 'once' '.names == ["dns:b.example.internal"]'
csr long DNS:d.example.internal
openssl req -new -key "$T/long.key" -subj '/O=Acme/CN=Just some words' \
    -addext 'subjectAltName=DNS:d.example.internal' -out "$T/long.csr" \
    2>/dev/null
want 201 - 'a CN that is no name is dropped' -H 'Accept: application/json' \
    --data-binary @"$T/long.csr" "$API/v1/certificates"
json 'with a warning' '.warnings | length > 0'
json 'names' '.names == ["dns:d.example.internal"]'
openssl req -new -key "$T/long.key" -subj '/CN=e.example.internal' \
    -addext 'subjectAltName=DNS:d.example.internal' -out "$T/long.csr" \
    2>/dev/null
want 201 - 'a CN that is a name is added' -H 'Accept: application/json' \
    --data-binary @"$T/long.csr" "$API/v1/certificates"
json 'to the names' '.names | sort ==
    ["dns:d.example.internal", "dns:e.example.internal"]'
l63=$(head -c 60 /dev/zero | tr '\0' l)
post 201 - "names=$l63.example.internal"
jq -r .pem "$T/body" | openssl x509 -noout -subject -ext subjectAltName \
    >"$T/text"
like 'a name over 64 is no CN' "$T/text" '^subject= *$'
like 'and the SAN is critical' "$T/text" 'critical'

before=$(state)
post 422 name-not-allowed 'names=a.evil.org'
json 'the reason names the name' '.errors | length == 1 and
    .[0].name == "dns:a.evil.org"'
post 422 name-not-allowed 'names=example.internal'
post 422 name-not-allowed 'names=11.0.0.1'
post 422 name-not-allowed 'names=a.evil.org,b.example.internal,11.0.0.1'
json 'every reason is listed' '[.errors[].name] | sort ==
    ["dns:a.evil.org", "ip:11.0.0.1"]'
post 422 'wildcard-not-allowed' 'names=*.example.internal'
post 422 'name-type-not-allowed|name-not-allowed' 'names=spiffe://td/x'
post 422 unknown-profile 'profile=nope'
like 'those one may use are named' "$T/body" 'server.*client.*mutual'
post 422 lifetime-too-long 'lifetime=398d'
post 422 'issuer-expires|lifetime-too-long' 'lifetime=20y'
post 422 'lifetime-too-long|name-not-allowed' 'lifetime=398d&names=a.evil.org'
json 'both reasons' '[.errors[].code] | sort ==
    ["lifetime-too-long", "name-not-allowed"]'
names=$(seq -f 'n%g.example.internal' -s, 1 101)
post 422 too-many-names "names=$names"
for q in lifetime=0d lifetime=-1d lifetime=soon lifetime=5 lifetime= \
    nope=1 'profile=server&profile=client' profile profile= 'names=' 'replaces=zz' \
    'note=%00' 'note=%ff' 'note=%zz' ; do
    req -H 'Accept: application/json' \
        --data-binary @"$T/a.example.internal.csr" "$API/v1/certificates?$q"
    is "refused: $q" "$status" 400
done
for n in '-a.example.internal' 'a..example.internal' '.example.internal' \
    'a.example.internal.' '*' 'a.*.example.internal' 'a*.example.internal' \
    '*.*.example.internal' '0x7f.1' '1.2.3' '256.1.1.1' 'xn--%00' \
    'xn--a-%C3%BC.example.internal' 'm%C3%BCnchen.example.internal' \
    'a%20b.example.internal' 'a%0ab.example.internal' '@example.internal' \
    "$(head -c 64 /dev/zero | tr '\0' l).example.internal" 'ip:1.2.3' \
    'ip:10.0.0.0/8' '::ffff:10.0.0.1' 'dns:**.example.internal' 'foo:bar'; do
    post 400 'bad-name|bad-argument|bad-request' "names=$n"
done
json_post 400 bad-argument '{profile: ""}'
json_post 400 bad-json '{lifetime: 5}'
json_post 400 bad-json '{names: "a.example.internal"}'
json_post 400 bad-json '{names: [1]}'
json_post 400 bad-json '{nope: 1}'
json_post 400 'bad-json|bad-argument|bad-name|no-names' '{names: []}'
json_post 400 'bad-json|bad-csr' '{csr: "x"}'
json_post 400 'bad-json' '{csr: 5}'
json_post 400 'bad-json|bad-argument' '{lifetime: "soon"}'
json_post 400 'bad-json|bad-argument' '{replaces: "zz"}'
json_post 404 not-found '{replaces: "00112233445566778899aabbccddeeff"}'
want 400 bad-argument 'arguments in query and JSON do not mix' \
    -H 'Content-Type: application/json' --data-binary '{"csr":"x"}' \
    "$API/v1/certificates?profile=server"
is 'nothing was recorded' "$(state)" "$before"

# no certificate outlives its issuer
stop
rm -rf "$CA"
API='' PUBLIC=''
init --lifetime 10d --root-lifetime 20d
serve
csr a.internal
want 201 - "a default is cut to the issuer's end" \
    --data-binary @"$T/a.internal.csr" "$API/v1/certificates"
is 'exactly' "$(openssl x509 -in "$T/body" -noout -enddate)" \
    "$(openssl x509 -in "$CA/issuing.pem" -noout -enddate)"
want 422 issuer-expires 'what was asked for is refused' \
    --data-binary @"$T/a.internal.csr" "$API/v1/certificates?lifetime=11d"
like 'with the longest possible' "$T/body" '[0-9]+[dhms]|[0-9]{4}-[0-9]{2}'
finish
