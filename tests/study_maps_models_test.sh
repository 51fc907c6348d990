#!/usr/bin/env bash
# study_maps_models_test.sh [--update] CC BUILD: the small programs of studies/maps/models before the
# model checker: verdicts and executions as committed in studies/maps/models/expected.tsv. And the maps'
# comments on memory orders before tools/edges.sh, as the queues'.
#
# --update writes that file anew. CHECK=REGEX: only those whose line matches. Exit status: 0, 1, 2 wrong
# use; 77 if BUILD has no checker.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/models/mutants/verdict.sh"
update=no
if [ "${1-}" = --update ]; then
    update=yes
    shift
fi
if [ $# -ne 2 ]; then
    echo 'usage: study_maps_models_test.sh [--update] CC BUILD' >&2
    exit 2
fi
export CC=$1
build=$(cd "$2" && pwd)
export QCHECK_ENGINE=$build/models/queuelab-model
if [ ! -x "$QCHECK_ENGINE" ]; then
    echo "study_maps_models_test: skipped: there is no $QCHECK_ENGINE"
    exit 77
fi
cd "$root"
tools/edges.sh studies/maps/map_*.h studies/maps/tally.h
models=studies/maps/models
found=$build/study_maps_models.tsv
said=$(mktemp)
trap 'rm -f "$said"' EXIT

one() { # one PROGRAM MAP FLAGS...: a line of the table
    local program=$1 map=$2
    shift 2
    timeout -k 5 120 models/qcheck --quiet "$models/$program.c" -- "$@" >"$said" 2>&1 || [ $? -eq 1 ] || {
        echo "study_maps_models_test: $program over $map: $(head -n 1 "$said")" >&2
        exit 1
    }
    printf '%s\t%s\t%s\t%s\n' "$program" "$map" "$(verdict "$said")" \
        "$(sed -n 's/^executions: \([0-9]*\) complete.*/\1/p' "$said")"
}

{
    printf '# program\tmap\tverdict\texecutions\n'
    {
        for program in "$models"/*.c; do
            program=$(basename "$program" .c)
            case $program in
            grow_*) one "$program" map_lockfree ;;
            reclaim) one "$program" map_list -DMAP=map_list ;;
            *)
                one "$program" map_lockfree
                one "$program" map_list -DMAP=map_list
                ;;
            esac
        done
        for program in insert_remove remove_remove; do # what the document prints
            one "$program" map_list_unmarked -DMAP=map_list -DMAP_WITH_UNMARKED
        done
    } | grep -E "${CHECK:-.}"
} >"$found"
if [ $update = yes ]; then cp "$found" $models/expected.tsv; fi
columns=1-4 # counts follow from what the compiler makes of a program: gcc's are committed
case $("$CC" --version | head -n 1) in *clang*) columns=1-3 ;; esac
if ! diff -U 0 <(grep -E "^#|${CHECK:-.}" $models/expected.tsv | cut -f $columns) <(cut -f $columns "$found"); then
    echo "study_maps_models_test: not as committed in $models/expected.tsv" >&2
    exit 1
fi
echo "study_maps_models_test: $(grep -vc '^#' "$found") as committed"
