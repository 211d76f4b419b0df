#!/bin/sh
# SPDX-License-Identifier: ISC
# Makes ./configure.  Needs autoconf, automake and pkg-config.
set -e
cd "$(dirname "$0")"
mkdir -p build-aux m4
exec autoreconf --install --warnings=all,no-portability
