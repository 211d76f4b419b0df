#!/bin/sh
# SPDX-License-Identifier: ISC
# Authorities that easy-rsa, cfssl, step-ca and `openssl ca` have made go on
# here, with what they signed and revoked, also later.
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
# known NAME GOOD REVOKED: our CRL says so of what the old program signed
known()
{
    openssl crl -inform DER -in "$work/$1-ca/crl/issuing.crl" \
        -out "$work/$1.crl" 2>"$work/crl.log" || bail "$1: no CRL"
    openssl verify -crl_check -partial_chain -trusted "$work/$1-ca/issuing.pem" \
        -CRLfile "$work/$1.crl" "$2" >"$work/verify.log" 2>&1 ||
        bail "$1: $2 is not good: $(cat "$work/verify.log")"
    ! openssl verify -crl_check -partial_chain -trusted \
        "$work/$1-ca/issuing.pem" -CRLfile "$work/$1.crl" "$3" \
        >"$work/verify.log" 2>&1 || bail "$1: $3 is good again"
    grep -q 'certificate revoked' "$work/verify.log" ||
        bail "$1: $3: $(cat "$work/verify.log")"
}
# import NAME WANTED OPTION…: says so many
import()
{
    name=$1 wanted=$2
    shift 2
    "$POCKETCA" import -c "$work/$name-ca/pocketca.conf" "$@" \
        >"$work/import.log" 2>&1 || bail "$name: $(cat "$work/import.log")"
    grep -q "^$wanted imported," "$work/import.log" ||
        bail "$name: not $wanted: $(cat "$work/import.log")"
}
audit()
{
    "$POCKETCA" audit -c "$work/$1-ca/pocketca.conf" >"$work/audit.log" 2>&1 ||
        bail "$1: $(cat "$work/audit.log")"
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
for n in a b c; do
    easy_in easy --passin=pass:easywords build-server-full $n.internal nopass
    cp "$work/easy/issued/$n.internal.crt" "$work/easy-$n.crt"
done
easy_in easy --passin=pass:easywords revoke b.internal superseded
easy_in easy --passin=pass:easywords gen-crl
take easy --import-cert "$work/easy/ca.crt" \
    --import-key "$work/easy/private/ca.key" \
    --passphrase-file "$work/easy.pass" --import-crl "$work/easy/crl.pem"
goes_on easy "$work/easy-ca" "$work/easy/ca.crt"
import easy 3 "$work/easy" --crl "$work/easy/crl.pem"
known easy "$work/easy-a.crt" "$work/easy-b.crt"
proved "easy-rsa's root, its key encrypted, with its directory and its CRL"
# A row becomes another reason; openssl itself revokes nothing twice.
easy_in easy --passin=pass:easywords revoke c.internal superseded
sed 's/,superseded/,keyCompromise/' "$work/easy/index.txt" >"$work/index.txt"
import easy 2 "$work/index.txt"
known easy "$work/easy-a.crt" "$work/easy-c.crt"
openssl crl -in "$work/easy.crl" -noout -text >"$work/text"
[ "$(grep -c 'Key Compromise' "$work/text")" = 2 ] ||
    bail "easy: the reason is not raised"
import easy 0 "$work/easy/index.txt"
audit easy
proved "what easy-rsa revokes later, by its index.txt"

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
echo '{"CN": "a.internal", "hosts": ["a.internal"],
    "key": {"algo": "ecdsa", "size": 256}}' >"$work/a.json"
for n in a b c; do
    cfssl gencert -ca "$work/root.pem" -ca-key "$work/root-key.pem" \
        "$work/a.json" 2>"$work/cfssl.log" | cfssljson -bare "$work/cf-$n" ||
        bail "cfssl gencert"
done
cf_crl() # FILE NAME…: as cfssl writes it, bare base64
{
    file=$1
    shift
    for n in "$@"; do
        s=$(openssl x509 -in "$work/cf-$n.pem" -noout -serial)
        python3 -c "print(0x${s#serial=})"
    done >"$work/serials"
    cfssl gencrl "$work/serials" "$work/root.pem" "$work/root-key.pem" \
        >"$file" 2>"$work/cfssl.log" || bail "cfssl gencrl"
}
cf_crl "$work/cf.crl" b
take cfssl --import-cert "$work/root.pem" --import-key "$work/root-key.pem" \
    --import-crl "$work/cf.crl"
goes_on cfssl "$work/cfssl-ca" "$work/root.pem"
import cfssl 3 "$work"/cf-?.pem --crl "$work/cf.crl"
known cfssl "$work/cf-a.pem" "$work/cf-b.pem"
cf_crl "$work/cf.crl" b c
import cfssl 1 --crl "$work/cf.crl"
known cfssl "$work/cf-a.pem" "$work/cf-c.pem"
audit cfssl
proved "cfssl's root, with its certificates and its CRLs"
take inter --import-cert "$work/inter.pem" --import-key "$work/inter-key.pem" \
    --import-chain "$work/root.pem"
goes_on inter "$work/inter-ca" "$work/root.pem"
proved "cfssl's intermediate"

# ---- step-ca, which Debian has not: what it writes, made by openssl
S=$work/step
mkdir -p "$S/certs" "$S/secrets"
echo 'step words' >"$S/pass"
cat >"$S/ext" <<'END'
[root]
basicConstraints = critical, CA:TRUE, pathlen:1
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[inter]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[leaf]
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:step.internal
END
step_sign() # NAME CN SECTION OPTION…
{
    step_name=$1 cn=$2 section=$3
    shift 3
    openssl ecparam -name prime256v1 -genkey -noout -out "$S/$step_name.key"
    openssl req -new -key "$S/$step_name.key" -subj "/O=Step/CN=$cn" \
        -out "$S/csr"
    openssl x509 -req -in "$S/csr" -extfile "$S/ext" -extensions "$section" \
        "$@" -out "$S/certs/$step_name.crt" 2>"$work/step.log" ||
        bail "step: $(cat "$work/step.log")"
}
step_sign root_ca 'Step Root CA' root -signkey "$S/root_ca.key" -days 3650
step_sign intermediate_ca 'Step Intermediate CA' inter -days 3600 \
    -CA "$S/certs/root_ca.crt" -CAkey "$S/root_ca.key"
for n in a b; do
    step_sign $n step.internal leaf -days 30 \
        -CA "$S/certs/intermediate_ca.crt" -CAkey "$S/intermediate_ca.key"
done
for n in root_ca intermediate_ca; do
    openssl ec -in "$S/$n.key" -aes256 -passout "file:$S/pass" \
        -out "$S/secrets/${n}_key" 2>"$work/step.log"
    rm "$S/$n.key"
    grep -q '^DEK-Info: AES-256-CBC' "$S/secrets/${n}_key" ||
        bail "step: not the key that it writes"
done
take step --import-cert "$S/certs/intermediate_ca.crt" \
    --import-key "$S/secrets/intermediate_ca_key" \
    --import-chain "$S/certs/root_ca.crt" --passphrase-file "$S/pass"
goes_on step "$work/step-ca" "$S/certs/root_ca.crt"
import step 2 "$S/certs/a.crt" "$S/certs/b.crt"
"$POCKETCA" revoke -c "$work/step-ca/pocketca.conf" "$S/certs/b.crt" \
    >"$work/revoke.log" 2>&1 || bail "step: revoke"
known step "$S/certs/a.crt" "$S/certs/b.crt"
audit step
proved "step-ca's intermediate, its key in a traditional encrypted PEM"
"$POCKETCA" init --root-only --dir "$work/step-root" --name Old \
    --public-url none --import-cert "$S/certs/root_ca.crt" \
    --import-key "$S/secrets/root_ca_key" --passphrase-file "$S/pass" \
    >"$work/take.log" 2>&1 || bail "step: root: $(cat "$work/take.log")"
"$POCKETCA" init --issuing-csr --dir "$work/step-next" --name Next \
    >"$work/take.log" 2>&1 || bail "step: next"
"$POCKETCA" sign-intermediate -c "$work/step-root/pocketca.conf" \
    --passphrase-file "$S/pass" "$work/step-next/issuing.csr" \
    --out "$work/step-next.pem" >"$work/take.log" 2>&1 ||
    bail "step: $(cat "$work/take.log")"
"$POCKETCA" install-chain -c "$work/step-next/pocketca.conf" \
    "$work/step-next.pem" >"$work/take.log" 2>&1 ||
    bail "step: $(cat "$work/take.log")"
goes_on step-next "$work/step-next" "$S/certs/root_ca.crt"
proved "step-ca's root signs another authority"

# ---- openssl ca
O=$work/plain
mkdir -p "$O/new"
: >"$O/index.txt"
echo 01 >"$O/serial"
echo 2000 >"$O/crlnumber"
cat >"$O/cnf" <<END
[ca]
default_ca = d
[d]
database = $O/index.txt
new_certs_dir = $O/new
serial = $O/serial
crlnumber = $O/crlnumber
certificate = $O/ca.pem
private_key = $O/ca.key
default_md = sha256
default_days = 90
default_crl_days = 30
policy = p
x509_extensions = x
unique_subject = no
[p]
commonName = supplied
[x]
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END
plain() { openssl ca -batch -config "$O/cnf" "$@" 2>"$work/plain.log" ||
    bail "openssl ca $1: $(cat "$work/plain.log")"; }
openssl req -x509 -newkey rsa:2048 -nodes -subj '/CN=Plain CA' -days 900 \
    -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout "$O/ca.key" -out "$O/ca.pem" 2>"$work/req.log"
for n in a b c; do
    openssl req -new -newkey rsa:2048 -nodes -keyout "$O/$n.key" \
        -subj "/CN=$n.internal" -out "$O/$n.csr" 2>"$work/req.log"
    plain -in "$O/$n.csr" -out "$O/$n.pem"
done
plain -revoke "$O/b.pem" -crl_reason superseded
plain -gencrl -out "$O/crl.pem"
take plain --import-cert "$O/ca.pem" --import-key "$O/ca.key" \
    --import-crl "$O/crl.pem"
goes_on plain "$work/plain-ca" "$O/ca.pem"
import plain 3 "$O" --crl "$O/crl.pem"
known plain "$O/a.pem" "$O/b.pem"
plain -revoke "$O/c.pem" -crl_reason keyCompromise
import plain 1 "$O/index.txt"
known plain "$O/a.pem" "$O/c.pem"
number=$(openssl crl -in "$work/plain.crl" -noout -crlnumber | sed 's/.*0x//')
[ $((0x$number)) -gt $((0x2000)) ] || bail "plain: CRL number $number"
audit plain
proved "openssl ca, what it revokes later too"
finish
