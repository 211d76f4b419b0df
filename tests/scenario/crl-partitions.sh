#!/bin/sh
# SPDX-License-Identifier: ISC
# Partitioned CRLs: each certificate names the CRL of its partition, which
# covers so many and no more, with OpenSSL and GnuTLS as judges.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
export POCKETCA_CONF="$CA/pocketca.conf"
size() { # N: certificates a partition; 0: no partitions any more
    sed -i '/crl-partition-size/d' "$CA/pocketca.conf"
    [ "$1" -eq 0 ] ||
        sed -i "s/^authority issuing.*/&\n    crl-partition-size = $1/" \
            "$CA/pocketca.conf"
}
cdp() { # NAME: the address in the certificate
    openssl x509 -in "$T/$1.pem" -noout -ext crlDistributionPoints |
        sed -n 's/.*URI://p'
}
fetch_crl() { # NAME: from there, into $T/NAME.crl.pem
    curl -sSf --max-time 20 "$(cdp "$1")" |
        openssl crl -inform DER -out "$T/$1.crl.pem" &&
        curl -sSf --max-time 20 "$PUBLIC/crl/root.pem" >>"$T/$1.crl.pem"
}
judge() { # NAME: good, revoked or something else, by the CRL that it names
    fetch_crl "$1" || return
    openssl verify -crl_check_all -CAfile "$CA/root.pem" \
        -untrusted "$CA/issuing.pem" -CRLfile "$T/$1.crl.pem" "$T/$1.pem" \
        >"$T/verify" 2>&1 && echo good && return
    sed -n 's/.*lookup: certificate revoked.*/revoked/p; s/.*lookup: //p' \
        "$T/verify" | head -n 1
}
by_chain() { # NAME: the same by chain.pem
    curl -sSf --max-time 20 "$PUBLIC/crl/chain.pem" >"$T/chain.crl" || return
    openssl verify -crl_check_all -CAfile "$CA/root.pem" \
        -untrusted "$CA/issuing.pem" -CRLfile "$T/chain.crl" "$T/$1.pem" \
        >"$T/verify" 2>&1 && echo good && return
    sed -n 's/.*lookup: certificate revoked.*/revoked/p; s/.*lookup: //p' \
        "$T/verify" | head -n 1
}
revoke() { # NAME
    want 200 - "$1 is revoked" -X POST \
        "$API/v1/certificates/$(serial_of "$T/$1.pem")/revoke"
}
entries() { # PARTITION, or nothing: how many are on it
    curl -sSf --max-time 20 "$PUBLIC/crl/issuing${1:+/$1}.crl" |
        openssl crl -inform DER -noout -text | grep -c 'Serial Number'
}
number() { # PARTITION, or nothing
    printf %d "$(curl -sSf --max-time 20 "$PUBLIC/crl/issuing${1:+/$1}.crl" |
        openssl crl -inform DER -noout -crlnumber | sed 's/.*=//')"
}

gauge() { # NAME: the issuing authority's, of the last answer
    sed -n "s/^pocketca_$1{authority=\"issuing\"} //p" "$T/body"
}

# before there are any
serve
issue old.internal
is 'an old one names the complete list' "$(cdp old.internal)" \
    "$PUBLIC/crl/issuing.crl"
want 404 not-found 'there is no partition' "$PUBLIC/crl/issuing/1.crl"
stop

size 3
ok 'the configuration is good' "$POCKETCA" check
serve
for n in 1 2 3 4 5 6 7; do
    issue "p$n.internal"
done
is 'the first names the first' "$(cdp p1.internal)" "$PUBLIC/crl/issuing/1.crl"
# the service's own certificate has a place in one too
for n in 1 2 3 4 5 6 7; do
    cdp "p$n.internal"
done | sort | uniq -c >"$T/places"
is 'no partition has more than three' "$(awk '$1 > 3' "$T/places")" ''
[ "$(wc -l <"$T/places")" -ge 3 ]
is 'and there are three or more' $? 0
for n in 1 2 3 4 5 6 7; do
    is "p$n is good" "$(judge "p$n.internal")" good
done
ok 'its addresses answer, each about it' urls "$T/p7.internal.pem"
is 'the old one too' "$(judge old.internal)" good
is 'by the chain' "$(by_chain p1.internal) $(by_chain p7.internal)" 'good good'

# of the next partition
curl -sSf "$(cdp p1.internal)" -o "$T/c.der"
openssl crl -inform DER -in "$T/c.der" -noout -text >"$T/text"
like 'the distribution point is critical' "$T/text" \
    'Issuing Distribution Point: critical'
like 'and is the address' "$T/text" "URI:$PUBLIC/crl/issuing/1.crl"
curl -sSf "$PUBLIC/crl/root.pem" >"$T/other.pem"
curl -sSf "$(cdp p7.internal)" | openssl crl -inform DER >>"$T/other.pem"
no 'the CRL of another partition says nothing' openssl verify -crl_check_all \
    -CAfile "$CA/root.pem" -untrusted "$CA/issuing.pem" \
    -CRLfile "$T/other.pem" "$T/p1.internal.pem"
like 'that is why' "$T/out" 'different CRL scope|unable to get certificate CRL'
openssl crl -inform DER -in "$T/c.der" -out "$T/c.pem"
ok 'GnuTLS verifies it' certtool --verify-crl --infile "$T/c.pem" \
    --load-ca-certificate "$CA/issuing.pem"
want 404 not-found 'a partition that is to come' "$PUBLIC/crl/issuing/99.crl"
for bad in 0 01 -1 x 1/2 4294967297 '1%2f..%2f1' '%2e%2e'; do
    want 404 not-found "$bad is no partition" --path-as-is \
        "$PUBLIC/crl/issuing/$bad.crl"
done

# revoked in each
before=$(number 1)
for n in 1 4 7; do
    revoke "p$n.internal"
    is "p$n is on the list that it names" "$(judge "p$n.internal")" revoked
    is "p$n, by the chain" "$(by_chain "p$n.internal")" revoked
done
for n in 2 3 5 6; do
    is "p$n is good still" "$(judge "p$n.internal") $(by_chain "p$n.internal")" \
        'good good'
done
[ "$(number 1)" -gt "$before" ]
is 'the number of the partition rose' $? 0
has_three() { [ "$(entries)" -eq 3 ]; }
eventually 150 'the complete list has them soon, unasked' has_three
revoke old.internal
is 'the old one, by the complete list' "$(judge old.internal)" revoked
is 'which has all of them' "$(entries)" 4
is 'a partition has its own alone' "$(entries 1)" 1
ok 'the complete list on demand' "$POCKETCA" crl sign --authority issuing
like 'one says which' "$T/log" 'event=crl .*authority=issuing/1 '

# killed at any moment, the numbers rise and nobody becomes good again
last=$(number)
i=0
while [ "$i" -lt 12 ]; do
    issue "k$i.internal"
    s=$(serial_of "$T/k$i.internal.pem")
    curl -sS --max-time 20 --cacert "$CA/root.pem" --oauth2-bearer "$BEARER" \
        -o /dev/null -X POST "$API/v1/certificates/$s/revoke" 2>/dev/null &
    client=$!
    sleep "0.00$i"
    kill -KILL "$SERVE"
    wait "$SERVE" "$client" 2>/dev/null
    serve
    i=$((i + 1))
done
is 'of those that were revoked before' "$(judge p1.internal)" revoked
i=0
while [ "$i" -lt 12 ]; do
    req "$API/v1/certificates/$(serial_of "$T/k$i.internal.pem")"
    recorded=$(jq -r .status "$T/body" | sed 's/valid/good/')
    is "k$i is as the ledger has it" "$(judge "k$i.internal")" "$recorded"
    i=$((i + 1))
done
ok 'the audit is content' "$POCKETCA" audit
[ "$(number 1)" -ge "$before" ]
is 'numbers did not fall' $? 0

# larger, and off, and on again
stop
size 100
serve
issue large.internal
is 'a larger one: the partition is filled up' "$(judge large.internal)" good
stop
size 0
serve
issue off.internal
is 'off: the complete list' "$(cdp off.internal)" "$PUBLIC/crl/issuing.crl"
is 'and those of before are kept' "$(judge p1.internal) $(judge p2.internal)" \
    'revoked good'
revoke p2.internal
is 'and made anew' "$(judge p2.internal)" revoked
is 'what is new is good' "$(judge off.internal)" good
stop
size 2
ok 'a command opens one as well' "$POCKETCA" issue "$T/p1.internal.csr" \
    --names cli.internal
"$POCKETCA" issue "$T/p1.internal.csr" --names cli.internal >"$T/cli.internal.pem"
serve
like 'it names one' "$T/cli.internal.pem" 'BEGIN'
is 'of a partition' "$(cdp cli.internal | grep -c '/crl/issuing/[0-9]*.crl$')" 1
is 'which is served' "$(judge cli.internal)" good

# the file is lost: it is made anew
stop
rm "$CA/crl/issuing/1.crl"
serve
is 'without its file' "$(judge p1.internal)" revoked
want 200 - 'ready' "$API/readyz"
want 200 - 'metrics' "$API/metrics"
is 'how many partitions' "$(gauge crl_partitions)" \
    "$(ls "$CA/crl/issuing" | grep -c '^[0-9]*\.crl$')"

# the complete list and the partition that ends first have a line each
span() { # TIME: that lists are good for from now on
    stop
    sed -i "/crl-lifetime/d; s/^authority issuing.*/&\n    crl-lifetime = $1/" \
        "$CA/pocketca.conf"
    serve
}
span 3d
revoke p3.internal # makes its own
span 9d
ok 'the complete list is good for longer' "$POCKETCA" crl sign \
    --authority issuing
want 200 - 'metrics' "$API/metrics"
[ "$(gauge crl_next_update_seconds)" -gt $((8 * 86400)) ]
is 'than before' $? 0
[ "$(gauge crl_partition_next_update_seconds)" -le $((3 * 86400)) ]
is 'and hides no partition that ends first' $? 0
[ "$(gauge crl_partition_age_seconds)" -ge "$(gauge crl_age_seconds)" ]
is 'nor one that is older' $? 0

# another address: those that name the old one keep their scope, whatever else
# is in them
stop
cat >>"$CA/pocketca.conf" <<'END'
profile odd {
    usage = { "server" }
    names = { "dns:**" }
    extensions = { "1.2.3.4 critical base64:DAFB" }
}
END
serve
issue odd.internal profile=odd
scope() { # NAME: what the list that it names is about
    curl -sSf "$(cdp "$1")" | openssl crl -inform DER -noout -text |
        sed -n 's/^ *URI://p'
}
is 'of an odd one' "$(scope odd.internal)" "$(cdp odd.internal)"
stop
old_first=$(cdp p1.internal)
sed -i "s#^public-url.*#public-url = \"$PUBLIC/\"#" "$CA/pocketca.conf"
sed -i "s#^public-url.*#public-url = \"http://localhost:$public_port\"#" \
    "$CA/pocketca.conf"
serve
issue moved.internal
like 'a new one names the new address' "$T/moved.internal.pem" BEGIN
is 'of a partition' "$(cdp moved.internal | grep -c '^http://localhost:.*/crl/issuing/[0-9]*.crl$')" 1
is 'good' "$(judge moved.internal)" good
is 'an old one is revoked still' "$(judge p1.internal)" revoked
is 'at its address' "$(cdp p1.internal)" "$old_first"
is 'so is that of the odd one' "$(scope odd.internal)" "$(cdp odd.internal)"
ok 'the audit is content still' "$POCKETCA" audit
stop

sed -i '/^public-url/d' "$CA/pocketca.conf"
echo 'public-url = "none"' >"$T/conf"
cat "$CA/pocketca.conf" >>"$T/conf"
cp "$T/conf" "$CA/pocketca.conf"
exits 1 'without an address there are none' "$POCKETCA" check
like 'that is said' "$T/out" 'crl-partition-size needs a public-url'
finish
