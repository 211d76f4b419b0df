#!/bin/sh
# SPDX-License-Identifier: ISC
# What `openssl ca` signed and revoked with the authority's key is taken over:
# with the service running and without.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
O=$T/old
mkdir -p "$O/newcerts" "$O/private"
: >"$O/index.txt"
echo 0A11 >"$O/serial"
echo 1000 >"$O/crlnumber"
cat >"$O/ca.cnf" <<END
[ca]
default_ca = old
[old]
dir = $O
database = $O/index.txt
new_certs_dir = $O/newcerts
serial = $O/serial
crlnumber = $O/crlnumber
certificate = $CA/issuing.pem
private_key = $CA/keys/issuing.key
default_md = sha256
default_days = 100
default_crl_days = 30
policy = any
copy_extensions = copy
x509_extensions = leaf
crl_extensions = crl
unique_subject = no
[any]
commonName = supplied
[leaf]
basicConstraints = CA:FALSE
[crl]
authorityKeyIdentifier = keyid
END
old() { # NAME: signs one with the authority's key, as openssl does
    csr "$1"
    openssl ca -batch -config "$O/ca.cnf" -in "$T/$1.csr" -out "$O/$1.pem" \
        2>"$T/openssl.err" || { note "$T/openssl.err"; bail "openssl ca $1"; }
}
old_revoke() { # NAME REASON
    openssl ca -config "$O/ca.cnf" -revoke "$O/$1.pem" -crl_reason "$2" \
        2>"$T/openssl.err" || { note "$T/openssl.err"; bail "revoke $1"; }
}
for n in a b c d e; do old "$n.old.internal"; done
old_revoke b.old.internal superseded
old_revoke c.old.internal keyCompromise
old_revoke d.old.internal cessationOfOperation
openssl ca -config "$O/ca.cnf" -gencrl -out "$O/crl.pem" 2>"$T/openssl.err"
a=$(serial_of "$O/a.old.internal.pem")
b=$(serial_of "$O/b.old.internal.pem")
c=$(serial_of "$O/c.old.internal.pem")
d=$(serial_of "$O/d.old.internal.pem")
rm "$O/newcerts/0A14.pem" "$O/d.old.internal.pem" "$O/newcerts/0A15.pem"
mv "$O/e.old.internal.pem" "$T/e.pem"
cp "$T/a.old.internal.key" "$O/private/a.key"
export POCKETCA_CONF="$CA/pocketca.conf"
serve
crl() {
    curl -sSf --max-time 20 "$PUBLIC/crl/issuing.crl" |
        openssl crl -inform DER -noout -text -CAfile "$CA/issuing.pem" \
            >"$T/crl.txt" 2>&1
}

n0=$(state)
exits 0 'a dry run' "$POCKETCA" import --dry-run "$O" --crl "$O/crl.pem"
is 'records nothing' "$(state)" "$n0"
tail -n 1 "$T/out" >"$T/dry"
exits 0 'an index before what it names' "$POCKETCA" import --dry-run \
    "$O/index.txt" "$O"/*.internal.pem
is 'is about what is there' "$(grep -c 'certificate is not here' "$T/out")" \
    "$(grep -c 'index.txt:5: ' "$T/out")"
exits 0 'a directory, its index, its CRL' "$POCKETCA" import "$O" \
    --crl "$O/crl.pem"
is 'the dry run has counted as it does' "$(cat "$T/dry")" \
    "$(tail -n 1 "$T/out" | sed 's/ imported,/ to be imported,/')"
like 'one valid certificate is missing' "$T/out" 'index.txt:5: .*not here'
crl
for s in "$b" "$c" "$d"; do
    like "$s stays revoked" "$T/crl.txt" "Serial Number: $(echo "$s" |
        tr a-f A-F)"
done
# by one or by two: the list that the command asks for at its end may be a
# second one
number=$(sed -n '/CRL Number/ { n; s/ //gp; }' "$T/crl.txt")
[ $((number)) -gt $((0x1000)) ]
is "the number ($number) is above the old one" $? 0
like 'with the reason' "$T/crl.txt" 'Cessation Of Operation'
unlike 'the good one is not on it' "$T/crl.txt" \
    "Serial Number: $(echo "$a" | tr a-f A-F)"
want 200 - 'a certificate is shown' "$API/v1/certificates/$a"
json 'as imported' '.protocol == "import" and .status == "valid" and
    .issued_at == .not_before and .names == ["dns:a.old.internal"]'
want 200 - 'found by name' "$API/v1/certificates?name=**.old.internal"
json 'all three' '.certificates | length == 3'
want 200 - 'a revoked one' "$API/v1/certificates/$b"
json 'with date and reason' '.status == "revoked" and .reason == "superseded"'
want 422 key-compromised 'a key that was lost is blocked' \
    --data-binary @"$T/c.old.internal.csr" "$API/v1/certificates"
want 422 profile-not-allowed 'no renewal without a profile' -X POST \
    "$API/v1/certificates/$a/renew"
n1=$("$POCKETCA" list | wc -l)
exits 0 'once more' "$POCKETCA" import "$O" --crl "$O/crl.pem"
like 'imports nothing' "$T/out" '^0 imported'
is 'as many certificates' "$("$POCKETCA" list | wc -l)" "$n1"
ok 'the audit' "$POCKETCA" audit

# one by one
csr x.internal
openssl x509 -req -in "$T/x.internal.csr" -signkey "$T/x.internal.key" \
    -extfile "$O/ca.cnf" -extensions leaf -out "$T/x.pem" 2>/dev/null
csr y.internal
openssl x509 -req -in "$T/y.internal.csr" -CA "$CA/issuing.pem" \
    -CAkey "$CA/keys/issuing.key" -set_serial "0x$a" -days 9 \
    -extfile "$O/ca.cnf" -extensions leaf -out "$T/y.pem" 2>/dev/null
echo nothing >"$T/z.pem"
exits 1 'one that is not there' "$POCKETCA" import "$T/none.pem" "$T/e.pem"
like 'no file' "$T/out" 'none.pem: No such file'
like 'so nothing is imported' "$T/out" 'nothing is imported: 1 above'
exits 1 'some are refused' "$POCKETCA" import "$T/x.pem" "$T/y.pem" "$T/z.pem" \
    "$T/e.pem"
like 'another issuer' "$T/out" 'x.pem: its issuer is another authority'
like 'a serial twice' "$T/out" 'y.pem: another certificate .* serial number'
like 'no certificate' "$T/out" 'z.pem: there is no certificate'
like 'and the good one is in' "$T/out" '^1 imported'

# What is out there is taken as it is: a host with an underscore, and a critical
# extension that nobody knows.
openssl req -new -key "$T/x.internal.key" -subj /CN=odd -out "$T/odd.csr"
cat >"$T/odd.ext" <<'END'
[odd]
subjectAltName = DNS:app_1.old.internal, DNS:app-1.old.internal
1.2.3.4 = critical, DER:0500
END
openssl x509 -req -in "$T/odd.csr" -CA "$CA/issuing.pem" \
    -CAkey "$CA/keys/issuing.key" -set_serial 0x5a5a -days 9 \
    -extfile "$T/odd.ext" -extensions odd -out "$T/odd.pem" 2>/dev/null
exits 0 'odd names, a dry run' "$POCKETCA" import --dry-run "$T/odd.pem"
like 'would be imported' "$T/out" '^1 to be imported'
exits 0 'odd names' "$POCKETCA" import "$T/odd.pem"
like 'are imported' "$T/out" '^1 imported'
like 'with a warning' "$T/out" 'warning: .*odd.pem: .*unknown critical extension \(1\.2\.3\.4\)'
like 'for each' "$T/out" 'warning: .*odd.pem: .*app_1\.old\.internal'
want 200 - 'found by the name that is one' \
    "$API/v1/certificates?name=app-1.old.internal"
json 'with that name' '.certificates[0].names == ["dns:app-1.old.internal"]'
exits 1 'another with its serial number' "$POCKETCA" import "$T/y.pem"
exits 0 'revoked by its file' "$POCKETCA" revoke "$T/odd.pem" \
    --reason superseded
crl
like 'it is on the CRL' "$T/crl.txt" 'Serial Number: 5A5A'
ok 'the audit takes it' "$POCKETCA" audit
exits 1 'lint says what is wrong' "$POCKETCA" lint "$T/odd.pem"
like 'by name' "$T/out" 'san_form'
like 'with the rule' "$T/out" 'app_1\.old\.internal'

# a dry run forgets nothing, however many there are between
for n in 1 2; do
    openssl x509 -req -in "$T/y.internal.csr" -CA "$CA/issuing.pem" \
        -CAkey "$CA/keys/issuing.key" -set_serial 0x7777 -days "$n" \
        -extfile "$O/ca.cnf" -extensions leaf -out "$T/twin$n.pem" 2>/dev/null
done
i=0
while [ "$i" -lt 300 ]; do
    cat "$T/twin1.pem"
    i=$((i + 1))
done >"$T/many.pem"
exits 1 'doubles, and a serial twice' "$POCKETCA" import --dry-run \
    "$T/many.pem" "$T/twin2.pem"
like 'one of them is new' "$T/out" '^1 to be imported, 299 known already, 1 refused'
like 'the other is said' "$T/out" 'twin2.pem: another certificate .* serial number'

# A certificate that comes after its revocation, by DER.
openssl ca -config "$O/ca.cnf" -revoke "$T/e.pem" 2>/dev/null
old f.old.internal
old_revoke f.old.internal superseded
f=$(serial_of "$O/f.old.internal.pem")
exits 0 'the index alone' "$POCKETCA" import "$O/index.txt"
openssl x509 -in "$O/f.old.internal.pem" -outform DER -out "$T/f.der"
exits 0 'then the certificate' "$POCKETCA" import "$T/f.der"
want 200 - 'is here' "$API/v1/certificates/$f"
json 'and revoked' '.status == "revoked" and .reason == "superseded"'
want 200 - 'revoked by hand' -X POST -d reason=superseded \
    "$API/v1/certificates/$a/revoke"
exits 1 'the CRL of somebody else' "$POCKETCA" import --crl "$T/x.pem"
exits 1 'an authority that is not there' "$POCKETCA" import --authority no "$O"
# The date in an old CRL may be that of a clock that was never set.
old h.old.internal
h=$(serial_of "$O/h.old.internal.pem")
for s in "$h" 0B0B; do
    printf 'R\t350101000000Z\t700101000000Z\t%s\tunknown\t/CN=h\n' \
        "$(echo "$s" | tr a-f A-F)"
done >"$T/epoch"
sed "s|^database = .*|database = $T/epoch|" "$O/ca.cnf" >"$T/epoch.cnf"
openssl ca -config "$T/epoch.cnf" -gencrl -out "$T/epoch.pem" \
    2>"$T/openssl.err" || { note "$T/openssl.err"; bail 'openssl ca -gencrl'; }
exits 0 'a certificate' "$POCKETCA" import "$O/h.old.internal.pem"
exits 0 'two serials, revoked in 1970' "$POCKETCA" import --crl "$T/epoch.pem"
for s in "$h" 0B0B; do
    openssl ocsp -issuer "$CA/issuing.pem" -serial "0x$s" -url "$PUBLIC/ocsp" \
        -CAfile "$CA/root.pem" >"$T/ocsp" 2>&1
    like "$s is revoked" "$T/ocsp" "0x$s: revoked"
done
printf 'R\t350101000000Z\t700101000000Z\t0B0C\tunknown\t/CN=h\n' >"$T/epoch"
exits 0 'an index with that date' "$POCKETCA" import "$T/epoch"
openssl ocsp -issuer "$CA/issuing.pem" -serial 0x0B0C -url "$PUBLIC/ocsp" \
    -CAfile "$CA/root.pem" >"$T/ocsp" 2>&1
like 'its serial is revoked' "$T/ocsp" '0x0B0C: revoked'
printf 'R\t300101000000Z\t\t01\tunknown\t/CN=x\nX\n' >"$T/bad"
exits 1 'a broken index' "$POCKETCA" import "$T/bad"
like 'with file and line' "$T/out" 'bad:1: the date of revocation ""'
like 'both lines' "$T/out" 'bad:2: a row has six fields'

# What cannot be read may say that something was revoked.
old i.old.internal
i=$(serial_of "$O/i.old.internal.pem")
I=$T/half
mkdir "$I"
cp "$O/i.old.internal.pem" "$I"
unread() { # WHAT ERE COMMAND…
    u_what=$1 u_why=$2
    shift 2
    n0=$(state)
    exits 1 "$u_what" "$@"
    like "$u_what: why" "$T/out" "$u_why"
    like "$u_what: nothing is imported" "$T/out" '^pocketca: nothing is imported'
    is "$u_what: nothing was recorded" "$(state)" "$n0"
}
printf 'R\t350101000000Z\t250101000000Z,lost\t%s\tunknown\t/CN=i\n' "$i" \
    >"$I/index.txt"
unread 'a reason that is none' 'index.txt:1: the reason "lost" is none of' \
    "$POCKETCA" import "$I"
exits 1 'a dry run judges all of it' "$POCKETCA" import --dry-run "$I"
like 'the certificate too' "$T/out" '^1 to be imported, 0 known already, 1 refused'
rm "$I/index.txt"
ln -s gone "$I/index.txt"
unread 'an index that is elsewhere' 'index.txt: No such file' \
    "$POCKETCA" import "$I"
ln -sf index.txt "$I/index.txt"
unread 'an index that is itself' 'index.txt: Too many levels' \
    "$POCKETCA" import "$I"
rm "$I/index.txt"
sed '/^-----END/d' "$T/x.pem" >"$I/cut.pem"
unread 'half a certificate' 'cut.pem: it is not whole PEM' \
    "$POCKETCA" import "$I"
rm "$I/cut.pem"
d=$I
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do
    d=$d/$n
    mkdir "$d"
done
unread 'too deep' '17: it is more than 16 directories deep' \
    "$POCKETCA" import "$I"
rm -r "${I:?}/1"
if command -v strace >/dev/null; then
    unread 'a directory that breaks off' 'half: Input/output error' \
        env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null \
        -e trace=getdents64 -e inject=getdents64:error=EIO:when=1 \
        "$POCKETCA" import "$I"
fi

# Of two rows about one serial number the worse counts, wherever it stands.
old j.old.internal
J=$(serial_of "$O/j.old.internal.pem")
printf 'R\t350101000000Z\t250101000000Z,%s\t%s\tunknown\t/CN=j\n' \
    superseded "$J" keyCompromise "$J" >"$T/twice"
exits 0 'two reasons' "$POCKETCA" import "$T/twice" "$O/j.old.internal.pem"
want 422 key-compromised 'the key is blocked' \
    --data-binary @"$T/j.old.internal.csr" "$API/v1/certificates"

# What is known of a key later counts: the first date stays, and the reason is
# raised, with the certificate and without.
row() { # SERIAL DATE REASON: of an index
    printf 'R\t350101000000Z\t%s,%s\t%s\tunknown\t/CN=k\n' "$2" "$3" "$1"
}
old k.old.internal
k=$(serial_of "$O/k.old.internal.pem")
openssl req -new -key "$T/k.old.internal.key" -subj /CN=l.old.internal \
    -addext subjectAltName=DNS:l.old.internal -out "$T/l.csr"
openssl ca -batch -config "$O/ca.cnf" -in "$T/l.csr" -out "$O/l.pem" \
    2>"$T/openssl.err" || bail 'openssl ca l'
l=$(serial_of "$O/l.pem")
{
    row "$k" 250101000000Z superseded
    row 0D0D 250101000000Z superseded
} >"$T/raise"
exits 0 'revoked as superseded' "$POCKETCA" import "$T/raise" \
    "$O/k.old.internal.pem" "$O/l.pem"
like 'two serials, two certificates' "$T/out" '^4 imported'
want 200 - 'the other one with the key' "$API/v1/certificates/$l"
json 'is valid' '.status == "valid"'
{
    row "$k" 250301000000Z keyCompromise
    row 0D0D 250301000000Z keyCompromise
} >"$T/raise"
n0=$(state)
exits 0 'the key was lost, a dry run' "$POCKETCA" import --dry-run "$T/raise"
like 'says both' "$T/out" '^2 to be imported, 0 known already'
is 'and records nothing' "$(state)" "$n0"
exits 0 'the key was lost' "$POCKETCA" import "$T/raise"
like 'both are raised' "$T/out" '^2 imported, 0 known already'
like 'what comes along is said' "$T/out" 'warning: .*raise:1: its key is compromised'
want 200 - 'its certificate' "$API/v1/certificates/$k"
json 'has the reason, and the first date' '.reason == "keyCompromise" and
    .revoked_at == "2025-01-01T00:00:00Z"'
want 422 key-compromised 'the key is never certified again' \
    --data-binary @"$T/k.old.internal.csr" "$API/v1/certificates"
want 200 - 'the other one with the key' "$API/v1/certificates/$l"
json 'is revoked with it' '.status == "revoked" and .reason == "keyCompromise"'
crl
for s in "$k" "$l" 0D0D; do
    grep -A4 -i "Serial Number: $s" "$T/crl.txt" >"$T/one"
    like "$s: the list has the reason" "$T/one" 'Key Compromise'
    is "$s: once" "$(grep -ci "Serial Number: $s" "$T/crl.txt")" 1
done
openssl ocsp -issuer "$CA/issuing.pem" -serial 0x0D0D -url "$PUBLIC/ocsp" \
    -CAfile "$CA/root.pem" >"$T/ocsp" 2>&1
like 'OCSP too' "$T/ocsp" 'Reason: keyCompromise'
ok 'the audit knows of both' "$POCKETCA" audit
{
    row "$k" 250401000000Z superseded
    row 0D0D 250401000000Z superseded
} >"$T/raise"
exits 0 'a lesser reason' "$POCKETCA" import "$T/raise"
like 'changes nothing' "$T/out" '^0 imported, 2 known already'

# Nothing was revoked in the future.
not_yet() { # SERIAL WHAT: it is revoked, by now
    grep -A1 "Serial Number: $1" "$T/crl.txt" >"$T/one"
    like "$2: it is on the list" "$T/one" "Serial Number: $1"
    date=$(sed -n 's/.*Revocation Date: //p' "$T/one")
    ok "$2: since $date" test "$(date -ud "$date" +%s)" -le "$(date +%s)"
}
old m.old.internal
m=$(serial_of "$O/m.old.internal.pem")
{
    row "$m" 20991231235959Z superseded
    row 0E0E 491231235959Z superseded
} >"$T/future"
exits 0 'an index of a clock that is ahead' "$POCKETCA" import "$T/future" \
    "$O/m.old.internal.pem"
like 'says which row, and what' "$T/out" \
    "warning: .*future:1: the date of revocation of $m, 2099-12-31T23:59:59Z, is"
like 'and the other' "$T/out" \
    'warning: .*future:2: the date of revocation of 0e0e, 2049-12-31T23:59:59Z, is'
row 0E0F 481231235959Z superseded >"$T/epoch"
openssl ca -config "$T/epoch.cnf" -gencrl -out "$T/epoch.pem" \
    2>"$T/openssl.err" || { note "$T/openssl.err"; bail 'openssl ca -gencrl'; }
exits 0 'such a CRL, a dry run' "$POCKETCA" import --dry-run \
    --crl "$T/epoch.pem"
like 'says it before' "$T/out" \
    'epoch.pem: the date of revocation of 0e0f, 2048-12-31T23:59:59Z, is'
exits 0 'such a CRL' "$POCKETCA" import --crl "$T/epoch.pem"
like 'says which serial number' "$T/out" \
    'epoch.pem: the date of revocation of 0e0f, 2048-12-31T23:59:59Z, is'
crl
not_yet "$(echo "$m" | tr a-f A-F)" 'a certificate'
not_yet 0E0E 'a serial number'
not_yet 0E0F 'one of a CRL'

# What it is led to; a reason that would say the opposite on a complete list.
mkdir "$T/else"
printf '# of openssl ca\n%s\t%s\t%s\tunknown\t/CN=i\r\n' \
    'R	350101000000Z' '250101000000Z,removeFromCRL' "$i" >"$T/else/index.txt"
ln -s ../else/index.txt "$I/index.txt"
ln -s . "$I/circle"
mkfifo "$I/fifo.pem"
exits 0 'a link, a circle, a FIFO' timeout 60 "$POCKETCA" import "$I"
like 'the circle is not followed' "$T/out" 'circle: a link to a directory is passed'
like 'nobody waits for the FIFO' "$T/out" 'fifo.pem: what is no regular file'
like 'certificate and row' "$T/out" '^2 imported'
curl -sSf --max-time 20 -o "$T/crl.der" "$PUBLIC/crl/issuing.crl"
openssl crl -inform DER -in "$T/crl.der" -out "$T/crl.pem"
openssl verify -crl_check -partial_chain -trusted "$CA/issuing.pem" \
    -CRLfile "$T/crl.pem" "$O/i.old.internal.pem" >"$T/out" 2>&1
like 'what was revoked stays revoked' "$T/out" 'certificate revoked'
stop
old g.old.internal
exits 0 'without a service' "$POCKETCA" import "$O/g.old.internal.pem"
ok 'the audit knows of all' "$POCKETCA" audit
# The log does not grow with what is imported: the ledger is larger than it.
seq -f '70%08g' 1 30000 |
    sed 's,.*,R\t350101000000Z\t250101000000Z\t&\tunknown\t/CN=m,' >"$T/many"
"$POCKETCA" import "$T/many" >"$T/imported" 2>&1 &
importing=$!
largest=0
while kill -0 "$importing" 2>/dev/null; do
    size=$(stat -c %s "$CA/ledger.db-wal" 2>/dev/null || echo 0)
    [ "$size" -le "$largest" ] || largest=$size
done
ok 'many at once' wait "$importing"
like 'all of them' "$T/imported" '^30000 imported'
ok "the log was $largest octets at most" test "$largest" -lt 7000000
ok 'nothing of it is left' test ! -s "$CA/ledger.db-wal"
ok 'the audit knows of them too' "$POCKETCA" audit
finish
