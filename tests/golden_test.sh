#!/bin/sh
# golden_test.sh CC BUILD: the counterexamples in models/golden are what the checker prints now, short
# enough to be read, and of no machine in particular. Exit status: 0, 1, or 77: skipped.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
status=0
"$root/models/golden/golden.sh" "$@" || exit $?
cd "$root/models/golden"
for file in *.txt *.svg; do
    case $file in *.txt) lines=120 ;; *) lines=400 ;; esac
    if [ "$(wc -l <"$file")" -ge $lines ]; then
        echo "golden_test: $file has $lines lines or more: choose another" >&2
        status=1
    fi
    if grep -n -e '/tmp/' -e '/home/' -e "$root" -e '0x[0-9a-f]\{6,\}' -e '^time: ' -e 'not decided' "$file"; then
        echo "golden_test: $file: a path, an address or a time" >&2
        status=1
    fi
done
if command -v xmllint >/dev/null; then
    xmllint --noout ./*.svg || status=1
fi
exit $status
