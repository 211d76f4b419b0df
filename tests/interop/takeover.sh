#!/bin/sh
# SPDX-License-Identifier: ISC
# Authorities that easy-rsa and cfssl have made go on here.
. "$(dirname "$0")/lib.sh"
need cfssl cfssljson openssl
easyrsa=/usr/share/easy-rsa/easyrsa
[ -x "$easyrsa" ] || bail "easy-rsa is missing"

# goes_on NAME DIR ROOT: issues, and that verifies by the old root
goes_on()
{
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$work/$1-leaf.key" -subj /CN=web.internal \
        -addext subjectAltName=DNS:web.internal -out "$work/$1-leaf.csr" \
        2>"$work/req.log" || bail "$1: openssl req"
    "$POCKETCA" issue -c "$2/pocketca.conf" -o "$work/$1-leaf.pem" \
        "$work/$1-leaf.csr" >"$work/issue.log" 2>&1 ||
        bail "$1: issue: $(cat "$work/issue.log")"
    openssl verify -CAfile "$3" -untrusted "$work/$1-leaf.pem" \
        "$work/$1-leaf.pem" >"$work/verify.log" 2>&1 ||
        bail "$1: $(cat "$work/verify.log")"
}
take() # NAME OPTION…
{
    name=$1
    shift
    "$POCKETCA" init --dir "$work/$name-ca" --name Old "$@" \
        >"$work/take.log" 2>&1 || bail "$name: $(cat "$work/take.log")"
}

# ---- easy-rsa: a root with a passphrase, and a sub-CA
cd "$work" || exit 1
easy_in() # PKI COMMAND…
{
    pki=$1
    shift
    "$easyrsa" --batch --pki-dir="$work/$pki" "$@" >"$work/easy.log" 2>&1 ||
        bail "easyrsa $*: $(tail -5 "$work/easy.log")"
}
echo easywords >"$work/easy.pass"
easy_in easy init-pki
easy_in easy --passout=pass:easywords --passin=pass:easywords \
    --req-cn='Easy Root' build-ca
take easy --import-cert "$work/easy/ca.crt" \
    --import-key "$work/easy/private/ca.key" --passphrase-file "$work/easy.pass"
goes_on easy "$work/easy-ca" "$work/easy/ca.crt"
proved "easy-rsa's root, its key encrypted"

easy_in sub init-pki
easy_in sub --req-cn='Easy Sub' build-ca nopass subca
easy_in easy import-req "$work/sub/reqs/ca.req" sub
easy_in easy --passin=pass:easywords sign-req ca sub
take easysub --import-cert "$work/easy/issued/sub.crt" \
    --import-key "$work/sub/private/ca.key" --import-chain "$work/easy/ca.crt"
goes_on easysub "$work/easysub-ca" "$work/easy/ca.crt"
proved "easy-rsa's sub-CA, its certificate with text before it"

# ---- cfssl: a root and an intermediate
cat >"$work/root.json" <<'END'
{"CN": "Cfssl Root", "key": {"algo": "ecdsa", "size": 256}}
END
cat >"$work/inter.json" <<'END'
{"CN": "Cfssl Inter", "key": {"algo": "rsa", "size": 2048}}
END
cat >"$work/config.json" <<'END'
{"signing": {"profiles": {"ca": {"usages": ["cert sign", "crl sign"],
    "expiry": "8760h", "ca_constraint": {"is_ca": true, "max_path_len": 0,
    "max_path_len_zero": true}}}}}
END
cfssl genkey -initca "$work/root.json" 2>"$work/cfssl.log" |
    cfssljson -bare "$work/root" || bail "cfssl genkey"
cfssl gencert -ca "$work/root.pem" -ca-key "$work/root-key.pem" \
    -config "$work/config.json" -profile ca "$work/inter.json" \
    2>"$work/cfssl.log" | cfssljson -bare "$work/inter" || bail "cfssl gencert"
chmod 600 "$work/root-key.pem" "$work/inter-key.pem"
take cfssl --import-cert "$work/root.pem" --import-key "$work/root-key.pem"
goes_on cfssl "$work/cfssl-ca" "$work/root.pem"
proved "cfssl's root"
take inter --import-cert "$work/inter.pem" --import-key "$work/inter-key.pem" \
    --import-chain "$work/root.pem"
goes_on inter "$work/inter-ca" "$work/root.pem"
proved "cfssl's intermediate"
finish
