#!/bin/sh
# SPDX-License-Identifier: ISC
# Odd signing requests over HTTP and by the command alike: each refused with its
# code and the same reasons, and nothing changes; what is harmless is dropped.
. "${SOURCE:?}/tests/scenario/lib.sh"

init --allow 'dns:**.example.internal,ip:10.0.0.0/8'
serve
export POCKETCA_CONF="$CA/pocketca.conf"
N=dns:a.example.internal
# What the command says of $T/odd.der that HTTP has refused.
same() { # WHAT
    exits 1 "$1: the command" "$POCKETCA" issue "$T/odd.der"
    jq -r '.errors[].detail' "$T/body" >"$T/reasons"
    grep -oFf "$T/reasons" "$T/out" | sort -u >"$T/said"
    is "$1: for the same reasons" "$(cat "$T/said")" "$(sort -u "$T/reasons")"
}
send() { # STATUS CODE WHAT, the DER is in $T/odd.der
    want "$1" "$2" "$3: $1 $2" -H 'Content-Type: application/pkcs10' \
        -H 'Accept: application/json' --data-binary @"$T/odd.der" \
        "$API/v1/certificates"
    case $status in
    400 | 422) same "$3" ;;
    esac
}
odd() { # STATUS CODE WHAT MKCSR-ARG…
    o1=$1 o2=$2 o3=$3
    shift 3
    "$MKCSR" "$@" >"$T/odd.der" || bail "mkcsr $*"
    send "$o1" "$o2" "$o3"
}
odd 201 - 'the helper makes good ones' -c a.example.internal -n $N
steady_begin

# signature
openssl genpkey -algorithm RSA -out "$T/rsa.key" 2>/dev/null
odd 400 bad-signature 'one bit of the signature' -n $N -m flip-signature
odd 400 'bad-csr|bad-signature' 'SHA-1' -k "$T/rsa.key" -n $N -H sha1
odd 400 'bad-csr|bad-signature' 'MD5' -k "$T/rsa.key" -n $N -H md5
odd 400 'bad-csr|bad-signature' 'ECDSA with SHA-1' -n $N -H sha1
odd 400 'bad-csr|bad-signature' 'algorithm of another key type' -n $N \
    -m algorithm-other
openssl req -new -key "$T/rsa.key" -subj /CN=a.example.internal \
    -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:5 -sha256 \
    -outform DER -out "$T/odd.der" 2>/dev/null
send 400 'bad-csr|bad-signature' 'PSS with odd parameters'
like 'by name' "$T/body" 'RSA-PSS with SHA-256 has a salt of 5 octets.*\(32\)'

# encoding
for m in trailing twice indefinite huge-length long-length deep boolean-01 \
    version-2 version-negative long-oid two-san two-requests two-values \
    san-not-der; do
    odd 400 bad-csr "$m" -c a.example.internal -n $N -m $m
done
odd 400 'bad-csr|bad-name|no-names' 'an empty SAN' -c a.example.internal \
    -m san-empty
"$MKCSR" -n $N >"$T/good.der"
size=$(wc -c <"$T/good.der")
cut=1
while [ $cut -lt "$size" ]; do
    head -c $cut "$T/good.der" >"$T/odd.der"
    send 400 bad-csr "cut after $cut of $size"
    cut=$((cut + 23))
done

# names
bad() { odd 400 'bad-name|bad-csr' "$1" -n "$2"; }
bad 'NUL inside' dns:a%00.example.internal
bad 'CR LF inside' dns:a%0d%0ab.example.internal
bad 'ESC inside' dns:a%1b.example.internal
bad 'empty' dns:
bad 'a label of 64' "dns:$(head -c 64 /dev/zero | tr '\0' a).example.internal"
l=$(head -c 60 /dev/zero | tr '\0' a)
bad 'a name of 254' "dns:$l.$l.$l.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.internal"
bad 'double dot' dns:a..example.internal
bad 'leading dot' dns:.a.example.internal
bad 'trailing dot' dns:a.example.internal.
bad 'leading hyphen' dns:-a.example.internal
bad 'raw UTF-8' dns:m%c3%bcnchen.example.internal
bad 'broken punycode' dns:xn--99999999.example.internal
bad 'an IP literal as dNSName' dns:10.0.0.1
bad 'an odd IP literal' dns:0x7f.1
bad 'another' dns:1.2.3
bad 'iPAddress of 5 octets' ip:0a00000105
bad 'iPAddress of 8 octets' ip:0a000001ff000000
bad 'IPv4-mapped IPv6' ip:00000000000000000000ffff0a000001
for w in '*' 'a.*.example.internal' 'a*.example.internal' \
    '*.*.example.internal'; do
    bad "wildcard $w" "dns:$w"
done
odd 422 wildcard-not-allowed 'a wildcard' -n 'dns:*.example.internal'
odd 400 'no-names|bad-csr' 'no SAN and no subject'
odd 422 too-many-names '101 names' -N 101
for n in email:a@example.internal uri:spiffe://td/x other:x dir:x; do
    odd 422 'name-type-not-allowed|name-not-allowed' "$n beside a good name" \
        -n $N -n $n
done
for n in other:x dir:x; do
    odd 422 name-type-not-allowed "$n alone" -n $n
done
odd 422 name-not-allowed 'a good and a bad name' -n $N -n dns:a.evil.org
"$MKCSR" -N 10000 >"$T/odd.der"
send 413 too-large '10 000 names'
exits 1 'the command' "$POCKETCA" issue "$T/odd.der"

# the subject
odd 400 'bad-csr|bad-name' 'invalid UTF-8' -c %ff%fe -n $N
odd 400 'bad-csr|bad-name' 'NUL in the CN' -c a%00b.example.internal -n $N
odd 400 'bad-csr|bad-name' 'control characters' -c a%07b -n $N
odd 400 bad-csr 'over 32 RDNs' -c a.example.internal -R 40 -n $N

# power
power() { odd 422 extension-not-allowed "$1" -n $N -x "$2"; }
power 'CA:TRUE' 2.5.29.19:1:30030101ff
power 'keyCertSign' 2.5.29.15:1:03020204
power 'cRLSign' 2.5.29.15:1:03020102
power 'anyExtendedKeyUsage' 2.5.29.37:0:30060604551d2500
power 'OCSPSigning' 2.5.29.37:0:300a06082b06010505070309
power 'nameConstraints' 2.5.29.30:1:300aa0083006820474657374
power 'an unknown critical extension' 1.2.3.4.5:1:0500

# private keys
want 400 csr-is-private-key 'a private key' \
    --data-binary @"$T/rsa.key" "$API/v1/certificates"
openssl pkey -in "$T/rsa.key" -aes256 -passout pass:x -out "$T/enc.key" \
    2>/dev/null
want 400 'csr-is-private-key|bad-csr' 'an encrypted one, at once' \
    --max-time 2 --data-binary @"$T/enc.key" "$API/v1/certificates"
openssl pkey -in "$T/rsa.key" -traditional -out "$T/trad.key"
want 400 csr-is-private-key 'a traditional one' \
    --data-binary @"$T/trad.key" "$API/v1/certificates"
openssl pkey -in "$T/rsa.key" -outform DER -out "$T/odd.der"
send 400 'csr-is-private-key|bad-csr' 'one in DER'
unlike 'never logged' "$T/log" 'PRIVATE'
for k in rsa.key enc.key trad.key; do
    exits 1 "$k: the command, at once" timeout 5 "$POCKETCA" issue "$T/$k" \
        </dev/null
    like "$k: which says what it is" "$T/out" 'a private key'
done

steady 'after all that'

# harmless: ignored, and our values stand
odd 201 - 'SKI, AIA, CDP, policies, and other key usages are ignored' -n $N \
    -x 2.5.29.14:0:040401020304 \
    -x 1.3.6.1.5.5.7.1.1:0:30153013060829060105050730018607687474703a2f2f \
    -x 2.5.29.32:0:300630040602550a -x 2.5.29.15:0:03020780 \
    -x 2.5.29.37:0:300a06082b06010505070304
jq -r .pem "$T/body" | openssl x509 -noout -text >"$T/text"
unlike 'not their SKI' "$T/text" '01:02:03:04$'
unlike 'no policies' "$T/text" 'Certificate Policies'
unlike 'no mail protection' "$T/text" 'E-mail Protection'
like 'our CRL' "$T/text" "$PUBLIC/crl/issuing.crl"
odd 201 - 'upper case is issued in lower case' -n dns:A.EXAMPLE.INTERNAL
json 'so' '.names == ["dns:a.example.internal"]'
odd 201 - 'the same name twice' -n $N -n $N
json 'once' '.names == ["dns:a.example.internal"]'
for o in '<script>alert(1)</script>' "'; DROP TABLE certificates; --" \
    '=cmd|calc' '%e2%80%aex'; do
    "$MKCSR" -o "$o" -c a.example.internal -n $N >"$T/odd.der"
    req -H 'Content-Type: application/pkcs10' -H 'Accept: application/json' \
        --data-binary @"$T/odd.der" "$API/v1/certificates"
    case $status in
    201)
        req "$API/v1/certificates/$(jq -r .serial "$T/body")"
        jq 'del(.pem, .chain_pem)' "$T/body" >"$T/said" # base64 says anything
        unlike "O $o: dropped" "$T/said" 'script|DROP|cmd|\\u202e' ;;
    400) point ok "O $o: refused" ;;
    *) is "O $o" "$status" '201 or 400' ;;
    esac
done
odd '201|400' any 'BMPString' -s 30 -n $N \
    -c "$(echo a.example.internal | sed 's/./%00&/g')"
odd '201|400' any 'two CNs' -c a.example.internal -c b.example.internal -n $N
odd 201 - 'a CN of 60000, dropped' -n $N -c "$(printf %060000d 0 | tr 0 '~')"
json 'and quoted as far as a sentence goes' '[.warnings[] |
    select(test("was dropped")) | length < 200] == [true]'
odd '201|400' any 'a CN of 65' \
    -c "$(head -c 65 /dev/zero | tr '\0' a)" -n $N
ok 'the audit agrees' "$POCKETCA" audit -c "$CA/pocketca.conf"
finish
