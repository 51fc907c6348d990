#!/usr/bin/env bash
# run_all.sh: the whole lab in one command. `./run_all.sh help` says what it can do.
#
# The main job: packages, build, brief tests, the model checker's quick set, measurement, report,
# figures, a summary. Everything it writes lies in build/, results/run-*, plots/, REPORT.md and
# models/TABLES.md. Its pieces: tools/say.sh (what a person sees), tools/packages.sh (Debian
# packages), tools/suites.sh (the subcommands test and lint).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. tools/say.sh
. tools/packages.sh
. tools/suites.sh

usage() {
    cat <<'EOF'
usage: ./run_all.sh [options]          build, test briefly, check, measure, draw, rewrite REPORT.md
       ./run_all.sh test               every test under gcc, clang, asan, tsan, valgrind; the model
                                       checker
       ./run_all.sh lint               clang-format, clang-tidy
       ./run_all.sh check [words]      build, then `queuelab check` with these words: every queue in
                                       every scenario (--queue REGEX, --weaken, --progress, --all)
       ./run_all.sh studies [--quick] [NAME ...]
                                       the systems of five documents, put to their own claims: all
                                       studies or these; rewrites studies/claims.tsv, its section of
                                       REPORT.md, its figures. Installs what they are compared with
       ./run_all.sh report [--check]   REPORT.md and figures again from the records that
                                       results/current names; --check: only compare, change nothing
       ./run_all.sh help

  --quick         at most 5 minutes after packages (default: at most 30)
  --budget TIME   at most TIME in all after packages: 90s, 20m, 2h
  --only REGEX    only the cells (workload/family/queue/p:c) that match, for example 'ring_|spsc/'
  --resume        go on with the newest unfinished run and its plan; finished samples are kept
  --peers         other people's queues, too (queues/peers): installs their packages, builds and
                  measures them beside ours. At most twice the time
  --seed N        the order of the rounds and every random choice follow from N
  --dry-run       build, then say what would be measured and how long it takes; measure nothing
  --no-color      plain text (so does the environment variable NO_COLOR)

exit status: 0 all well; 1 something failed, the last line says what; 2 wrong use, or packages missing
EOF
}

# ---- the command line -------------------------------------------------------------------------
command=all plan=full budget=1740 only='' seed='' resume=no dry_run=no check=no peers=no
check_words=() # for `queuelab check`
study_names=()

seconds_of() { # seconds_of 20m
    [[ $1 =~ ^([1-9][0-9]{0,5})(s|m|h)?$ ]] ||
        wrong_use "cannot read the time '$1': write 90s, 20m or 2h"
    case "${BASH_REMATCH[2]}" in
    m) echo $((BASH_REMATCH[1] * 60)) ;;
    h) echo $((BASH_REMATCH[1] * 3600)) ;;
    *) echo "${BASH_REMATCH[1]}" ;;
    esac
}

regular() { # regular REGEX: grep takes it
    local status=0
    grep -qE -- "$1" </dev/null 2>/dev/null || status=$?
    [ $status -le 1 ]
}

value() { # value OPTION [WORD]: there must be a word
    if [ -z "${2:-}" ]; then wrong_use "$1 needs a value"; fi
}

parse() {
    local word
    case "${1:-}" in
    test | lint | report | studies) command=$1 && shift ;;
    check)
        command=check && shift
        for word in "$@"; do
            if [ "$word" = --no-color ]; then no_color; else check_words+=("$word"); fi
        done
        return
        ;;
    help | -h | --help)
        usage
        exit 0
        ;;
    esac
    local budget_set=no
    while [ $# -gt 0 ]; do
        case "$command $1" in
        'all --quick') plan=quick ;;
        'all --budget')
            value "${@:1:2}"
            budget=$(seconds_of "$2")
            budget_set=yes
            shift
            ;;
        'all --only')
            value "${@:1:2}"
            only=$2
            regular "$only" || wrong_use "--only '$only' is not a regular expression"
            shift
            ;;
        'all --seed')
            value "${@:1:2}"
            [[ $2 =~ ^[0-9]{1,19}$ ]] || wrong_use "--seed needs a whole number, not '$2'"
            seed=$2
            shift
            ;;
        'all --resume') resume=yes ;;
        'all --peers') peers=yes ;;
        'all --dry-run') dry_run=yes ;;
        'report --check') check=yes ;;
        'studies --quick') plan=quick ;;
        'studies '[a-z]*) study_names+=("$1") ;;
        *' --no-color') no_color ;;
        *)
            [ "$command" = all ] && wrong_use "unknown word '$1'"
            wrong_use "'$command' does not know the word '$1'"
            ;;
        esac
        shift
    done
    if [ $plan = quick ] && [ $budget_set = no ]; then budget=270; fi
    if [ $peers = yes ] && [ $budget_set = no ]; then budget=$((2 * budget)); fi
    if [ $resume = yes ] && [ "$only$seed$plan$budget_set" != fullno ]; then
        wrong_use "--resume goes on with the plan of the run: --quick, --budget, --only and --seed belong to a new one"
    fi
}

# ---- the steps --------------------------------------------------------------------------------
bin=build/release/queuelab

step_build() { # a build that has other people's queues keeps them
    local preset=release
    if [ $peers = yes ] || grep -qs '^QUEUELAB_PEERS:BOOL=ON' build/release/CMakeCache.txt; then
        preset=peers
    fi
    logged build/log/configure.log "configuring (build/release)" cmake --preset $preset
    grep '^-- LEFT OUT' build/log/configure.log | sed 's/^-- /  /' || true
    logged build/log/build.log "compiling every queue into the measured loops" \
        cmake --build --preset $preset
}

# A test that hangs has its own limit (tests/CMakeLists.txt). This one is for a machine so slow that
# nobody would wait; what has not run by then is not known to be broken, and measuring goes on.
# ctest marks what did not pass by ***Failed, ***Timeout and so on, and by ***Skipped.
brief_seconds=900 brief_log=build/log/brief-tests.log brief_cut=no
brief_tests() {
    local status=0
    timeout --foreground $brief_seconds ctest --preset release -L 'unit|contract' \
        -LE 'stress|cli' -E 'wait|memory' || status=$?
    if [ $status -eq 124 ] && ! grep -q '\*\*\*[^S]' $brief_log; then
        brief_cut=yes status=0
    fi
    return $status
}

step_brief_tests() {
    logged $brief_log "brief tests (a broken queue has no speed)" brief_tests
    if [ $brief_cut = yes ]; then
        say "  out of time after $(duration $brief_seconds), none failed: $(grep -c ' Passed ' $brief_log || true) passed; all of them: ctest --preset release"
    else
        say "  $(grep -E 'tests passed|No tests' $brief_log | tail -n 1)"
    fi
}

# The model checker's quick set: what does not end within a few seconds is left to the model suite
# and `./run_all.sh check`. Short budgets get the scenarios that are over at once.
check_log=build/log/check.log check_line='' check_status=0
check_cells() { # status 3: some did not end in time
    "$bin" check "$@" || check_status=$?
}

step_check() {
    local each=5 words=() counts
    if [ ! -x build/release/models/queuelab-model ]; then
        check_line="left out: this build has no model checker (build/log/configure.log says why)"
        say "  LEFT OUT check: this build has no model checker"
        return
    fi
    if [ $plan = quick ] || [ "$budget" -lt 600 ]; then
        each=1 words=(--scenario 'publish|two_.*|close_.*|park_wake')
    fi
    logged $check_log "exploring small programs around every queue (at most $each s each)" \
        check_cells --jobs "$(nproc)" --max-seconds $each "${words[@]}"
    read -r -a counts < <(awk '/executions so far, of about/ { open++ }
        $6 ~ /^[0-9.]+s$/ { if ($3 == "unfinished") open++; else { all++; same += $NF == "same" } }
        END { print all + 0, same + 0, open + 0 }' $check_log)
    check_line="${counts[1]} of ${counts[0]} verdicts as committed; ${counts[2]} cells not run to their end"
    case $check_status in
    0 | 3) ;;
    *)
        check_line+=": NOT WELL, see $check_log"
        grep '^queuelab: ' $check_log | grep -v ': not finished' | sed 's/^/  /;5q' || true
        ;;
    esac
    say "  $check_line"
}

# The newest run that never reached its end: bench leaves plan.json first and run_all `finished` last.
unfinished_run() {
    local dir newest=''
    for dir in results/run-*/; do
        if [ -e "$dir/plan.json" ] && [ ! -e "$dir/finished" ]; then newest=${dir%/}; fi
    done
    printf '%s' "$newest"
}

results='' bench_status=0
step_measure() {
    local words=(bench --quiet)
    if [ $resume = yes ]; then
        results=$(unfinished_run)
        [ -n "$results" ] || die "nothing to resume: no unfinished run in results/; start one without --resume"
        words+=(--resume "$results")
    else
        local left=$((deadline - $(now) - reserve))
        if [ $left -lt 30 ]; then
            say "  the budget is used up but for $((left > 0 ? left : 0)) s; measuring for 30 s all the same"
            left=30
        fi
        results=results/run-$(date -u +%Y%m%dT%H%M%SZ)
        words+=(--plan "$plan" --budget "$left" --out "$results")
        if [ $peers = yes ]; then words+=(--peers); fi
        if [ -n "$only" ]; then words+=(--only "$only"); fi
        if [ -n "$seed" ]; then words+=(--seed "$seed"); fi
    fi
    if [ $dry_run = yes ]; then words+=(--dry-run); fi
    say "  $bin ${words[*]}"
    "$bin" "${words[@]}" || bench_status=$?
    case $bench_status in
    0) ;;
    1) say "  some samples failed: they have no number, and $results/runs.jsonl says why" ;;
    2) die "nothing was measured: the line above says why" ;;
    *) die "measuring stopped (exit $bench_status). What is measured is kept; ./run_all.sh --resume goes on" ;;
    esac
}

report_write() {
    "$bin" report --results "$1" --report REPORT.md --data plots/data ||
        die "no report: the line above says why"
}

step_figures() {
    if ! have gnuplot; then
        say "  LEFT OUT figures: there is no gnuplot (apt-get install gnuplot-nox)"
        return
    fi
    logged build/log/plots.log "drawing (plots/*.svg, plots/*.png)" plots/draw.sh plots/data plots
}

current_results() {
    [ -r results/current ] || die "results/current is missing: run ./run_all.sh first"
    local dir
    dir=results/$(basename "$(head -n 1 results/current)")
    [ -r "$dir/runs.jsonl" ] || die "results/current names $dir, where there are no records: run ./run_all.sh first"
    printf '%s' "$dir"
}

current_studies() { # the records of the studies, if there are any
    [ -r results/current_studies ] && [ -r "results/$(basename "$(cat results/current_studies)")/samples.jsonl" ] &&
        printf 'results/%s' "$(basename "$(cat results/current_studies)")"
}

# The verdict of the report is the summary.
summary() {
    sed -n '/^<!-- BEGIN queuelab:verdict/,/^<!-- END queuelab:verdict/{/^<!--/d;p}' REPORT.md |
        head -n 24
}

main_job() {
    local steps=7
    if [ $resume = yes ] && grep -q '"peers": "[^"]' "$(unfinished_run)/env.json" 2>/dev/null; then
        peers=yes # that run has them
    fi
    if [ $dry_run = yes ]; then steps=3; fi
    step "1/$steps" packages
    if [ $peers = yes ]; then packages_bootstrap peers; else packages_bootstrap run; fi
    local begin
    begin=$(now) # the budget begins here: after packages
    if [ $resume = no ]; then deadline=$((begin + budget)); fi
    step "2/$steps" "build"
    step_build
    if [ $dry_run = yes ]; then
        step "3/$steps" "plan"
        step_measure
        say "dry run: nothing was measured"
        return
    fi
    step "3/$steps" "brief tests"
    step_brief_tests
    step "4/$steps" "check"
    step_check
    step "5/$steps" "measure"
    step_measure
    date -u +%FT%TZ >"$results/finished"
    printf '%s\n' "${results#results/}" >results/current
    step "6/$steps" "report"
    report_write "$results"
    step "7/$steps" "figures"
    step_figures
    say
    bold "Summary"
    summary
    say
    say "check     $check_line"
    say "records   $results"
    say "report    $PWD/REPORT.md"
    say "took      $(duration $(($(now) - begin)))${deadline:+ of $(duration "$budget")}"
    [ $bench_status -eq 0 ] || die "some samples failed their own checks: see $results/runs.jsonl"
    [ $check_status -eq 0 ] || [ $check_status -eq 3 ] ||
        die "the model checker found what models/expected.tsv does not say: see $check_log"
}

# Every study into one directory of records; each leaves its verdicts and the table of its figure as soon
# as it has ended, so that what is measured is kept when a later one fails.
studies_job() {
    local dir before name words=() status=0 failed='' errors='' n=0
    if [ $plan = quick ]; then words+=(--quick); fi
    peers=yes
    for name in "${study_names[@]}"; do
        grep -q "^STUDY($name)" studies/studies.def ||
            wrong_use "there is no study '$name'; there are:$(sed -n 's/^STUDY(\(.*\))/ \1/p' studies/studies.def | tr -d '\n')"
    done
    step 1/4 packages
    packages_bootstrap peers
    step 2/4 build
    step_build
    before=$(current_studies) || true
    if [ ${#study_names[@]} -eq 0 ]; then
        before=''
        mapfile -t study_names < <("$bin" study --list | awk 'NR > 1 { print $1 }')
    fi
    step 3/4 studies
    dir=results/studies-$(date -u +%Y%m%dT%H%M%SZ)
    if [ -n "$before" ]; then # the ledger is made from one directory: those not run now stay in it
        mkdir -p "$dir"
        cp "$before/samples.jsonl" "$dir/"
    fi
    cp studies/claims.tsv build/log/claims.before
    for name in "${study_names[@]}"; do
        n=$((n + 1))
        say "  $name ($n of ${#study_names[@]})"
        status=0
        "$bin" study "$name" "${words[@]}" --out "$dir" --ledger studies/claims.tsv --data plots/data ||
            status=$?
        case $status in
        0) ;;
        1) errors+=" $name" ;;
        *) failed+=" $name" ;;
        esac
    done
    if [ -e "$dir/samples.jsonl" ]; then printf '%s\n' "${dir#results/}" >results/current_studies; fi
    step 4/4 "report and figures"
    report_write "$(current_results)"
    step_figures
    say "records   $dir"
    say "ledger    studies/claims.tsv"
    say "report    $PWD/REPORT.md"
    say "verdicts that are others now: $(verdicts_changed build/log/claims.before studies/claims.tsv)"
    [ -z "$errors" ] || say "samples with errors, said above and in $dir/samples.jsonl:$errors"
    [ -z "$failed" ] || die "could not be carried out:$failed. The lines above say why; the others are done"
    [ -z "$errors" ] || exit 1
}

verdicts_changed() { # verdicts_changed BEFORE AFTER: ID before -> after, ...; or "none"
    awk -F '\t' '
        NR == FNR { was[$1] = $7; next }
        $1 in was && was[$1] != "-" && was[$1] != $7 {
            printf "%s%s %s -> %s", n++ ? ", " : "", $1, was[$1], $7
        }
        END { printf n ? " (" n ")" : "none" }' "$1" "$2"
}

report_job() {
    local dir studies
    dir=$(current_results)
    step_build
    if [ $check = yes ]; then
        "$bin" report --results "$dir" --report REPORT.md --check ||
            die "REPORT.md does not follow from $dir: the line above says where; ./run_all.sh report writes its generated parts anew"
    else
        if studies=$(current_studies); then
            "$bin" study --quiet --judge "$studies" --data plots/data || die "no figures of studies: the line above says why"
        fi
        report_write "$dir"
        step_figures
        say "report    $PWD/REPORT.md (from $dir)"
    fi
}

reserve=25 # seconds kept for the report and the figures
trap 'exit 130' INT # also when the child that it reaches makes an end of its own
parse "$@"
mkdir -p build/log results
case $command in
all) main_job ;;
report) report_job ;;
studies) studies_job ;;
check)
    step_build
    exec "$bin" check "${check_words[@]}"
    ;;
test) packages_bootstrap test && suites_run ;;
lint) packages_bootstrap test && lint_run ;;
esac
