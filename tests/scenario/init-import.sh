#!/bin/sh
# SPDX-License-Identifier: ISC
# An authority that another program has made goes on: keys of every form, a
# root that issues, an authority with its root; what does not fit is refused.
. "${SOURCE:?}/tests/scenario/lib.sh"

pca() { "$POCKETCA" "$@"; }
take() { # DIR CERT KEY OPTION…
    dir=$T/$1 cert=$2 key=$3
    shift 3
    pca init --dir "$dir" --name Old --import-cert "$cert" \
        --import-key "$key" "$@"
}
root() { # NAME ALG…: $T/NAME.key, $T/NAME.pem, self-signed
    name=$1
    shift
    openssl genpkey "$@" -out "$T/$name.key" 2>"$T/openssl"
    openssl req -x509 -key "$T/$name.key" -subj "/CN=$name" -days 900 \
        -out "$T/$name.pem" ${ext:-} 2>"$T/openssl" ||
        bail "openssl req: $(cat "$T/openssl")"
}
below() { # NAME ROOT EXT…: $T/NAME.key, $T/NAME.pem, signed by ROOT
    name=$1 by=$2
    shift 2
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$T/$name.key" -subj "/CN=$name" -out "$T/$name.csr" \
        2>"$T/openssl"
    printf '%s\n' "$@" >"$T/ext"
    openssl x509 -req -in "$T/$name.csr" -CA "$T/$by.pem" -CAkey "$T/$by.key" \
        -days "${days:-100}" -extfile "$T/ext" -out "$T/$name.pem" ${md:-} \
        2>"$T/openssl" || bail "openssl x509: $(cat "$T/openssl")"
}
ca='basicConstraints = critical, CA:TRUE'
ku='keyUsage = critical, keyCertSign, cRLSign'

# ---- every form of key, each a root that issues by itself
root rsa -algorithm RSA
root p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
root p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
root ed -algorithm ED25519
for k in rsa p256 p384 ed; do
    ok "$k in PKCS#8" take "$k" "$T/$k.pem" "$T/$k.key"
    ok "$k: check" pca check -c "$T/$k/pocketca.conf"
    ok "$k: crl sign" pca crl sign --authority issuing \
        -c "$T/$k/pocketca.conf"
    ok "$k: a CRL of its own" openssl crl -inform DER -noout -verify \
        -in "$T/$k/crl/issuing.crl" -CAfile "$T/$k.pem"
    csr "$k.internal"
    ok "$k: issues" pca issue -c "$T/$k/pocketca.conf" \
        -o "$T/$k.leaf" "$T/$k.internal.csr"
    ok "$k: and that verifies" openssl verify -CAfile "$T/$k.pem" \
        -untrusted "$T/$k.leaf" "$T/$k.leaf"
    ok "$k: the ledger fits" pca audit -c "$T/$k/pocketca.conf"
done
openssl rsa -in "$T/rsa.key" -traditional -out "$T/pkcs1.key" 2>"$T/openssl"
like 'PKCS#1' "$T/pkcs1.key" 'BEGIN RSA PRIVATE KEY'
ok 'is taken' take pkcs1 "$T/rsa.pem" "$T/pkcs1.key"
{
    openssl ecparam -name prime256v1
    openssl ec -in "$T/p256.key" 2>"$T/openssl"
} >"$T/sec1.key"
like 'SEC1, with its parameters' "$T/sec1.key" 'BEGIN EC PRIVATE KEY'
ok 'is taken' take sec1 "$T/p256.pem" "$T/sec1.key"
echo 'old words' >"$T/pass"
openssl pkcs8 -topk8 -in "$T/rsa.key" -passout "file:$T/pass" \
    -out "$T/sealed.key"
exits 1 'an encrypted key, no passphrase, no terminal' setsid "$POCKETCA" \
    init --dir "$T/x" --name Old --import-cert "$T/rsa.pem" \
    --import-key "$T/sealed.key"
like 'is refused with the reason' "$T/out" 'no passphrase'
echo wrong >"$T/wrong"
exits 1 'a wrong passphrase' take x "$T/rsa.pem" "$T/sealed.key" \
    --passphrase-file "$T/wrong"
like 'too' "$T/out" 'passphrase does not open'
ok 'the right one' take sealed "$T/rsa.pem" "$T/sealed.key" \
    --passphrase-file "$T/pass"
like 'the copy is encrypted' "$T/sealed/keys/issuing.key" 'ENCRYPTED'
ok 'and opens' pca check -c "$T/sealed/pocketca.conf"
openssl rsa -in "$T/rsa.key" -traditional -aes128 -passout "file:$T/pass" \
    -out "$T/legacy.key" 2>"$T/openssl"
ok 'by a descriptor' sh -c '"$1" init --dir "$2/legacy" --name Old \
    --import-cert "$2/rsa.pem" --import-key "$2/legacy.key" \
    --passphrase-fd 7 7<"$2/pass"' - "$POCKETCA" "$T"

# ---- as long as UTCTime reaches, from before the epoch
mkdir "$T/ages"
: >"$T/ages/index"
echo 4142434445464748 >"$T/ages/serial"
cat >"$T/ages/cnf" <<END
[ca]
default_ca = r
[r]
database = $T/ages/index
serial = $T/ages/serial
new_certs_dir = $T/ages
default_md = sha256
policy = p
x509_extensions = x
unique_subject = no
[p]
commonName = supplied
[x]
$ca
$ku
subjectKeyIdentifier = hash
[l]
authorityKeyIdentifier = keyid
END
ages() { # FROM TO OPTION…: $T/ages/*.pem
    from=$1 to=$2
    shift 2
    openssl ca -batch -notext -config "$T/ages/cnf" -keyfile "$T/p256.key" \
        -startdate "$from" -enddate "$to" "$@" 2>"$T/openssl" ||
        bail "openssl ca: $(cat "$T/openssl")"
}
openssl req -new -key "$T/p256.key" -subj /CN=Ages -out "$T/ages/csr"
openssl req -new -key "$T/ed.key" -subj /CN=leaf -out "$T/ages/leaf.csr"
ages 500101000000Z 491231235959Z -selfsign -in "$T/ages/csr" \
    -out "$T/ages/root.pem"
ages 690101000000Z 300101000000Z -cert "$T/ages/root.pem" -extensions l \
    -in "$T/ages/leaf.csr" -out "$T/ages/leaf.pem"
ages 600101000000Z 690101000000Z -cert "$T/ages/root.pem" -extensions l \
    -in "$T/ages/leaf.csr" -out "$T/ages/gone.pem"
ok '1950 to 2049: OpenSSL verifies it' openssl verify -x509_strict \
    -CAfile "$T/ages/root.pem" "$T/ages/leaf.pem"
ok 'it is taken' take old-ages "$T/ages/root.pem" "$T/p256.key"
ok 'check' pca check -c "$T/old-ages/pocketca.conf"
csr ages.internal
ok 'issues' pca issue -c "$T/old-ages/pocketca.conf" -o "$T/ages/new.pem" \
    "$T/ages.internal.csr"
ok 'and that verifies' openssl verify -CAfile "$T/ages/root.pem" \
    "$T/ages/new.pem"
ok 'one that it issued in 1969 is taken in' pca import \
    -c "$T/old-ages/pocketca.conf" "$T/ages/leaf.pem"
pca list -c "$T/old-ages/pocketca.conf" --json >"$T/body"
json 'and says when it began' '[.certificates[] |
    select(.subject == "CN=leaf") | .not_before] == ["1969-01-01T00:00:00Z"]'
exits 1 'one that ended before 1970 is not' pca import \
    -c "$T/old-ages/pocketca.conf" "$T/ages/gone.pem"
like 'and why' "$T/out" 'it ended before 1970'
ok 'the ledger fits' pca audit -c "$T/old-ages/pocketca.conf"

# ---- an authority and its root
below inter rsa "$ca, pathlen:0" "$ku"
ok 'with its root' take inter "$T/inter.pem" "$T/inter.key" \
    --import-chain "$T/rsa.pem"
unlike 'one that is as it should be has no lints' "$T/out" '"CN=inter": '
below loose rsa 'basicConstraints = CA:TRUE' "$ku"
ok 'one that is not quite' take loose "$T/loose.pem" "$T/loose.key" \
    --import-chain "$T/rsa.pem"
like 'is taken with a warning' "$T/out" \
    'warning: .*loose.pem: "CN=loose": basic_not_critical: .*RFC 5280 4.2.1.9'
{
    openssl x509 -in "$T/inter.pem" -noout -text
    cat "$T/inter.pem"
} >"$T/easy.pem"
cat "$T/inter.pem" "$T/rsa.pem" >"$T/bundle.pem"
ok 'text before it, the chain with it' take easy "$T/easy.pem" \
    "$T/inter.key" --import-chain "$T/bundle.pem"
is 'the same chain' "$(cksum <"$T/inter/chain.pem")" \
    "$(cksum <"$T/easy/chain.pem")"

# ---- what is refused leaves nothing
refused() { # WHAT ERE CERT KEY OPTION…
    what=$1 ere=$2
    shift 2
    exits 1 "refuses $what" take x "$@"
    like "and says why: $what" "$T/out" "$ere"
    is "and leaves nothing: $what" "$(find "$T" -maxdepth 1 \
        \( -name x -o -name '.pocketca*' \))" ''
}
refused 'a chain without its root' 'is no root' "$T/inter.pem" "$T/inter.key"
refused 'the chain in the wrong order' 'another key' "$T/rsa.pem" \
    "$T/inter.key" --import-chain "$T/inter.pem"
refused 'the root of another' 'comes first' "$T/inter.pem" "$T/inter.key" \
    --import-chain "$T/ed.pem"
refused 'another key' 'another key' "$T/rsa.pem" "$T/p256.key"
below leaf rsa 'basicConstraints = CA:FALSE' "$ku"
refused 'no CA' 'cA TRUE' "$T/leaf.pem" "$T/leaf.key" \
    --import-chain "$T/rsa.pem"
below weak rsa "$ca" 'keyUsage = critical, cRLSign'
refused 'no keyCertSign' 'keyCertSign' "$T/weak.pem" "$T/weak.key" \
    --import-chain "$T/rsa.pem"
md=-sha1
below sha rsa "$ca" "$ku"
md=-md5
below md rsa "$ca" "$ku"
md=''
refused 'SHA-1' '(SHA|sha)-?1' "$T/sha.pem" "$T/sha.key" \
    --import-chain "$T/rsa.pem"
refused 'MD5' '(MD|md)5' "$T/md.pem" "$T/md.key" --import-chain "$T/rsa.pem"
below under inter "$ca" "$ku"
refused 'an authority below pathlen 0' 'pathLenConstraint 0, and 1 authorities' \
    "$T/under.pem" "$T/under.key" --import-chain "$T/bundle.pem"
openssl req -new -key "$T/weak.key" -subj / -out "$T/nobody.csr"
printf '%s\n' "$ca" "$ku" >"$T/ext"
openssl x509 -req -in "$T/nobody.csr" -CA "$T/rsa.pem" -CAkey "$T/rsa.key" \
    -days 9 -extfile "$T/ext" -out "$T/nobody.pem" 2>"$T/openssl"
refused 'an authority without a name' 'certificate 1 has an empty subject' \
    "$T/nobody.pem" "$T/weak.key" --import-chain "$T/rsa.pem"
below tls rsa "$ca" "$ku" 'extendedKeyUsage = serverAuth'
refused 'purposes that it may not certify' 'extended key usage' "$T/tls.pem" \
    "$T/tls.key" --import-chain "$T/rsa.pem"
cat >"$T/des.key" <<'END'
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGwMBsGCSqGSIb3DQEFAzAOBAhQ6ndTI+f2IwICCAAEgZCiMm+BocXTCN7kLrQ4
QRhwrJbjtahVdk94q/k/scMD8+AE1eWpduXaj1x8Iy1mP+WyCoaoKE01gbDf4MXf
ye88SboaWKRfUvPWbKcEE7d1Sp87qzRzlsoqtfXANCtsEWYIVDXXsCuhTnVMyDzz
8ohtLf/4stspEraWCJhGrJ1tWnovwA5kVIHBL/K7WfRwl4I=
-----END ENCRYPTED PRIVATE KEY-----
END
cat >"$T/close.key" <<'END'
-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDJVpeR4dOZvxkv
LsjZ0swZvyBDLwaHoiauDwN7j+HQAbRkdDifSc1kLnU4oNR4xYu8tdQyfYvP++MD
cOFf0pSpYWo3TZ+eyjWHzXG3yzmAd/7W+jmYd8AQaOGDCDka+rB/81tIvJzejdIQ
Tot0FRAqDya9BUVjCNIAbmPq75G6XofqzcSGlGFNKziN4+GLeYh/NZb/2q05mlDC
eN7bXS4U3il4KSh8s8YhvKI4P2nzqRgBaCpp769PBDQpHBdfrc6ra7Gfzo7p2j0/
K6ADl/IbwIxnM2uXcu06X6d1h4Gjg83pDgEz2pqbM08UVfHFhQ2Ok5Ts81mgQebu
WogM3C+pAgMBAAECggEBAJdW3Yusgg+5U0biFduV1hEsVyXo/TGKsyR26JlCZ+yg
u2Ye7kjdguPg///W9J7rbsQksSJauHNX1SZK/T233kMLlHmJgYgsWtx/kxEiU1C7
4fTaFd0Ddn1fONPzpGkhMvaaiG0+SXQIinPzdmOFSaczyFygz61HfgMQ904rUhER
lC5TkqDuFKvJAVHELMd7wBDw8xkNqzmTUHdaJgM6Z4oGmTqe4TyOWiY065gTiOIT
Z+J7mUD6hZDyVEvf5ZHdOfehEmBtWgkLLMLmj7uBUrLxwiu5dX/8XvgvkyuNdNBp
Tt0eB1T+7c+3hNCk8C2xaf6076+S5L9wWHTXHV8rhhkCgYEA4wep6zh9PQDuENz4
U2rIhdA/P+vkTkTAk49i6yM4+JTuTwHh2Wca0BC3BmuVbjlKqbEaCE6j81qo3bWs
RrzVmDJ6rAs4JNHXFLaLxqsaRWSg7xSGbVxCvf6WVBnM41dmlmu3dIrRyIfnXVST
LKNbH4+tCALfhOrDmXokXiXzAv8CgYEA4wep6zh9PQDuENz4U2rIhdA/P+vkTkTA
k49i6yM4+JTuTwHh2Wca0BC3BmuVbjlKqbEaCE6j81qo3bWsRrzVmDJ6rAs4JNHX
FLaLxqsaRWSg7xSGbVxCvf6WVBnM41dmlmu3dIrRyIfnXVSTLKNbH4+tCALfhOrD
qIZ0SLI41VcCgYAkSXZMRXQnCv4CLf92/ctdMALcCa0tIWoSa8mowbF6cfuBH1Dk
+cjcVr+aRBnXS0r2wnrhtwgXfncdMMt/ZvFQ6UiYNRbdM7kH84F12KVTUBk0/Xfb
BPMaARYwDQuljrOz+TWSaBnNzoMZdMotSVLoQYOrkyH80bU/07j6X2BvKwKBgQC6
8HiN4zncnYNqB0nDBk6PQOaT791SRXJ9DrhY/evPZHLGQ7qAlVGSufC7LKMi27IL
AHV7GaYOoDwkM4/jv2HxrL8uIx7b0p3TxGxb7k/3i+CofLIkIrAiWhvWrFf1auZi
PdgV8qjDAoUUaKu3OduypU/JJPSAMf9iKTRfF8GMiQKBgGPpZPNf+D1+QkHE5unY
+gBgiMl7AdHyxvHmOmqDUNwqMpBwf7uVZo+lEV4Q8HYggLZTAvWm5aTP4t6lt9RC
c+8V03khylLxnhujy8O5sbQgI+aqFRFXh5rB83BEp2HhkTgQHeNlzWs+ll0hCSHX
BI6n/JU0g1A4EKPV6mw7LClQ
-----END PRIVATE KEY-----
END
openssl req -x509 -key "$T/close.key" -subj /CN=Close -days 900 \
    -addext keyUsage=critical,keyCertSign,cRLSign -out "$T/close.pem"
refused 'a modulus of close primes' 'weak: the primes .* too close' \
    "$T/close.pem" "$T/close.key"
below inner close "$ca" "$ku"
refused 'an issuer with one' '"CN=Close": the key is weak: the primes' \
    "$T/inner.pem" "$T/inner.key" --import-chain "$T/close.pem"
refused 'a cipher that there is no more' 'an algorithm that OpenSSL has not' \
    "$T/p256.pem" "$T/des.key" --passphrase-file "$T/pass"
chmod 644 "$T/rsa.key"
refused 'a key that all may read' 'chmod 600' "$T/rsa.pem" "$T/rsa.key"
chmod 600 "$T/rsa.key"
refused 'a key that is none' 'no private key' "$T/rsa.pem" "$T/rsa.pem"
head -c 500 /dev/urandom >"$T/noise"
refused 'noise for a certificate' 'certificate' "$T/noise" "$T/rsa.key"
refused 'noise for a key' 'no private key' "$T/rsa.pem" "$T/noise"
truncate -s 2G "$T/big"
refused '2 GiB of certificate' '1 MiB' "$T/big" "$T/rsa.key"
refused '2 GiB of key' 'cannot be read' "$T/rsa.pem" "$T/big"
exits 2 '--key beside it' take x "$T/rsa.pem" "$T/rsa.key" --key ed25519
like 'and says why' "$T/out" 'is not for'
exits 2 '--import-key alone' pca init --dir "$T/x" --name X \
    --import-key "$T/rsa.key"

openssl req -x509 -key "$T/p256.key" -subj /CN=Narrow -days 900 \
    -out "$T/narrow.pem" -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -addext 'nameConstraints=critical,permitted;DNS:a.internal'
refused 'a profile that is wider than its constraints' \
    "profile server: names .* constraints of $T/narrow.pem permit" \
    "$T/narrow.pem" "$T/p256.key" --host a.internal --allow 'dns:**.internal'
unlike 'and names what was typed' "$T/out" '\.pocketca-init|pocketca\.conf'
is 'each reason once' "$(sort "$T/out" | uniq -d)" ''

# ---- its last CRL
mkdir "$T/old"
: >"$T/old/index.txt"
echo 1000 >"$T/old/number"
cat >"$T/old/ca.conf" <<END
[ca]
default_ca = a
[a]
database = $T/old/index.txt
crlnumber = $T/old/number
default_md = sha256
default_crl_days = 30
[x]
authorityKeyIdentifier = keyid
END
printf 'R\t301231235959Z\t260101000000Z,keyCompromise\t0ABC\tunknown\t/CN=gone\n' \
    >"$T/old/index.txt"
old_crl() { # KEY CERT OUT
    openssl ca -gencrl -config "$T/old/ca.conf" -keyfile "$1" -cert "$2" \
        -crlexts x -out "$3" 2>"$T/openssl"
}
old_crl "$T/rsa.key" "$T/rsa.pem" "$T/old.crl"
old_crl "$T/p256.key" "$T/p256.pem" "$T/other.crl"
refused "another authority's CRL" 'CRL' "$T/rsa.pem" "$T/rsa.key" \
    --import-crl "$T/other.crl"
refused 'a CRL that is none' 'CRL|PEM|DER' "$T/rsa.pem" "$T/rsa.key" \
    --import-crl "$T/noise"
exits 2 '--import-crl alone' pca init --dir "$T/x" --name X \
    --import-crl "$T/old.crl"

# ---- a root that issues, served
ports
ok 'to be served' take ca "$T/rsa.pem" "$T/rsa.key" --import-crl "$T/old.crl" \
    --host localhost,127.0.0.1 --listen-api "$API" --listen-public "$PUBLIC"
BEARER=$(cat "$CA/admin.token")
serve
issue web.internal
ok 'what it issues verifies' openssl verify -CAfile "$T/rsa.pem" \
    "$T/web.internal.pem"
want 200 - 'its root is there under that name' "$PUBLIC/ca/root.der"
ok 'and is the old one' sh -c 'openssl x509 -in "$1" -outform DER | cmp - "$2"' \
    - "$T/rsa.pem" "$T/body"
want 200 - 'the chain of CRLs' "$PUBLIC/crl/chain.pem"
openssl crl -in "$T/body" -noout -text >"$T/text"
like 'what was revoked stays revoked' "$T/text" 'Serial Number: 0ABC'
like 'with its reason' "$T/text" 'Key Compromise'
number=$(openssl crl -in "$T/body" -noout -crlnumber | sed 's/.*0x//')
[ $((0x$number)) -gt $((0x1000)) ]
is "and the number ($number) goes on" $? 0
ok 'the ledger fits' "$POCKETCA" audit -c "$CA/pocketca.conf"
stop

# ---- one for TLS alone: its responder is believed all the same
rm -rf "$CA"
below tls rsa "$ca" "$ku" 'subjectKeyIdentifier = hash' \
    'extendedKeyUsage = serverAuth, clientAuth, 1.2.3.4'
ok 'for TLS alone' take ca "$T/tls.pem" "$T/tls.key" --import-chain \
    "$T/rsa.pem" --host localhost,127.0.0.1 --listen-api "$API" \
    --listen-public "$PUBLIC"
BEARER=$(cat "$CA/admin.token")
serve
issue web.internal
unlike 'its responder is certified' "$T/log" 'event=responder.*level=error|level=error.*event=responder'
openssl ocsp -issuer "$T/tls.pem" -cert "$T/web.internal.pem" \
    -url "$PUBLIC/ocsp" -CAfile "$T/rsa.pem" -verify_other "$T/tls.pem" \
    >"$T/ocsp" 2>&1
like 'and believed' "$T/ocsp" '^Response verify OK'
like 'when it says good' "$T/ocsp" ': good$'
stop
cp "$CA/pocketca.conf" "$T/conf"
for oid in 4 5; do
    { cat "$T/conf"; echo 'profile more { usage = "1.2.3.'$oid'" names = "dns:**.b" }'; } \
        >"$CA/pocketca.conf"
    pca check -c "$CA/pocketca.conf" >"$T/check.$oid" 2>&1
done
like 'a purpose by OID that it has' "$T/check.4" 'is good'
like 'and one that it has not' "$T/check.5" \
    'profile more: usage has a purpose that the extended key usage'

# ---- what is two above binds: the signer sees the whole chain
rm -rf "$CA"
ids='subjectKeyIdentifier = hash'
below policy rsa "$ca" "$ku" "$ids" 'authorityKeyIdentifier = keyid' \
    'nameConstraints = critical, excluded;dirName:dn' '[dn]' 'CN = Evil Root'
below two policy "$ca" "$ku" "$ids" 'authorityKeyIdentifier = keyid'
cat "$T/policy.pem" "$T/rsa.pem" >"$T/above.pem"
ok 'an authority below another' take ca "$T/two.pem" "$T/two.key" \
    --import-chain "$T/above.pem" --host localhost,127.0.0.1 \
    --listen-api "$API" --listen-public "$PUBLIC"
echo 'profile people { usage = client names = "cn:**" deny = "cn:Evil Root"
    subject = cn }' >>"$CA/pocketca.conf"
BEARER=$(cat "$CA/admin.token")
serve
for cn in 'Good Root' 'Evil  root' "$(printf 'Evil R\303\266ot')"; do
    openssl req -new -key "$T/web.internal.key" -utf8 -subj "/CN=$cn" \
        -out "$T/o.csr"
    req --data-binary @"$T/o.csr" "$API/v1/certificates?profile=people"
    echo "$status $(jq -r '.errors[]?.detail' "$T/body" 2>/dev/null)" \
        >>"$T/o.$status"
done
like 'another name is certified' "$T/o.201" '^201'
like 'the one that is excluded the profile denies' "$T/o.422" 'cn:evil root.* denied'
like 'what may be it is refused by a lint' "$T/o.422" \
    'name_constraints: a name is outside .* or of one above it'
stop
finish
