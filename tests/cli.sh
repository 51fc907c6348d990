# cli.sh: what tests of the command share. Sourced, with $queuelab set; $dir is made and goes at the end.
# shellcheck shell=sh disable=SC2154
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED: $*"
    sed 's/^/    /' "$dir/err" 2>/dev/null || true
}

# refuses STATUS PATTERN WORDS...: exits with STATUS and says one line that matches PATTERN
refuses() {
    want=$1 pattern=$2
    shift 2
    status=0
    "$queuelab" "$@" >"$dir/out" 2>"$dir/err" || status=$?
    if [ "$status" -ne "$want" ]; then
        bad "queuelab $*: exit $status, not $want"
    elif [ "$(wc -l <"$dir/err")" -ne 1 ] || ! grep -q -- "$pattern" "$dir/err"; then
        bad "queuelab $*: not one line with '$pattern'"
    else
        ok
    fi
}

gives() { # gives WHAT COMMAND...: succeeds
    what=$1
    shift
    if "$@" >"$dir/out" 2>"$dir/err"; then ok; else bad "$what"; fi
}
