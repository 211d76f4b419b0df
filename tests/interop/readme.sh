#!/bin/sh
# SPDX-License-Identifier: ISC
# The README is true: its blocks are taken from it and run as they stand, but
# for where the service listens and where files lie.
. "$(dirname "$0")/lib.sh"
need nginx certutil sed awk
ca_start
foreign_start

readme=$SOURCE/README.md
yard=$work/yard
mkdir -p "$yard/tls" "$yard/bin"
ln -s "$(realpath "$POCKETCA")" "$yard/bin/pocketca"
PATH=$yard/bin:$PATH
ln -s "$CA" "$yard/demo"

# block NAME: its lines, at home here.
block()
{
    awk -v name="run=$1" '
        /^```/ { on = !on && $2 == name; seen += on; next }
        on' "$readme" | here
}
here()
{
    sed -e "s|https://localhost:8443|https://localhost:$api_port|g" \
        -e "s|http://localhost:8080|http://localhost:$public_port|g" \
        -e "s|https://ca.example.internal:8443|$API|g" \
        -e "s|http://ca.example.internal:8080|$PUBLIC|g" \
        -e "s|/etc/nginx/tls|$yard/tls|g" \
        -e "s|listen 443|listen 127.0.0.1:${web_port:-443}|" \
        -e "s|systemctl reload nginx|$reload|"
}
reload=true

# run NAME: as a reader would, in one shell for a block.
run()
{
    block "$1" >"$work/$1.sh"
    [ -s "$work/$1.sh" ] || bail "README has no block $1"
    (cd "$yard" && sh -eu "$work/$1.sh") >"$work/$1.log" 2>&1 ||
        bail "README's block $1 fails"
}

run first
grep -q 'web.pem: OK' "$work/first.log" || bail "first: not verified"
proved "the first certificate, as the README has it"

run life
serial=$(serial_of "$yard/web.pem")
grep -q "\"serial\": *\"$serial\"" "$work/life.log" || bail "life: no look-up"
grep -qi "serial number: $serial" "$work/life.log" || bail "life: not on the CRL"
proved "look-up, revocation and CRL, as the README has them"

run many
grep -q 'revoked at .* reason keyCompromise$' "$work/many.log" ||
    bail "many: the key's certificate is not the one"
grep -q '^1 match: .* 1 revoked already' "$work/many.log" ||
    bail "many: again it is another one"
code=$(curl -sS --cacert "$root" --oauth2-bearer "$(cat "$CA/admin.token")" \
    --data-binary "@$yard/web.csr" "$API/v1/certificates" | jq -r .code)
[ "$code" = key-compromised ] || bail "many: the key is certified again ($code)"
proved "what a stolen key has got is revoked, as the README has it"

run root
cmp -s "$yard/root.pem" "$root" ||
    [ "$(openssl x509 -in "$yard/root.pem" -outform DER | sha256sum)" = \
        "$(openssl x509 -in "$root" -outform DER | sha256sum)" ] ||
    bail "root: another one"
fingerprint=$(sed -n 's/^sha256 Fingerprint=//p' "$work/root.log")
grep -q "$fingerprint" "$work/init.out" || bail "init printed another one"
proved "the root's fingerprint is the one that init printed"

run revoked
grep -q 'web.pem: revoked' "$work/revoked.log" || bail "revoked: OCSP has it not"
grep -q 'Response verify OK' "$work/revoked.log" || bail "revoked: not verified"
proved "OCSP says that it is revoked, as the README has it"

run token
POCKETCA_TOKEN=$(jq -r .token "$work/token.log")
export POCKETCA_TOKEN
run job
openssl verify -CAfile "$root" -untrusted "$yard/test.pem" "$yard/test.pem" \
    >"$work/verify.log" 2>&1 || bail "job: the certificate does not verify"
openssl x509 -in "$yard/test.pem" -noout -checkend 86500 >"$work/end.log" &&
    bail "job: longer than a day"
openssl req -new -key "$yard/test.key" -subj /CN=db.prod.internal \
    -addext subjectAltName=DNS:db.prod.internal >"$work/prod.csr"
code=$(curl -sS --cacert "$root" --oauth2-bearer "$POCKETCA_TOKEN" \
    --data-binary "@$work/prod.csr" "$API/v1/certificates" | jq -r .code)
[ "$code" = name-not-in-token ] || bail "job: the token issues more ($code)"
proved "the CI job's token issues what it may, and nothing else"

# ---- mutual TLS, with the README's server blocks and CRL line
certify web p256 server web.internal
cp "$work/web.pem" "$work/web.key" "$root" "$yard/tls/"
run anchors
mutual_port=$(free_port)
ocsp_port=$(free_port)
reload="nginx -c $work/nginx.conf -s reload -e stderr"
line=$(grep '^[0-9][0-9 ]*\( \*\)* .*/crl/chain.pem' "$readme" | here |
    sed 's/^\([^ ]* \)\{5\}//')
[ -n "$line" ] || bail "README has no cron line for the CRL"
crl_line() { (cd / && sh -c "$line") >"$work/crl.log" 2>&1; }
(reload=true && line=$(echo "$line" | sed 's/&& nginx .*//') && crl_line) ||
    bail "the CRL line fails"
# site NAME PORT: a server block, with a page
site()
{
    web_port=$2
    block "$1" | sed "s|^}|    location / { return 200 \"$secret\\n\"; }\n}|"
}
cat >"$work/nginx.conf" <<END
pid $work/nginx.pid;
error_log $work/nginx-error.log notice;
events { }
http {
$(nginx_own)
$(site mutual "$mutual_port")
$(site ocsp "$ocsp_port")
}
END
mutual_start
server nginx "$mutual_port" nginx -c "$work/nginx.conf" -e stderr \
    -g 'daemon off;'
served curl "$root" "$mutual_port" revoked ||
    bail "nginx refuses what its CRL does not have yet"
crl_line || bail "the CRL line fails"
old_gone() { grep -q 'worker process .* exited' "$work/nginx-error.log"; }
wait_for 20 old_gone || bail "nginx does not reload"
mutual "$mutual_port" "the README's nginx"
mutual "$ocsp_port" "the README's nginx with OCSP"
mutual_now "$ocsp_port" "the README's nginx with OCSP"
wait_for 10 staples "$ocsp_port" good || bail "the README's nginx staples nothing"
proved "the README's nginx staples that its certificate is good"

# ---- trusting the root: what can be tried without touching this machine
mkdir "$work/profile"
certutil -N -d "sql:$work/profile" --empty-password
importing=$(grep -o 'certutil -A -d sql:PROFILE[^`]*' "$readme" |
    sed "s|PROFILE|$work/profile|")
[ -n "$importing" ] || bail "README has no line for Firefox"
(cd "$yard" && sh -c "$importing") || bail "NSS does not take the root"
for i in 1 2; do # leaf, issuing
    awk -v want=$i '/^-----BEGIN/ { n++ } n == want' "$work/web.pem" |
        certutil -A -d "sql:$work/profile" -n "part $i" -t ,, -a
done
certutil -V -u V -d "sql:$work/profile" -n "part 1" >"$work/nss.log" 2>&1 ||
    bail "NSS does not trust a server of ours"
proved "Firefox's library trusts the root by the README's line"
# ---- a root that is offline
echo 'correct horse' >"$yard/root.pass"
mkdir "$yard/old"
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=Old -days 900 \
    -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout "$yard/old/ca.key" -out "$yard/old/ca.crt" 2>"$work/req.log"
run existing
proved "an existing authority, as the README has it"
run offline
run chain
openssl verify -x509_strict -CAfile "$yard/root/root.pem" \
    "$yard/issuing/issuing.pem" >"$work/verify.log" 2>&1 ||
    bail "chain: the issuing certificate does not verify"
proved "an offline root, as the README has it"
run deep
openssl verify -x509_strict -CAfile "$yard/root/root.pem" \
    -untrusted "$yard/policy/issuing.pem" "$yard/below/issuing.pem" \
    >"$work/verify.log" 2>&1 || bail "deep: it does not verify"
proved "an authority between, as the README has it"
run rollover
pocketca check -c "$yard/demo/pocketca.conf" >"$work/check.log" 2>&1 ||
    bail "rollover: check is not content"
proved "a new key for an authority, as the README has it"
urls_issued
URLS=no # nothing is good under a revoked authority
run stolen
curl -fsS "$PUBLIC/crl/root.pem" | openssl crl -noout -text |
    grep -qi "serial number: $(serial_of "$CA/issuing.pem")" ||
    bail "stolen: the root's list does not say so"
curl -sS --cacert "$CA/root.pem" "$API/readyz" | grep -q 'issuing was revoked' ||
    bail "stolen: the service does not tell"
proved "an issuing authority is revoked, as the README has it"
finish
