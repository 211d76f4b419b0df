#!/bin/sh
# SPDX-License-Identifier: ISC
# unix:PATH as the listener for a proxy; IPv6.
. "${SOURCE:?}/tests/scenario/lib.sh"

port=$(free_port)
API="unix:$T/api.sock" PUBLIC="http://[::1]:$port"
api_port='' public_port=$port
init
serve
api() {
    want "$1" "$2" "$3" --unix-socket "$T/api.sock" "$4"
}
api 200 - 'the api answers on its socket' http://localhost/readyz
api 200 - 'with the token' http://localhost/v1/certificates
want 200 - 'public answers on IPv6' -g "$PUBLIC/crl/issuing.crl"
BEARER=''
api 401 token-missing 'and without it does not' http://localhost/v1/certificates
kill -KILL "$SERVE"
wait "$SERVE" 2>/dev/null
serve
api 200 - 'a stale socket is replaced' http://localhost/readyz
is 'the admin socket is private' "$(stat -c %a "$CA/admin.sock")" 600
finish
