#!/bin/sh
# `queuelab study`: every misuse gets one line that names it and a non-zero exit; verdicts follow from
# records; a killed run keeps what it measured.
#
# usage: study_cli_test.sh CC BUILD
set -eu
queuelab=$2/queuelab
cd "$(dirname "$0")/.." # some read the project's own text
. tests/cli.sh

name=indexing # needs no queues of 64-byte items, which a build may lack
"$queuelab" study --list | grep -q "^ *$name " || {
    echo "there is no study $name"
    exit 1
}

# ---- wrong words ------------------------------------------------------------------------------
refuses 2 "which one" study
refuses 2 "there is no study 'frobnicate'" study frobnicate
refuses 2 "'two' is one too many\|there is no study 'two'" study "$name" two
refuses 2 "has no parameter --colour" study "$name" --colour red
refuses 2 "does not know '--colour'" study --colour red
refuses 2 "needs a value" study "$name" --rounds
refuses 2 "--zipf needs a value" study "$name" --zipf
refuses 2 "write '--zipf 1.2', with a space" study "$name" --zipf=1.2
status=0 # what this build leaves out is told before
"$queuelab" study "$name" --only inserts,nothing --out "$dir/refused" 2>"$dir/err" || status=$?
if [ $status -eq 2 ] && tail -n 1 "$dir/err" | grep -q "no experiment 'nothing'; there are: '.*, '"; then
    ok
else
    bad "an experiment that is not there: exit $status, $(cat "$dir/err")"
fi
if [ -e "$dir/refused" ]; then bad "a refused study leaves its directory"; else ok; fi
refuses 2 "no number from 1" study "$name" --rounds 0
refuses 2 "no number from 1" study "$name" --rounds 3x
refuses 2 "no whole number" study "$name" --seed minus
refuses 2 "goes with --judge" study "$name" --check
refuses 3 "cannot make directory" study "$name" --quick --out /no/such/place
refuses 3 "cannot read $dir/none" study "$name" --judge "$dir/none"

# ---- records ----------------------------------------------------------------------------------
mkdir "$dir/damaged"
echo 'no JSON' >"$dir/damaged/samples.jsonl"
refuses 3 "samples.jsonl:1: is no JSON" study "$name" --judge "$dir/damaged"

: >"$dir/damaged/samples.jsonl"
refuses 3 "no samples of any study in $dir/damaged" study --judge "$dir/damaged"
refuses 3 "no samples of $name in $dir/damaged" study "$name" --judge "$dir/damaged"
printf '{}\n\0\n' >"$dir/damaged/samples.jsonl"
refuses 3 "samples.jsonl:2: has a zero byte" study --judge "$dir/damaged"
refuses 3 "cannot write the ledger $dir/none" study "$name" --quick --ledger "$dir/none"

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
commit=$(sed -n 's/.*"commit": "\(.*\)",/\1/p' "$dir/killed/env.json")
if head -n 1 "$dir/killed/samples.jsonl" | grep -qF "\"commit\":\"$commit\""; then
    ok
else
    bad "the records do not name the commit that env.json names, '$commit'"
fi
if [ $status -eq 130 ] && grep -q "interrupted: .* --judge $dir/killed" "$dir/err" && [ "$(tail -c 1 "$dir/killed/samples.jsonl" | wc -l)" -eq 1 ]; then
    ok
else
    bad "an interrupted study: exit $status"
fi
claim=$(awk -F'\t' '$1 == "S2-C1" { print $3 }' studies/claims.tsv)
if "$queuelab" study "$name" --judge "$dir/killed" >"$dir/out" 2>"$dir/err" &&
    grep -qF "$claim" "$dir/out"; then
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
status=0
"$queuelab" study --quiet --judge "$dir/killed" --ledger "$dir/claims.tsv" --check 2>"$dir/err" || status=$?
if [ $status -eq 1 ] && grep -q "no samples of observation_queue .* not checked" "$dir/err"; then
    ok
else
    bad "a ledger of five studies is held to the records of one: exit $status"
fi
document=$("$queuelab" study --list | awk -v n="$name" '$1 == n { print $2 }')
awk -F'\t' -v OFS='\t' -v d="$document" '$2 == d && !done { $8 = $8 " and more"; done = 1 } 1' \
    "$dir/claims.tsv" >"$dir/edited.tsv"
refuses 1 "the ledger says" study "$name" --quiet --judge "$dir/killed" --ledger "$dir/edited.tsv" --check

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
