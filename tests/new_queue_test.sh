#!/usr/bin/env bash
# new_queue_test.sh CC [BUILD]: tools/new-queue in a copy of the tree: what it refuses, and that one file
# and one line are all it takes for `queuelab list` to name the queue; that README's way to undo does.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cc=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r CMakeLists.txt cmake queues harness models studies tools .clang-format README.md .gitignore "$work"
cd "$work"
# Two queues are enough here, and make the build short.
sed -i -e '/^QUEUE/{/(ring_spsc)/!{/(null_queue)/!d}}' queues/queues.def

fail() {
    printf 'new_queue_test: %s\n' "$*" >&2
    exit 1
}
refused() { # refused WORD_OF_THE_MESSAGE ARGUMENT...
    local word=$1 before
    shift
    before=$(ls -A queues && cat queues/queues.def)
    if tools/new-queue "$@" >out 2>err; then fail "accepted: $*"; fi
    [ "$(wc -l <err)" -eq 1 ] || fail "not one line about: $*"
    grep -q -- "$word" err || fail "about '$*' it said: $(cat err)"
    [ "$(ls -A queues && cat queues/queues.def)" = "$before" ] || fail "refused, yet changed: $*"
}
refused 'which name'
refused 'no name for a queue' Ring_Newqueuetest
refused 'no name for a queue' ring
refused 'no name for a queue' ../ring_x
refused 'exists already' ring_spsc
refused 'no queue' ring_newqueuetest --from ring_nobody
refused 'unknown option' --frob
refused 'one name' ring_a ring_b

tools/new-queue ring_newqueuetest >out
grep -q '^QUEUE(ring_newqueuetest)$' queues/queues.def || fail "no line in queues.def"
! grep -n 'ring_spsc' queues/ring_newqueuetest.h | grep -v 'begun as a copy' || fail "old names are left"
refused 'exists already' ring_newqueuetest

cmake -S . -B build -DCMAKE_C_COMPILER="$cc" -DCMAKE_C_FLAGS_RELEASE=-O0 -DQUEUELAB_TESTS=OFF \
    -DQUEUELAB_GBENCH=OFF -DQUEUELAB_PAYLOAD64=OFF >configure.log
cmake --build build --target queuelab --parallel 2 >build.log || {
    tail -n 20 build.log
    fail "the new queue does not build"
}
build/queuelab list | grep -q '\bring_newqueuetest\b' || fail "queuelab list does not name ring_newqueuetest"
echo "ring_newqueuetest is listed"

# README's last step: what the others have changed is as it was.
if ! command -v git >/dev/null; then exit 0; fi
# shellcheck disable=SC2016 # the quotes of Markdown
undo=$(sed -n 's/.*`\(git checkout [^`]*\)`.*/\1/p' README.md)
[ -n "$undo" ] || fail "README.md does not say how to undo"
rm -rf build ./*.log out err
mkdir -p plots results/run-1
touch REPORT.md plots/a.svg results/current models/TABLES.md
git init -q . && git add -A && git -c user.name=x -c user.email=x@x commit -qm x
touch results/run-1/runs.jsonl
for file in REPORT.md plots/a.svg results/current models/TABLES.md models/*.tsv; do echo new >>"$file"; done
eval "$undo" 2>/dev/null
[ -z "$(git status --porcelain)" ] || fail "after '$undo': $(git status --porcelain)"
echo "and undone"
