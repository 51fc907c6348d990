#!/bin/sh
# The command `queuelab check` around the model checker: which queues and scenarios it runs, what it
# makes of what the checker says, the committed table. A shell script stands in for the checker: it
# says what the environment variable SAYS has for its scenario.
#
# usage: check_test.sh CC BUILD
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp "$2/queuelab" "$dir/queuelab" # it looks for the checker where it is itself
cat >"$dir/queuelab-model" <<'END'
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    --function) scenario=${2#scenario_} ;;
    --model) model=$2 ;;
    --max-seconds) seconds=$2 ;;
    *.so) object=${1##*/} ;;
    esac
    shift
done
echo "$object $scenario $model ${seconds:-none}" >>"$0.log"
answer() { # answer VERDICT COMPLETE BLOCKED [KIND SENTENCE]
    report=null
    [ $# -lt 5 ] || report="{\"kind\":\"$4\",\"sentence\":\"$5\",\"rows\":[{\"kind\":\"plain\"}]}"
    printf '{"verdict":"%s","executions":{"complete":%s,"blocked":%s},"seconds":0.5,"report":%s}\n' \
        "$1" "$2" "$3" "$report"
}
case " $SAYS " in
*" race:$scenario "*) answer violation 5 0 data_race 'reads \"nothing\"'; exit 1 ;;
*" slow:$scenario "*) answer out_of_budget 99 7; exit 3 ;;
*" loop:$scenario "*) answer out_of_budget 9 7 unbounded 'a loop without an end'; exit 3 ;;
*" call:$scenario "*) answer unsupported 0 0 unsupported 'calls write'; exit 4 ;;
*" dies:$scenario "*) kill -SEGV $$ ;;
*" mute:$scenario "*) exit 0 ;;
*" lost:$scenario "*) echo 'no such program' >&2; exit 2 ;;
*" more:$scenario "*) answer no_violation 13 3 ;;
*) answer no_violation 12 3 ;;
esac
END
chmod +x "$dir/queuelab-model"
cd "$dir"
passed=0 failed=0

# gives STATUS PATTERN SAYS WORDS...: exits with STATUS; a line of its output matches PATTERN
gives() {
    want=$1 pattern=$2 SAYS=$3
    export SAYS
    shift 3
    status=0
    ./queuelab check --expected table "$@" >out 2>&1 || status=$?
    if [ "$status" -eq "$want" ] && grep -q -- "$pattern" out; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: check $*: exit $status, not $want, or no line with '$pattern':"
        sed 's/^/    /' out
    fi
}
same() { # same WHAT WANTED GOT
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1: '$3', not '$2'"
    fi
}

# ---- which -------------------------------------------------------------------------------------
gives 2 'begin one by --update' '' --queue ring_spsc
gives 2 'no regular expression' '' --queue '('
gives 2 "no scenario 'two_producers' applies to a queue 'ring_spsc'" '' --queue ring_spsc --scenario two_producers
gives 2 "no scenario" '' --queue null_queue
gives 0 'publish' '' --queue 'array_mpmc|lanes_strict.array_mpmc' --scenario 'publish|full_.*' --update
same 'runs' "array_mpmc.so full_empty rc11 300
array_mpmc.so publish rc11 300
lanes_strict_over_array_mpmc.so full_empty rc11 300
lanes_strict_over_array_mpmc.so publish rc11 300" "$(sort queuelab-model.log)"

# ---- the table -----------------------------------------------------------------------------------
gives 0 'same$' '' --queue array_mpmc --scenario publish
gives 1 'not as committed' 'more:publish' --queue array_mpmc --scenario 'publish|full_empty'
gives 1 'not yet committed' '' --queue array_mpmc --scenario publish --model sc
gives 1 '"committed":"differs"' 'more:publish' --queue array_mpmc --scenario publish --json
gives 0 '"committed":"same"' '' --queue array_mpmc --scenario publish --json
gives 0 'publish' 'more:publish' --queue array_mpmc --scenario publish --update
same 'updated row' 'ok 13 3' "$(awk '$1 == "array_mpmc" && $2 == "publish" { print $4, $5, $6 }' table)"
same 'other rows' 4 "$(grep -c 'rc11' table)"
gives 0 'same$' 'more:publish' --queue array_mpmc --jobs 3 --scenario 'publish|full_empty'

# ---- what the checker says ---------------------------------------------------------------------
gives 1 'full_empty: data_race: reads "nothing"' 'race:full_empty' --queue array_mpmc --scenario full_empty
gives 3 'not finished' 'slow:full_empty' --queue array_mpmc --scenario full_empty
gives 3 'unbounded: a loop without' 'loop:full_empty' --queue segment_mpmc --scenario full_empty
gives 1 'failed: no such program' 'lost:full_empty' --queue array_mpmc --scenario full_empty
gives 4 'unsupported: calls write' 'call:full_empty' --queue array_mpmc --scenario full_empty
gives 1 'signal 11' 'dies:full_empty' --queue array_mpmc --scenario full_empty
gives 1 'ended with status 0' 'mute:full_empty' --queue array_mpmc --scenario full_empty
gives 1 'data_race' 'race:full_empty' --queue array_mpmc --scenario full_empty --update
gives 1 'data_race' 'race:full_empty' --queue array_mpmc --scenario full_empty
gives 3 'not finished' 'slow:mpmc_2x2' --queue array_mpmc --scenario mpmc_2x2 --update
gives 0 'same$' 'slow:mpmc_2x2' --queue array_mpmc --scenario mpmc_2x2

# ---- a table or a checker that is not there -----------------------------------------------------
echo 'array_mpmc publish' >>table
gives 2 'table:[0-9]* is no row' '' --queue array_mpmc --scenario publish
rm queuelab-model
gives 1 'build the target queuelab-model' '' --queue array_mpmc --scenario publish

echo "check_test: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
