#!/bin/sh
# The command `queuelab`: every misuse gets one line that names it and a non-zero exit; a killed or
# interrupted run keeps what it measured and can be continued; a full disk loses nothing.
#
# usage: cli_test.sh CC BUILD
set -eu
queuelab=$2/queuelab
. "$(dirname "$0")/cli.sh"

# ---- wrong words ------------------------------------------------------------------------------
refuses 2 "no command;"
refuses 2 "no command 'frobnicate'" frobnicate
refuses 2 "does not know '--colour'" list --colour
refuses 2 "does not know 'extra'" list extra
refuses 2 "needs a value" bench --queue
refuses 2 "no duration" bench --budget soon
refuses 2 "no duration" bench --budget -5s
refuses 2 "no duration" bench --budget 5parsec
refuses 2 "no number from 1" bench --rounds 0
refuses 2 "no number from 1" bench --rounds 3x
refuses 2 "--sample-ms" bench --sample-ms -1
refuses 2 "no whole number" bench --seed minus
refuses 2 "use spread, compact or none" bench --pin sideways
refuses 2 "no plan 'huge'" bench --plan huge
refuses 2 "no class 'queues': use spsc, mpsc," bench --class queues --dry-run
refuses 2 "needs a value" bench --class
refuses 2 "not a regular expression" bench --queue '('
refuses 2 "is the whole name of no queue" bench --queue no_such_queue
refuses 2 "is the whole name of no workload" bench --workload mpm
refuses 2 "add --plan full" bench --only 'pairs/.*:16|pairs/.*/16'
refuses 2 "no cell is left" bench --only 'no such cell'
refuses 2 "report needs" report --results "$dir"
refuses 1 "none.md" report --results "$dir" --report "$dir/none.md"
cp "$(dirname "$0")/../REPORT.md" "$dir/report.md"
refuses 1 "nowhere" report --results "$dir/nowhere" --report "$dir/report.md"
refuses 2 "$dir/none/plan.json" bench --resume "$dir/none"

# ---- right words ------------------------------------------------------------------------------
for form in --json --markdown --workloads; do gives "list $form" "$queuelab" list $form; done
gives help "$queuelab" help
gives "help of a command" "$queuelab" check --help
gives "list" "$queuelab" list
if grep -q '^ring_spsc  *ring  *spsc ' "$dir/out"; then ok; else bad "list does not name ring_spsc and its class"; fi

# Other people's queues are all named, those that are not built with their packages.
gives "list --peers" "$queuelab" list --peers
def=$(dirname "$0")/../queues/peers/peers.def
for peer in $(sed -n 's/^PEER(\([a-z_]*\),.*/\1/p' "$def"); do
    if grep -A1 "^$peer " "$dir/out" | grep -q 'lib[a-z0-9.]*-dev'; then ok; else
        bad "list --peers does not name $peer and its package"
    fi
done
if grep -q '^ring_spsc' "$dir/out"; then bad "list --peers names ours"; else ok; fi

one="--queue array_mpmc --workload pairs --sample-ms 2"
gives "dry run" "$queuelab" bench $one --dry-run
if grep -q 'pairs/array/array_mpmc/1:0' "$dir/out"; then ok; else bad "the dry run names no cell"; fi
gives "a measurement" "$queuelab" bench $one --rounds 2 --json "$dir/out.jsonl"
cells=$(sed -n 's/^plan quick: \([0-9]*\) cells.*/\1/p' <<END
$("$queuelab" bench $one --dry-run)
END
)
if [ "$(wc -l <"$dir/out.jsonl")" -eq $((cells * 2)) ]; then ok; else bad "not $cells x 2 records"; fi

gives "a comparison" "$queuelab" bench --class spsc --compare --rounds 2 --sample-ms 2 --json "$dir/class.jsonl"
if grep -q '^spsc: spsc 1:1, batches of 32 .*, times [a-z]' "$dir/out" && grep -q '^  guests' "$dir/out"; then ok; else
    bad "the comparison ranks no spsc cell"; fi
if grep -q '"class_name":"mpmc_bounded"' "$dir/class.jsonl" && ! grep -vq '"workload":"spsc"' "$dir/class.jsonl"; then ok; else
    bad "the cells of a class are not those of the class"; fi

# The same seed takes the same samples in the same order.
for i in 1 2; do
    "$queuelab" bench $one --rounds 2 --seed 7 --json - 2>/dev/null |
        sed 's/.*"queue":"\([^"]*\)".*"producers":\([0-9]*\).*/\1 \2/' >"$dir/order$i"
done
if cmp -s "$dir/order1" "$dir/order2"; then ok; else bad "one seed, two orders"; fi

# ---- full disk, directory in use ----------------------------------------------------------------
if [ -c /dev/full ]; then
    refuses_disk=0
    "$queuelab" bench $one --rounds 1 --json /dev/full >"$dir/out" 2>"$dir/err" || refuses_disk=$?
    if [ $refuses_disk -eq 3 ] && grep -q '/dev/full: No space left' "$dir/err"; then ok; else
        bad "a full disk: exit $refuses_disk"; fi
fi
gives "a run in a directory" "$queuelab" bench $one --rounds 1 --out "$dir/run"
refuses 2 "already holds records" bench $one --rounds 1 --out "$dir/run"
refuses 3 "cannot make directory" bench $one --rounds 1 --out "$dir/run/no/such"

# ---- killed, then resumed -----------------------------------------------------------------------
"$queuelab" bench $one --rounds 40 --sample-ms 20 --seed 3 --out "$dir/killed" >/dev/null 2>&1 &
child=$!
tries=0
until [ -s "$dir/killed/runs.jsonl" ] && [ "$(wc -l <"$dir/killed/runs.jsonl")" -ge 3 ]; do
    sleep 0.1
    tries=$((tries + 1))
    [ $tries -lt 300 ] || break
done
kill -KILL $child 2>/dev/null || true
wait $child 2>/dev/null || true
before=$(wc -l <"$dir/killed/runs.jsonl")
printf '{"v":1,"kind":"sam' >>"$dir/killed/runs.jsonl" # as a kill in mid-write leaves it
head -n "$before" "$dir/killed/runs.jsonl" >"$dir/kept"
if [ "$before" -ge 3 ] && [ "$before" -lt $((cells * 40)) ]; then
    status=0
    "$queuelab" bench --resume "$dir/killed" >"$dir/out" 2>"$dir/err" || status=$?
    if [ $status -eq 77 ] || grep -q 'without jansson' "$dir/err"; then
        echo "skipped: resume (built without jansson)"
    elif [ $status -ne 0 ]; then
        bad "resume: exit $status"
    else
        head -n "$before" "$dir/killed/runs.jsonl" | cmp -s - "$dir/kept" && ok ||
            bad "resume changed what was measured"
        rounds=$(sed -n 's/.*"rounds":\([0-9]*\).*/\1/p' "$dir/killed/plan.json")
        n=$(wc -l <"$dir/killed/runs.jsonl")
        if [ "$n" -eq $((cells * rounds)) ]; then ok; else bad "resumed to $n of $((cells * rounds))"; fi
        doubles=$(sed 's/"sequence".*//' "$dir/killed/runs.jsonl" | sort | uniq -d | wc -l)
        if [ "$doubles" -eq 0 ]; then ok; else bad "$doubles samples were taken twice"; fi
        told=$("$queuelab" bench --resume "$dir/killed" 2>"$dir/err" |
            awk '/^samples by placement/ { for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]+$/) n += $i } END { print n + 0 }')
        if [ "$told" -eq "$n" ]; then ok; else bad "resumed at its end it tells of $told of $n samples"; fi
    fi
else
    bad "the run to be killed had $before records"
fi

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
