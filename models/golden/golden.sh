#!/usr/bin/env bash
# golden.sh [--update] CC BUILD: counterexamples in full, models/golden/NAME.txt, some of them also as
# pictures, NAME.svg, against what the checker of BUILD prints now; --update: writes them.
# golden.sh --show NAME CC BUILD: prints one.
#
# They are programs, and queues with a bug of models/mutants/queues.tsv in the scenario that kills it
# (models/mutants/kills.tsv). Times are taken out.
# Exit status: 0, 1 they differ, 2 wrong use; 77 if BUILD has no checker or CC is not gcc, whose code
# they are of.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
programs='models/litmus/mp_no_release models/litmus/mp_plain_relaxed models/litmus/refcount_relaxed models/litmus/seqlock_relaxed models/litmus/sync/deadlock_abba
    models/litmus/sync/cond_if
    models/mutants/lost_wakeup_notify models/mutants/stack_use_after_free
    models/mutants/rfc_no_drop_leaks'
mutants='deque_signal_when_empty_only two_lock_closed_after_look array_turn_before_read
    segment_not_linked segment_empty_not_exact ring_spsc_exact mpsc_discard_keeps_cell
    lanes_push_then_count fair_high_first'
pictures=' mp_no_release stack_use_after_free lost_wakeup_notify segment_empty_not_exact '

update=no names=
case ${1-} in
--update) update=yes ;;
--show) names=${2-} ;;
--*) set -- ;;
esac
[ $update = no ] || shift
[ -z "$names" ] || shift 2
if [ $# -ne 2 ] || [ ! -d "$2" ]; then
    echo 'usage: golden.sh [--update] CC BUILD, or golden.sh --show NAME CC BUILD' >&2
    exit 2
fi
export CC=$1
QCHECK_ENGINE=$(cd "$2" && pwd)/models/queuelab-model
export QCHECK_ENGINE
if [ ! -x "$QCHECK_ENGINE" ] || "$CC" --version | grep -q clang; then
    echo "golden: skipped: there is no $QCHECK_ENGINE, or $CC is not gcc"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"

show() { # show NAME: its counterexample
    local name=$1 program queue scenario status=0
    for program in $programs; do
        if [ "${program##*/}" = "$name" ]; then
            models/qcheck "$program.c" --svg "$work/$name.svg" >"$work/said" || status=$?
        fi
    done
    if [ $status -eq 0 ]; then
        IFS=$'\t' read -r queue scenario <<<"$(awk -F '\t' -v name="$name" \
            '$1 == name { print $2 "\t" $4 }' models/mutants/kills.tsv)"
        if [ -z "$scenario" ]; then
            echo "golden: no counterexample '$name': $programs $mutants" | tr -s ' \n' ' ' >&2
            return 1
        fi
        models/mutants/build.sh "$name" "$work"
        (cd "$work" && "$QCHECK_ENGINE" subject.so --name "$queue" --function "scenario_$scenario" \
            --svg "$name.svg" --replay "models/golden/golden.sh --show $name gcc build/release" >"$work/said") || status=$?
    fi
    sed '/^time: /d' "$work/said"
    [ $status -eq 1 ]
}

if [ -n "$names" ]; then
    show "$names"
    exit
fi
differ=0
compare() { # compare FILE: as committed?
    if [ $update = yes ]; then
        cp "$work/$1" models/golden/
    else
        diff -u "models/golden/$1" "$work/$1" || differ=1
    fi
}
for name in $programs $mutants; do
    name=${name##*/}
    show "$name" >"$work/$name.txt" || {
        echo "golden: $name: nothing was found" >&2
        differ=1
    }
    compare "$name.txt"
    case $pictures in
    *" $name "*) compare "$name.svg" ;;
    *) rm -f "$work/$name.svg" ;;
    esac
done
for file in models/golden/*.txt models/golden/*.svg; do
    if [ ! -e "$work/${file##*/}" ]; then
        echo "golden: $file is none of these: delete it, or name it in golden.sh" >&2
        differ=1
    fi
done
if [ $differ -ne 0 ]; then
    echo 'golden: not as committed: models/golden/golden.sh --update CC BUILD makes them anew' >&2
fi
exit $differ
