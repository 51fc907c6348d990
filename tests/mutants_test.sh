#!/usr/bin/env bash
# mutants_test.sh CC BUILD: does the checker find what is wrong, and nothing else?
#
#   1. Every program in models/litmus, models/litmus/sync and models/mutants whose first line says
#      "Expect: VERDICT[ or VERDICT][, N executions].": models/qcheck must say that.
#   2. Every bug of models/mutants/queues.tsv: the queue is built with it, and one of the scenarios
#      named there must find it.
#
# One line for each, a summary at the end. CHECK=REGEX: only those whose name matches.
# Exit status: 0, 1, or 77 if BUILD has no checker.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
limit=20 # seconds for each program, and for each scenario

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

# ---- one check: a line on stdout, status 1 if it failed -----------------------------------------

# The verdict in OUT, in words: what stands before the first colon of the line that has it.
verdict() {
    sed -n -e '/^executions: /d' -e '/^[a-z][-a-z ]*: /{s/: .*//p;q;}' "$1"
}

# matches FOUND EXPECTED: is FOUND one of "a or b" (or a|b)? A part of its name will do: "race".
matches() {
    local words=${2// or /|} word
    local IFS='|'
    for word in $words; do
        case $1 in *"$word"*) return 0 ;; esac
    done
    return 1
}

check_program() { # check_program FILE WORK: the file's own expectation
    local file=$1 out=$2/out expected count='' found status=0
    expected=$(sed -n '1s/.*Expect: \(.*\)\. \*\/$/\1/p' "$root/$file")
    case $expected in
    *', '*' execution'*)
        count=${expected##*, }
        expected=${expected%, *}
        ;;
    '')
        echo "FAIL      $file: its first line has no 'Expect: ... .' at the end"
        return 1
        ;;
    esac
    case $expected,$("$CC" --version | head -n 1) in
    'no violation'*) ;;
    *clang*)
        if grep -q 'fails\? for no reason' "$root/$file"; then
            echo "skipped   $file: clang compiles a weak compare-and-swap as a strong one"
            return 0
        fi
        ;;
    esac
    timeout -k 5 $limit "$root/models/qcheck" --quiet "$root/$file" >"$out" 2>&1 || status=$?
    found=$(verdict "$out")
    if [ $status -gt 1 ] || ! matches "$found" "$expected"; then
        echo "FAIL      $file: expected $expected, but (status $status) $(paste -sd ' ' "$out")"
        return 1
    fi
    if [ -n "$count" ] && ! grep -q "^executions: ${count%% *} complete" "$out"; then
        echo "FAIL      $file: expected $count, but $(grep '^executions: ' "$out")"
        return 1
    fi
    echo "ok        $file: $found, $(sed -n 's/^executions: //p' "$out")"
}

check_mutant() { # check_mutant NAME WORK: is it killed?
    local name=$1 work=$2 line queue scenarios expected wrong inner='' status out scenario found said=''
    line=$("$root/models/mutants/apply.sh" --list | grep "^$name	")
    IFS=$'\t' read -r _ queue scenarios expected wrong <<<"$line"
    if ! "$root/models/mutants/apply.sh" "$name" "$work" 2>"$work/err"; then
        echo "FAIL      $name: $(cat "$work/err")"
        return 1
    fi
    {
        case $queue in
        *_over_*)
            inner=${queue#*_over_}
            echo "#define LANES_INNER $inner"
            echo "#define LANES_INNER_H \"queues/$inner.h\""
            ;;
        esac
        echo "#define Q_NAME ${queue%%_over_*}"
        echo "#define Q_HEADER \"queues/${queue%%_over_*}.h\""
        echo '#include "models/scenarios/stamp.c"'
    } >"$work/subject.c"
    # -iquote goes before every -I, so that the copies with the bug are found first.
    if ! "$root/models/checker/subject/build_subject.sh" "$work/subject.so" "$work/subject.c" -- -std=gnu11 \
        -DQ_BACKOFF_MAX=1 -iquote "$work" >"$work/err" 2>&1; then
        echo "FAIL      $name: does not compile: $(head -n 3 "$work/err" | paste -sd ' ')"
        return 1
    fi
    out=$work/out
    for scenario in $scenarios; do
        status=0
        timeout -k 5 $((limit + 5)) "$QCHECK_ENGINE" "$work/subject.so" --quiet --name "$name" \
            --max-seconds $limit --function "scenario_$scenario" >"$out" 2>&1 || status=$?
        found=$(verdict "$out")
        if grep -q ' has no function ' "$out"; then found='there is no such scenario'; fi
        said="$said; $scenario: ${found:-$(head -n 1 "$out")}"
        # A retry without a hint that never ends is 3: counted only where the table expects it.
        [ $status -eq 1 ] || { [ $status -eq 3 ] && matches "$found" "$expected"; } || continue
        case $expected in
        survives*)
            echo "FAIL      $name: killed by $scenario ($found), but the table says that it $expected"
            return 1
            ;;
        esac
        if ! matches "$found" "$expected"; then
            echo "FAIL      $name: killed by $scenario, but by a $found, not by $expected"
            return 1
        fi
        echo "killed    $name: $scenario: $found"
        return 0
    done
    case $expected in
    survives*)
        echo "survives  $name: $wrong (${expected#survives: })"
        return 0
        ;;
    esac
    echo "FAIL      $name: survived ($wrong)${said/#;/:}"
    return 1
}

if [ $# -eq 3 ]; then # one of the checks below
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    case $3 in
    */*) check_program "$3" "$work" ;;
    *) check_mutant "$3" "$work" ;;
    esac
    exit
fi

# ---- all of them ----------------------------------------------------------------------------------
cd "$root"
{
    grep -l 'Expect: ' models/litmus/*.c models/litmus/sync/*.c models/mutants/*.c
    models/mutants/apply.sh --list | cut -f1
} | grep -E "${CHECK:-.}" >"$build/mutants_test.checks" || true
status=0
xargs -a "$build/mutants_test.checks" -d '\n' -n 1 -P "$(nproc)" "$0" "$1" "$2" \
    >"$build/mutants_test.out" || status=1
LC_ALL=C sort "$build/mutants_test.out"
count() { grep -c "^$1 " "$build/mutants_test.out" || true; }
printf 'mutants_test: %s programs as expected, %s mutants killed, %s survive, %s failed\n' \
    "$(count ok)" "$(count killed)" "$(count survives)" "$(count FAIL)"
if [ "$(wc -l <"$build/mutants_test.out")" -ne "$(wc -l <"$build/mutants_test.checks")" ]; then
    echo 'mutants_test: some checks gave no answer' >&2
    status=1
fi
exit $status
