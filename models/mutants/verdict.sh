# shellcheck shell=bash
# verdict.sh: what qcheck said of a program, and what its first line expects; for kills.sh and
# tests/mutants_test.sh.

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

# expectation FILE: VERDICT[ or VERDICT][, N executions] of "Expect: ... ." in its first line.
expectation() {
    sed -n '1s/.*Expect: \(.*\)\. \*\/$/\1/p' "$1" | grep .
}

# needs_weak_cas FILE CC: what is expected needs a weak compare-and-swap, which clang makes strong.
needs_weak_cas() {
    case $(expectation "$1"),$("$2" --version | head -n 1) in
    'no violation'*) return 1 ;;
    *clang*) grep -q 'fails\? for no reason' "$1" ;;
    *) return 1 ;;
    esac
}

# needs_cas2 FILE CC: it has a_cas2 (queues/atomics.h), which CC's machine has not.
needs_cas2() {
    case $("$2" -dumpmachine) in
    x86_64*) return 1 ;;
    *) grep -q "a_cas2\|segment_lcrq" "$1" ;;
    esac
}

# explore_program ROOT FILE OUT SECONDS: the status of qcheck.
explore_program() {
    timeout -k 5 "$4" "$1/models/qcheck" --quiet "$2" >"$3" 2>&1
}
