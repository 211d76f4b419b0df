#!/bin/sh
# SPDX-License-Identifier: ISC
# What would become of a request, over HTTP and by the command: every refusal
# is a denial that says so, what it says is what an issue then does, and nothing
# is spent or recorded.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
profiles <<'CONF'
profile server { usage = server names = "dns:**.internal"
    deny = "dns:secret.internal" max-names = 3 keys = { "ec:P-256" }
    lifetime = 90d max-lifetime = 100d min-lifetime = 1h }
profile people { usage = email names = { "email:*@example.internal", "cn:**" }
    subject = { "c=DE", "o", "cn" } keys = { "ec:P-256" } lifetime = 30d
    max-lifetime = 30d policies = "1.3.6.1.4.1.32473.1.1"
    extensions = "1.2.3.4 hex:0c0141" cdp = no }
profile either { usage = server names = { "dns:**.internal", "email:**" }
    keys = { "ec:P-256" } lifetime = 30d max-lifetime = 30d }
profile service { usage = client names = { "dns:**.internal", "cn:svc-*" }
    subject = cn keys = { "ec:P-256" } lifetime = 30d max-lifetime = 30d }
profile wild { usage = server names = "dns:**.internal" wildcards = yes
    lifetime = 30d max-lifetime = 30d }
CONF
ok 'the configuration' "$POCKETCA" check -c "$CA/pocketca.conf"
export POCKETCA_CONF="$CA/pocketca.conf"
serve

csr web.internal
openssl req -new -key "$T/web.internal.key" -subj '/O=Acme/L=Here/CN=Jane Doe' \
    -addext 'subjectAltName=email:jane@example.internal' -out "$T/jane.csr" \
    2>/dev/null
openssl req -new -newkey rsa:2048 -nodes -keyout "$T/rsa.key" -subj / \
    -addext 'subjectAltName=DNS:web.internal' -out "$T/rsa.csr" 2>/dev/null
openssl req -new -key "$T/web.internal.key" -subj / -out "$T/ca.csr" \
    -addext 'subjectAltName=DNS:web.internal' \
    -addext 'basicConstraints=CA:TRUE' 2>/dev/null
openssl req -new -key "$T/web.internal.key" -subj / -out "$T/odd.csr" \
    -addext 'subjectAltName=DNS:web.internal,RID:1.2.3.4' 2>/dev/null
openssl req -new -key "$T/web.internal.key" -subj / -out "$T/none.csr" \
    2>/dev/null
openssl req -new -key "$CA/keys/issuing.key" -subj / -out "$T/own.csr" \
    -addext 'subjectAltName=DNS:web.internal' 2>/dev/null

dry() { # FILE [ARGUMENTS]: a dry run
    req --data-binary @"$T/$1.csr" \
        "$API/v1/certificates?dry_run=true${2:+&$2}"
}

# a request that is fine
before=$(state)
dry jane 'profile=people&lifetime=2d'
is 'fine: 200' "$status" 200
cp "$T/body" "$T/dry"
json 'it would be issued' '.would_issue and .errors == [] and
    .profile == "people" and .authority == "issuing" and
    ([.rules[] | select(.result == "deny")] == [])'
json 'by this name' 'any(.rules[]; .result == "allow" and .rule == "names" and
    .about == "email:jane@example.internal" and
    .detail == "matches email:*@example.internal")'
json 'by this key' 'any(.rules[]; .rule == "keys" and .about == "ec:P-256")'
json 'subject: fixed, taken, left out' '
    any(.rules[]; .rule == "subject" and .about == "c=DE" and
        (.detail | test("own"))) and
    any(.rules[]; .rule == "subject" and .about == "o=Acme" and
        (.detail | test("taken from"))) and
    any(.rules[]; .result == "note" and .rule == "subject" and
        .about == "l=Here" and (.detail | test("not taken")))'
json 'by these extensions' '[.rules[] | select(.rule == "policies" or
    .rule == "extensions") | .about] | sort == ["1.2.3.4", "certificatePolicies"]'
json 'what it would contain' '.certificate | .names ==
    ["email:jane@example.internal"] and .key.curve == "P-256" and
    (.subject | test("Jane Doe")) and (has("serial") | not) and
    ([.extensions[].name] | index("cRLDistributionPoints") == null)'
is 'nothing was recorded' "$(state)" "$before"

# and then it is issued
want 201 - 'the issue' -H 'Accept: application/json' \
    --data-binary @"$T/jane.csr" "$API/v1/certificates?profile=people&lifetime=2d"
for m in subject names key; do
    is "$m: as was said" "$(jq -c ".$m" "$T/body")" \
        "$(jq -c ".certificate.$m" "$T/dry")"
done
is 'as long' "$(jq '(.not_after|fromdate) - (.not_before|fromdate)' "$T/body")" \
    "$(jq '.certificate | (.not_after|fromdate) - (.not_before|fromdate)' \
        "$T/dry")"
jq -r .pem "$T/body" | openssl x509 -outform DER -out "$T/jane.der"
is 'every extension, but for nothing' "$(jq -r '.certificate.extensions[].value' \
    "$T/dry" | while read -r v; do
    od -An -v -tx1 "$T/jane.der" | tr -d ' \n' | grep -q "$v" || echo "$v"
done)" ''

# each kind of refusal: what a dry run denies, an issue refuses just so
refused() { # CODE RULE WHAT FILE [ARGUMENTS]
    r_before=$(state)
    dry "$4" "${5:-}"
    is "$3: 200" "$status" 200
    cp "$T/body" "$T/dry"
    json "$3: denied by $2" "(.would_issue | not) and .certificate == null and
        any(.errors[]; .code == \"$1\") and
        any(.rules[]; .result == \"deny\" and .rule == \"$2\")"
    is "$3: nothing was recorded" "$(state)" "$r_before"
    req --data-binary @"$T/$4.csr" "$API/v1/certificates${5:+?$5}"
    is "$3: so does an issue" "$(jq -c '.errors | sort' "$T/body")" \
        "$(jq -c '.errors | sort' "$T/dry")"
}
refused unknown-profile profile 'no profile' web.internal profile=nope
refused name-not-allowed names 'a name elsewhere' web.internal \
    names=web.example.org
refused name-not-allowed deny 'a denied name' web.internal \
    names=secret.internal
refused name-not-allowed names 'one label' web.internal names=web
refused name-type-not-allowed names 'a type of name' web.internal \
    names=10.0.0.1
refused name-type-not-allowed names 'a kind that is never certified' odd
refused wildcard-not-allowed wildcards 'a wildcard' web.internal \
    'names=*.a.internal'
refused too-many-names max-names 'four names' web.internal \
    names=a.internal,b.internal,c.internal,d.internal
refused no-names request 'no names' none
refused key-not-allowed keys 'a type of key' rsa
refused key-not-allowed key "an authority's own key" own
refused extension-not-allowed usage 'power' ca
refused lifetime-too-long lifetime 'too long' web.internal lifetime=101d
refused lifetime-too-short lifetime 'too short' web.internal lifetime=59m
refused not-before-not-allowed lifetime 'a beginning' web.internal \
    not_before=2099-01-01T00:00:00Z
refused not-found replaces 'replaces nothing' web.internal replaces=4142
refused bad-argument request 'a note that is too long' web.internal \
    "note=$(printf '%0257d' 0)"
ok 'a key is blocked' "$POCKETCA" block "$T/web.internal.key"
refused key-compromised key 'a blocked key' web.internal
ok 'and is not any more' "$POCKETCA" block --remove "$T/web.internal.key"
dry web.internal names=web.internal,x.example.org,secret.internal,10.0.0.1
json 'every name has its lines' '
    [.rules[] | select(.rule == "names") | [.about, .result]] ==
    [["dns:web.internal", "allow"], ["dns:x.example.org", "deny"],
     ["dns:secret.internal", "allow"], ["ip:10.0.0.1", "deny"]]'

# what the lints say is told beside what policy says, and whatever else is wrong
refused lint lint 'a server without a host' web.internal \
    'profile=either&names=jane@example.internal'
refused lint lint 'and too long, and replaces nothing' web.internal \
    'profile=either&names=jane@example.internal&lifetime=31d&replaces=4142'
json 'every reason, in its order' '[.errors[].code] ==
    ["not-found", "lifetime-too-long", "lint"]'
refused lint lint 'too long alone, for the same names' rsa \
    'profile=either&names=jane@example.internal&lifetime=31d'
json 'key, length and lint' '[.errors[].code] ==
    ["key-not-allowed", "lifetime-too-long", "lint"]'
dry web.internal 'names=web.example.org&lifetime=1d'
json 'a lint that is content says so, beside a denial' 'any(.rules[];
    .rule == "lint" and .result == "allow")'

# a common name that is a denied name is not said to be allowed
cn_lines='[.rules[] | select(.rule == "subject") | [.result, .about]]'
openssl req -new -key "$T/web.internal.key" -subj /CN=jane \
    -addext 'subjectAltName=DNS:web.internal' -out "$T/cn.csr" 2>/dev/null
dry cn profile=service
json 'a CN that is taken' "(.would_issue | not) and
    any(.rules[]; .rule == \"names\" and .result == \"deny\" and
    .about == \"cn:jane\") and $cn_lines == [[\"note\", \"cn=jane\"]]"
dry web.internal names=web.example.org
json 'one from the names' "$cn_lines == [[\"note\", \"cn=web.example.org\"]]"
dry web.internal names=a.internal,web.example.org
json 'one that is allowed, beside a denied name' \
    "$cn_lines == [[\"allow\", \"cn=a.internal\"]]"

# more reasons than are kept: what nobody judged is not allowed
names=$(seq -s, -f 'n%g.example.org' 300)
dry web.internal "names=$names"
json 'three hundred bad names' '(.would_issue | not) and
    ([.rules[] | select(.rule == "names" and .result == "allow")] == [])'
names=$(seq -s, -f 'n%g.internal' 400)
dry web.internal "names=$names"
json 'many lines, all of them' '(.would_issue | not) and
    ([.rules[] | select(.rule == "names" and .result == "allow")] |
    length == 400)'

# what is no request stays one
want 400 bad-csr 'no CSR' -d nope "$API/v1/certificates?dry_run=true"
want 400 bad-argument 'neither true nor false' \
    --data-binary @"$T/web.internal.csr" "$API/v1/certificates?dry_run=1"
want 406 not-acceptable 'only JSON' -H 'Accept: application/pkix-cert' \
    --data-binary @"$T/web.internal.csr" "$API/v1/certificates?dry_run=true"
jq -n --rawfile csr "$T/web.internal.csr" '{csr: $csr, dry_run: true}' \
    >"$T/request.json"
before=$(state)
want 200 - 'as a member' -H 'Content-Type: application/json' \
    --data-binary @"$T/request.json" "$API/v1/certificates"
json 'would be issued' '.would_issue'
is 'and is not' "$(state)" "$before"
jq '.dry_run = "true"' "$T/request.json" >"$T/text.json"
want 400 bad-json 'a member that is a text' -H 'Content-Type: application/json' \
    --data-binary @"$T/text.json" "$API/v1/certificates"
want 400 bad-argument 'a renewal has none' -X POST \
    "$API/v1/certificates/4142/renew?dry_run=true"

# no use of a token, no key of a repeat
ADMIN=$BEARER
BEARER=$(token '"issue"' '"uses": 1, "names": ["dns:web.internal"]')
id=$(token_id "$BEARER")
for i in 1 2 3; do
    want 200 - "dry run $i" -H 'Idempotency-Key: k' \
        --data-binary @"$T/web.internal.csr" \
        "$API/v1/certificates?dry_run=true"
done
json 'by the token too' 'any(.rules[]; .rule == "token names" and
    .result == "allow")'
refused name-not-in-token 'token names' 'not for the token' web.internal \
    names=other.internal
exits 0 'the command, as that token' "$POCKETCA" explain --token "$id" \
    "$T/web.internal.csr"
like 'says so' "$T/out" '^allow +token +'
exits 1 'the command: not for the token' "$POCKETCA" explain --token "$id" \
    --names other.internal "$T/web.internal.csr"
like 'the line' "$T/out" '^deny +token names +dns:other.internal: '
want 201 - 'the use and the key are left' -H 'Idempotency-Key: k' \
    --data-binary @"$T/web.internal.csr" "$API/v1/certificates"
want 401 token-used-up 'now there is no use' --data-binary \
    @"$T/web.internal.csr" "$API/v1/certificates?dry_run=true"
exits 1 'which the command says' "$POCKETCA" explain --token "$id" \
    "$T/web.internal.csr"
like 'by its rule' "$T/out" '^deny +token +'
BEARER=$(token '"read"')
want 403 role-missing 'who may not issue' --data-binary \
    @"$T/web.internal.csr" "$API/v1/certificates?dry_run=true"
rid=$(token_id "$BEARER")
exits 1 'nor by the command' "$POCKETCA" explain --token "$rid" \
    "$T/web.internal.csr"
like 'for want of a role' "$T/out" '^deny +token .*role issue'
BEARER=$ADMIN
ok 'a token is removed' "$POCKETCA" token remove "$rid"
exits 1 'a removed token' "$POCKETCA" explain --token "$rid" \
    "$T/web.internal.csr"
like 'is said to be' "$T/out" '^deny +token .*was removed'
exits 1 'a token that never was' "$POCKETCA" explain --token nope \
    "$T/web.internal.csr"
like 'has no lines' "$T/out" 'no token nope'

# the command, either way
command_says() { # WHERE
    exits 0 "$1: would issue" "$POCKETCA" explain "$T/jane.csr" --profile people
    like "$1: a line" "$T/out" '^allow +names +email:jane@example.internal: match'
    like "$1: what it would have" "$T/out" '^extension +basicConstraints, critical'
    exits 1 "$1: would not" "$POCKETCA" explain "$T/rsa.csr" --lifetime 101d
    like "$1: for its key" "$T/out" '^deny +keys +rsa:2048: '
    like "$1: and its lifetime" "$T/out" '^deny +lifetime +'
    "$POCKETCA" explain --json "$T/jane.csr" --profile people >"$T/body"
    json "$1: the object" '.would_issue and (.certificate.extensions | length > 5)'
    exits 2 "$1: no file" "$POCKETCA" explain
}
before=$(state)
command_says online
is 'nothing was recorded by it' "$(state)" "$before"
stop
size() { "$POCKETCA" list --json | jq -c .as_of; }
before=$(size)
command_says offline
is 'nor without the service' "$(size)" "$before"
ok 'audit' "$POCKETCA" audit
finish
