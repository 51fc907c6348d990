#!/usr/bin/env bash
# run_all_test.sh: what run_all.sh answers to words it does not know, and what it says on a machine
# without its packages. Nothing is built, installed or measured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    printf 'run_all_test: %s\n' "$*" >&2
    exit 1
}
answers() { # answers STATUS WORD_OF_THE_LINE ARGUMENT...: one line on stderr, that status
    local expected=$1 word=$2 status=0
    shift 2
    ./run_all.sh "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    [ $status -eq "$expected" ] || fail "'$*' ended with $status, not $expected"
    [ "$(wc -l <"$work/err")" -eq 1 ] || fail "not one line about '$*': $(cat "$work/err")"
    grep -q -- "$word" "$work/err" || fail "about '$*' it said: $(cat "$work/err")"
}
answers 2 "unknown word '--frob'" --frob
answers 2 "unknown word 'bench'" bench
answers 2 "cannot read the time '3x'" --budget 3x
answers 2 "needs a value" --budget
answers 2 "needs a value" --only
answers 2 "whole number" --seed abc
answers 2 "'test' does not know" test --quick
answers 2 "'report' does not know" report --seed 1
answers 2 "belong to a new one" --resume --only ring_
answers 2 "belong to a new one" --resume --quick

for word in '--budget TIME' 'run_all.sh check'; do
    ./run_all.sh help | grep -q -- "$word" || fail "help does not name $word"
done

# A machine without anything, and a person who is not root: the one command to run, exit 2.
cp -r run_all.sh tools "$work"
mkdir "$work/bin"
for tool in dirname mkdir date cat grep sed; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done
printf '#!/bin/sh\nexit 1\n' >"$work/bin/dpkg-query"
printf '#!/bin/sh\necho 1000\n' >"$work/bin/id"
chmod +x "$work/bin/dpkg-query" "$work/bin/id"
status=0
PATH="$work/bin" "$BASH" "$work/run_all.sh" --quick >"$work/out" 2>&1 </dev/null || status=$?
[ $status -eq 2 ] || fail "packages missing, not root: ended with $status, not 2"
grep -q '^  sudo apt-get install -y --no-install-recommends build-essential cmake ' "$work/out" ||
    fail "packages missing: the command to run is not printed: $(cat "$work/out")"
[ "$(grep -c apt-get "$work/out")" -eq 1 ] || fail "more than one command to run"
echo "every wrong word has its answer"
