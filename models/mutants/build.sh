#!/usr/bin/env bash
# build.sh NAME DIR: DIR/subject.so, all scenarios of a queue with the bug NAME of queues.tsv (apply.sh),
# compiled by $CC. Exit status: 0, 1, or 2 for wrong use.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [ $# -ne 2 ]; then
    echo 'usage: build.sh NAME DIR' >&2
    exit 2
fi
"$root/models/mutants/apply.sh" "$1" "$2"
queue=$("$root/models/mutants/apply.sh" --list | awk -F '\t' -v name="$1" '$1 == name { print $2 }')
{
    case $queue in
    *_over_*)
        echo "#define LANES_INNER ${queue#*_over_}"
        echo "#define LANES_INNER_H \"queues/${queue#*_over_}.h\""
        ;;
    *_with_*)
        with=${queue#*_with_}
        echo "#define Q_WITH_${with^^} 1"
        ;;
    esac
    name=${queue%%_over_*} name=${name%%_with_*}
    echo "#define Q_NAME $name"
    echo "#define Q_HEADER \"queues/$name.h\""
    echo '#include "models/scenarios/stamp.c"'
} >"$2/subject.c"
# -iquote goes before every -I, so that the copies with the bug are found first.
"$root/models/checker/subject/build_subject.sh" "$2/subject.so" "$2/subject.c" -- -std=gnu11 \
    -DQ_BACKOFF_MAX=1 -iquote "$2"
