#!/bin/sh
# SPDX-License-Identifier: ISC
# Who may: each route with no, wrong, expired, removed, used-up and
# insufficient credentials, and with the one that suffices.  The table must
# have every route that /v1/openapi.yaml has.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
sed -i '1,/^log-level/s/^log-level.*//' "$CA/pocketca.conf"
echo 'log-level = debug' >>"$CA/pocketca.conf"
sed -i 's/^authority issuing.*/&\n    crl-partition-size = 1000/' "$CA/pocketca.conf"
serve
# method path role; `any` credential, `none` needed.  @ is a certificate of the
# default profile, # a token's id.
cat >"$T/table" <<'TABLE'
POST /v1/certificates issue
GET /v1/certificates read
GET /v1/certificates/@ read
GET /v1/certificates/@.pem read
GET /v1/certificates/@.der read
POST /v1/certificates/@/revoke revoke
POST /v1/revocations revoke
POST /v1/certificates/@/renew issue
POST /v1/renew certificate
POST /v1/tokens admin
GET /v1/tokens admin
GET /v1/tokens/self any
DELETE /v1/tokens/# admin
GET /v1/profiles any
GET /metrics metrics
GET /v1/authorities none
GET /v1/openapi.yaml none
GET /healthz none
GET /readyz none
GET /ca/root.pem none
GET /ca/root.der none
GET /ca/root.crt none
GET /ca/issuing.pem none
GET /ca/issuing.der none
GET /ca/chain.pem none
GET /crl/issuing.crl none
GET /crl/issuing.pem none
GET /crl/issuing/1.crl none
GET /crl/root.crl none
GET /crl/chain.pem none
POST /ocsp none
GET /ocsp/MAA= none
TABLE

# the description's routes, with what stands for its parameters
BEARER=''
req "$API/v1/openapi.yaml"
awk '/^paths:/ { on = 1; next } /^[^ #]/ { on = 0 }
    on && /^  \/.*:/ { path = $1; sub(/:$/, "", path); gsub(/"/, "", path) }
    on && /^    (get|post|delete|put|patch):/ {
        m = $1; sub(/:$/, "", m); print toupper(m) " " path }' "$T/body" |
    sed 's/{partition}/1/; s/{serial}/@/; s/tokens\/{id}/tokens\/#/; s/{authority}/issuing/
        s/{base64}\|{request}/MAA=/' | sort -u >"$T/described"
count=$(wc -l <"$T/described")
[ "$count" -ge 15 ]
is "the description has routes ($count)" $? 0
cut -d' ' -f1,2 "$T/table" | sort -u >"$T/tabled"
comm -23 "$T/described" "$T/tabled" >"$T/missing"
is 'each described route is tested here' "$(cat "$T/missing")" ''
comm -13 "$T/described" "$T/tabled" | grep -v '^GET /c[ar]l\{0,1\}/' \
    >"$T/missing"
is 'each tested route is described' "$(cat "$T/missing")" ''
awk '/^      operationId:/ { if (id) print id; id = $2 } /^        "4XX":/ { id = "" }
    END { if (id) print id }' "$T/body" >"$T/missing"
is 'and says that it may be refused' "$(cat "$T/missing")" ''

BEARER=$ADMIN
issue a.internal
fresh_target() { # sets $target, $victim: what a call would change
    issue "t$tap_n.internal"
    target=$serial
}
csr n.internal
gone=$(token '"admin"')
gone_id=$(echo "$gone" | cut -d_ -f2)
req -X DELETE "$API/v1/tokens/$gone_id"
is 'a token was removed' "$status" 204
short=$(token '"admin"' '"lifetime":"1s"')
spent=$(token '"admin","issue"' '"uses":1')
BEARER=$spent
req --data-binary @"$T/n.internal.csr" "$API/v1/certificates"
is 'a token was used up' "$status" 201
BEARER=$ADMIN
for role in issue revoke read metrics admin; do
    eval "tok_$role=\$(token '\"$role\"')"
done
limited=$(token '"admin"' '"names":["dns:nothing.internal"]')
short_is_over() { # its last second counts
    BEARER=$short
    req "$API/v1/tokens/self"
    BEARER=$ADMIN
    [ "$status" = 401 ]
}
eventually 40 'a token has ended' short_is_over

fresh_target
victim=$(token '"read"')
victim_id=$(echo "$victim" | cut -d_ -f2)
credential=''
call() { # METHOD PATH → $status and problem code in $got
    path=$(echo "$2" | sed "s/@/$target/; s/#/$victim_id/")
    case $1 in
    GET) set -- ;;
    DELETE) set -- -X DELETE ;;
    *)
        case $2 in
        */tokens)
            labels=$((${labels:-0} + 1))
            set -- -H 'Content-Type: application/json' \
                -d "{\"label\":\"w$labels\",\"roles\":[\"read\"],\"names\":[\"dns:nothing.internal\"]}" ;;
        */revocations) set -- -d name=nothing.internal ;;
        */ocsp) set -- -H 'Content-Type: application/ocsp-request' -d '0' ;;
        */certificates) set -- --data-binary @"$T/n.internal.csr" ;;
        *) set -- -X POST ;;
        esac ;;
    esac
    # shellcheck disable=SC2086 # words, or none
    req $credential "$@" "$API$path"
    got=$(problem_code)
}
expect() { # WHAT WANTED
    is "$1" "$status${got:+ $got}" "$2"
}
before=$(state)
while read -r method path role; do
    r="$method $path"
    for cred in none wrong shape removed expired foreign; do
        case $cred in
        none) BEARER='' code=token-missing ;;
        wrong) BEARER="${ADMIN%????}AAAA" code=token-unknown ;;
        shape) BEARER=hello code=token-unknown ;;
        removed) BEARER=$gone code=token-unknown ;;
        expired) BEARER=$short code=token-expired ;;
        foreign) BEARER="pca_aaaaaaaaaaaa_$(head -c 43 /dev/zero |
            tr '\0' a)" code=token-unknown ;;
        esac
        if [ "$role" = none ] && [ $cred = none ]; then
            call "$method" "$path"
            case $status in 2*) got=2xx ;; esac
            is "$r without a credential" "${got:-$status}" 2xx
        elif [ "$role" != none ]; then
            call "$method" "$path"
            expect "$r, $cred" "401 $code"
        fi
    done
    for have in issue revoke read metrics; do
        [ "$role" != none ] && [ "$role" != any ] &&
            [ "$role" != "$have" ] && [ "$role" != certificate ] || continue
        eval "BEARER=\$tok_$have"
        call "$method" "$path"
        expect "$r with the role $have" '403 role-missing'
    done
    case $r in
    *@*)
        BEARER=$limited
        call "$method" "$path"
        expect "$r with a token limited to other names" '404 not-found' ;;
    esac
done <"$T/table"
is 'none of that recorded anything' "$(state)" "$before"

# The same when something is wrong with the request too: who asks comes first.
: >"$T/empty"
head -c 70000 /dev/zero >"$T/large"
openssl req -new -newkey rsa:2048 -nodes -keyout "$T/r.key" -out "$T/r.csr" \
    -subj /CN=r.internal -addext 'subjectAltName=DNS:r.internal' 2>/dev/null
sed '3s/./!/' "$T/r.csr" >"$T/broken.csr"
wrong_call() { # HOW METHOD PATH
    how=$1 verb=$2
    at=$(echo "$3" | sed "s/@/$target/; s/#/$victim_id/")
    case $how in
    query) at="$at?nonsense=1" && set -- -X "$verb" ;;
    part) at=$(echo "$at" | sed "s/$target/zz/") && set -- -X "$verb" ;;
    type) set -- -H 'Content-Type: application/xml' -d '<a/>' ;;
    json) set -- -H 'Content-Type: application/json' -d '{"csr":' ;;
    chunked) set -- -H 'Content-Type:' -H 'Transfer-Encoding: chunked' \
        -H 'Expect:' --data-binary @"$T/large" ;;
    csr) set -- --data-binary @"$T/broken.csr" ;;
    rsa) set -- --data-binary @"$T/r.csr" ;;
    esac
    req "$@" "$API$at"
    got=$(problem_code)
}
grep -v ' none$' "$T/table" >"$T/asked"
while read -r method path role; do
    hows=query
    case $path in *@*) hows="$hows part" ;; esac
    [ "$method" = POST ] && hows="$hows type json chunked"
    case $path in *certificates | *renew) hows="$hows csr" ;; esac
    case $path in *certificates) hows="$hows rsa" ;; esac
    [ "$method $path" != 'GET /v1/certificates' ] || hows=query
    for how in $hows; do
        r="$method $path, $how"
        for cred in "$gone token-unknown" "$short token-expired" \
            "hello token-unknown"; do
            BEARER=${cred% *}
            wrong_call "$how" "$method" "$path"
            expect "$r, ${cred#* }" "401 ${cred#* }"
        done
        for have in issue revoke read metrics; do
            case "$role $have $path" in
            any* | certificate*issue* | "$have $have "* | \
                'read issue '*@*) continue ;;
            esac
            eval "BEARER=\$tok_$have"
            wrong_call "$how" "$method" "$path"
            expect "$r, only $have" '403 role-missing'
        done
        [ "$how" != rsa ] || continue
        BEARER=$ADMIN
        wrong_call "$how" "$method" "$path"
        case $status in 400 | 404 | 413 | 415) status=refused got='' ;; esac
        expect "$r, admin" refused
    done
done <"$T/asked"
is 'none of that recorded anything' "$(state)" "$before"

# An RSA key is arithmetic of milliseconds: who asks is known before.
BEARER=$gone
req -H 'X-Request-Id: before-arithmetic' --data-binary @"$T/r.csr" \
    "$API/v1/certificates"
like 'the credential is judged before an RSA key' "$T/log" \
    'event=WHO .*id=before-arithmetic'
unlike 'and the request goes no further' "$T/log" \
    'event=ISSUE .*id=before-arithmetic'

# used up: for what is a use
BEARER=$spent
call POST /v1/certificates
expect 'used up: issue' '401 token-used-up'
call POST /v1/certificates/@/renew
expect 'used up: renew' '401 token-used-up'
for how in query type csr rsa; do
    wrong_call $how POST /v1/certificates
    expect "used up: issue, $how" '401 token-used-up'
done
is 'none of that recorded anything' "$(state)" "$before"

# and what suffices, does
while read -r method path role; do
    case $role in none | certificate) continue ;; any) role=metrics ;; esac
    for have in "$role" admin; do
        eval "BEARER=\$tok_$have"
        call "$method" "$path"
        case "$method $path" in
        *'DELETE'*)
            case $status in 204 | 404) status=2xx got='' ;; esac ;;
        *) case $status in 2*) status=2xx got='' ;; esac ;;
        esac
        expect "$method $path with the role $have" 2xx
        BEARER=$ADMIN
        case "$method $path" in *revoke) fresh_target ;; esac
    done
done <"$T/table"

# a certificate: itself, and nothing else
BEARER=''
mine=$(serial_of "$T/a.internal.pem")
set -- --cert "$T/a.internal.pem" --key "$T/a.internal.key"
before=$(state)
for p in '' .pem .der; do
    want 200 - "itself$p" "$@" "$API/v1/certificates/$mine$p"
    want '403|404' 'role-missing|not-found' "not another$p" "$@" \
        "$API/v1/certificates/$target$p"
done
credential=$*
while read -r method path role; do
    case "$role $path" in none* | any* | certificate*) continue ;; esac
    call "$method" "$path"
    case "$status $got" in
    '403 role-missing' | '404 not-found') status='' got=refused ;;
    esac
    expect "a certificate: $method $path" ' refused'
done <"$T/table"
credential=''
want 200 - 'any credential: profiles' "$@" "$API/v1/profiles"
want 200 - 'and of itself' "$@" "$API/v1/tokens/self"
is 'none of that recorded anything' "$(state)" "$before"
# the same wrong answer costs the same, known id or not
ok 'no wrong secret locks the right one out' curl -sSf -o /dev/null \
    --cacert "$CA/root.pem" --oauth2-bearer "$ADMIN" "$API/v1/certificates"
finish
