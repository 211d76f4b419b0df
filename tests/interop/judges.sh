#!/bin/sh
# SPDX-License-Identifier: ISC
# Certificates of every kind of profile, key and name, judged by all who read
# certificates: OpenSSL, GnuTLS, NSS, Go, strongSwan, Python, and our own lints.
. "$(dirname "$0")/lib.sh"
need go certtool vfychain certutil pki /usr/bin/python3
build()
{
    cd "$SOURCE/tests/interop/gojudge" &&
        GOTOOLCHAIN=local GOPROXY=off go build -o "$work/gojudge" .
}
outside build >"$work/build.log" 2>&1 || bail "go build failed"
outside /usr/bin/python3 -c 'import cryptography' 2>"$work/python.log" ||
    bail "Python's cryptography is not installed"

init
cat >>"$CA/pocketca.conf" <<'END'
profile people {
  usage = { "email", "client" }
  names = { "email:*@example.org", "cn:**" }
  subject = { "c=DE", "o=Example, Ltd", "ou", "cn" }
}
profile workload {
  usage = { "mutual" }
  names = { "uri:spiffe://td.internal/**" }
  subject = { "cn=" }
  lifetime = "1h"
}
profile staple {
  usage = { "server" }
  names = { "dns:**.internal" }
  wildcards = yes
  policies = { "1.2.3.4 http://ca.internal/cps", "1.2.3.5" }
  must-staple = yes
  extensions = { "1.2.3.4.5 hex:0500" }
}
profile bare {
  usage = { "client", "1.3.6.1.5.5.7.3.17" }
  names = { "dns:**.internal" }
  cdp = no
  aia = no
}
profile signing {
  usage = { "code-signing" }
  names = { "cn:**" }
  subject = { "cn" }
}
profile stamps {
  usage = { "time-stamping" }
  names = { "cn:**" }
  subject = { "cn" }
}
profile responder {
  usage = { "ocsp" }
  names = { "cn:**" }
  subject = { "cn" }
}
END
serve
root=$CA/root.pem
curlrc=$CA/admin.curlrc
chains=

# kind STEM TYPE PROFILE SUBJECT [SAN]: issues one, over HTTP.
kind()
{
    chain=$work/$1-$2.pem
    key_make "$2" "$work/k.key"
    openssl req -new -key "$work/k.key" -subj "$4" ${5:+-addext "subjectAltName=$5"} \
        -out "$work/k.csr"
    curl -sS -K "$curlrc" --data-binary "@$work/k.csr" -o "$chain" \
        --fail-with-body "$API/v1/certificates?profile=$3" \
        2>"$work/issue.log" || { note "$chain"; bail "no certificate: $1, $2"; }
    addresses="ca crl ocsp"
    [ "$1" != bare ] || addresses=
    [ "$(urls "$chain")" = "$addresses" ] || bail "the URLs of $1, $2"
    chains="$chains $chain"
}
for type in $key_types; do
    kind web "$type" server /CN=web.internal DNS:web.internal,DNS:localhost,IP:10.0.0.1,IP:fd00::1
    kind mutual "$type" mutual /CN=m.internal DNS:m.internal
    kind people "$type" people '/CN=Jane Doe/OU=Sales' email:jane@example.org
done
kind client p256 client /CN=c.internal DNS:c.internal
kind workload p256 workload / URI:spiffe://td.internal/ns/x
kind staple p256 staple '/CN=s.internal' 'DNS:s.internal,DNS:*.w.internal'
kind bare p256 bare /CN=b.internal DNS:b.internal
kind signing p256 signing '/CN=Builder 1'
kind stamps rsa stamps '/CN=Stamps'
kind responder p256 responder '/CN=Responder'
long=$(printf 'a%.0s' $(seq 60))
kind long p256 server /CN=x "DNS:$long.$long.internal"
set -- $chains
proved "$# certificates of $(sed -n 's/^profile \([a-z]*\).*/\1/p' \
    "$CA/pocketca.conf" | wc -l) profiles, and every URL in them"

# The complaints that are expected, and why:
#   NSS, -8102 (key usage inadequate) about Ed25519 keys: NSS 3.87 knows none
judges_began=$(date +%s%N)
"$POCKETCA" lint --issuer "$root" "$@" >"$work/complaints" ||
    { note "$work/complaints"; bail "our own lints"; }
[ ! -s "$work/complaints" ] || { note "$work/complaints"; bail "lints warn"; }
proved "pocketca lint: no error, no warning"

for chain in "$@"; do
    openssl verify -x509_strict -check_ss_sig -CAfile "$root" \
        -untrusted "$chain" "$chain" >"$work/said" 2>&1 ||
        { note "$work/said"; bail "OpenSSL: ${chain##*/}"; }
done
proved "OpenSSL: verify -x509_strict"

for chain in "$@"; do
    certtool --verify --load-ca-certificate "$root" --infile "$chain" \
        >"$work/said" 2>&1 || { note "$work/said"; bail "GnuTLS: ${chain##*/}"; }
done
proved "GnuTLS: certtool --verify"

mkdir "$work/nss"
certutil -N -d "sql:$work/nss" --empty-password
certutil -A -d "sql:$work/nss" -n root -t CT,C,C -i "$root"
certutil -A -d "sql:$work/nss" -n issuing -t ,, -i "$CA/issuing.pem"
for chain in "$@"; do
    case $chain in # the usage, as vfychain counts them
    *web-* | *staple-* | *long-*) usage=1 ;;
    *mutual-* | *client-* | *workload-* | *bare-*) usage=0 ;;
    *people-*) usage=4 ;;
    *responder-*) usage=10 ;;
    # NSS has no usage for time stamps, and lets an authority certify signers
    # of code only where its own certificate has that purpose
    *) continue ;;
    esac
    vfychain -d "sql:$work/nss" -u $usage -a "$chain" >"$work/said" 2>&1 ||
        { [ "${chain%-ed25519.pem}" != "$chain" ] &&
            [ "$(grep -c ERROR "$work/said")" = 1 ] &&
            grep -q 'ERROR -8102' "$work/said"; } ||
        { note "$work/said"; bail "NSS: ${chain##*/}"; }
done
proved "NSS: vfychain, each for its usage"

"$work/gojudge" "$root" "$@" >"$work/said" 2>&1 ||
    { note "$work/said"; bail "Go"; }
proved "Go: crypto/x509"

for chain in "$@"; do
    pki --verify --in "$chain" --cacert "$CA/issuing.pem" --cacert "$root" \
        >"$work/said" 2>&1 || { note "$work/said"; bail "strongSwan: ${chain##*/}"; }
done
proved "strongSwan: pki --verify"

outside /usr/bin/python3 "$SOURCE/tests/interop/judge.py" "$root" "$@" >"$work/said" 2>&1 ||
    { note "$work/said"; bail "Python"; }
proved "Python: cryptography"
echo "# judged in $((($(date +%s%N) - judges_began) / 1000000)) ms"

# A judge that finds nothing would be none: one octet of a signature changed.
openssl x509 -in "$1" -outform DER -out "$work/bad.der"
size=$(wc -c <"$work/bad.der")
printf '\001' | dd of="$work/bad.der" bs=1 seek=$((size - 3)) conv=notrunc 2>/dev/null
{
    openssl x509 -inform DER -in "$work/bad.der"
    cat "$CA/issuing.pem"
} >"$work/bad.pem"
for judge in \
    "openssl verify -x509_strict -CAfile $root -untrusted $CA/issuing.pem $work/bad.pem" \
    "certtool --verify --load-ca-certificate $root --infile $work/bad.pem" \
    "vfychain -d sql:$work/nss -u 1 -a $work/bad.pem" \
    "$work/gojudge $root $work/bad.pem" \
    "pki --verify --in $work/bad.pem --cacert $CA/issuing.pem --cacert $root" \
    "outside /usr/bin/python3 $SOURCE/tests/interop/judge.py $root $work/bad.pem" \
    "$POCKETCA lint --issuer $root $work/bad.pem"; do
    if $judge >"$work/said" 2>&1; then
        note "$work/said"
        bail "took a wrong signature: ${judge%% *}"
    fi
done
proved "each of them sees a wrong signature"
finish
