#!/bin/sh
# SPDX-License-Identifier: ISC
# After an older copy took the ledger's place: partitions of which it knows
# nothing are served on, and the certificates that name them come back into
# them, by an import.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
export POCKETCA_CONF="$CA/pocketca.conf"
sed -i 's/^authority issuing.*/&\n    crl-partition-size = 3/' \
    "$CA/pocketca.conf"
cdp() { # NAME: the address in the certificate
    openssl x509 -in "$T/$1.pem" -noout -ext crlDistributionPoints |
        sed -n 's/.*URI://p'
}
judge() { # NAME: good, revoked or something else, by the CRL that it names
    curl -sSf --max-time 20 "$(cdp "$1")" 2>&1 |
        openssl crl -inform DER -out "$T/crl.pem" 2>"$T/verify" ||
        { echo 'no CRL' && return; }
    openssl verify -crl_check -partial_chain -trusted "$CA/issuing.pem" \
        -CRLfile "$T/crl.pem" "$T/$1.pem" >"$T/verify" 2>&1 && echo good &&
        return
    sed -n 's/.*lookup: certificate revoked.*/revoked/p; s/.*lookup: //p' \
        "$T/verify" | head -n 1
}
listed() { # NAME: how often it is on that
    curl -sSf --max-time 20 "$(cdp "$1")" |
        openssl crl -inform DER -noout -text |
        grep -ci "Serial Number: $(serial_of "$T/$1.pem")"
}
revoke() { # NAME
    want 200 - "$1 is revoked" -X POST -d reason=superseded \
        "$API/v1/certificates/$(serial_of "$T/$1.pem")/revoke"
}

serve
issue a.internal
stop
cp "$CA/ledger.db" "$T/older.db"
serve
for n in b c d e f g h; do
    issue "$n.internal"
done
revoke h.internal
stop
rm -f "$CA"/ledger.db-*
cp "$T/older.db" "$CA/ledger.db"
no 'the copy knows of none of them' grep -aq h.internal "$CA/ledger.db"

serve
for n in b c d e f g; do
    is "$n: its list is there" "$(judge "$n.internal")" good
done
is 'what was revoked is' "$(judge h.internal)" revoked
issue new.internal
is 'a new one has a partition of its own' "$(cdp b.internal; cdp c.internal
    cdp d.internal; cdp e.internal; cdp f.internal; cdp g.internal
    cdp h.internal)" "$(cdp b.internal; cdp c.internal; cdp d.internal
    cdp e.internal; cdp f.internal; cdp g.internal; cdp h.internal |
    grep -vxF "$(cdp new.internal)")"
stop
serve
is 'after another start too' "$(judge e.internal) $(judge h.internal)" \
    'good revoked'

exits 0 'they are imported' "$POCKETCA" import "$T"/[b-f].internal.pem
like 'all but two' "$T/out" '^5 imported'
for n in b e; do
    revoke "$n.internal"
    is "$n: on the list that it names" "$(judge "$n.internal")" revoked
done
is 'the others are good' "$(judge c.internal) $(judge d.internal)" 'good good'
kept=$(find "$CA/crl/issuing" -name '*.crl.[0-9]*')
exits 0 'what the list has, with its certificate' "$POCKETCA" import \
    --crl "$kept" "$T/h.internal.pem"
eventually 100 'then it is ready' curl -skf -o "$T/ready" "$API/readyz"
is 'it is listed, once' "$(judge h.internal) $(listed h.internal)" 'revoked 1'
ok 'the audit knows of them' "$POCKETCA" audit
stop
exits 0 'without a service' "$POCKETCA" import "$T/g.internal.pem"
exits 0 'and revoked' "$POCKETCA" revoke "$T/g.internal.pem" \
    --reason superseded
serve
is 'there too' "$(judge g.internal)" revoked
is 'as before' "$(judge e.internal) $(judge h.internal)" 'revoked revoked'

# One that names a partition which was never there.
csr x.internal
printf 'crlDistributionPoints = URI:%s/crl/issuing/4294967295.crl\n' \
    "$PUBLIC" >"$T/ext"
openssl x509 -req -in "$T/x.internal.csr" -CA "$CA/issuing.pem" \
    -CAkey "$CA/keys/issuing.key" -set_serial 0x7171 -days 9 \
    -extfile "$T/ext" -out "$T/x.pem" 2>/dev/null
exits 0 'a partition that is not there' "$POCKETCA" import "$T/x.pem"
like 'is said' "$T/out" \
    'warning: .*x.pem: it names CRL partition 4294967295, which was never here'
exits 0 'it is revoked' "$POCKETCA" revoke "$T/x.pem"
want 200 - 'a complete list is made' "$PUBLIC/crl/issuing.crl"
openssl crl -inform DER -in "$T/body" -noout -text >"$T/text"
like 'and has it' "$T/text" 'Serial Number: 7171'
ok 'the audit knows of all' "$POCKETCA" audit
stop
finish
