#!/bin/sh
# draw.sh DATA_DIR OUT_DIR: draws every figure of this directory, as SVG and PNG, from the tables that
# `queuelab report --data DATA_DIR` has written. A figure without data is skipped, and said so.
set -eu
[ $# -eq 2 ] || { echo "usage: $0 DATA_DIR OUT_DIR" >&2; exit 2; }
data=$1 out=$2 here=$(dirname "$0")
command -v gnuplot >/dev/null || {
    echo "draw.sh: gnuplot is missing: apt-get install gnuplot-nox" >&2
    exit 3
}
for table in queues machine; do
    [ -s "$data/$table.tsv" ] || {
        echo "draw.sh: $data/$table.tsv is missing: run queuelab report --data $data first" >&2
        exit 4
    }
done
mkdir -p "$out"
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

# The first line of a script names the table it draws: "# table: NAME".
for script in "$here"/*.gp; do
    figure=$(basename "$script" .gp)
    [ "$figure" = style ] && continue
    table=$(sed -n '1s/^# table: //p' "$script")
    if [ ! -f "$data/$table.tsv" ] || [ "$(wc -l <"$data/$table.tsv")" -lt 2 ]; then
        echo "SKIPPED $figure: $data/$table.tsv has no data"
        rm -f "$out/$figure.svg" "$out/$figure.png"
        continue
    fi
    for format in svg png; do
        if ! gnuplot -e "format='$format'; out='$out/$figure.$format.tmp'; data='$data'; figure='$figure'; here='$here'" \
            "$script" 2>"$errors" ||
            grep -vi 'no valid \(data \)\?points' "$errors" | grep -qi 'error\|warning'; then # a queue may miss a panel
            echo "draw.sh: gnuplot failed on $script ($format):" >&2
            cat "$errors" >&2
            rm -f "$out/$figure.$format.tmp"
            exit 5
        fi
        mv "$out/$figure.$format.tmp" "$out/$figure.$format"
    done
    echo "drew $out/$figure.svg and .png"
done
