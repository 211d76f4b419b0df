#!/bin/sh
# SPDX-License-Identifier: ISC
# An issuing authority below an intermediate below an offline root: chains,
# CRLs, name constraints and path lengths along all of it, and its import.
. "${SOURCE:?}/tests/scenario/lib.sh"
URLS=no # there is no policy.example

R=$T/r P=$T/p
root() { c=$1; shift; "$POCKETCA" "$c" -c "$R/pocketca.conf" "$@"; }
mid() { c=$1; shift; "$POCKETCA" "$c" -c "$P/pocketca.conf" "$@"; }
here() { c=$1; shift; "$POCKETCA" "$c" -c "$CA/pocketca.conf" "$@"; }
nth() { awk -v n="$1" '/BEGIN/ { i++ } i == n' "$2"; }
count() { grep -c BEGIN "$1"; }

# ---- three machines
ok 'the root' "$POCKETCA" init --root-only --dir "$R" --name Top \
    --public-url http://pki.example
ok 'the intermediate begins' "$POCKETCA" init --issuing-csr --dir "$P" \
    --name Policy --host localhost --public-url http://policy.example \
    --listen-api https://127.0.0.1:1 --listen-public http://127.0.0.1:2 \
    --allow 'dns:**.corp.internal'
ok 'the root signs it' root sign-intermediate "$P/issuing.csr" \
    --path-len 1 --constrain 'dns:**.internal,ip:127.0.0.0/8,dns:localhost' \
    --out "$T/policy.pem"
ok 'it is installed' mid install-chain "$T/policy.pem"
ports
ok 'the issuing authority begins' "$POCKETCA" init --issuing-csr --dir "$CA" \
    --name Test --listen-api "$API" --listen-public "$PUBLIC" \
    --host localhost,127.0.0.1
ok 'the intermediate signs it' mid sign-intermediate "$CA/issuing.csr" \
    --authority issuing --out "$T/chain.pem"
is 'the chain has three' "$(count "$T/chain.pem")" 3

# ---- what does not fit is refused
profiles() { # PATTERN
    sed -i "s/names *= *{[^}]*}/names = { \"$1\" }/; /single-label/d" \
        "$CA/pocketca.conf"
}
refused() { # WHAT ERE: $T/bad.pem
    exits 1 "refuses $1" here install-chain "$T/bad.pem"
    like "and says why: $1" "$T/out" "$2"
    is "nothing is installed: $1" "$(find "$CA" -name '*.pem')" ''
}
cp "$T/chain.pem" "$T/bad.pem"
refused "names beyond the constraints of the intermediate's certificate" \
    'more than the name constraints'
profiles 'dns:**.internal'
{ nth 1 "$T/chain.pem"; nth 3 "$T/chain.pem"; } >"$T/bad.pem"
refused 'a chain without its middle' 'was issued by "CN=Policy Issuing"'
{ nth 1 "$T/chain.pem"; nth 3 "$T/chain.pem"; nth 2 "$T/chain.pem"; } \
    >"$T/bad.pem"
refused 'the middle last' 'comes first|a root comes last'
ok 'an intermediate that may have none below it' root sign-intermediate \
    "$P/issuing.csr" --out "$T/flat.pem"
exits 1 'more below it than its issuer may have' "$POCKETCA" sign-intermediate \
    -c "$P/pocketca.conf" --authority issuing --path-len 1 "$CA/issuing.csr"
like 'is a refusal' "$T/out" 'path-len: 1 is not below the pathLenConstraint 1'
{ nth 1 "$T/chain.pem"; cat "$T/flat.pem"; } >"$T/bad.pem"
refused 'a path that is too long' 'pathLenConstraint 0, and 1 authorities'

# ---- installed
ok 'the chain is taken' here install-chain "$T/chain.pem"
ok 'check' here check
is 'the file of the authority has what is between' "$(count "$CA/issuing.pem")" 2
ok 'chain.pem is all of it' cmp "$T/chain.pem" "$CA/chain.pem"
ok 'the root is the root' cmp "$CA/root.pem" "$R/root.pem"
BEARER=$(cat "$CA/admin.token")
ADMIN=$BEARER
serve
issue web.internal
is 'what is issued comes with both' "$(count "$T/web.internal.pem")" 3
ok 'and verifies, from the root alone' openssl verify -x509_strict \
    -CAfile "$R/root.pem" -untrusted "$T/web.internal.pem" \
    "$T/web.internal.pem"
csr other.example.org
want 422 name-not-allowed 'a name elsewhere' --data-binary \
    @"$T/other.example.org.csr" "$API/v1/certificates"
req "$API/v1/authorities"
json 'each is listed, under its issuer' '[.authorities[].name] |
    length == 3 and .[0] == "issuing" and .[2] == "root" and
    (.[1] | test("^intermediate-[0-9a-f]{8}$"))'
middle=$(jq -r '.authorities[1].name' "$T/body")
want 200 - 'the chain' "$PUBLIC/ca/chain.pem"
ok 'is the same' cmp "$T/body" "$T/chain.pem"
want 200 - 'the intermediate has its address' "$PUBLIC/ca/$middle.pem"
ok 'and is itself' sh -c 'awk "/BEGIN/ { i++ } i == 2" "$1" | cmp - "$2"' - \
    "$T/chain.pem" "$T/body"
ok 'the service shows the chain to a client' sh -c 'openssl s_client -connect \
    "127.0.0.1:$1" -CAfile "$2" -verify_return_error </dev/null' - \
    "$api_port" "$R/root.pem"

# ---- revocation lists of all three
req "$API/readyz"
json 'it warns of both that are not there' ".warnings | any(test(\"crl: .*$middle\")) and
    any(test(\"crl: .*root\"))"
ok "the intermediate's CRL is signed there" mid crl sign --authority issuing
ok 'and comes here, known by its issuer' here crl import "$P/crl/issuing.crl"
like 'by its name' "$T/out" "^$middle.crl is number"
ok "the root's too" here crl import "$R/crl/root.crl"
req "$API/readyz"
json 'and of none when they are' '.ready and ([.warnings[] |
    select(test("none yet"))] == [])'
json 'it says where the next one comes from' ".warnings | any(
    test(\"^crl: that of $middle ends at .*: pocketca crl import$\"))"
curl -sS "$PUBLIC/crl/$middle.crl" | cmp - "$P/crl/issuing.crl"
is 'it is served' "$?" 0
want 200 - 'the CRLs of the whole chain' "$PUBLIC/crl/chain.pem"
is 'are three' "$(count "$T/body")" 3
cat "$T/body" "$R/root.pem" >"$T/trust"
ok 'nothing is revoked' openssl verify -crl_check_all -CAfile "$T/trust" \
    -untrusted "$T/web.internal.pem" "$T/web.internal.pem"

# ---- lints see the whole chain
ok 'lint, with what is above' "$POCKETCA" lint "$T/web.internal.pem" \
    --issuer "$R/root.pem"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$T/far.key" -subj /CN=far -out "$T/far.csr" 2>/dev/null
cat >"$T/ext" <<'END'
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END
made() { # NAME EXTENSIONS…
    name=$1
    shift
    { cat "$T/ext"; printf '%s\n' "$@"; } >"$T/$name.ext"
    openssl x509 -req -in "$T/far.csr" -CA "$CA/issuing.pem" \
        -CAkey "$CA/keys/issuing.key" -days 30 -extfile "$T/$name.ext" \
        -out "$T/$name.one" 2>"$T/openssl" || bail "$(cat "$T/openssl")"
    cat "$T/$name.one" "$CA/issuing.pem" "$R/root.pem" >"$T/$name.pem"
}
made beyond 'subjectAltName = DNS:a.example.org' 'keyUsage = digitalSignature'
exits 1 'a name outside constraints two above' "$POCKETCA" lint "$T/beyond.pem"
like 'is one' "$T/out" ':1: error name_constraints:'
nth 1 "$CA/issuing.pem" >"$T/issuing.one"
"$POCKETCA" lint "$T/beyond.one" --issuer "$T/issuing.one" >"$T/out"
unlike 'the pair alone does not show it' "$T/out" name_constraints
made deep 'basicConstraints = critical, CA:TRUE' \
    'keyUsage = critical, keyCertSign, cRLSign'
exits 1 'an authority too deep' "$POCKETCA" lint "$T/deep.pem"
like 'for the one two above' "$T/out" ':1: error path_len_exceeded:'

# ---- the service starts again; another order of the file is no chain
stop
serve
ok 'audit' here audit
stop
nth 1 "$CA/issuing.pem" >"$T/own"
cp "$T/own" "$CA/issuing.pem"
exits 1 'without its middle it does not start' here check
like 'and says what is missing' "$T/out" 'not behind it in its file'
cp "$T/chain.pem" "$CA/issuing.pem"
ok 'the root may stand there too' here check
serve
req "$API/v1/authorities"
json 'and is there once' '[.authorities[].name] | length == 3'
stop

# ---- the same, taken over from another program
I=$T/import
ok 'import' "$POCKETCA" init --dir "$I" --name Old --host ca.internal \
    --allow 'dns:**.internal' --import-cert "$T/own" \
    --import-key "$CA/keys/issuing.key" --import-chain "$T/chain.pem"
is 'with what is between' "$(count "$I/issuing.pem")" 2
ok 'and all of it' cmp "$T/chain.pem" "$I/chain.pem"
ok 'check takes it' "$POCKETCA" check -c "$I/pocketca.conf"
ok 'audit' "$POCKETCA" audit -c "$I/pocketca.conf"
finish
