#!/usr/bin/env bash
# cuts_test.sh CC BUILD: cutting idle loop iterations loses no outcome and invents none, in Michael
# & Scott's queue (models/litmus/loop_*.c are loops that are easily taken for idle).
#
# It ends in the same outcomes with and without cuts: for every pair of values
# that two consumers could have got, the checker is asked whether it can be. 77: BUILD has no checker.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export CC=$1 QCHECK_ENGINE=$2/models/queuelab-model
if [ ! -x "$QCHECK_ENGINE" ]; then
    echo "cuts_test: skipped: there is no $QCHECK_ENGINE"
    exit 77
fi
failed=0 possible=0
ask() { # ask OUTCOME OPTIONS...: 1 it can be, 0 it cannot
    local outcome=$1 status=0
    shift
    "$root/models/qcheck" "$root/models/litmus/ms_queue.c" --quiet "$@" -- "-DOUTCOME=$outcome" \
        >/dev/null || status=$?
    [ $status -le 1 ] || { echo "FAIL $outcome $*: exit status $status" >&2; exit 1; }
    echo $status
}
for first in 0 1 2; do
    for second in 0 1 2; do
        outcome="got[0] == $first && got[1] == $second"
        with=$(ask "$outcome") without=$(ask "$outcome" --no-cuts)
        possible=$((possible + with))
        if [ "$with" != "$without" ]; then
            echo "FAIL $outcome: $with with cuts, $without without"
            failed=1
        fi
    done
done
# All but the same item twice: 9 - 2.
[ $possible -eq 7 ] || { echo "FAIL $possible of 9 outcomes are possible, not 7"; failed=1; }
[ $failed -eq 0 ] && echo "the 9 outcomes are the same with and without cuts, 7 of them possible"
exit $failed
