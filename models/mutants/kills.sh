#!/usr/bin/env bash
# kills.sh [--update] CC BUILD: every mutant, and what killed it.
#
# The programs models/mutants/*.c, whose first lines say what is to be found, and the queues with one
# bug each of queues.tsv: built once, then the scenarios named there, in that order, until one finds
# it; for each of them 20 seconds in all. The answers become BUILD/mutants/kills.tsv, --update: also
# models/mutants/kills.tsv, which is committed: mutant, subject, what is to be found, what killed it,
# and what was found. What is not as expected stands on stdout.
#
# CHECK=REGEX: only those whose name matches. Exit status: 0, 1, 2 wrong use; 77 if BUILD has no
# checker.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
limit=20 # seconds for each mutant

update=no one=
while [ $# -gt 0 ]; do
    case $1 in
    --update) update=yes ;;
    --one)
        one=$2 # one check, for xargs below
        shift
        ;;
    *) break ;;
    esac
    shift
done
if [ $# -ne 2 ] || [ ! -d "$2" ]; then
    echo 'usage: kills.sh [--update] CC BUILD' >&2
    exit 2
fi
export CC=$1
build=$(cd "$2" && pwd)
export QCHECK_ENGINE=$build/models/queuelab-model
if [ ! -x "$QCHECK_ENGINE" ]; then
    echo "kills: skipped: there is no $QCHECK_ENGINE"
    exit 77
fi
out=$build/mutants
. "$root/models/mutants/verdict.sh"

# ---- one mutant: out/NAME.row, and status 1 if it is not as expected ---------------------------

row() { # row SUBJECT EXPECTED KILLED_BY FOUND
    printf '%s\t%s\t%s\t%s\t%s\n' "$one" "$@" >"$out/$one.row"
}
fail() {
    printf 'FAIL  %s: %s\n' "$one" "$*"
    exit 1
}
left() { # seconds of the mutant's time that are left, at least 1
    echo $((limit - SECONDS > 1 ? limit - SECONDS : 1))
}

program() {
    local file=models/mutants/$one.c expected found
    expected=$(expectation "$root/$file") || fail 'its first line has no "Expect: ... ." at the end'
    if needs_weak_cas "$root/$file" "$CC"; then
        echo "skip  $one: clang compiles a weak compare-and-swap as a strong one"
        exit 0
    fi
    explore_program "$root" "$root/$file" "$work/said" $limit || [ $? -eq 1 ] || fail "$(cat "$work/said")"
    found=$(verdict "$work/said")
    matches "$found" "$expected" || fail "expected $expected, but $(paste -sd ' ' "$work/said")"
    row "$one.c" "$expected" main "$found"
}

queue() { # queue NAME SCENARIOS EXPECTED WRONG
    local queue=$1 scenarios=$2 expected=$3 wrong=$4 scenario status found said=
    if [ "$queue" = segment_lcrq ] && needs_cas2 "$root/queues/$queue.h" "$CC"; then
        echo "skip  $one: this machine has no compare-and-swap of 16 bytes"
        exit 0
    fi
    "$root/models/mutants/build.sh" "$one" "$work" 2>"$work/err" ||
        fail "$(head -n 3 "$work/err" | paste -sd ' ')"
    for scenario in $scenarios; do
        status=0
        timeout -k 5 $(($(left) + 5)) "$QCHECK_ENGINE" "$work/subject.so" --quiet --name "$one" \
            --max-seconds "$(left)" --function "scenario_$scenario" >"$work/said" 2>&1 || status=$?
        found=$(verdict "$work/said")
        if grep -q ' has no function ' "$work/said"; then fail "there is no scenario $scenario"; fi
        said="$said; $scenario: ${found:-$(head -n 1 "$work/said")}"
        # A retry without a hint that never ends is 3: counted only where the table expects it.
        [ $status -eq 1 ] || { [ $status -eq 3 ] && matches "$found" "$expected"; } || continue
        case $expected in
        survives*) fail "killed by $scenario ($found), but the table says that it $expected" ;;
        esac
        matches "$found" "$expected" ||
            fail "killed by $scenario, but by a $found, not by $expected"
        row "$queue" "$expected" "$scenario" "$found"
        return
    done
    case $expected in
    survives*) row "$queue" "$expected" - "$expected" ;;
    *) fail "survived ($wrong)${said/#;/:}" ;;
    esac
}

if [ -n "$one" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    if [ -e "$root/models/mutants/$one.c" ]; then
        program
    else
        IFS=$'\t' read -r _ subject scenarios expected wrong \
            <<<"$("$root/models/mutants/apply.sh" --list | grep "^$one	")"
        queue "$subject" "$scenarios" "$expected" "$wrong"
    fi
    exit
fi

# ---- all of them --------------------------------------------------------------------------------
rm -rf "$out"
mkdir -p "$out"
{
    "$root/models/mutants/apply.sh" --list | cut -f1
    grep -l 'Expect: ' "$root"/models/mutants/*.c | sed 's|.*/||; s|\.c$||'
} | grep -E "${CHECK:-.}" >"$out/names" || true
status=0
xargs -r -a "$out/names" -I "{}" -P "$(nproc)" "${BASH_SOURCE[0]}" --one "{}" "$1" "$2" >"$out/other" || status=1
cat "$out/other"
{
    printf '# mutant\tsubject\texpected\tkilled_by\tfound\n'
    find "$out" -name '*.row' -exec cat {} + | LC_ALL=C sort
} >"$out/kills.tsv"
rows() { awk -F '\t' -v killed="$1" '!/^#/ && ($4 != "-") == killed' "$out/kills.tsv" | wc -l; }
printf 'kills: %s mutants killed, %s survive, %s not as expected\n' "$(rows 1)" "$(rows 0)" \
    "$(grep -c '^FAIL' "$out/other" || true)"
if [ $update = yes ] && [ $status -eq 0 ]; then cp "$out/kills.tsv" "$root/models/mutants/kills.tsv"; fi
exit $status
