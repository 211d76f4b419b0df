#!/bin/sh
# SPDX-License-Identifier: ISC
# An offline root certifies an issuing authority; what does not fit is refused.
URLS=no # there is no pki.example
. "${SOURCE:?}/tests/scenario/lib.sh"

R=$T/r
pca() { "$POCKETCA" "$@"; }
root() { c=$1; shift; pca "$c" -c "$R/pocketca.conf" "$@"; }
here() { c=$1; shift; pca "$c" -c "$CA/pocketca.conf" "$@"; }
err() { like "$1" "$T/out" "$2"; }

echo 'root words' >"$T/root.pass"
echo 'issuing words' >"$T/pass"
echo wrong >"$T/wrong"

# ---- the root
ok 'the offline root is made' pca init --root-only --dir "$R" --name Test \
    --public-url http://pki.example --passphrase-file "$T/root.pass"
like 'its key is encrypted' "$R/keys/root.key" 'ENCRYPTED'
no 'no token' test -e "$R/admin.token"
no 'no issuing key' test -e "$R/keys/issuing.key"
ok 'its CRL is there' openssl crl -inform DER -noout -verify \
    -in "$R/crl/root.crl" -CAfile "$R/root.pem"
ok 'check takes it' root check
ok 'list needs no passphrase' setsid "$POCKETCA" list -c "$R/pocketca.conf"
exits 1 'serve refuses it' root serve
err 'and says why' 'offline'
for bad in '--allow dns:a.b' '--host a.b' '--constrain' '--lifetime 1y' \
    '--listen-api https://127.0.0.1:1' '--issuing-csr'; do
    # shellcheck disable=SC2086
    exits 2 "--root-only refuses $bad" pca init --root-only --dir "$T/x" \
        --name X $bad
    no 'and leaves nothing' test -e "$T/x"
done
(cd "$R" && find . -type f -exec sha256sum {} + | sort) >"$T/sums"
no 'a second is refused' pca init --root-only --dir "$R" --name Test
(cd "$R" && find . -type f -exec sha256sum {} + | sort) >"$T/kept"
ok 'and changes nothing' cmp "$T/sums" "$T/kept"

# ---- the issuing authority
ports
ok 'an issuing authority begins' pca init --issuing-csr --dir "$CA" \
    --name Test --listen-api "$API" --listen-public "$PUBLIC" \
    --host localhost,127.0.0.1 --passphrase-file "$T/pass"
like 'the issuing key is encrypted' "$CA/keys/issuing.key" 'ENCRYPTED'
ok 'the CSR is good' openssl req -in "$CA/issuing.csr" -noout -verify
exits 1 'serve waits for the chain' here serve
err 'and says for what' 'install-chain'
exits 1 'so does list' here list
no 'and no token is made' test -e "$CA/admin.token"

# ---- signed
exits 1 'without a passphrase' setsid "$POCKETCA" sign-intermediate \
    -c "$R/pocketca.conf" "$CA/issuing.csr"
err 'it says so' 'no passphrase'
exits 1 'with a wrong one' root sign-intermediate "$CA/issuing.csr" \
    --passphrase-file "$T/wrong"
err 'that too' 'passphrase does not open'
sign() { root sign-intermediate --passphrase-file "$T/root.pass" "$@"; }
sed 's/A/B/2' "$CA/issuing.csr" >"$T/bad.csr"
exits 1 'a CSR that is broken' sign "$T/bad.csr"
openssl req -new -newkey rsa:1024 -nodes -keyout "$T/weak.key" \
    -subj /CN=Weak -out "$T/weak.csr" 2>"$T/openssl"
exits 1 'a key of 1024 bits' sign "$T/weak.csr"
openssl req -new -newkey rsa:2048 -nodes -keyout "$T/no.key" -subj /O=No \
    -out "$T/no.csr" 2>"$T/openssl"
exits 1 'no CN' sign "$T/no.csr"
err 'names the rule' 'commonName'
openssl req -new -key "$T/no.key" -subj /CN=Mighty -out "$T/eku.csr" \
    -addext extendedKeyUsage=anyExtendedKeyUsage 2>"$T/openssl"
exits 1 'one that asks for more' sign "$T/eku.csr"
err 'by its name' 'asks for anyExtendedKeyUsage, which an authority is not'
openssl req -new -key "$T/no.key" -subj /O=No -out "$T/all.csr" \
    -addext extendedKeyUsage=OCSPSigning,anyExtendedKeyUsage \
    -addext 1.2.3.4=critical,DER:0500 2>"$T/openssl"
exits 1 'one that is wrong in every way' sign "$T/all.csr" --lifetime 30y
for said in 'OCSPSigning' 'anyExtendedKeyUsage' 'critical extension.*1\.2\.3\.4' \
    'no commonName' 'lifetime: ' 'ca_subject_empty: '; do
    err "all is said at once: $said" "$said"
done
is 'each once' "$(wc -l <"$T/out")" 6
mv "$R/keys/root.key" "$R/keys/away"
exits 2 'wrong values' sign "$T/none.csr" --lifetime soon --path-len x \
    --constrain 'dns:a..b,uri:https://10.0.0.1/'
for said in '--lifetime: ' '--path-len: ' 'dns:a\.\.b' 'an address as host'; do
    err "are told before a file is opened: $said" "$said"
done
is 'each once' "$(wc -l <"$T/out")" 4
mv "$R/keys/away" "$R/keys/root.key"
openssl pkey -in "$R/keys/root.key" -passin "file:$T/root.pass" \
    -out "$T/root.key"
openssl req -new -key "$T/root.key" -subj /CN=Self -out "$T/self.csr"
exits 1 "the root's own key" sign "$T/self.csr"
err 'is no other authority' 'key of an authority'
for bad in '1 --lifetime 30y' '2 --lifetime soon' '2 --path-len x' \
    '2 --constrain dns:a..b' '2 --constrain cn:x' '2 --constrain ,' \
    '2 --constrain cn:**' '1 --authority issuing'; do
    # shellcheck disable=SC2086
    exits "${bad%% *}" "refuses ${bad#* }" sign "$CA/issuing.csr" ${bad#* }
done
name=$(openssl x509 -in "$R/root.pem" -noout -subject -nameopt multiline |
    sed -n 's/.*commonName *= //p')
openssl req -new -key "$T/no.key" -subj "/CN=$name" -out "$T/same.csr"
exits 1 "the root's own name" sign "$T/same.csr"
err 'is not for another' "subject is its issuer's"
openssl req -new -utf8 -key "$T/no.key" -out "$T/unseen.csr" \
    -subj "/CN=$(printf 'Sub\342\200\213')"
exits 1 'a name with what nobody sees' sign "$T/unseen.csr"
err 'says so' 'a character that is not seen'
is 'nothing was recorded' "$(root list)" ''
ok 'signed' sign "$CA/issuing.csr" --out "$T/chain.pem" --lifetime 5y \
    --constrain dns:**.internal,ip:127.0.0.0/8,dns:localhost
is 'the chain has two' "$(grep -c BEGIN "$T/chain.pem")" 2
openssl x509 -in "$T/chain.pem" -noout -text >"$T/text"
like 'constrained' "$T/text" 'DNS:internal'
like "the root's CRL is named" "$T/text" 'http://pki.example/crl/root.crl'
like 'no authority below it' "$T/text" 'CA:TRUE, pathlen:0'
exits 1 '--out never overwrites' sign "$CA/issuing.csr" --out "$T/chain.pem"
is 'it is recorded, once' "$(root list | wc -l)" 1
root list >"$T/out"
like 'by its subject, as it has no name' "$T/out" ' CN=Test Issuing$'
ok "the root's ledger fits" root audit

openssl req -new -key "$T/no.key" -subj '/C=DE/O=Example Ltd/CN=Wordy' \
    -addext 'subjectAltName=DNS:wordy.internal,dirName:d' \
    -addext 'basicConstraints=critical,CA:TRUE' -out "$T/wordy.csr" \
    -config - <<END 2>"$T/openssl" || bail "openssl req: $(cat "$T/openssl")"
[req]
distinguished_name = d
[d]
CN = x
END
ok 'a CSR with more than a key and a name' sign "$T/wordy.csr" \
    --out "$T/wordy.pem"
for said in 'the c "DE" of the subject was dropped' \
    'the o "Example Ltd" of the subject was dropped' \
    'alternative name "dns:wordy.internal" was dropped' \
    'alternative name of type directoryName was dropped'; do
    err "warns: $said" "warning: .*$said"
done
is 'is signed with its CN alone' "$(openssl x509 -in "$T/wordy.pem" -noout \
    -subject -nameopt RFC2253)" 'subject=CN=Wordy'

# ---- what install-chain refuses: certificates that openssl makes of the CSR
cat >"$T/ca.cnf" <<END
[ca]
default_ca = d
[d]
database = $T/index.txt
new_certs_dir = $T
rand_serial = yes
default_md = sha256
policy = p
[p]
commonName = supplied
[ca0]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
[noca]
basicConstraints = CA:FALSE
keyUsage = critical, keyCertSign, cRLSign
[nocert]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, cRLSign
[nocrl]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
END
made() { # NAME EXT ARG…: $T/NAME.pem
    out=$T/$1.pem ext=$2
    shift 2
    : >"$T/index.txt"
    openssl ca -batch -config "$T/ca.cnf" -extensions "$ext" -notext \
        -cert "${issuer:-$R/root.pem}" -keyfile "${key:-$T/root.key}" \
        -in "${csr:-$CA/issuing.csr}" -out "$out" -days 100 "$@" \
        >"$T/openssl" 2>&1 || bail "openssl ca: $(cat "$T/openssl")"
}
refused() { # WHAT ERE: $T/bad.pem
    exits 1 "refuses $1" here install-chain "$T/bad.pem"
    err "and says why: $1" "$2"
    is "nothing is installed: $1" \
        "$(find "$CA" -name '*.pem' -o -name admin.token)" ''
}
with_root() { cat "$T/$1.pem" "${issuer:-$R/root.pem}" >"$T/bad.pem"; }

# of the same name and another key
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/twin.key" \
    -subj '/CN=Test Root' -days 200 -out "$T/twin.pem" 2>"$T/openssl"

made noca noca && with_root noca
refused 'no CA' 'basicConstraints'
made nocert nocert && with_root nocert
refused 'no keyCertSign' 'keyCertSign'
made nocrl nocrl && with_root nocrl
refused 'no cRLSign' 'cRLSign'
made old ca0 -startdate 20200101000000Z -enddate 20210101000000Z
with_root old
refused 'one that has ended' 'ended at 2021-01-01'
made early ca0 -startdate 20400101000000Z -enddate 20410101000000Z
with_root early
refused 'one that begins later' 'begins only at 2040-01-01'
made sha1 ca0 -md sha1 && with_root sha1
refused 'SHA-1' '(SHA|sha)-?1'
key=$T/twin.key issuer=$T/twin.pem
made md5 ca0 -md md5 && with_root md5
key='' issuer=''
refused 'MD5' '(MD|md)5'
csr=$T/no.csr
openssl req -new -key "$T/no.key" -subj '/CN=Test Issuing' -out "$T/no.csr"
made other ca0 && with_root other
csr=''
refused 'a certificate of another key' 'another key'
cat "$R/root.pem" "$T/chain.pem" | head -n "$(($(wc -l <"$T/chain.pem")))" \
    >"$T/bad.pem"
refused 'the wrong order' 'another key|comes first'
awk '/BEGIN/ { n++ } n == 1' "$T/chain.pem" >"$T/bad.pem"
refused 'a chain without its root' 'is no root'
cat "$T/chain.pem" "$R/root.pem" >"$T/bad.pem"
refused 'the root twice' 'a root comes last'
awk '/BEGIN/ { n++ } n == 1' "$T/chain.pem" | cat - "$T/twin.pem" >"$T/bad.pem"
refused 'another root of that name' 'not signed by the key of'
# a root that lets nobody be below it
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/flat.key" -subj /CN=Flat \
    -days 200 -out "$T/flat.pem" -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
    2>"$T/openssl"
openssl x509 -in "$T/flat.pem" -noout -text >"$T/text"
key=$T/flat.key issuer=$T/flat.pem
made under ca0 && with_root under
key='' issuer=''
refused 'pathlen 0 above' 'pathLenConstraint 0'
head -c 700 /dev/urandom >"$T/bad.pem"
refused 'garbage' 'not a PEM file'
: >"$T/bad.pem"
refused 'nothing' 'no certificate'
truncate -s 2G "$T/bad.pem"
refused '2 GiB' 'larger than 1 MiB'
rm "$T/bad.pem"
exits 1 'a file that is not there' here install-chain "$T/bad.pem"
sed '1,2!s/[A-Z]/x/3' "$T/chain.pem" >"$T/bad.pem"
refused 'a damaged chain' 'certificate|PEM'

# ---- profiles that allow more than the authority may sign
cp "$T/chain.pem" "$T/bad.pem"
echo notes >"$CA/issuing.pem.part"
refused 'profiles beyond the name constraints' \
    "more than the name constraints of $T/bad.pem permit"
is 'a file beside is nobody'\''s' "$(cat "$CA/issuing.pem.part")" notes
rm -f "$CA/issuing.pem.part"
sed -i 's/names *= *{[^}]*}/names = { "dns:**.internal" }/; /single-label/d' \
    "$CA/pocketca.conf"

# ---- killed when all was in place but the token
cp -r "$CA" "$T/killed"
cp "$R/root.pem" "$T/killed/root.pem"
cp "$T/chain.pem" "$T/killed/chain.pem"
sed '/^-----END/q' "$T/chain.pem" >"$T/killed/issuing.pem"
ok 'the token is made later' pca install-chain -c "$T/killed/pocketca.conf" \
    "$T/chain.pem"
ok 'and is there' test -s "$T/killed/admin.token"

# ---- installed
# what an attempt that was killed earlier left
cp "$R/root.pem" "$CA/root.pem"
ok 'the chain is taken' here install-chain "$T/chain.pem"
(cd "$CA" && find . -type f ! -name lock -exec sha256sum {} + | sort) >"$T/sums"
exits 1 'a second time it is refused' here install-chain "$T/chain.pem"
exits 1 'by name too' here install-chain -a issuing "$T/chain.pem"
err 'because it is there' 'nothing is ever overwritten'
(cd "$CA" && find . -type f ! -name lock -exec sha256sum {} + | sort) >"$T/kept"
ok 'and changes nothing' cmp "$T/sums" "$T/kept"
is 'nothing is left over' "$(find "$CA" -name '*.part')" ''
ok 'strictly' openssl verify -x509_strict -CAfile "$R/root.pem" "$CA/issuing.pem"
ok 'the ledger fits' here audit
BEARER=$(cat "$CA/admin.token")
mv "$T/pass" "$T/pass.away"
exits 1 'serve without the passphrase file' here serve
err 'names it' 'passphrase-file'
echo wrong >"$T/pass"
exits 1 'serve with a wrong one' here serve
err 'says so' 'passphrase does not open'
mv "$T/pass.away" "$T/pass"
serve
issue web.internal
ok 'what it issues verifies' openssl verify -x509_strict \
    -CAfile "$CA/root.pem" -untrusted "$CA/issuing.pem" "$T/web.internal.pem"

# the supervisor keeps the passphrase
mv "$T/pass" "$T/pass.away"
before=$(grep -cE '\bready\b' "$T/log")
again() { [ "$(grep -cE '\bready\b' "$T/log")" -gt "$before" ]; }
kill -KILL "$(pid_of signer)"
eventually 100 'a new signer opens its key, without the file' again
issue again.internal
# what cannot be read is empty: the kernel gives root alone that of the signer
cat "/proc/$(pid_of signer)/environ" >"$T/environ" 2>"$T/out"
unlike 'no environment has it' "$T/environ" 'issuing words'
ls -l "/proc/$(pid_of front)/fd" >"$T/fds"
unlike 'the front has no passphrases' "$T/fds" 'passphrases'
mv "$T/pass.away" "$T/pass"
stop
unlike 'it is locked in memory' "$T/log" 'mlock'
cat >"$T/unlocked" <<END
#!/bin/sh
ulimit -l 0
[ "\$(id -u)" -ne 0 ] || set -- setpriv --bounding-set=-ipc_lock \
    --inh-caps=-ipc_lock "\$@"
exec "\$@"
END
before=$(grep -cE '\bready\b' "$T/log")
sh "$T/unlocked" "$POCKETCA" serve -c "$CA/pocketca.conf" >>"$T/log" 2>&1 \
    </dev/null &
SERVE=$!
eventually 100 'where it cannot be, it serves' again
# AddressSanitizer puts an mlock of its own in place, which does nothing.
if ! grep -q __asan_init "$POCKETCA"; then
    like 'and says so' "$T/log" 'level=warn .*may be swapped to disk: mlock: '
fi
stop

# ---- the issuing certificate is revoked at the root
serial=$(openssl x509 -in "$CA/issuing.pem" -noout -serial | cut -d= -f2)
ok 'revoked at the root' root revoke "$serial" --reason cessationOfOperation
like 'which no list says yet' "$T/out" \
    'warning: no CRL says so before .*crl sign --authority root'
ok "the root's CRL is signed" root crl sign --authority root \
    --passphrase-file "$T/root.pass"
like 'and where it is' "$T/out" "^$R/crl/root.crl is signed\$"
openssl crl -inform DER -in "$R/crl/root.crl" -noout -text >"$T/text"
like 'and names it' "$T/text" "$serial"
exits 1 'not without its passphrase' setsid "$POCKETCA" crl sign \
    --authority root -c "$R/pocketca.conf"
err 'which it says' 'no passphrase'
finish
