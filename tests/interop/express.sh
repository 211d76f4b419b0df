#!/bin/sh
# SPDX-License-Identifier: ISC
# An Express server, from npm, serves with our certificates, and asks for them.
. "$(dirname "$0")/lib.sh"
need node npm
mkdir "$work/express"
cp "$SOURCE/tests/interop/express/package.json" "$SOURCE/tests/interop/express/server.js" "$work/express/"
outside npm install --prefix "$work/express" --no-audit --no-fund \
    --no-package-lock >"$work/npm.log" 2>&1 || bail "npm install of express failed"
ca_start
foreign_start
mutual_start

for type in $key_types; do
    certify "web-$type" "$type" server web.internal
    port_web=$(free_port)
    server "express-$type" "$port_web" node "$work/express/server.js" \
        "$port_web" "$work/web-$type.pem" "$work/web-$type.key" "$secret"
    handshakes "$port_web" "Express, $type"
done
pair_port=$(free_port)
server express-pair "$pair_port" node "$work/express/server.js" "$pair_port" \
    "$work/web-p256-pair.pem" "$work/web-p256-pair.pem" "$secret"
handshakes "$pair_port" "Express, key and certificate in one file"

mutual_port=$(free_port)
server express-mutual "$mutual_port" node "$work/express/server.js" \
    "$mutual_port" "$work/web-rsa.pem" "$work/web-rsa.key" "$secret" \
    "$root" "$work/crl.pem"
mutual "$mutual_port" "Express, mutual"
finish
