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
! grep -q libck-dev "$work/out" || fail "peers' packages are asked for without --peers"
# With --peers the same command installs other people's queues, too.
mkdir -p "$work/queues/peers"
cp queues/peers/peers.def "$work/queues/peers"
for tool in sort tr; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done
PATH="$work/bin" "$BASH" "$work/run_all.sh" --peers --quick >"$work/out" 2>&1 </dev/null || true
for package in libck-dev libtbb-dev libboost-thread-dev; do
    [ "$(grep apt-get "$work/out" | grep -c " $package")" -eq 1 ] ||
        fail "--peers does not ask for $package once: $(cat "$work/out")"
done
# Brief tests that are slow have not failed. Everything around them is a stand-in; measuring, which
# comes after, ends the run.
mkdir -p "$work/slow" "$work/build/release"
printf '#!/bin/sh\necho installed\n' >"$work/slow/dpkg-query"
printf '#!/bin/sh\n' >"$work/slow/cmake"
printf '#!/bin/sh\nexit 2\n' >"$work/build/release/queuelab"
chmod +x "$work/slow/dpkg-query" "$work/slow/cmake" "$work/build/release/queuelab"
brief() { # brief EXIT LINE: ctest under timeout says LINE and ends so
    printf '#!/bin/sh\necho "1/3 Test #1: a ....   Passed    0.1 sec"\necho "%s"\nexit %s\n' "$2" "$1" \
        >"$work/slow/timeout"
    chmod +x "$work/slow/timeout"
    PATH="$work/slow:$PATH" "$work/run_all.sh" --quick >"$work/out" 2>&1 </dev/null || true
}
brief 124 '2/3 Test #2: b ....   Passed    0.1 sec\n3/3 Test #3: c ....***Skipped   0.1 sec'
grep -q 'out of time after 15m00s, none failed: 2 passed' "$work/out" ||
    fail "slow tests: $(cat "$work/out")"
grep -q 'nothing was measured' "$work/out" || fail "slow tests end the run: $(cat "$work/out")"
brief 124 '2/3 Test #2: b ....***Failed    0.1 sec'
grep -q 'failed after .*: brief tests' "$work/out" || fail "slow and failed: $(cat "$work/out")"
! grep -q 'nothing was measured' "$work/out" || fail "measured after a test had failed"
brief 8 '2/3 Test #2: b ....***Failed    0.1 sec'
grep -q 'failed after .*: brief tests' "$work/out" || fail "a failed test: $(cat "$work/out")"
brief 0 '100% tests passed, 0 tests failed out of 3'
grep -q '  100% tests passed' "$work/out" || fail "all is well: $(cat "$work/out")"
echo "every wrong word has its answer"
