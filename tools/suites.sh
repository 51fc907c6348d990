# suites.sh: `./run_all.sh test` and `./run_all.sh lint`. Sourced. Every suite runs, whatever fails before
# it; the last line is "N passed, N failed": tests of all ctest runs, and one for each build and check.
# shellcheck shell=bash

suites_passed=0 suites_failed=0 suites_table='' suites_broken=''

suite_row() { # suite_row NAME PASSED FAILED SKIPPED SECONDS [LOG]
    suites_passed=$((suites_passed + $2))
    suites_failed=$((suites_failed + $3))
    local row colour=$colour_green
    if [ "$3" -gt 0 ]; then
        colour=$colour_red
        suites_broken+="  $1: ${6:-see above}"$'\n'
    fi
    row=$(printf '%s%-12s %7d %7d %8d %8s%s' "$colour" "$1" "$2" "$3" "$4" "$(duration "$5")" "$colour_off")
    suites_table+="$row"$'\n'
}

# A preset: configure, build, ctest. Three numbers come from ctest's own JUnit file.
suite_preset() {
    local name=$1 begin log junit tests failed skipped
    begin=$(now) log=build/log/test-$1
    bold "[$name]"
    if ! (logged "$log-build.log" "configure and build" build_preset "$name"); then
        suite_row "$name" 0 1 0 $(($(now) - begin)) "does not build: $log-build.log"
        return
    fi
    junit=$PWD/$log.xml
    rm -f "$junit"
    (logged "$log.log" "ctest" ctest --preset "$name" --no-tests=error --parallel "$(nproc)" \
        --output-junit "$junit") || true
    tests=$(junit_count tests "$junit") failed=$(junit_count failures "$junit")
    skipped=$(junit_count skipped "$junit")
    if [ "$tests" -eq 0 ]; then failed=1 tests=1; fi
    suite_row "$name" $((tests - failed - skipped)) "$failed" "$skipped" $(($(now) - begin)) "$log.log"
}

build_preset() {
    case $1 in
    dev) cmake --preset dev -DQUEUELAB_PEERS=ON && cmake --build --preset dev ;;
    tidy) # what it reads: generated files, no programs
        cmake --preset dev -DQUEUELAB_PEERS=ON && cmake --build --preset dev --target queuelab_commit ;;
    model | valgrind | peers) ;; # that of dev, just built
    *) cmake --preset "$1" && cmake --build --preset "$1" ;;
    esac
}

junit_count() { # junit_count ATTRIBUTE FILE: 0 when there is no such file
    local n
    n=$(sed -n "s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" "$2" 2>/dev/null | head -n 1)
    echo "${n:-0}"
}

# One command that passes or fails as a whole.
suite_check() { # suite_check NAME WHAT COMMAND...
    local name=$1 what=$2 begin failed=0
    shift 2
    begin=$(now)
    bold "[$name]"
    (logged "build/log/test-$name.log" "$what" "$@") || failed=1
    suite_row "$name" $((1 - failed)) $failed 0 $(($(now) - begin)) "build/log/test-$name.log"
}

sources() { find queues harness studies tests models -name build -prune -o \
    \( -name '*.c' -o -name '*.h' -o -name '*.cc' \) -print0; }

check_format() { sources | xargs -0 -r -n 32 -P "$(nproc)" clang-format --dry-run -Werror; }

# clang's eyes on the harness, the checker, the tests and each queue. Programs for the checker are full
# of mistakes on purpose: not those. The analyser follows paths through what we ship: each queue's
# header by itself, so that it begins in every function of it once, not in the loops of each stamp.
# The tests do not need it: they run, under three other tools.
check_tidy() {
    local failed=0
    build_preset tidy || return 1
    tidy "$PWD/(harness|studies|models)/.*\.c\$" || failed=1
    tidy -checks='-clang-analyzer-*' "$PWD/tests/.*\.c\$" || failed=1
    printf '%s\0' queues/*.h | xargs -0 -r -I HEADER -P "$(nproc)" clang-tidy -quiet HEADER -- \
        -x c -std=gnu11 -D_GNU_SOURCE -I. -Wno-unused-function || failed=1
    return $failed
}
tidy() { run-clang-tidy -quiet -p build/dev -j "$(nproc)" "$@"; }

# The last lines of both commands: what there was, and "N passed, N failed".
suites_end() { # suites_end BEGIN
    say
    bold "$(printf '%-12s %7s %7s %8s %8s' suite passed failed skipped time)"
    printf '%s' "$suites_table"
    say "all of it in $(duration $(($(now) - $1)))"
    if [ $suites_failed -gt 0 ]; then
        say
        say "What failed:"
        printf '%s' "$suites_broken"
    fi
    say
    say "$suites_passed passed, $suites_failed failed"
    [ $suites_failed -eq 0 ]
}

# What reads the code and does not run it.
lint_run() {
    local begin
    begin=$(now)
    suite_check format "clang-format finds nothing to change" check_format
    suite_check tidy "clang-tidy finds nothing" check_tidy
    suites_end "$begin"
}

suites_run() {
    local begin preset
    begin=$(now)
    for preset in dev asan tsan model valgrind peers; do
        suite_preset "$preset"
    done
    if [ -r results/current ]; then
        suite_check report "REPORT.md follows from its records" build/dev/queuelab report \
            --results "$(current_results)" --report REPORT.md --check
    fi
    if [ -r results/current_studies ]; then
        suite_check ledger "studies/claims.tsv follows from its records" build/dev/queuelab study \
            --quiet --judge "$(current_studies)" --ledger studies/claims.tsv --check
    fi
    suites_end "$begin"
}
