#!/bin/sh
# Both front doors give the same figure: `queuelab bench` and queuelab_gbench measure one cell in
# turn, A B A B ..., and the median of the paired ratios must lie within a factor of 1.5 of 1. That
# is wide, for a noisy machine; what it catches is a door that counts twice, divides by the wrong
# time or runs another loop. One quiet try out of three is enough.
#
# usage: gbench_agrees_test.sh CC BUILD
set -eu
queuelab=$2/queuelab gbench=$2/queuelab_gbench cell=pairs/array/array_mpmc/1:0
if [ ! -x "$gbench" ]; then
    echo "skipped: built without google-benchmark"
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

ratios() {
    for i in 1 2 3 4 5; do
        "$queuelab" bench --only "^$cell\$" --rounds 3 --sample-ms 10 --json - 2>/dev/null |
            sed -n 's/.*"ns_per_item":\([0-9.e+-]*\).*/\1/p' | sort -g | sed -n 2p
        "$gbench" --benchmark_filter="^$cell/manual_time\$" --benchmark_min_time=0.1 --benchmark_format=json \
            2>/dev/null | sed -n 's/.*"ns_per_item": \([0-9.e+-]*\).*/\1/p'
    done | awk 'NR % 2 { a = $1 } NR % 2 == 0 { print a / $1 } END { if (NR != 10) exit 1 }'
}

for try in 1 2 3; do
    ratios >"$dir/ratios" || { echo "a door gave no figure for $cell"; exit 1; }
    median=$(sort -g "$dir/ratios" | sed -n 3p)
    echo "try $try: queuelab bench / queuelab_gbench = $median  ($(tr '\n' ' ' <"$dir/ratios"))"
    awk -v m="$median" 'BEGIN { exit !(m > 1 / 1.5 && m < 1.5) }' && exit 0
done
echo "the two doors do not agree on $cell"
exit 1
