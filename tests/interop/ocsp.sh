#!/bin/sh
# SPDX-License-Identifier: ISC
# Those who ask whether it is revoked: OpenSSL, GnuTLS, NSS, curl and Python;
# and those who look at the CRL.
. "$(dirname "$0")/lib.sh"
need ocsptool certtool certutil vfychain ocspclnt /usr/bin/python3
# Constrained, as the responder's name then is too for whoever takes its CN for
# that of a host.
ca_start --constrain --allow 'dns:**.internal,dns:localhost,ip:127.0.0.1'
foreign_start
issuing=$CA/issuing.pem
for name in good bad; do
    for type in $key_types; do
        certify "$name-$type" "$type" client "$name.internal"
    done
done

# ---- who asks.  Each prints what it believes of $asked, a certificate: good,
# revoked, or nothing; trusting $anchors, a file with the root or the chain.
by_openssl() # OPTION...
{
    openssl ocsp "$@" -issuer "$issuing" -cert "$asked" -url "$PUBLIC/ocsp" \
        -CAfile "$anchors" >"$work/said.log" 2>&1 || return 0
    grep -q '^Response verify OK' "$work/said.log" &&
        ! grep -q 'no nonce in response' "$work/said.log" || return 0
    sed -n 's/^.*\.pem: //p' "$work/said.log"
}

# GnuTLS trusts a responder only by the authority right above it.
by_ocsptool() # OPTION...
{
    timeout 20 ocsptool "$@" --load-cert="$asked" --load-issuer="$issuing" \
        --load-trust="$anchors" >"$work/said.log" 2>&1 || return 0
    grep -q '^Verifying OCSP Response: Success' "$work/said.log" || return 0
    case "$*" in
    *--nonce) grep -q 'Nonce: [0-9a-f]' "$work/said.log" || return 0 ;;
    esac
    sed -n 's/^.*Certificate Status: //p' "$work/said.log"
}

# NSS asks at the address that is in the certificate, and fails without answer.
by_vfychain()
{
    if vfychain -d "sql:$work/nss" -u 0 -pp -g leaf -m ocsp -s failIfNoInfo \
        -a "$asked" >"$work/said.log" 2>&1; then
        echo good
    elif grep -q 'ERROR -8180' "$work/said.log"; then
        echo revoked
    fi
}
by_ocspclnt()
{
    nick=${asked##*/}
    certutil -A -d "sql:$work/nss" -n "$nick" -t ,, -i "$asked"
    ocspclnt -d "sql:$work/nss" -S "$nick" >"$work/said.log" 2>&1
    sed -n 's/^Check of certificate ".*" succeeded.*/good/p
        s/^Peer.s Certificate has been revoked.*/revoked/p' "$work/said.log"
}

# The GET form, and an answer read back by one who did not ask.
by_curl() # READER
{
    openssl ocsp -sha256 -no_nonce -issuer "$issuing" -cert "$asked" \
        -reqout "$work/request.der" >"$work/said.log" 2>&1
    path=$(openssl base64 -A -in "$work/request.der" |
        sed 's/+/%2B/g; s/=/%3D/g; s,/,%2F,g')
    curl -fsS -o "$work/answer.der" "$PUBLIC/ocsp/$path" || return 0
    "read_$1" >"$work/said.log" 2>&1 || return 0
    sed -n 's/^.*\.pem: //p; s/^.*Certificate Status: //p' "$work/said.log"
}
read_openssl()
{
    openssl ocsp -respin "$work/answer.der" -sha256 -issuer "$issuing" \
        -cert "$asked" -CAfile "$anchors" &&
        grep -q '^Response verify OK' "$work/said.log"
}
read_python()
{
    outside /usr/bin/python3 -B "$SOURCE/tests/interop/ocsp.py" "$issuing" \
        "$asked" "$work/answer.der"
}
read_ocsptool()
{
    ocsptool --verify-response --load-response="$work/answer.der" \
        --load-issuer="$issuing" --load-trust="$anchors"
}

mkdir "$work/nss"
certutil -N -d "sql:$work/nss" --empty-password
certutil -A -d "sql:$work/nss" -n root -t CT,C,C -i "$root"
certutil -A -d "sql:$work/nss" -n issuing -t ,, -i "$issuing"

# told STATE ASKER [OPTION...]: that is what it believes; STATE none: nothing.
told()
{
    wanted=$1
    shift
    state=$("$@")
    [ "${state:-none}" = "$wanted" ] ||
        bail "$*: ${asked##*/} is ${state:-none}, not $wanted"
}
# all STATE STEM: every one of them says so.
all()
{
    asked=$work/$2.pem anchors=$root
    for hash in -sha1 -sha256; do
        told "$1" by_openssl $hash
        told "$1" by_openssl $hash -no_nonce
    done
    told "$1" by_curl openssl
    told "$1" by_curl python
    case $2 in
    *ed25519) ;; # NSS 3.87 does not know these keys
    *)
        told "$1" by_vfychain
        told "$1" by_ocspclnt
        ;;
    esac
    anchors=$CA/chain.pem
    told "$1" by_ocsptool --ask
    told "$1" by_ocsptool --ask="$PUBLIC/ocsp" --nonce
    told "$1" by_curl ocsptool
}
for type in $key_types; do
    all good "good-$type"
    all good "bad-$type"
    revoke "bad-$type"
    all revoked "bad-$type"
    all good "good-$type"
    proved "$type: good, and revoked from then on, says each of them"
done

# They do look who answers.
asked=$work/good-p256.pem anchors=$work/foreign-ca.pem
told none by_openssl -sha1
told none by_ocsptool --ask
told none by_curl openssl
told none by_curl ocsptool
issuing=$work/foreign-ca.pem
read_python >"$work/said.log" 2>&1 && bail "Python believes a foreign issuer"
issuing=$CA/issuing.pem
proved "none of them believes what a foreign root would have certified"

# ---- the CRL that the certificate names, and those of the whole chain
crl_fetch
for type in $key_types; do
    for name in good bad; do
        verdict=revoked
        urls "$work/$name-$type.pem" >"$work/urls.log" 2>&1 && verdict=good
        [ "$name/$verdict" = good/good ] || [ "$name/$verdict" = bad/revoked ] ||
            bail "the CRL of $name-$type's own address: $verdict"
        verdict=$(openssl verify -crl_check_all -CAfile "$root" \
            -untrusted "$issuing" -CRLfile "$work/crl.pem" \
            "$work/$name-$type.pem" 2>&1 |
            sed -n 's/.*: OK$/good/p; s/.*: certificate revoked$/revoked/p')
        [ "$name/$verdict" = good/good ] || [ "$name/$verdict" = bad/revoked ] ||
            bail "the CRLs of the chain: $name-$type is $verdict"
    done
done
proved "openssl verify -crl_check_all says the same"

# ---- nobody answers
stop || bail "the service did not end well"
asked=$work/good-rsa.pem anchors=$CA/chain.pem
told none by_openssl -sha1
told none by_ocsptool --ask
told none by_curl openssl
told none by_vfychain
told none by_ocspclnt
proved "without the service they are told nothing"
finish
