#!/usr/bin/env bash
# thirdparty_test.sh CC BUILD: other people's queues, as they are packaged, in models/qcheck.
#
# Each program in models/thirdparty says in its first line what is to be found and in its second which
# Debian package it is about. Programs whose package is absent are named and left out; if all are, the
# test is skipped. Numbers of executions are printed and not compared: they belong to the version of
# the library that is installed.
# Exit status: 0, 1, or 77 if BUILD has no checker, or there is no C++ compiler or no package.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/models/mutants/verdict.sh"
limit=60 # seconds for each program

if [ $# -ne 2 ]; then
    echo 'usage: thirdparty_test.sh CC BUILD' >&2
    exit 2
fi
export CC=$1
build=$(cd "$2" && pwd)
export QCHECK_ENGINE=$build/models/queuelab-model
skipped() {
    echo "thirdparty_test: skipped: $*"
    exit 77
}
[ -x "$QCHECK_ENGINE" ] || skipped "there is no $QCHECK_ENGINE"
case $CC in
*clang*) CXX=${CXX:-${CC/clang/clang++}} ;;
*) CXX=${CXX:-${CC/gcc/g++}} ;;
esac
export CXX
command -v "$CXX" >/dev/null || skipped "there is no C++ compiler '$CXX'"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# present FILE: are the headers it includes there? Those of libraries have a directory in their name.
present() {
    grep -q '^#include <.*/' "$1" || return 0
    sed -n 's|^#include <\(.*/.*\)>|#if !__has_include(<\1>)\n#error\n#endif|p' "$1" |
        "$CXX" -std=c++17 -E -x c++ - >/dev/null 2>&1
}

failed=0 checked=0 absent=()
for file in "$root"/models/thirdparty/*.cc; do
    name=models/thirdparty/${file##*/}
    expected=$(expectation "$file" || true)
    package=$(sed -n '2s/.*Package: \([a-z0-9-]*\)\..*/\1/p' "$file")
    if [ -z "$expected" ] || [ -z "$package" ]; then
        echo "FAIL      $name: its first two lines lack 'Expect: VERDICT. */' and 'Package: NAME.'"
        failed=$((failed + 1))
        continue
    fi
    if ! present "$file"; then
        echo "skipped   $name: apt-get install $package"
        case " ${absent[*]} " in *" $package "*) ;; *) absent+=("$package") ;; esac
        continue
    fi
    [ "$package" = none ] || checked=$((checked + 1))
    status=0 began=$EPOCHREALTIME
    explore_program "$root" "$file" "$work/out" $limit || status=$?
    took=$(((${EPOCHREALTIME/[.,]/} - ${began/[.,]/}) / 1000)) # with compiling
    found=$(verdict "$work/out")
    if [ $status -gt 1 ] || [ "$found" != "$expected" ]; then
        echo "FAIL      $name: expected $expected, but (status $status) $(paste -sd ' ' "$work/out")"
        failed=$((failed + 1))
    else
        echo "ok        $name: $found, $(sed -n 's/^executions: //p' "$work/out"), $took ms with compiling"
    fi
done

if [ $failed -gt 0 ]; then
    echo "thirdparty_test: $failed failed"
    exit 1
fi
[ $checked -gt 0 ] || skipped "no package is there: apt-get install ${absent[*]}"
echo "thirdparty_test: $checked programs of packages as expected, ${#absent[@]} packages absent"
