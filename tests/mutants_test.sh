#!/usr/bin/env bash
# mutants_test.sh CC BUILD: does the checker find what is wrong, and nothing else?
#
#   1. Every program in models/litmus and models/litmus/sync whose first line says "Expect: VERDICT
#      [ or VERDICT][, N executions].": models/qcheck must say that.
#   2. Every mutant is killed by what models/mutants/kills.tsv says (models/mutants/kills.sh).
#
# CHECK=REGEX: only those whose name matches. Exit status: 0, 1, or 77 if BUILD has no checker.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/models/mutants/verdict.sh"

if [ $# -lt 2 ]; then
    echo 'usage: mutants_test.sh CC BUILD' >&2
    exit 2
fi
export CC=$1
build=$(cd "$2" && pwd)
export QCHECK_ENGINE=$build/models/queuelab-model
if [ ! -x "$QCHECK_ENGINE" ]; then
    echo "mutants_test: skipped: there is no $QCHECK_ENGINE"
    exit 77
fi

program() { # program FILE: a line on stdout, status 1 if it is not as its first line says
    local file=$1 expected count='' found said status=0
    said=$(mktemp)
    # shellcheck disable=SC2064
    trap "rm -f '$said'" EXIT
    expected=$(expectation "$root/$file") || {
        echo "FAIL  $file: its first line has no 'Expect: ... .' at the end"
        return 1
    }
    case $expected in
    *', '*' execution'*)
        count=${expected##*, }
        expected=${expected%, *}
        ;;
    esac
    if needs_weak_cas "$root/$file" "$CC"; then
        echo "skip  $file: clang compiles a weak compare-and-swap as a strong one"
        return 0
    fi
    if needs_cas2 "$root/$file" "$CC"; then
        echo "skip  $file: this machine has no compare-and-swap of 16 bytes"
        return 0
    fi
    explore_program "$root" "$root/$file" "$said" 20 || status=$?
    found=$(verdict "$said")
    if [ $status -gt 1 ] || ! matches "$found" "$expected"; then
        echo "FAIL  $file: expected $expected, but (status $status) $(paste -sd ' ' "$said")"
        return 1
    fi
    if [ -n "$count" ] && ! grep -q "^executions: ${count%% *} complete" "$said"; then
        echo "FAIL  $file: expected $count, but $(grep '^executions: ' "$said")"
        return 1
    fi
    echo "ok    $file: $found"
}

if [ $# -eq 3 ]; then # one of the programs below
    program "$3"
    exit
fi

cd "$root"
status=0
out=$build/mutants_test.out
grep -l 'Expect: ' models/litmus/*.c models/litmus/sync/*.c | grep -E "${CHECK:-.}" >"$out.files" || true
xargs -r -a "$out.files" -d '\n' -n 1 -P "$(nproc)" "$0" "$1" "$2" >"$out" || status=1
grep -v '^ok ' "$out" || true
printf 'mutants_test: %s of %s programs as expected\n' "$(grep -c '^ok ' "$out" || true)" \
    "$(wc -l <"$out.files")"

table=models/mutants/kills.tsv
models/mutants/kills.sh "$1" "$2" || status=1
awk -F '\t' -v check="${CHECK:-.}" 'NR == 1 || $1 ~ check' $table |
    grep -v -w -F -f <(sed -n 's/^skip  \([a-z_]*\): .*/\1/p' "$build/mutants/other"; echo '#no#') >"$build/mutants/expected.tsv"
if ! diff -U 0 "$build/mutants/expected.tsv" "$build/mutants/kills.tsv"; then
    echo "mutants_test: not as committed in $table: models/mutants/kills.sh --update $1 BUILD makes it anew" >&2
    status=1
fi
exit $status
