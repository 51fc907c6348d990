#!/bin/sh
# apply.sh NAME DIR: makes DIR/queues, a copy of queues/ with the bug NAME of queues.tsv in it. Compile
# with -I DIR before the root. apply.sh --list: the mutants, one line each: name, queue, scenarios,
# what they are to find, what is wrong.
# Exit status: 0; 2 wrong use; 1 the old text does not occur exactly once: the table must follow the
# queue.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
table=${MUTANTS_TABLE:-$here/queues.tsv}

if [ $# -eq 1 ] && [ "$1" = --list ]; then
    awk -F '\t' '!/^#/ && NF && $2 != "-" { print $1 "\t" $2 "\t" $3 "\t" $4 "\t" $8 }' "$table"
    exit 0
fi
if [ $# -ne 2 ]; then
    echo 'usage: apply.sh NAME DIR, or apply.sh --list' >&2
    exit 2
fi
mkdir -p "$2/queues"
cp "$here"/../../queues/*.h "$2/queues/"

# Plain text, no patterns: index() and substr() only.
awk -F '\t' -v name="$1" -v dir="$2/queues/" '
    function say(text) { printf "apply.sh: %s\n", text | "cat >&2"; close("cat >&2") }
    function unescape(s,   out, at) {
        while ((at = index(s, "\\")) > 0) {
            out = out substr(s, 1, at - 1) (substr(s, at + 1, 1) == "n" ? "\n" : substr(s, at + 1, 1))
            s = substr(s, at + 2)
        }
        return out s
    }
    function slurp(file,   line, text) {
        while ((getline line < file) > 0)
            text = text line "\n"
        close(file)
        return text
    }
    /^#/ || $1 != name { next }
    NF != 8 { say("line " NR " of the table has " NF " fields, not 8"); bad = 1; exit }
    {
        found++
        text = slurp(dir $5)
        old = unescape($6)
        at = index(text, old)
        if (!at || index(substr(text, at + 1), old)) {
            say(name ": " $5 " has the old text " (at ? "more than once" : "nowhere") ": line " NR)
            bad = 1
            exit
        }
        printf "%s", substr(text, 1, at - 1) unescape($7) substr(text, at + length(old)) >(dir $5)
        close(dir $5)
    }
    END {
        if (bad)
            exit 1
        if (!found) {
            say("no mutant " name "; apply.sh --list")
            exit 2
        }
    }' "$table"
