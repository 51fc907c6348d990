#!/bin/sh
# observed_edges_test.sh CC BUILD: the edges that the comments of the queues declare are those that the
# checker sees; and a comment that lies, or speaks of what never happens, is found.
# Exit status: 0, 1, or 77 if BUILD has no checker.
set -eu
if [ $# -ne 2 ]; then
    echo 'usage: observed_edges_test.sh CC BUILD' >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
if [ ! -x "$2/models/queuelab-model" ]; then
    echo "observed_edges_test: skipped: there is no $2/models/queuelab-model"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests=0

fail() {
    printf 'observed_edges_test: %s\n' "$*" >&2
    exit 1
}

says() { # says SED MESSAGE: with ring_spsc.h changed like that, the tool says so and no more
    tests=$((tests + 1))
    cp "$root"/queues/*.h "$work"
    sed "$1" "$root/queues/ring_spsc.h" >"$work/ring_spsc.h"
    ! cmp -s "$work/ring_spsc.h" "$root/queues/ring_spsc.h" || fail "'$1' changes nothing"
    status=0
    "$root/tools/observed_edges.sh" "$2" --headers "$work" ring_spsc >"$work/out" || status=$?
    [ $status -eq 1 ] || fail "'$1': exit status $status, not 1: $(cat "$work/out")"
    [ "$(grep -c '^.*ring_spsc.h:' "$work/out")" -eq "$4" ] || fail "'$1': not $4 findings: $(cat "$work/out")"
    grep -q "ring_spsc.h:[0-9]*: $3" "$work/out" || fail "'$1': not '$3' but: $(cat "$work/out")"
}

# What 5000 executions of a scenario do not reach of the queues that help each other is not held
# against their comments; what is seen and not declared is.
status=0
"$root/tools/observed_edges.sh" "$2" >"$work/all" || status=$?
[ $status -le 1 ] || fail "observed_edges.sh ends with status $status"
far='^queues/(array_wcq|array_wcq_parts|segment_faa|segment_ymc|segment_ymc_parts)\.h:[0-9]+: never seen'
grep -E -v "$far" "$work/all" | grep -E '^queues/' && fail 'a comment and what the checker sees differ'
printf '%s edges never seen in so few executions; ' "$(grep -E -c "$far" "$work/all" || true)"
tail -n 1 "$work/all"
tests=$((tests + 1))
says 's/\[freed>\]/[filled>]/' "$2" 'undeclared: synchronizes with .*: \[filled>\] here, \[>freed\] there' 5
says 's/\[>closed\]/[>filled]/' "$2" 'never seen: edge "closed" in no scenario' 3
echo "observed_edges_test: $tests passed"
