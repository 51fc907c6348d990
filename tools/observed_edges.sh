#!/usr/bin/env bash
# observed_edges.sh BUILD [--headers DIR] [QUEUE...]: holds the edges that the comments of the queues
# declare to those that the checker sees: all scenarios of the queues (named as in BUILD/models/
# scenarios: lanes_strict_over_array_mpmc; all) are explored, at most 5000 executions each, and
# tools/edges.sh --observed compares. --headers: with the comments of the headers there (queues/).
# Exit status: 0 all as declared, 1 findings, 2 wrong use.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
wrong_use() {
    printf 'observed_edges.sh: %s; usage: observed_edges.sh BUILD [--headers DIR] [QUEUE...]\n' "$*" >&2
    exit 2
}
[ $# -ge 1 ] || wrong_use 'no build directory'
build=$1 headers=$root/queues
shift
if [ "${1-}" = --headers ]; then
    headers=${2-}
    [ -r "$headers/queue.h" ] || wrong_use "no headers in '$headers'"
    shift 2
fi
model=$build/models/queuelab-model
[ -x "$model" ] || wrong_use "there is no $model"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ $# -eq 0 ]; then
    set -- "$build"/models/scenarios/*.so
    files=("$headers"/*.h)
else
    files=()
    for queue in "$@"; do
        [ -r "$build/models/scenarios/$queue.so" ] || wrong_use "there is no $build/models/scenarios/$queue.so"
        queue=${queue%%_with_*}
        for part in ${queue/_over_/ }; do files+=("$headers/$part.h"); done
    done
    set -- "${@/#/$build/models/scenarios/}"
    set -- "${@/%/.so}"
fi
for object in "$@"; do
    for scenario in $("$model" "$object" --scenarios); do
        printf '%s\0' "$object" "scenario_$scenario"
    done
done >"$work/runs"
# shellcheck disable=SC2016
xargs -0 -r -n 2 -P "$(nproc)" -a "$work/runs" sh -c '
    status=0
    "$0" "$2" --function "$3" --quiet --edges --max-executions 5000 >"$1/$(basename "$2")-$3" || status=$?
    if [ $status -ne 0 ] && [ $status -ne 3 ]; then
        echo "observed_edges.sh: $2 $3 ends with status $status" >&2
        exit 1
    fi' "$model" "$work"
sed -n 's/^  \([^ ]*:[0-9]* -> [^ ]*:[0-9]*\)$/\1/p' "$work"/*-scenario_* | LC_ALL=C sort -u >"$work/pairs"
status=0
"$root/tools/edges.sh" --observed "$work/pairs" "${files[@]}" >"$work/findings" || status=$?
sed "s|$root/||g" "$work/findings" | LC_ALL=C sort -t : -k 1,1 -k 2,2n
printf 'observed_edges: %s pairs of lines synchronized in %s scenarios, %s findings\n' \
    "$(wc -l <"$work/pairs")" "$(($(tr -cd '\0' <"$work/runs" | wc -c) / 2))" "$(wc -l <"$work/findings")"
exit "$status"
