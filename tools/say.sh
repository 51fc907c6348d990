# say.sh: what a person sees of run_all.sh. Sourced.
#
# On a terminal one line moves while something runs; piped, every line is plain and final.
# Colours only on a terminal, and never when NO_COLOR is set (no-color.org).
# shellcheck shell=bash

colour_bold='' colour_dim='' colour_red='' colour_green='' colour_off=''
terminal=no
if [ -t 1 ]; then
    terminal=yes
    if [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
        colour_bold=$'\e[1m' colour_dim=$'\e[2m' colour_red=$'\e[31m' colour_green=$'\e[32m'
        colour_off=$'\e[0m'
    fi
fi

no_color() {
    colour_bold='' colour_dim='' colour_red='' colour_green='' colour_off=''
    export NO_COLOR=1
}

say() { printf '%s\n' "$*"; }
bold() { printf '%s%s%s\n' "$colour_bold" "$*" "$colour_off"; }
die() {
    printf '%srun_all.sh: %s%s\n' "$colour_red" "$*" "$colour_off" >&2
    exit 1
}
wrong_use() {
    printf 'run_all.sh: %s (./run_all.sh help)\n' "$*" >&2
    exit 2
}
have() { command -v "$1" >/dev/null 2>&1; }
now() { printf '%(%s)T' -1; }

duration() { # duration SECONDS: 4m05s
    if [ "$1" -lt 60 ]; then printf '%ds' "$1"; else printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); fi
}

deadline='' # seconds since 1970, once the time budget runs
step() {    # step 2/6 build
    local left=''
    if [ -n "$deadline" ]; then left=" (${colour_dim}$(duration $((deadline > $(now) ? deadline - $(now) : 0))) left${colour_off})"; fi
    printf '%s[%s] %s%s%s\n' "$colour_bold" "$1" "$2" "$colour_off" "$left"
}

# logged LOG WHAT COMMAND...: runs the command with its output in LOG. On failure shows the end of
# LOG, names it, and ends the script.
logged() {
    local log=$1 what=$2 begin status=0 mover=''
    shift 2
    mkdir -p "$(dirname "$log")"
    begin=$(now)
    if [ $terminal = yes ]; then
        moving_line "$what" "$log" &
        mover=$!
    fi
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ -n "$mover" ]; then
        kill "$mover" 2>/dev/null || true
        wait "$mover" 2>/dev/null || true
        printf '\r\e[K'
    fi
    if [ $status -ne 0 ]; then
        tail -n 30 "$log" >&2
        die "failed after $(duration $(($(now) - begin))): $what. All of its output: $log"
    fi
    say "  $what: $(duration $(($(now) - begin)))"
}

moving_line() { # what runs now, for how long, and the newest line of its log; until killed
    local begin room=$((${COLUMNS:-80} - ${#1} - 14))
    begin=$(now)
    if [ $room -lt 10 ]; then room=10; fi
    while kill -0 $$ 2>/dev/null; do
        printf '\r\e[K  %s %s %s%s%s' "$1" "$(duration $(($(now) - begin)))" "$colour_dim" \
            "$(tail -n 1 "$2" 2>/dev/null | tr -d '\r' | cut -c1-$room)" "$colour_off"
        sleep 0.3
    done
}
