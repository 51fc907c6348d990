#!/bin/sh
# The command `queuelab check` around the model checker: which queues and scenarios it runs, what it
# makes of what the checker says, the committed tables, also --weaken and --progress. A shell script stands in for the checker: it
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
    --max-executions) most=$2 ;;
    --weaken | --freeze) sweep=$1 ;;
    --known) known=$2 ;;
    *.so) object=${1##*/} ;;
    esac
    shift
done
echo "$object $scenario $model ${seconds:-none}${sweep:+ $sweep}${most:+ $most}" >>"$0.log"
[ -z "${known-}" ] || sed "s/^/$scenario knows /" "$known" >>"$0.known"
answer() { # answer VERDICT COMPLETE BLOCKED [KIND SENTENCE]
    report=null
    [ $# -lt 5 ] || report="{\"kind\":\"$4\",\"sentence\":\"$5\",\"rows\":[{\"kind\":\"plain\"}]}"
    printf '{"verdict":"%s","executions":{"complete":%s,"blocked":%s},"seconds":0.5,' "$1" "$2" "$3"
    printf '"estimate":123456,"report":%s}\n' "$report"
}
as_written() { # as_written VERDICT
    printf '\n]%s,"as_written":{"complete":12,"blocked":%s,"verdict":"%s","finished":true,' \
        "$more" "${blocked:-0}" "$1"
    printf '"executions":15,"fault":""}}\n'
}
weaker() { # weaker LINE TEXT OPERATION FROM TO VERDICT EXECUTIONS
    ! grep -q "[.]h	$1	" "${known:-/dev/null}" || return 0
    printf '%s\n{"file":"queues/array_mpmc.h","line":%s,"text":"%s","operation":"%s","from":"%s",' \
        "$comma" "$1" "$2" "$3" "$4"
    printf '"to":"%s","verdict":"%s","finished":true,"executions":%s,"fault":""}' "$5" "$6" "$7"
    comma=,
}
stopped() { # stopped LINE VERDICT WAITS REFUSED
    printf '%s\n{"thread":1,"after":3,"blocks":false,"waits":[%s],"refused":[%s],"file":"q.h",' \
        "$comma" "$3" "$4"
    printf '"line":%s,"text":"x = \\"y\\";\\u0009z","verdict":"%s","executions":5,"fault":"why"}' "$1" "$2"
    comma=,
}
comma='' more=''
if [ "${sweep-}" = --weaken ]; then
    line=10 load=no_violation
    case " $SAYS " in *" moved "*) line=20 ;; esac
    case " $SAYS " in *" needs:$scenario "*) load=data_race ;; esac
    case " $SAYS " in *" soon:$scenario "*) load=leak ;; esac
    case " $SAYS " in *" open:$scenario "* | *" many:$scenario "*) load=out_of_budget ;; esac
    printf '{"program":"x","model":"RC11","weakened":['
    weaker $line 'first(\"a\") /* [>e] */' load acquire relaxed "$load" \
        $(case "$load $SAYS" in leak*) echo 2 ;; *many:*) echo 6501 ;; *) echo 7 ;; esac)
    weaker $((line + 1)) 'same' store release relaxed no_violation 9
    weaker $((line + 2)) 'same' store release relaxed livelock 9
    case " $SAYS " in *" broken:$scenario "*) as_written leak; exit 1 ;; esac
    case " $SAYS " in *" slow:$scenario "*) as_written out_of_budget; exit 3 ;; esac
    as_written no_violation
    exit 0
elif [ "${sweep-}" = --freeze ]; then
    more=',"longest":{"push":4,"pop":6,"close":0},"retried":[]'
    printf '{"program":"x","model":"RC11","frozen":['
    stopped 1 no_violation '' ''
    case " $SAYS " in *" waits:$scenario "*) stopped 2 deadlock '"push"' '' ;; esac
    case " $SAYS " in *" refuses:$scenario "*) stopped 3 no_violation '' '"pop"' ;; esac
    case " $SAYS " in *" races:$scenario "*) stopped 4 data_race '' '' ;; esac
    case " $SAYS " in *" endless:$scenario "*) stopped 5 unbounded '' '' ;; esac
    case " $SAYS " in *" retries:$scenario "*) more=',"longest":{"push":4,"pop":6},"retried":["pop"]' ;; esac
    case " $SAYS " in *" cut:$scenario "*) blocked=1 ;; esac
    as_written no_violation
    exit 0
fi
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
lacks() { # lacks PATTERN: no line of the last output has it
    same "lines with $1" 0 "$(grep -c -- "$1" out)"
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
gives 2 'begin one by .queuelab check --update' '' --queue ring_spsc
gives 2 'no regular expression' '' --queue '('
gives 2 "queue 'ring_spsc' allow no scenario that matches 'two_producers'" '' --queue ring_spsc --scenario two_producers
gives 2 "queue 'null_queue' allow no scenario$" '' --queue null_queue
gives 2 "queue 'ring_mime' matches no queue: .queuelab list" '' --queue ring_mime
gives 2 "queue 'ring_mime' matches no queue: .queuelab list" '' --queue ring_mime --scenario publish
gives 2 "scenario 'publsh' matches no scenario: models" '' --scenario publsh
gives 0 'publish' '' --queue 'array_mpmc|lanes_strict.array_mpmc' --scenario 'publish|full_.*' --update
same 'runs' "array_mpmc.so full_empty rc11 300
array_mpmc.so publish rc11 300
lanes_strict_over_array_mpmc.so full_empty rc11 300
lanes_strict_over_array_mpmc.so publish rc11 300" "$(sort queuelab-model.log)"

# ---- what was found, and the command that shows it ---------------------------------------------------
gives 1 'data_race: reads "nothing"' 'race:publish' --queue array_mpmc --scenario publish
command=$(grep ' --function scenario_publish ' out)
rm -f queuelab-model.log
SAYS='race:publish' sh -c "$command" >said 2>&1 || true # as it would be pasted
same 'the command can be pasted' 'array_mpmc.so publish rc11 none' "$(cat queuelab-model.log)"
same 'a picture is offered' 1 "$(grep -c -- '--svg FILE' out)"

# ---- the table -----------------------------------------------------------------------------------
gives 0 'same$' '' --queue array_mpmc --scenario publish
gives 1 'not as committed' 'more:publish' --queue array_mpmc --scenario 'publish|full_empty'
gives 1 'check --update --queue array_mpmc --model sc. regenerates' '' --queue array_mpmc --scenario 'publish|full_empty' --model sc
same 'lines that say how, for two differences' 1 "$(grep -c regenerates out)"
gives 1 'not yet committed' '' --queue array_mpmc --scenario publish --model sc
gives 1 '"committed":"differs"' 'more:publish' --queue array_mpmc --scenario publish --json
gives 0 '"committed":"same"' '' --queue array_mpmc --scenario publish --json
gives 0 'publish' 'more:publish' --queue array_mpmc --scenario publish --update
same 'updated row' 'ok 13 3 0' "$(awk '$1 == "array_mpmc" && $2 == "publish" { print $4, $5, $6, $7 }' table)"
same 'heading' '# queue' "$(head -1 table | cut -f 1)"
same 'sorted' "$(tail -n +2 table | LC_ALL=C sort)" "$(tail -n +2 table)"
gives 1 'check --update --queue array_mpmc --scenario publish. regenerates' '' --queue array_mpmc --scenario publish
same 'other rows' 4 "$(grep -c 'rc11' table)"
gives 0 'same$' 'more:publish' --queue array_mpmc --jobs 3 --scenario 'publish|full_empty'

# ---- what the checker says ---------------------------------------------------------------------
gives 1 'full_empty: data_race: reads "nothing"' 'race:full_empty' --queue array_mpmc --scenario full_empty
lacks '--update' # no violation is to be committed
same 'the command that shows it' \
    '  ./queuelab-model --model rc11 --function scenario_full_empty models/scenarios/array_mpmc.so' \
    "$(grep 'queuelab-model' out)"
(cd .. && "${dir##*/}/queuelab" check --expected "$dir/table" --queue array_mpmc --scenario full_empty) >out 2>&1 || true
same 'the command from elsewhere' \
    "  ${dir##*/}/queuelab-model --model rc11 --function scenario_full_empty ${dir##*/}/models/scenarios/array_mpmc.so" \
    "$(grep 'queuelab-model' out)"
gives 3 'not finished' 'slow:full_empty' --queue array_mpmc --scenario full_empty
gives 3 'unbounded: a loop without' 'loop:full_empty' --queue segment_mpmc --scenario full_empty
gives 1 'failed: no such program' 'lost:full_empty' --queue array_mpmc --scenario full_empty
gives 4 'unsupported: calls write' 'call:full_empty' --queue array_mpmc --scenario full_empty
gives 1 'signal 11' 'dies:full_empty' --queue array_mpmc --scenario full_empty
gives 1 'ended with status 0' 'mute:full_empty' --queue array_mpmc --scenario full_empty
gives 1 'data_race' 'race:full_empty' --queue array_mpmc --scenario full_empty --update
gives 1 'data_race' 'race:full_empty' --queue array_mpmc --scenario full_empty
gives 3 'not finished' 'slow:mpmc_2x2' --queue array_mpmc --scenario mpmc_2x2 --update
same 'two digits' 'unfinished 99 7 120000' \
    "$(awk '$1 == "array_mpmc" && $2 == "mpmc_2x2" { print $4, $5, $6, $7 }' table)"

# ---- a queue of which nothing is committed ---------------------------------------------------------
gives 0 'ring_spsc: nothing is committed in table to compare with; .queuelab check --update --queue ring_spsc. adds' '' \
    --queue ring_spsc --scenario 'publish|full_empty'
same 'one line, after the table' 1 "$(tail -n 1 out | grep -c 'nothing is committed')"
same 'for both' 1 "$(grep -c 'nothing is committed' out)"
lacks 'explain it'
gives 1 'ring_spsc publish: data_race' 'race:publish' --queue ring_spsc --scenario 'publish|full_empty'
lacks '--update'
gives 3 'not finished' 'slow:publish' --queue ring_spsc --scenario publish

# ---- what is known not to finish -----------------------------------------------------------------
rm queuelab-model.log
gives 0 'mpmc_2x2 .*(unfinished: 106 executions, of about 120000)' 'slow:mpmc_2x2' --queue array_mpmc --scenario mpmc_2x2
gives 0 '"verdict":"unfinished","complete":99,"blocked":7,"estimate":120000' '' --queue array_mpmc --scenario mpmc_2x2 --json
same 'not run' no "$([ -e queuelab-model.log ] && echo yes || echo no)"
gives 0 'same$' 'slow:mpmc_2x2' --queue array_mpmc --scenario mpmc_2x2 --all
gives 0 'publish' 'more:publish' --queue array_mpmc --scenario 'publish|mpmc_2x2' --update
same 'row of a cell that was not run' 'unfinished 99' "$(awk '$2 == "mpmc_2x2" { print $4, $5 }' table)"
gives 1 'finished now, not as committed' '' --queue array_mpmc --scenario mpmc_2x2 --all
same 'how it is committed' 1 "$(grep -c 'check --all --update --queue array_mpmc --scenario mpmc_2x2. regenerates' out)"

# ---- what is too large for now ----------------------------------------------------------------------
rm -f queuelab-model.log
gives 0 'publish .*(ok, 16 executions)' '' --queue array_mpmc --scenario publish --most 15
same 'too large: not run' no "$([ -e queuelab-model.log ] && echo yes || echo no)"
gives 0 'same$' 'more:publish' --queue array_mpmc --scenario publish --most 16
gives 2 'all or --most, not both' '' --all --most 5
gives 2 'no number of executions' '' --most 0

# ---- which orders are needed -----------------------------------------------------------------------
mkdir queues
printf '/* [no tag */\nfirst("a")\n    + b; /* [>e] */\n\nc; /* [never>] */\n' >queues/array_mpmc.h
row() { awk -F '\t' -v OFS=' ' -v line="$2" '$3 == line { print $5, $6, $7, $8 }' "$1"; }
gives 2 'begin one by .queuelab check --weaken --update' '' --weaken --table need --queue array_mpmc
gives 2 "no scenario of these with the verdict ok .* run .queuelab check --update --queue 'ring_spsc'. first" '' --weaken --table need --queue ring_spsc --update
gives 2 'leave --scenario out' '' --weaken --table need --update --scenario publish
gives 2 'of the model rc11 only' '' --weaken --model sc
gives 2 'one of --weaken and --progress' '' --weaken --progress
gives 2 'table goes with --weaken' '' --table need
rm -f queuelab-model.log
gives 0 'array_mpmc.h:10 .*data_race  *publish  *first("a")' 'needs:publish' --weaken --table need --queue 'array_mpmc' --update
same 'only what is small and holds' 'array_mpmc.so publish rc11 60 --weaken 6501' "$(cat queuelab-model.log)"
same 'needed' 'acquire relaxed data_race publish' "$(row need 10)"
same 'other scenarios were left out' 'release relaxed undecided none of 9' "$(row need 11)"
same 'needed by a wait' 'release relaxed livelock publish' "$(row need 12)"
gives 0 'with at most 6500 executions' 'needs:publish' --weaken --table need --queue 'array_mpmc'
gives 0 'at most 6500' 'needs:publish moved' --weaken --table need --queue 'array_mpmc' # only the lines
gives 1 'load acquire -> relaxed: undecided, committed: data_race' '' --weaken --table need --queue 'array_mpmc'
gives 1 'check --weaken --update --queue array_mpmc. regenerates need' '' --weaken --table need --queue array_mpmc
gives 3 'give it more by --max-seconds' 'open:publish' --weaken --table need --queue 'array_mpmc'
gives 0 'array_mpmc' 'open:publish' --weaken --table need --queue 'array_mpmc' --scenario publish # not compared
gives 1 'publish: as written: leak' 'needs:publish broken:publish' --weaken --table need --queue 'array_mpmc'
gives 3 'publish: as written: unfinished' 'needs:publish slow:publish' --weaken --table need --queue array_mpmc
gives 3 'load acquire -> relaxed: unfinished, committed: data_race' 'slow:publish' --weaken --table need --queue array_mpmc
gives 0 '2 of 2 tagged operations of queues/array_mpmc.h were never executed: lines 3, 5' 'needs:publish' --weaken --table need --queue array_mpmc
sed 's/"line":%s,"text":"%s","op/"line":2,"text":"%s%s","op/' queuelab-model >other && chmod +x other && mv queuelab-model kept && mv other queuelab-model
gives 1 '1 of 2 tagged operations of queues/array_mpmc.h were never executed: lines 5' '' --weaken --table need --queue array_mpmc
mv kept queuelab-model
gives 0 'publish' '' --queue ring_spsc --scenario publish --update
gives 0 'ring_spsc: nothing is committed in need to compare with; .queuelab check --weaken --update --queue ring_spsc. adds' \
    'needs:publish' --weaken --table need --queue ring_spsc
same 'one line, after the table' 1 "$(tail -n 1 out | grep -c 'nothing is committed')"
lacks 'explain it'
gives 1 'publish: as written: leak' 'needs:publish broken:publish' --weaken --table need --queue ring_spsc
lacks '--update'
gives 1 'publish: as written: leak' 'broken:publish' --weaken --table need --queue array_mpmc # its orders differ, too
lacks '--update'
gives 3 'unfinished, committed: nothing: give it more' 'open:publish' --weaken --table need --queue ring_spsc
gives 0 '"line":10,"operation":"load","from":"acquire","to":"relaxed","verdict":"data_race"' 'needs:publish' --weaken --table need --queue array_mpmc --json
gives 0 '"tagged":2,"never_executed":\[3, 5\]' 'needs:publish' --weaken --table need --queue array_mpmc --json
rm -f queuelab-model.known
gives 0 '1 undecided ones were not tried again' 'needs:publish' --weaken --table need --queue array_mpmc
same 'the checker is told so' 'publish knows queues/array_mpmc.h 11 store release relaxed' "$(tr '\t' ' ' <queuelab-model.known)"
gives 0 'store .*undecided' 'needs:publish' --weaken --table need --queue array_mpmc --all
lacks 'not tried again'
gives 2 'at most 14 executions: run' '' --weaken --table need --queue array_mpmc --most 14
cp table whole
gives 0 'publish' '' --queue ring_flag --update
gives 0 'ring_flag' 'needs:publish' --weaken --table all --queue ring_flag --update
same 'no scenario needs it' 'release relaxed ok -' "$(row all 11)"
gives 1 'load acquire -> relaxed: undecided, committed: data_race' 'many:publish' --weaken --table all --queue ring_flag
mv whole table
gives 0 'publish' 'more:publish' --queue lanes_fair --scenario 'publish|full_empty' --update
rm queuelab-model.known
gives 0 'lanes_fair' 'needs:publish soon:full_empty' --weaken --table need --queue lanes_fair --update
same 'the larger one need not ask again' 'publish knows queues/array_mpmc.h 10 load acquire relaxed
publish knows queues/array_mpmc.h 12 store release relaxed' "$(tr '\t' ' ' <queuelab-model.known)"
same 'nothing is left behind' 0 "$(find /tmp -maxdepth 1 -name 'queuelab-known-*' -user "$(id -un)" -newer need 2>/dev/null | wc -l)"
same 'found by the smallest one' 'leak full_empty' "$(awk -F '\t' '$1 == "lanes_fair" && $3 == 10 { print $7, $8 }' need)"
same 'other queues stay' 3 "$(grep -c '^array_mpmc' need)"
echo 'array_mpmc	a' >>need
gives 2 'need:8 is no row' '' --weaken --table need --queue array_mpmc

# ---- who waits for a stopped thread ------------------------------------------------------------------
found() { awk -F '\t' -v q="$2" -v o="$3" '$1 == q && $2 == o { print $3 " " $4 " " $5 " " $7 }' "$1"; }
gives 2 'begin one by .queuelab check --progress --update' '' --progress --table stop --queue ring_spsc
rm -f queuelab-model.log
gives 0 'ring_spsc *push *wait-free *wait-free in 4 steps' '' --progress --table stop --queue ring_spsc --update
same 'only what is small' 'full_empty publish publish_one wrap_around' "$(sort queuelab-model.log | awk '$5 == "--freeze" { printf n++ ? " " $2 : $2 }')"
gives 0 'wait-free in 6 steps' '' --progress --table stop --queue ring_spsc
gives 1 'ring_spsc push: promised wait-free, but blocking: q.h:2 in full_empty: x = "y"; z' 'waits:full_empty' --progress --table stop --queue ring_spsc
gives 1 'ring_spsc pop: promised wait-free, but blocking: q.h:3' 'refuses:publish' --progress --table stop --queue ring_spsc --update
gives 1 'promised wait-free, but blocking' 'refuses:publish' --progress --table stop --queue ring_spsc # a table is no excuse
gives 1 'promised wait-free, found lock-free' 'retries:publish' --progress --table stop --queue ring_spsc --update
gives 0 'lock-free' 'retries:publish' --progress --table stop --queue ring_spsc # the table says so
gives 1 'push: promised wait-free, found lock-free' 'cut:wrap_around' --progress --table stop --queue ring_spsc
gives 3 'not finished in 5 s' 'endless:publish' --progress --table stop --queue ring_spsc
gives 1 'ring_spsc publish, thread 1 stopped after step 3: data_race: why' 'races:publish' --progress --table stop --queue ring_spsc
gives 1 'push: promised blocking, found wait-free' 'refuses:publish' --progress --table stop --queue array_mpmc --update
same 'blocking row' 'blocking blocking publish 3' "$(found stop array_mpmc pop)"
gives 0 'array_mpmc' 'refuses:publish' --progress --table stop --queue array_mpmc
rm -f queuelab-model.log
gives 0 'array_mpmc' 'refuses:publish waits:mpmc_2x2' --progress --table stop --queue array_mpmc --update
same 'larger ones where something is missing' 1 "$(grep -c 'mpmc_2x2 ' queuelab-model.log)"
same 'found there' 'blocking blocking mpmc_2x2 2' "$(found stop array_mpmc push)"
rm -f queuelab-model.log
gives 0 'array_mpmc' 'waits:publish refuses:publish' --progress --table stop --queue array_mpmc --json --update
same 'nothing is missing' 0 "$(grep -c 'mpmc_2x2 ' queuelab-model.log)"
gives 0 '"operation":"pop","promised":"blocking","found":"blocking","scenario":"publish","file":"q.h","line":3' \
    'waits:publish refuses:publish' --progress --table stop --queue array_mpmc --json

gives 0 'segment_mpmc: nothing is committed in stop to compare with; .queuelab check --progress --update --queue segment_mpmc. adds' \
    'waits:publish refuses:publish' --progress --table stop --queue segment_mpmc
lacks 'explain it'
gives 1 'segment_mpmc publish, thread 1 stopped after step 3: data_race' 'waits:publish refuses:publish races:publish' \
    --progress --table stop --queue segment_mpmc
lacks '--update'
gives 1 'ring_spsc pop: promised wait-free, but blocking' 'refuses:publish cut:wrap_around' --progress --table stop --queue ring_spsc
lacks '--update'

# ---- a table or a checker that is not there -----------------------------------------------------
echo 'array_mpmc publish' >>table
gives 2 'table:[0-9]* is no row' '' --queue array_mpmc --scenario publish
sed '$d' table >short && mv short table
rm queuelab-model
gives 1 'build the target queuelab-model' '' --queue array_mpmc --scenario publish

echo "check_test: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
