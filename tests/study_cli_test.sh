#!/bin/sh
# `queuelab study`: every misuse gets one line that names it and a non-zero exit; verdicts follow from
# records; a killed run keeps what it measured.
#
# usage: study_cli_test.sh CC BUILD
set -eu
queuelab=$2/queuelab
cd "$(dirname "$0")/.." # some read the project's own text
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED: $*"
    sed 's/^/    /' "$dir/err" 2>/dev/null || true
}

refuses() { # refuses STATUS PATTERN WORDS...: exits with STATUS and says one line that matches PATTERN
    want=$1 pattern=$2
    shift 2
    status=0
    "$queuelab" study "$@" >"$dir/out" 2>"$dir/err" || status=$?
    if [ "$status" -ne "$want" ]; then
        bad "queuelab study $*: exit $status, not $want"
    elif [ "$(wc -l <"$dir/err")" -ne 1 ] || ! grep -q -- "$pattern" "$dir/err"; then
        bad "queuelab study $*: not one line with '$pattern'"
    else
        ok
    fi
}

name=indexing # needs no queues of 64-byte items, which a build may lack
"$queuelab" study --list | grep -q "^ *$name " || {
    echo "there is no study $name"
    exit 1
}

# ---- wrong words ------------------------------------------------------------------------------
refuses 2 "which one"
refuses 2 "there is no study 'frobnicate'" frobnicate
refuses 2 "'two' is one too many\|there is no study 'two'" "$name" two
refuses 2 "has no parameter --colour" "$name" --colour red
refuses 2 "does not know '--colour'" --colour red
refuses 2 "needs a value" "$name" --rounds
refuses 2 "no number from 1" "$name" --rounds 0
refuses 2 "no number from 1" "$name" --rounds 3x
refuses 2 "no whole number" "$name" --seed minus
refuses 2 "goes with --judge" "$name" --check
refuses 3 "cannot make directory" "$name" --quick --out /no/such/place
refuses 3 "cannot read $dir/none" "$name" --judge "$dir/none"

# ---- records ----------------------------------------------------------------------------------
mkdir "$dir/damaged"
echo 'no JSON' >"$dir/damaged/samples.jsonl"
refuses 3 "samples.jsonl:1: is no JSON" "$name" --judge "$dir/damaged"

# Killed after its first sample: the line is whole, and there is no other half.
"$queuelab" study "$name" --quick --quiet --out "$dir/killed" >"$dir/out" 2>"$dir/err" &
pid=$!
for _ in $(seq 600); do
    if [ -e "$dir/killed/samples.jsonl" ]; then
        [ "$(wc -l <"$dir/killed/samples.jsonl")" -ge 2 ] && break
    fi
    sleep 0.1
done
kill -INT $pid 2>/dev/null || bad "the study ended before it could be interrupted"
status=0
wait $pid || status=$?
if [ $status -eq 130 ] && [ "$(tail -c 1 "$dir/killed/samples.jsonl" | wc -l)" -eq 1 ]; then
    ok
else
    bad "an interrupted study: exit $status"
fi
if "$queuelab" study "$name" --judge "$dir/killed" >"$dir/out" 2>"$dir/err" && [ -s "$dir/out" ]; then
    ok
else
    bad "the records of an interrupted study cannot be judged"
fi

# The ledger: every claim of this document gets a verdict; a figure changed by hand is found.
cp studies/claims.tsv "$dir/claims.tsv"
if "$queuelab" study "$name" --quiet --judge "$dir/killed" --ledger "$dir/claims.tsv" 2>"$dir/err" &&
    "$queuelab" study "$name" --quiet --judge "$dir/killed" --ledger "$dir/claims.tsv" --check; then
    ok
else
    bad "the ledger does not follow from the records it was made from"
fi
document=$("$queuelab" study --list | awk -v n="$name" '$1 == n { print $2 }')
awk -F'\t' -v OFS='\t' -v d="$document" '$2 == d && !done { $8 = $8 " and more"; done = 1 } 1' \
    "$dir/claims.tsv" >"$dir/edited.tsv"
refuses 1 "the ledger says" "$name" --quiet --judge "$dir/killed" --ledger "$dir/edited.tsv" --check

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
