# packages.sh: the Debian packages that the lab wants, and how they get onto the machine. Sourced.
# Nothing is installed, and no network is needed, when everything is there.
# shellcheck shell=bash

# What each job needs, and what it can do without (loudly: CMake names what it leaves out).
packages_needed_run='build-essential cmake ninja-build pkg-config libjansson-dev'
packages_wanted_run='libhwloc-dev libbenchmark-dev libcmocka-dev gnuplot-nox'
packages_needed_test="$packages_needed_run $packages_wanted_run
    clang libclang-rt-dev clang-format clang-tidy valgrind"
# Other people's queues: measured with --peers; the model checker looks at some of them, too.
packages_peers_rust='rustc cargo librust-concurrent-queue-dev librust-crossbeam-channel-dev
    librust-crossbeam-queue-dev'
packages_peers_studies='librocksdb-dev libsqlite3-dev librust-dashmap-dev' # beside those of maps
packages_peers() {
    {
        echo g++
        sed -n 's/^PEER([^,]*,[^,]*,[^,]*,[^,]*,\([^,]*\),.*/\1/p' queues/peers/peers.def
        sed -n 's/^PEER([^,]*,[^,]*,[^,]*,\([^,]*\),.*/\1/p' studies/maps/peers/peers.def
        if [ -d queues/peers/rust ]; then echo "$packages_peers_rust"; fi
        echo "$packages_peers_studies"
    } | tr -s ' ' '\n' | grep . | sort -u | tr '\n' ' '
}

package_there() {
    case $1 in # tools count however they were installed
    cmake | clang | clang-format | clang-tidy | valgrind | pkg-config | g++) have "$1" && return ;;
    ninja-build) have ninja && return ;;
    gnuplot-nox) have gnuplot && return ;;
    esac
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

packages_missing() { # packages_missing PACKAGE...
    local package missing=()
    for package in "$@"; do
        package_there "$package" || missing+=("$package")
    done
    printf '%s' "${missing[*]}"
}

packages_bootstrap() { # packages_bootstrap run|peers|test
    local needed=$packages_needed_run wanted=$packages_wanted_run
    case $1 in
    peers) wanted+=" $(packages_peers)" ;;
    test) needed=$packages_needed_test wanted=$(packages_peers) ;;
    esac
    if ! have dpkg-query; then
        say "  not a Debian system: packages are not checked; the build says what it misses"
        return
    fi
    local lack all
    # shellcheck disable=SC2086 # lists of words
    lack=$(packages_missing $needed) all=$(packages_missing $needed $wanted)
    if [ -z "$all" ]; then
        say "  all there"
    elif [ "$(id -u)" -eq 0 ]; then
        if ! (packages_install "$all"); then # what is only wanted must not keep us from the rest
            # shellcheck disable=SC2086
            lack=$(packages_missing $needed)
            [ -z "$lack" ] || packages_install "$lack"
            # shellcheck disable=SC2086
            say "  GOING ON WITHOUT $(packages_missing $wanted)"
        fi
    elif [ -n "$lack" ]; then
        say "run_all.sh: packages are missing. Install them, then start again:"
        say "  sudo apt-get install -y --no-install-recommends $all"
        exit 2
    else
        say "  GOING ON WITHOUT $all. To have them:"
        say "  sudo apt-get install -y --no-install-recommends $all"
    fi
}

packages_install() { # packages_install "PACKAGE ..."
    say "  installing $1"
    export DEBIAN_FRONTEND=noninteractive
    logged build/log/apt.log "apt-get update" apt-get update
    # shellcheck disable=SC2086 # a list of words
    logged build/log/apt.log "apt-get install" apt-get install -y --no-install-recommends $1
}
