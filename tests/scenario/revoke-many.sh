#!/bin/sh
# SPDX-License-Identifier: ISC
# Many revocations at once: a dry run says what would go, the same call without
# it does so, and one that was interrupted is called again.
. "${SOURCE:?}/tests/scenario/lib.sh"

init --key ec:P-256
serve
ALL=$API/v1/revocations
JSON='Content-Type: application/json'
count() { jq -r ".$1" "$T/body"; }
crl() { # the serials that the CRL has
    curl -sS --max-time 60 "$PUBLIC/crl/issuing.crl" |
        openssl crl -inform DER -noout -text |
        sed -n 's/.*Serial Number: //p' | tr 'A-F' 'a-f' | sort
}

# ---- what is refused, with nothing done
for i in 1 2 3; do issue "w$i.web.internal"; done
w3=$serial
issue db.internal
before=$(state)
want 400 bad-argument 'no filter would be everything' -X POST "$ALL"
want 400 bad-argument 'also as JSON' -H "$JSON" -d '{}' "$ALL"
want 400 bad-argument 'also for real' -d 'dry_run=false' "$ALL"
for a in status=valid replaced=false order=expiry limit=5 \
    'status=valid&replaced=false&limit=1000&order=issued'; do
    want 400 bad-argument "$a does not say which" -d "dry_run=false&$a" "$ALL"
done
like 'the rule is named' "$T/body" 'at least one of name, covers'
for a in nonsense=1 reason=bored renewals=maybe dry_run=maybe dry_run= \
    dry_run=FALSE dry_run=0 issued_after=yesterday expires_before=2026-13-01 \
    expires_within=-1d key_sha256=abc limit=0 limit=1001 cursor=zz \
    'name=*.*.b' status=dead 'dry_run=false&dry_run=true' dry_run \
    'name=w1.web.internal&name=db.internal' 'order=expiry&cursor=00'; do
    want 400 bad-argument "refused: $a" -d "authority=issuing&$a" "$ALL"
done
want 400 bad-argument 'what there is, is said' -d resaon=superseded "$ALL"
like 'all of it' "$T/body" 'resaon: .*there is: name, .*reason, .*dry_run'
want 400 bad-argument 'in the query too' -X POST \
    "$ALL?authority=issuing&nonsense=1"
want 400 bad-argument 'not in both places' -d dry_run=false \
    "$ALL?authority=issuing"
for j in '{"authority":"issuing","nonsense":1}' \
    '{"authority":"issuing","dry_run":"false"}' \
    '{"authority":"issuing","dry_run":0}' '{"authority":["issuing"]}' \
    '{"authority":"issuing","authority":"root"}' '[]' '{' \
    '{"authority":"issuing","limit":"5"}' '{"authority":null}' \
    '{"authority":"issuing","replaced":"maybe"}' \
    '{"authority":"issuing","dry_run":null}'; do
    want 400 bad-json "refused: $j" -H "$JSON" -d "$j" "$ALL"
done
for limit in 1001 0 -1; do
    want 400 bad-argument "a limit out of range: $limit" -H "$JSON" \
        -d "{\"authority\":\"issuing\",\"limit\":$limit}" "$ALL"
done
for r in certificateHold removeFromCRL cACompromise; do
    want 422 reason-not-allowed "not for $r" -d "authority=issuing&reason=$r" \
        "$ALL"
done
want 415 unsupported-media-type 'no other type' -H 'Content-Type: text/csv' \
    -d 'authority=issuing' "$ALL"
want 413 too-large 'no long list' -d "authority=issuing&name=$(head -c 20000 \
    /dev/zero | tr '\0' a)" "$ALL"
is 'none of that recorded anything' "$(state)" "$before"

# ---- dry, then not
want 200 - 'the dry run is what is done without a word' -d 'name=**.web.internal' \
    "$ALL"
json 'it says so, and what' '.dry_run and .matched == 3 and .valid == 3 and
    .already_revoked == 0 and .refused == 0 and .expired == 0 and
    (.certificates | length) == 3 and .next == null'
json 'with their names' '[.certificates[].names[]] | sort ==
    ["dns:w1.web.internal", "dns:w2.web.internal", "dns:w3.web.internal"]'
want 200 - 'so many are shown' -d 'name=**.web.internal&limit=2' "$ALL"
json 'and all counted' '.matched == 3 and (.certificates | length) == 2'
is 'nothing was done' "$(state)" "$before"
want 200 - 'a page at a time' -H "$JSON" -d '{"name": "**.web.internal",
    "reason": "superseded", "dry_run": false, "limit": 2}' "$ALL"
json 'two, the newest, and where it goes on' '(.dry_run | not) and .matched == 2
    and .valid == 2 and (.serials | length) == 2 and .next'
like 'the newest is one' "$T/body" "$w3"
is 'the CRL has both' "$(crl)" "$(jq -r '.serials[]' "$T/body" | sort)"
next=$(count next)
want 200 - 'it goes on' -d "name=**.web.internal&reason=superseded&dry_run=false&limit=2&cursor=$next" "$ALL"
json 'the third' '.matched == 1 and .valid == 1 and .next == null'
is 'three on the CRL' "$(crl | wc -l)" 3
want 200 - 'again' -d 'name=**.web.internal&reason=superseded&dry_run=false' \
    "$ALL"
json 'all revoked already' '.matched == 3 and .already_revoked == 3 and
    .valid == 0 and (.serials | length) == 0'
was=$(state)
want 200 - 'another reason is no error here' \
    -d 'name=**.web.internal&reason=privilegeWithdrawn&dry_run=false' "$ALL"
json 'they count as revoked already' '.already_revoked == 3 and .valid == 0'
is 'and nothing was recorded' "$(state)" "$was"
req "$API/v1/certificates/$w3"
json 'the reason stays' '.reason == "superseded"'
at=$(count revoked_at)
want 200 - 'keyCompromise may come later' \
    -d 'name=w3.web.internal&reason=keyCompromise&dry_run=false' "$ALL"
json 'that is a change' '.changed == 1 and .already_revoked == 0'
req "$API/v1/certificates/$w3"
json 'the reason changed, the date stays' \
    ".reason == \"keyCompromise\" and .revoked_at == \"$at\""
want 422 key-compromised 'and the key is not certified again' \
    --data-binary @"$T/w3.web.internal.csr" "$API/v1/certificates"
issue bystander.internal

# ---- another reason does not go on to the renewals
issue r.internal
want 200 - 'superseded' -d reason=superseded -X POST \
    "$API/v1/certificates/$serial/revoke"
want 201 - 'the same key' --data-binary @"$T/r.internal.csr" \
    "$API/v1/certificates?names=r2.internal"
want 200 - 'another reason' \
    -d 'name=r.internal&reason=privilegeWithdrawn&renewals=true&dry_run=false' \
    "$ALL"
json 'nothing goes along' '.already_revoked == 1 and .renewals == 0'
want 200 - 'the same reason' \
    -d 'name=r.internal&reason=superseded&renewals=true&dry_run=false' "$ALL"
json 'the other with its key does' '.already_revoked == 1 and .renewals == 1'

# ---- what goes along: counted once, whichever came first
issue k.internal
cp "$T/k.internal.pem" "$T/k1.pem"
for i in 2 3; do
    want 201 - 'a renewal' -X POST "$API/v1/certificates/$serial/renew"
    cp "$T/body" "$T/k$i.pem"
    serial=$(serial_of "$T/k$i.pem")
done
want 201 - 'the same key' --data-binary @"$T/k.internal.csr" \
    "$API/v1/certificates?names=other.internal"
for f in name=k.internal "name=k.internal&order=expiry"; do
    want 200 - "dry, $f" -d "reason=keyCompromise&$f" "$ALL"
    json 'three match, one has their key' '.matched == 3 and .renewals == 1'
done
want 200 - 'without them' -d 'reason=keyCompromise&name=k.internal&renewals=false' \
    "$ALL"
json 'three' '.matched == 3 and .renewals == 0'
want 200 - 'really' -d 'reason=keyCompromise&name=k.internal&dry_run=false' "$ALL"
json 'as was said' '.matched == 3 and .valid == 3 and .renewals == 1 and
    (.serials | length) == 4'

# ---- who may, and how far
issue t1.a.internal
issue t1.b.internal
BEARER=$(token '"revoke"' '"names":["dns:**.a.internal"]')
want 200 - 'a limited token sees what it may revoke' -d authority=issuing "$ALL"
json 'one' '.matched == 1 and (.certificates | length) == 1 and
    .certificates[0].names == ["dns:t1.a.internal"]'
want 200 - 'and revokes no more' -d 'authority=issuing&dry_run=false' "$ALL"
json 'one' '.matched == 1 and .valid == 1'
BEARER=$(token '"issue","read","metrics"')
want 403 role-missing 'not without the role' -d 'authority=issuing' "$ALL"
BEARER=$(token '"revoke"' '"uses":3')
want 403 role-missing 'not with counted uses' -d 'authority=issuing' "$ALL"
like 'which is said' "$T/body" 'limited number of uses'
BEARER=''
want 403 role-missing 'not a certificate, itself included' \
    --cert "$T/t1.b.internal.pem" --key "$T/t1.b.internal.key" \
    -d 'name=t1.b.internal&dry_run=false' "$ALL"
BEARER=$(token '"revoke"')
want 200 - "the service's own" -d "name=127.0.0.1" "$ALL"
json 'is refused, with the reason' '.matched >= 1 and .refused == .matched and
    (.refusals[0].detail | test("admin"))'
BEARER=$ADMIN
req "$API/v1/certificates/$serial"
json 'the other name is valid' '.status == "valid"'

# ---- an authority's certificate is not one among many
openssl ecparam -name prime256v1 -genkey -noout -out "$T/sub.key"
openssl req -new -key "$T/sub.key" -subj '/CN=Sub' -out "$T/sub.csr"
printf '%s\n' 'basicConstraints=critical,CA:TRUE,pathlen:0' \
    'keyUsage=critical,keyCertSign,cRLSign' 'subjectKeyIdentifier=hash' \
    'authorityKeyIdentifier=keyid' >"$T/sub.ext"
openssl x509 -req -in "$T/sub.csr" -CA "$CA/issuing.pem" \
    -CAkey "$CA/keys/issuing.key" -set_serial 0x4a4b4c4d -days 30 \
    -extfile "$T/sub.ext" -out "$T/sub.pem" 2>/dev/null
ok 'an authority is below this one' "$POCKETCA" import -c "$CA/pocketca.conf" \
    "$T/sub.pem"
want 200 - 'all that this one has signed' -d "authority=issuing" "$ALL"
json 'but the authority and the responder, and why' '.refused == 2 and
    any(.refusals[]; .serial == "4a4b4c4d" and
        (.detail | test("certificate of an authority"))) and
    any(.refusals[]; .detail | test("responder"))'
responder=$(jq -r '.refusals[] | select(.detail | test("responder")).serial' \
    "$T/body")
want 422 reason-not-allowed 'the responder is not revoked alone either' -X POST \
    "$API/v1/certificates/$responder/revoke"
want 200 - 'not really either' -d 'sha256='"$(openssl x509 -in "$T/sub.pem" \
    -noout -fingerprint -sha256 | cut -d= -f2)&dry_run=false" "$ALL"
json 'it stays' '.refused == 1 and .valid == 0 and (.serials | length) == 0'
want 422 reason-not-allowed 'nor is the issuing one by itself' -X POST \
    "$API/v1/certificates/$(serial_of "$CA/issuing.pem")/revoke"
want 200 - 'alone it is' -X POST "$API/v1/certificates/4a4b4c4d/revoke"

# ---- the same by command, with a service and without
revoke() { "$POCKETCA" revoke -c "$CA/pocketca.conf" "$@"; }
echo 'subjectAltName=DNS:false.internal' >"$T/false.ext"
for w in with without; do
    case $w in with) BEARER=$ADMIN ;; without) serve ;; esac
    issue "c1.$w.internal"
    for i in 2 3; do
        want 201 - 'the same key' --data-binary @"$T/c1.$w.internal.csr" \
            "$API/v1/certificates?names=c$i.$w.internal"
        cp "$T/body" "$T/c$i.$w.internal.pem"
    done
    issue "d1.$w.internal"
    issue "d2.$w.internal"
    issue "e.$w.internal"
    state_before=$(state)
    [ $w = with ] || stop
    exits 1 "$w: more than one is a dry run" revoke --name "*.$w.internal"
    like "$w: how many" "$T/out" '^6 match: 6 valid, 0 expired, 0 revoked'
    like "$w: which" "$T/out" "d1.$w.internal"
    like "$w: how it is done" "$T/out" 'nothing was revoked: --yes'
    exits 1 "$w: by key, a key" revoke --key "$T/c1.$w.internal.key"
    like "$w: three have it" "$T/out" '^3 match: 3 valid'
    exits 1 "$w: by key, a certificate" revoke --key "$T/c2.$w.internal.pem"
    like "$w: three have it" "$T/out" '^3 match: 3 valid'
    exits 1 "$w: as JSON" revoke --name "*.$w.internal" --json
    exits 2 "$w: no filter" revoke
    exits 2 "$w: no filter, yes" revoke --yes
    exits 1 "$w: status is none" revoke --yes --status valid
    unlike "$w: and nothing is counted" "$T/out" '^0 match'
    exits 2 "$w: both" revoke "$serial" --name "*.$w.internal"
    exits 2 "$w: a key twice" revoke --key "$T/c1.$w.internal.key" \
        --key-sha256 "$(printf '%064d' 0)"
    exits 2 "$w: no pages" revoke --name "*.$w.internal" --limit 2
    exits 2 "$w: no time" revoke --issued-after yesterday --yes
    exits 1 "$w: nothing matches" revoke --name "nobody.$w.internal"
    exits 2 "$w: no reason" revoke --name "*.$w.internal" --reason bored --yes
    exits 1 "$w: nothing matches, yes" revoke --name "nobody.$w.internal" --yes
    like "$w: that is said" "$T/out" 'no certificate matches'
    exits 1 "$w: not the authority's own" revoke "$CA/issuing.pem"
    like "$w: and why" "$T/out" 'only the authority above it revokes it'
    exits 1 "$w: nor the root" revoke "$CA/root.pem"
    like "$w: which nobody does" "$T/out" 'nobody is above a root'
    openssl x509 -req -in "$T/sub.csr" -signkey "$T/sub.key" -days 3 \
        -extfile "$T/false.ext" -set_serial "0x$serial" -out "$T/false.pem" \
        2>/dev/null
    exits 1 "$w: another with that serial number" revoke "$T/false.pem"
    like "$w: it says so" "$T/out" 'another one has its serial number'
    ok "$w: three by their key" revoke --key "$T/c3.$w.internal.pem" --yes \
        --reason keyCompromise
    like "$w: three" "$T/out" '^3 match: 3 valid'
    ok "$w: again there is nothing to do" revoke --key "$T/c1.$w.internal.key"
    ok "$w: one needs no yes" revoke --name "d1.$w.internal"
    like "$w: it is done" "$T/out" ' revoked at '
    ok "$w: a certificate's file" revoke "$T/d2.$w.internal.pem" \
        --reason superseded
    like "$w: it is that one" "$T/out" \
        "^$(serial_of "$T/d2.$w.internal.pem") revoked at .*superseded"
    if [ $w = without ]; then
        rm "$CA/crl/issuing.crl"
        ok 'a CRL that was lost is made anew, one' timeout 60 "$POCKETCA" revoke \
            -c "$CA/pocketca.conf" "$(serial_of "$T/d2.$w.internal.pem")"
        rm "$CA/crl/issuing.crl"
        ok 'many' timeout 60 "$POCKETCA" revoke -c "$CA/pocketca.conf" --yes \
            --name "d1.$w.internal"
        serve
    fi
    [ "$state_before" != "$(state)" ]
    is "$w: recorded" $? 0
    for n in c1 c2 c3 d1 d2; do
        req "$API/v1/certificates/$(serial_of "$T/$n.$w.internal.pem")"
        json "$w: $n is revoked" '.status == "revoked"'
    done
    req "$API/v1/certificates/$serial"
    json "$w: e is not" '.status == "valid"'
    want 422 key-compromised "$w: the key is blocked" \
        --data-binary @"$T/c1.$w.internal.csr" "$API/v1/certificates"
    [ $w = without ] || stop
done

# ---- a burst, killed in the middle, called again
many=5000
csr m.many.internal
for i in $(seq "$many"); do
    [ "$i" -eq 1 ] || echo next
    printf '%s\n' "url = \"$API/v1/certificates?names=m$i.many.internal\"" \
        "data-binary = \"@$T/m.many.internal.csr\"" \
        "cacert = \"$CA/root.pem\"" "oauth2-bearer = \"$BEARER\"" \
        'output = /dev/null'
done >"$T/curlrc"
curl -sS --parallel --parallel-max 50 -K "$T/curlrc" >"$T/out" 2>&1
want 200 - 'many' -d 'name=**.many.internal' "$ALL"
json "all $many match" ".matched == $many and .valid == $many and
    (.certificates | length) == 100"
rest() { # how many are valid still
    req -d 'name=**.many.internal' "$ALL"
    count valid
}
signer=$(pid_of signer)
curl -sS --max-time 60 --cacert "$CA/root.pem" --oauth2-bearer "$BEARER" \
    -d 'name=**.many.internal&reason=superseded&dry_run=false' \
    -o "$T/killed" -w '%{http_code}' "$ALL" >"$T/killed.status" 2>&1 &
asked=$!
until grep -q 'event=revocations .*about="250 certificates" result=ok' \
    "$T/log"; do
    kill -0 "$asked" 2>/dev/null || break
done
kill -KILL "$signer"
wait "$asked"
unlike 'it was not answered as done' "$T/killed.status" '^200$'
serving() { req "$API/readyz" && [ "$status" = 200 ]; }
eventually 100 'the pair is back' serving
left=$(rest)
[ "$left" -gt 0 ] && [ "$left" -lt "$many" ]
is "it was in the middle ($left of $many left)" $? 0
want 200 - 'called again' -d 'name=**.many.internal&reason=superseded&dry_run=false' "$ALL"
json 'it does the rest' ".matched == $many and .valid == $left and
    .already_revoked == $((many - left))"
crl >"$T/crl"
"$POCKETCA" list -c "$CA/pocketca.conf" --name '**.many.internal' --csv |
    sed -n 's/^\([0-9a-f]\{32\}\),.*/\1/p' | sort >"$T/serials"
is 'all of them' "$(wc -l <"$T/serials")" "$many"
is 'the CRL has every one' "$(comm -23 "$T/serials" "$T/crl" | wc -l)" 0
is 'none is left' "$(rest)" 0
ok 'the ledger is whole' "$POCKETCA" audit -c "$CA/pocketca.conf"
finish
