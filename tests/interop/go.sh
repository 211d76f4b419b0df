#!/bin/sh
# SPDX-License-Identifier: ISC
# A Go net/http server serves with our certificates, and asks for them.
. "$(dirname "$0")/lib.sh"
need go
build()
{
    cd "$SOURCE/tests/interop/goserver" &&
        GOTOOLCHAIN=local GOPROXY=off go build -o "$work/goserver" .
}
outside build >"$work/build.log" 2>&1 ||
    bail "go build failed"
ca_start
foreign_start
mutual_start

for type in $key_types; do
    certify "web-$type" "$type" server web.internal
    port_web=$(free_port)
    server "go-$type" "$port_web" "$work/goserver" "$port_web" \
        "$work/web-$type.pem" "$work/web-$type.key" "$secret"
    handshakes "$port_web" "Go, $type"
done
pair_port=$(free_port)
server go-pair "$pair_port" "$work/goserver" "$pair_port" \
    "$work/web-p256-pair.pem" "$work/web-p256-pair.pem" "$secret"
handshakes "$pair_port" "Go, key and certificate in one file"

mutual_port=$(free_port)
server go-mutual "$mutual_port" "$work/goserver" "$mutual_port" \
    "$work/web-rsa.pem" "$work/web-rsa.key" "$secret" "$root" "$work/crl.pem"
mutual "$mutual_port" "Go, mutual"
serial=$(serial_of "$work/revoked.pem" | tr 'A-F' 'a-f' | sed 's/^0*//')
grep -q "$serial is revoked" "$work/go-mutual.log" ||
    bail "Go did not say that one was revoked"
proved "Go tells the revoked certificate by x509.ParseRevocationList"
finish
