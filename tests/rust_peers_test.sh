#!/bin/sh
# rust_peers_test.sh CC BUILD: the peers in Rust do not compile where their idea of the C side is
# wrong, and clippy has nothing to say. What they do is for the contract tests.
set -eu
work=${2:?rust_peers_test.sh CC BUILD}/rust
[ -r "$work/layout.rs" ] || exit 77 # this build has no peers in Rust
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
cd "$work"
tests=0

fail() {
    printf 'rust_peers_test: %s\n' "$*" >&2
    exit 1
}
check() { # check LAYOUT DIRECTORY
    QUEUELAB_RUST_LAYOUT=$1 sh cargo.sh check --quiet --release --target-dir "$2" >"$temporary/out" 2>&1
}

# refuses SED SAYS: with this change of what C says, that is what the compiler says.
refuses() {
    tests=$((tests + 1))
    sed "$1" layout.rs >"$temporary/layout.rs"
    ! cmp -s layout.rs "$temporary/layout.rs" || fail "'$1' changes nothing"
    ! check "$temporary/layout.rs" check || fail "compiles after '$1'"
    grep -q "$2" "$temporary/out" || fail "after '$1' it does not say '$2': $(cat "$temporary/out")"
}

check "$work/layout.rs" check || fail "it does not compile: $(cat "$temporary/out")"
refuses '/mod worker/,/^}/s/\(popped: usize = \).*/\19;/' 'worker.popped is elsewhere in C'
refuses '/mod driver/,/^}/s/\(BYTES: usize = \).*/\1320;/' 'driver has another size in C'
refuses '/mod config/,/^}/s/segment/segments/' 'cannot find value .segment. in module .layout::config.'

# The linter beside that compiler; `cargo clippy` might take another one from the user's ~/.cargo.
rustc=$(sed -n "s/^export.* RUSTC='\([^']*\)'.*/\1/p" cargo.sh)
[ -x "$rustc" ] || fail "cargo.sh names no compiler"
clippy=$(dirname "$rustc")/clippy-driver
if [ -x "$clippy" ]; then
    tests=$((tests + 1))
    SYSROOT=$("$rustc" --print sysroot)
    export SYSROOT RUSTC_WORKSPACE_WRAPPER="$clippy"
    check "$work/layout.rs" clippy || fail "clippy says: $(cat "$temporary/out")"
else
    echo "rust_peers_test: no $clippy: not linted"
fi
echo "rust_peers_test: $tests checks passed"
