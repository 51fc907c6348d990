#!/usr/bin/env bash
# build_subject.sh OUT.so SOURCE... [-- FLAGS]: a program as queuelab-model loads it.
#
# Every source is compiled at -O0 with -fsanitize=thread, so that each access to memory is a call
# (optimisers delete plain loads before they are instrumented); nothing is linked with libtsan:
# queuelab-model has those functions. On the way
#
#   spin hints and fences in assembly   become calls of model_pause_keep and model_fence_keep
#   names in redirect.syms              become model_NAME: what the checker models
#   names in native.syms                stay: the C library's own, harmless
#   every other undefined name          becomes a stub: the program may contain the call, but making
#                                       it ends the check with the name of what cannot be modelled
#   constructors and destructors        run in every execution, not when the file is loaded
#
# C by $CC (gcc), C++ by $CXX (g++) as C++17; FLAGS come last and go to compiler and linker. Exit
# status: 0; 2 wrong use; 1 it does not compile: the compiler's messages are on stderr.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

wrong_use() {
    printf 'build_subject.sh: %s; usage: build_subject.sh OUT.so SOURCE... [-- FLAGS]\n' "$*" >&2
    exit 2
}

[ $# -ge 2 ] || wrong_use 'no output or no source'
out=$1
shift
sources=() cxx=no
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    [ -r "$1" ] || wrong_use "cannot read $1"
    case $1 in
    *.c) ;;
    *.cc | *.cpp | *.cxx) cxx=yes ;;
    *) wrong_use "$1 is neither C (.c) nor C++ (.cc, .cpp, .cxx)" ;;
    esac
    sources+=("$1")
    shift
done
[ $# -eq 0 ] || shift # the --
[ ${#sources[@]} -gt 0 ] || wrong_use 'no source'
user=("$@")

# ---- compilers and flags -----------------------------------------------------------------------
CC=${CC:-gcc}
case $CC in
*clang*) CXX=${CXX:-${CC/clang/clang++}} ;;
*) CXX=${CXX:-g++} ;;
esac
needed=("$CC" objcopy nm awk)
if [ $cxx = yes ]; then needed+=("$CXX"); fi
for tool in "${needed[@]}"; do
    command -v "$tool" >/dev/null || wrong_use "there is no '$tool': install it, or set CC and CXX"
done

machine=$("$CC" -dumpmachine)
case $machine in
x86_64* | aarch64*) ;;
*) wrong_use "$CC compiles for $machine; only x86_64 and aarch64 are supported" ;;
esac

# plain_flags COMPILER: sets `plain`. C and C++ may be compiled by different makes of compiler.
plain_flags() {
    local clang=no
    plain=(-w -O0 -fno-builtin -gdwarf-4 -fPIC -fno-omit-frame-pointer -fno-common -fno-stack-protector
        -fvisibility=default -ftls-model=global-dynamic -U_FORTIFY_SOURCE -D_GNU_SOURCE -DMODEL_CHECKER
        "-I$here/../../..")
    if "$1" --version | grep -q clang; then
        clang=yes
        plain+=(-Qunused-arguments)
    fi
    # Thread-local storage is asked for by calls, which are redirected; descriptors could not be.
    case $machine in
    x86_64*)
        plain+=(-mno-red-zone) # calls are put where the compiler expects none
        if [ $clang = no ]; then plain+=(-mtls-dialect=gnu); fi
        ;;
    aarch64*) plain+=(-mtls-dialect=trad) ;;
    esac
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ---- compile, with hints in assembly made visible ----------------------------------------------
objects=()
for source in "${sources[@]}"; do
    n=${#objects[@]}
    case $source in
    *.c) compile=("$CC") ;;
    *) compile=("$CXX" -std=c++17) ;;
    esac
    plain_flags "${compile[0]}"
    "${compile[@]}" "${plain[@]}" -fsanitize=thread "${user[@]}" -S -o "$work/$n.s" "$source" || exit 1
    awk -v machine="$machine" -f "$here/hints.awk" "$work/$n.s" >"$work/$n.hints.s"
    "${compile[0]}" -c -w -o "$work/$n.o" "$work/$n.hints.s" || exit 1
    objects+=("$work/$n.o")
done

# ---- names ---------------------------------------------------------------------------------------
words() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"; }

# A name that the program defines itself is its own, and not the C library's; except main.
nm -g --defined-only -f posix "${objects[@]}" | awk 'NF > 1 { print $1 }' >"$work/defined"
words "$here/redirect.syms" | awk -v defined="$work/defined" '
    BEGIN { while ((getline name < defined) > 0) own[name] = 1; own["main"] = 0 }
    !own[$1] { print $1, (NF > 1 ? $2 : "model_" $1) }' >"$work/redirect"

# Constructors of priority 101 and later are the program's; earlier ones are the compiler's.
rename_arrays() {
    local section number
    objdump -h "$1" | awk '$2 ~ /^\.(init|fini)_array(\.[0-9]+)?$/ { print $2 }' |
    while read -r section; do
        number=${section##*.}
        case $number in
        init_array | fini_array) ;;
        *) [ "$((10#$number))" -gt 100 ] || continue ;;
        esac
        printf '%s\n' --rename-section "$section=model_${section#.}"
    done
}
finish() { # finish OBJECT: redirected names, and our own way to start
    local arrays
    mapfile -t arrays < <(rename_arrays "$1")
    objcopy --redefine-syms="$work/redirect" "${arrays[@]}" "$1"
}
for object in "${objects[@]}"; do finish "$object"; done

# native.syms as one extended regular expression per line; `!` takes names out again.
patterns() {
    words "$here/native.syms" | tr -s ' \t' '\n' | sed -n "$1" |
        sed -e 's/[.$^+(){}|]/\\&/g' -e 's/\*/.*/g' -e 's/?/./g'
}
patterns '/^!/d; /./p' >"$work/native"
patterns 's/^!//p' >"$work/not_native"
nm -u -f posix "${objects[@]}" | awk -v defined="$work/defined" '
    BEGIN { while ((getline name < defined) > 0) own[name] = 1 }
    $2 !~ /^[UwvV]$/ || own[$1] || $1 ~ /^(__tsan_|_GLOBAL_OFFSET_TABLE_$|__dso_handle$)/ { next }
    $1 !~ /^model_/ || $1 ~ /^model_asm_/ { print $1 }' | sort -u >"$work/foreign"
{
    grep -vxE -f "$work/native" "$work/foreign" || true
    grep -xE -f "$work/not_native" "$work/foreign" || true
} | sort -u >"$work/unmodelled"

# ---- what every subject brings along: its start, and stubs ---------------------------------------
{
    printf '#include "models/checker/subject/subject_start.h"\n'
    while read -r name; do
        case $name in
        model_asm_*) # the instruction, as hints.awk spelled it
            text=${name#model_asm_}
            text="the instruction '${text//_/ }' in assembly"
            ;;
        *) text=$name ;;
        esac
        printf 'SUBJECT_STUB("%s", "%s")\n' "$name" "$text"
    done <"$work/unmodelled"
    # Calls that keep state of their own, or write to the program's variables unseen: snapshots
    # (run/snapshot.h) would not have it.
    unseen='_Z|__cxa_|__gxx_|_Unwind_|strto|__isoc23_strto|strerror_r|__xpg_strerror_r|setlocale|fe|frexp'
    if grep -qE "^($unseen|modf|remquo|sincos|lgamma)" "$work/foreign"; then
        printf 'const char model_subject_unseen_state = 1;\n'
    fi
} >"$work/start.c"
plain_flags "$CC"
"$CC" "${plain[@]}" -c -o "$work/start.o" "$work/start.c"
finish "$work/start.o"

link=("$CC")
if [ $cxx = yes ]; then link=("$CXX"); fi
"${link[@]}" -shared -Wl,-Bsymbolic -Wl,-z,now -Wl,-z,relro -Wl,--hash-style=gnu \
    -o "$out" "${objects[@]}" "$work/start.o" -Wl,-T,"$here/subject.ld" -w "${user[@]}" || exit 1
