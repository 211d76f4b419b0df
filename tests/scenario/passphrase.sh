#!/bin/sh
# SPDX-License-Identifier: ISC
# The passphrase of a key from a real terminal, which may go away, and from a
# credential as systemd gives it.
. "${SOURCE:?}/tests/scenario/lib.sh"
command -v script >/dev/null || bail 'script(1) is missing'

R=$T/r
here() { c=$1; shift; "$POCKETCA" "$c" -c "$CA/pocketca.conf" "$@"; }
echo 'typed words' >"$T/pass"
ports
ok 'a root' "$POCKETCA" init --root-only --dir "$R" --name Test
ok 'an authority with an encrypted key' sh -c 'exec "$@" 7<"$0"' "$T/pass" \
    "$POCKETCA" init --issuing-csr --dir "$CA" --name Test \
    --host localhost,127.0.0.1 --listen-api "$API" --listen-public "$PUBLIC" \
    --passphrase-fd 7
like 'it is' "$CA/keys/issuing.key" ENCRYPTED
unlike 'the configuration has no source of it' "$CA/pocketca.conf" '^ *passphrase'
ok 'it is signed' "$POCKETCA" sign-intermediate -c "$R/pocketca.conf" \
    "$CA/issuing.csr" --out "$T/chain.pem"

# A command at a terminal of its own; its output is in $T/tty, and what is
# written to descriptor 9 is typed.
mkfifo "$T/typing"
exec 9<>"$T/typing"
at_terminal() { # COMMAND
    : >"$T/tty"
    SHELL=/bin/sh script -qefc "$1; echo \"exit \$?\"" /dev/null \
        <"$T/typing" >"$T/tty" 2>&1 &
    terminal=$!
}
asked() { [ "$(grep -c 'assphrase' "$T/tty")" -ge "$1" ]; }
answered() { grep -q '^exit ' "$T/tty"; }

at_terminal "exec 2>&1; '$POCKETCA' install-chain -c '$CA/pocketca.conf' '$T/chain.pem'"
eventually 100 'the terminal is asked' asked 1
echo 'other words' >&9
eventually 100 'and a wrong answer ends it' answered
like 'with 1' "$T/tty" '^exit 1'
like 'and its reason' "$T/tty" 'passphrase does not open'
wait "$terminal"
no 'nothing is installed' test -e "$CA/issuing.pem"
at_terminal "exec 2>&1; '$POCKETCA' install-chain -c '$CA/pocketca.conf' '$T/chain.pem'"
eventually 100 'asked again' asked 1
cat "$T/pass" >&9
eventually 100 'it is done' answered
like 'well' "$T/tty" '^exit 0'
unlike 'nothing that is typed is shown' "$T/tty" 'typed words'
wait "$terminal"
BEARER=$(cat "$CA/admin.token")
ADMIN=$BEARER

# ---- the service
readies() { grep -cE '\bready\b' "$T/log"; }
again() { [ "$(readies)" -gt "$before" ]; }
: >"$T/log"
exits 1 'without a terminal it does not start' setsid "$POCKETCA" serve \
    -c "$CA/pocketca.conf" 9<&-
like 'and says what it wants' "$T/out" 'no passphrase'
before=0
at_terminal "echo \$\$ >'$T/pid'; exec '$POCKETCA' serve -c '$CA/pocketca.conf' 2>>'$T/log'"
eventually 100 'the terminal is asked' asked 1
cat "$T/pass" >&9
eventually 100 'it is ready' again
SERVE=$(cat "$T/pid")
unlike 'it is in no log' "$T/log" 'typed words'
# The one copy that is kept is neither swapped out nor dumped; where the limit
# on locked memory is too low for that, the log says so.
locked() { # WHAT
    sed -n '/memfd:passphrases/,/^VmFlags/p' "/proc/$SERVE/smaps" >"$T/smaps"
    # AddressSanitizer puts an mlock of its own in place, which does nothing.
    if ! grep -q __asan_init "$POCKETCA"; then
        grep -q 'event=passphrases.*mlock' "$T/log" &&
            echo ' lo (not, and it is said)' >>"$T/smaps"
        like "$1: locked" "$T/smaps" ' lo( |$)'
    fi
    like "$1: not dumped" "$T/smaps" '^VmFlags:.* dd( |$)'
    is "$1: one copy" "$(grep -c memfd:passphrases "/proc/$SERVE/maps")" 1
}
locked 'at the start'
issue a.internal
before=$(readies)
kill -HUP "$SERVE"
eventually 100 'a reload' again
is 'asks for nothing again' "$(grep -c 'assphrase' "$T/tty")" 1
locked 'after a reload'
issue b.internal
# the terminal goes, which is a SIGHUP too
before=$(readies)
kill -KILL "$terminal"
wait "$terminal" 2>/dev/null
eventually 100 'without its terminal it reloads' again
before=$(readies)
kill -HUP "$SERVE"
eventually 100 'and once more' again
kill -KILL "$(pid_of signer)"
before=$(readies)
eventually 100 'and a new signer has it too' again
issue c.internal
kill -TERM "$SERVE"
eventually 100 'it ends' sh -c '! kill -0 "$1" 2>/dev/null' - "$SERVE"
SERVE=''

# ---- a credential
mkdir "$T/credentials"
cp "$T/pass" "$T/credentials/issuing-key"
sed -i 's/^authority issuing {/&\n    passphrase-credential = "issuing-key"/' \
    "$CA/pocketca.conf"
exits 1 'no directory of credentials' here check
like 'is named' "$T/out" 'CREDENTIALS_DIRECTORY.*--passphrase-file'
ok 'the file of the credential, by hand' here check --passphrase-file "$T/pass"
echo 'other words' >"$T/wrong"
exits 1 'another one' here check --passphrase-file "$T/wrong"
export CREDENTIALS_DIRECTORY="$T/credentials"
ok 'check reads it' here check
ok 'it goes before what is given' here check --passphrase-file "$T/wrong"
serve
issue d.internal
# what cannot be read is empty: the kernel gives root alone that of the signer
cat "/proc/$(pid_of signer)/environ" >"$T/environ" 2>"$T/out"
unlike 'the signer has it not in its environment' "$T/environ" 'typed words'
[ ! -s "$T/environ" ] || like 'what glibc keeps for a thread is' "$T/environ" \
    'GLIBC_TUNABLES=glibc.malloc.tcache_count=100'
rm "$T/credentials/issuing-key"
before=$(readies)
kill -KILL "$(pid_of signer)"
eventually 100 'a new signer needs no credential' again
kill -HUP "$SERVE"
eventually 100 'a reload does' grep -q 'issuing-key' "$T/log"
issue e.internal # by the pair that was there
cp "$T/pass" "$T/credentials/issuing-key"
before=$(readies)
kill -HUP "$SERVE"
eventually 100 'and goes on with it' again
issue f.internal
stop
echo 'other words' >"$T/credentials/issuing-key"
exits 1 'a wrong one' here check
like 'does not open it' "$T/out" 'passphrase does not open'
finish
