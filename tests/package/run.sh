#!/usr/bin/env bash
# run.sh BUILD CC: installs the headers of BUILD into a fresh prefix, then builds and runs main.c
# out of tree, by find_package and by pkg-config.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 cc=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/prefix" # an installed tree can be moved
[ -r "$work/prefix/include/queuelab/queues/queues.def" ]

mkdir "$work/src"
cp "$here/main.c" "$here/CMakeLists.txt" "$work/src"
cmake -S "$work/src" -B "$work/build" -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$work/prefix" \
    >"$work/configure.log"
cmake --build "$work/build" >"$work/build.log"
echo "find_package: $("$work/build/consumer")"

if ! command -v pkg-config >/dev/null; then
    echo "pkg-config: skipped, there is none"
    exit 0
fi
pc=$(find "$work/prefix" -name queuelab.pc -printf %h)
flags=$(PKG_CONFIG_PATH=$pc pkg-config --cflags --libs queuelab)
# shellcheck disable=SC2086 # flags are words
"$cc" -std=gnu11 -Wall -Wextra -Werror "$work/src/main.c" -o "$work/by_pc" $flags
echo "pkg-config:   $("$work/by_pc")"
