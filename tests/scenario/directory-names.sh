#!/bin/sh
# SPDX-License-Identifier: ISC
# Authorities whose name constraints have directory names: init writes profiles
# that fit, the service and its responder fit too, and a profile whose subjects
# do not is refused at the start, at SIGHUP, and by check.
. "${SOURCE:?}/tests/scenario/lib.sh"

pca() { c=$1; shift; "$POCKETCA" "$c" -c "$CA/pocketca.conf" "$@"; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$T/top.key" -subj /CN=Top -days 900 -out "$T/top.pem" \
    -addext keyUsage=critical,keyCertSign,cRLSign 2>"$T/openssl"
below() { # NAME CONSTRAINT LINE…: $T/NAME.key, $T/NAME.pem; [dn] is the name
    name=$1
    printf '%s\n' 'basicConstraints = critical, CA:TRUE' \
        'keyUsage = critical, keyCertSign, cRLSign' \
        'subjectKeyIdentifier = hash' 'authorityKeyIdentifier = keyid' \
        "nameConstraints = critical, $2" >"$T/ext"
    shift 2
    printf '%s\n' '[dn]' "$@" >>"$T/ext"
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$T/$name.key" -subj "/CN=$name" -out "$T/csr" 2>"$T/openssl"
    openssl x509 -req -in "$T/csr" -CA "$T/top.pem" -CAkey "$T/top.key" \
        -days 100 -extfile "$T/ext" -out "$T/$name.pem" 2>"$T/openssl" ||
        bail "$(cat "$T/openssl")"
}
take() { # NAME OPTION…
    name=$1
    shift
    rm -rf "$CA"
    ok "$name is imported" "$POCKETCA" init --dir "$CA" --name Old \
        --import-cert "$T/$name.pem" --import-key "$T/$name.key" \
        --import-chain "$T/top.pem" --host "${host:-localhost,127.0.0.1}" --listen-api "$API" \
        --listen-public "$PUBLIC" "$@"
    cp "$T/out" "$T/init.out"
    cp "$CA/pocketca.conf" "$T/conf"
    BEARER=$(cat "$CA/admin.token")
}
with() { # PROFILE…: the configuration of init, and these
    { cat "$T/conf"; printf '%s\n' "$@"; } >"$CA/pocketca.conf"
}
refused() { # WHAT ERE PROFILE
    with "$3"
    exits 1 "check refuses $1" pca check
    like "and says why" "$T/out" "$2"
    is 'once' "$(grep -c 'profile p' "$T/out")" 1
}

cat >"$T/narrow.cnf" <<'END'
[req]
distinguished_name = dn
[x]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
nameConstraints = critical, permitted;dirName:dn
[dn]
C = DE
O = Acme Ltd
END

ports
below acme 'permitted;dirName:dn' 'C = DE' 'O = Acme Ltd'

# ---- init writes what fits, and all that the service needs fits
take acme
like 'init says what subjects have' "$T/init.out" 'c=DE, o=Acme Ltd in their subject'
like 'and writes it' "$CA/pocketca.conf" 'subject = \{ "c=DE", "o=Acme Ltd" \}'
ok 'check is content' pca check
unlike 'its responder has a subject' "$T/out" responder
serve
unlike 'nothing is refused' "$T/log" 'level=error'
issue web.internal
ok 'the first certificate verifies' openssl verify -x509_strict \
    -CAfile "$T/top.pem" -untrusted "$T/acme.pem" "$T/web.internal.pem"
openssl ocsp -issuer "$T/acme.pem" -cert "$T/web.internal.pem" \
    -url "$PUBLIC/ocsp" -CAfile "$T/top.pem" -verify_other "$T/acme.pem" \
    >"$T/ocsp" 2>&1
like 'the responder is believed' "$T/ocsp" '^Response verify OK'
curl -sSv --cacert "$T/top.pem" "$API/healthz" >"$T/tls" 2>&1
like "so is the service's own certificate" "$T/tls" \
    'subject: C=DE; O=Acme.*CN=localhost'

# ---- what does not is refused, with profile, rule and constraint
server='usage = server names = "dns:**"'
refused 'subjects that are always outside' \
    'conf:[0-9]+: profile p: no subject .*issuing.pem permit: O=Acme Ltd,C=DE' \
    "profile p { $server }"
refused 'a field that is taken' \
    'profile p: subject "o" allows more .*issuing.pem permit: O=Acme Ltd,C=DE' \
    "profile p { $server subject = { \"c=DE\", o } }"
refused 'a field that is dropped' 'profile p: no subject' \
    "profile p { $server subject = { \"o=Acme Ltd\", \"cn=\" } }"
refused 'another value' 'profile p: no subject' \
    "profile p { $server subject = { \"c=FR\", \"o=Acme Ltd\" } }"
for s in '"cn="' '{ "c=DE", "o=Acme Ltd", ou, "cn=" }' \
    '{ "c=DE", "o=ACME  ltd" }'; do
    with "profile p { $server subject = $s }"
    ok "fits: $s" pca check
done
with "profile p { $server subject = { \"c=DE\", o } }"
signer=$(pid_of signer)
kill -HUP "$SERVE"
eventually 50 'SIGHUP refuses it too' grep -q 'profile p: subject' "$T/log"
is 'and the service goes on' "$(pid_of signer)" "$signer"
stop
exits 1 'as does serve' pca serve
like 'with the same words' "$T/out" 'profile p: subject .*o.* allows more'

# ---- of several authorities it is the profile's own that counts
below free 'excluded;dirName:dn' "$(printf 'O = M\374ller')" # Latin-1
cp "$T/free.pem" "$CA/second.pem"
cp "$T/free.key" "$CA/keys/second.key"
second='authority second { certificate = "second.pem" key = "file:keys/second.key" }'
refused 'what the second excludes' \
    'profile p: subject allows the directory name "O=Müller", .*second.pem exclude' \
    "$second profile p { authority = second $server subject = o }"
refused 'what it may exclude' 'profile p: subject allows .*"O=Müller"' \
    "$second profile p { authority = second $server subject = \"o=MÜLLER\" }"
with "$second profile p { authority = second $server subject = { \"c=FR\", o } }"
ok 'but not what the first permits' pca check

# ---- names that no responder can have
below none 'permitted;dirName:dn, permitted;URI:.example.org' 'DC = internal'
take none
like 'init says who has no responder' "$T/init.out" \
    'warning: authority issuing: name constraints .* OCSP responder could have'
ok 'check is content' pca check
like 'and warns as well' "$T/out" 'no OCSP answers'

# ---- directory names that no profile can have
below dc 'permitted;dirName:dn' 'DC = internal'
take dc
like 'init says so' "$T/init.out" 'leave no subject'
unlike 'but there is a responder' "$T/init.out" responder
like 'certificates have no subject' "$CA/pocketca.conf" 'subject = \{ "cn=" \}'
ok 'check is content' pca check
serve
want 200 - 'all is well' "$API/readyz"
issue web.internal
openssl ocsp -issuer "$T/dc.pem" -cert "$T/web.internal.pem" \
    -url "$PUBLIC/ocsp" -CAfile "$T/top.pem" -verify_other "$T/dc.pem" \
    >"$T/ocsp" 2>&1
like 'a responder without a subject is believed' "$T/ocsp" '^Response verify OK'
like 'it is asked' "$T/ocsp" ': good$'
ok 'the certificate verifies' openssl verify -x509_strict \
    -CAfile "$T/top.pem" -untrusted "$T/dc.pem" "$T/web.internal.pem"
is 'without a subject' \
    "$(openssl x509 -in "$T/web.internal.pem" -noout -subject)" 'subject='
stop

# ---- an authority below such a root is within its names as well
R=$T/r
ok 'as an offline root' "$POCKETCA" init --root-only --dir "$R" --name Top \
    --import-cert "$T/top.pem" --import-key "$T/top.key" --public-url none
openssl req -x509 -key "$T/top.key" -subj /CN=Narrow -days 900 \
    -config "$T/narrow.cnf" -extensions x -out "$T/narrow.pem" 2>"$T/openssl"
ok 'and one with constraints' "$POCKETCA" init --root-only --dir "$R.narrow" \
    --name Narrow --import-cert "$T/narrow.pem" --import-key "$T/top.key" \
    --public-url none
for r in "$R" "$R.narrow"; do
    ok 'sign an authority' "$POCKETCA" sign-intermediate \
        -c "$r/pocketca.conf" "$T/csr" --out "$r/chain.pem"
    openssl x509 -in "$r/chain.pem" -noout -subject -nameopt RFC2253 \
        >"$r/subject"
done
like 'whose name is its common name' "$R/subject" '^subject=CN=dc$'
like 'or what is permitted' "$R.narrow/subject" '^subject=CN=dc,O=Acme Ltd,C=DE$'
ok 'which verifies' openssl verify -x509_strict -CAfile "$T/narrow.pem" \
    "$R.narrow/chain.pem"

# ---- a root that issues by itself is its own issuer, once
openssl req -x509 -key "$T/top.key" -subj /O=Acme/CN=Self -days 900 \
    -out "$T/top.pem" -addext keyUsage=critical,keyCertSign,cRLSign \
    -addext 'nameConstraints=critical,permitted;DNS:internal'
cp "$T/top.pem" "$T/self.pem"
cp "$T/top.key" "$T/self.key"
host=ca.internal
take self --allow 'dns:**.internal'
refused 'what a self-signed one does not permit' 'allows more than the name' \
    "profile p { $server }"
finish
