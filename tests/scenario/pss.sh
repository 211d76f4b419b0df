#!/bin/sh
# SPDX-License-Identifier: ISC
# Certificates and CRLs that others signed with RSA-PSS: whatever the length of
# the salt they are read and verified as openssl does, and linted.
. "${SOURCE:?}/tests/scenario/lib.sh"

pca() { "$POCKETCA" "$@"; }
quietly() {
    "$@" >"$T/openssl" 2>&1 || { note "$T/openssl"; bail "$*"; }
}
pss() { # SALT: the options of openssl
    echo "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:$1"
}
quietly openssl genpkey -algorithm RSA -out "$T/key"
quietly openssl genpkey -algorithm RSA -out "$T/below.key"
printf '%s\n' 'basicConstraints = critical, CA:TRUE, pathlen:0' \
    'keyUsage = critical, keyCertSign, cRLSign' >"$T/ext"
quietly openssl req -new -key "$T/below.key" -subj /CN=Below -out "$T/below.csr"
root() { # NAME OPTION…: $T/NAME.pem
    name=$1
    shift
    quietly openssl req -x509 -key "$T/key" -subj /CN=Root -days 900 \
        -addext keyUsage=critical,keyCertSign,cRLSign -out "$T/$name.pem" "$@"
}
take() { # DIR CERT KEY OPTION…
    dir=$T/$1 cert=$2 key=$3
    shift 3
    pca init --dir "$dir" --name Old --import-cert "$cert" \
        --import-key "$key" "$@"
}
: >"$T/index"
echo 0100 >"$T/number"
printf '[ca]\ndefault_ca=r\n[r]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\ncrl_extensions=x\n[x]\nauthorityKeyIdentifier=keyid\n' \
    "$T/index" "$T/number" >"$T/r.cnf"
printf 'R\t301231235959Z\t260101000000Z\t0ABC\tunknown\t/CN=gone\n' >"$T/index"

for salt in digest max 0 20; do
    # shellcheck disable=SC2046
    root "$salt" $(pss "$salt")
    # shellcheck disable=SC2046
    quietly openssl x509 -req -in "$T/below.csr" -CA "$T/$salt.pem" \
        -CAkey "$T/key" -days 100 -extfile "$T/ext" $(pss "$salt") \
        -out "$T/below-$salt.pem"
    ok "$salt: OpenSSL verifies it" openssl verify -x509_strict \
        -CAfile "$T/$salt.pem" "$T/below-$salt.pem"
    ok "$salt: no errors" pca lint "$T/below-$salt.pem" --issuer "$T/$salt.pem"
    cp "$T/out" "$T/lints"
    is "$salt: a salt that is not as long as the hash is a warning" \
        "$(grep -c ' warning pss_salt: .*(RFC 4055 3\.1)$' "$T/lints")" \
        "$([ "$salt" = digest ] && echo 0 || echo 1)"
    # shellcheck disable=SC2046
    quietly openssl ca -gencrl -config "$T/r.cnf" -crldays 30 -keyfile \
        "$T/key" -cert "$T/$salt.pem" $(pss "$salt") -out "$T/$salt.crl"
    ok "$salt: OpenSSL verifies the CRL" openssl crl -in "$T/$salt.crl" \
        -noout -verify -CAfile "$T/$salt.pem"
    ok "$salt: the root goes on, with its CRL" take "root-$salt" \
        "$T/$salt.pem" "$T/key" --import-crl "$T/$salt.crl"
    ok "$salt: check" pca check -c "$T/root-$salt/pocketca.conf"
    ok "$salt: audit" pca audit -c "$T/root-$salt/pocketca.conf"
    ok "$salt: what it certified is taken in" pca import \
        -c "$T/root-$salt/pocketca.conf" "$T/below-$salt.pem"
    ok "$salt: the one below goes on" take "below-$salt" \
        "$T/below-$salt.pem" "$T/below.key" --import-chain "$T/$salt.pem"
    ok "$salt: check" pca check -c "$T/below-$salt/pocketca.conf"
    ok "$salt: the CRL of its root is taken" pca crl import \
        -c "$T/below-$salt/pocketca.conf" "$T/$salt.crl"

    ok "$salt: an issuing authority begins" pca init --issuing-csr \
        --dir "$T/new-$salt" --name New
    quietly openssl x509 -req -in "$T/new-$salt/issuing.csr" -CA \
        "$T/$salt.pem" -CAkey "$T/key" -days 100 -extfile "$T/ext" \
        -sigopt rsa_padding_mode:pss -sigopt "rsa_pss_saltlen:$salt" \
        -out "$T/new.pem"
    cat "$T/new.pem" "$T/$salt.pem" >"$T/chain.pem"
    ok "$salt: its chain is installed" pca install-chain \
        -c "$T/new-$salt/pocketca.conf" "$T/chain.pem"
done

# Another length than what was signed with, which stands in both algorithms.
openssl x509 -in "$T/0.pem" -outform DER -out "$T/0.der"
sed 's/\xa2\x03\x02\x01\x00/\xa2\x03\x02\x01\x01/g' "$T/0.der" >"$T/other.der"
is 'two octets are others' "$(cmp -l "$T/0.der" "$T/other.der" | wc -l)" 2
openssl x509 -inform DER -in "$T/other.der" -out "$T/other.pem"
no 'not for OpenSSL' openssl verify -check_ss_sig -CAfile "$T/other.pem" \
    "$T/other.pem"
exits 1 'nor for us' pca lint "$T/other.der"
like 'its signature is wrong' "$T/out" ' error signature_wrong: '
exits 1 'it is no authority' take x "$T/other.pem" "$T/key"
like 'and why' "$T/out" 'not signed by the key of'
{
    head -c 300 "$T/0.der"
    tail -c +301 "$T/other.der"
} >"$T/one.der"
is 'one octet is another' "$(cmp -l "$T/0.der" "$T/one.der" | wc -l)" 1
exits 1 'the two algorithms differ' pca lint "$T/one.der"
like 'in the salt alone' "$T/out" ' error signature_algorithms_differ: '

# One hash for all.
# shellcheck disable=SC2046
root mgf1 $(pss digest) -sigopt rsa_mgf1_md:sha512
exits 1 'MGF1 with another hash' pca lint "$T/mgf1.pem"
like 'is refused by its name' "$T/out" 'MGF1 with the same hash'
# shellcheck disable=SC2046
root sha1 $(pss digest) -sha1
exits 1 'SHA-1' pca lint "$T/sha1.pem"
like 'is refused by its name' "$T/out" 'RSA-PSS with SHA-1'

# GnuTLS's.
if command -v certtool >/dev/null; then
    printf 'cn = Root\nca\ncert_signing_key\ncrl_signing_key\nexpiration_days = 900\n' \
        >"$T/template"
    quietly certtool --generate-self-signed --load-privkey "$T/key" \
        --template "$T/template" --sign-params RSA-PSS --hash SHA384 \
        --outfile "$T/gnutls.pem"
    openssl x509 -in "$T/gnutls.pem" -noout -text >"$T/text"
    like 'one that certtool made' "$T/text" 'Hash Algorithm: sha384'
    ok 'has no errors' pca lint "$T/gnutls.pem"
    ok 'and goes on' take gnutls "$T/gnutls.pem" "$T/key"
fi

# A request can be made anew, so its salt may not be shorter than the hash.
for salt in digest max; do
    # shellcheck disable=SC2046
    quietly openssl req -new -key "$T/below.key" -subj /CN=a.internal \
        $(pss "$salt") -out "$T/$salt.csr"
    ok "a request, $salt" pca issue -c "$T/root-digest/pocketca.conf" \
        -o "$T/$salt.leaf" "$T/$salt.csr"
done
for salt in 0 20; do
    # shellcheck disable=SC2046
    quietly openssl req -new -key "$T/below.key" -subj /CN=a.internal \
        $(pss "$salt") -out "$T/$salt.csr"
    exits 1 "a request, $salt" pca issue -c "$T/root-digest/pocketca.conf" \
        "$T/$salt.csr"
    like 'is refused with its length' "$T/out" \
        "a salt of $salt octets, which is shorter than the hash \(32\)"
done
finish
