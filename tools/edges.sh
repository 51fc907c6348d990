#!/bin/sh
# edges.sh [--markdown | --observed PAIRS] [FILE...]: holds the comments of queues/*.h to the code.
#
# The opening comment of a queue lists its edges, what one thread hands to another:
#
#    * Edges   filled   push -> pop    slot[i] holds item i
#
# and each ordered access says which edge it is an end of, on its line or on the last line of its
# statement: /* [filled>] */ where it departs (release), /* [>filled] */ where it arrives (acquire),
# both for acq_rel, or /* [sc: why] */ for seq_cst. This program fails on
#
#   an ordered access without its tag          a tag on a statement without an ordered access
#   a tag of an edge that no table has         an edge that never departs or never arrives
#   raw atomics, volatile, malloc or free (they belong in atomics.h, pause.h, memory.h)
#
# Tables and ends of the headers that a header includes count as its own. --markdown prints all
# edges as a table. --observed compares with what the checker saw (observed_edges.sh), lines of PAIRS
# "FROM.h:LINE -> TO.h:LINE": a release and an acquire that synchronized must have an edge in common
# (a fence that is there for [sc:] alone needs none), every edge must have been seen, and every tag
# as an end of its edge. Exit status: 0 clean, 1 findings, 2 misuse.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
usage='usage: edges.sh [--markdown | --observed PAIRS] [FILE...]'
markdown=0 observed=
case ${1-} in
--observed)
    observed=${2-}
    if [ ! -r "$observed" ]; then
        echo "edges.sh: cannot read the observed pairs '$observed'; $usage" >&2
        exit 2
    fi
    shift 2
    ;;
--markdown)
    markdown=1
    shift
    ;;
-*)
    echo "edges.sh: unknown option $1; $usage" >&2
    exit 2
    ;;
esac
if [ $# -eq 0 ]; then
    cd "$here"
    set -- queues/*.h
fi
for file in "$@"; do
    if [ ! -r "$file" ]; then
        echo "edges.sh: cannot read $file" >&2
        exit 2
    fi
done

exec awk -v markdown="$markdown" -v observed="$observed" '
function finding(file, line, text) {
    if (markdown || (observed && !comparing))
        return
    print file ":" line ": " text
    findings++
}

# Splits `text` into code and comment; the comment may go on with the next line (in_comment).
function split_line(text,    at, mark) {
    code = comment = ""
    while (text != "") {
        if (in_comment) {
            at = index(text, "*/")
            comment = comment " " (at ? substr(text, 1, at - 1) : text)
            text = at ? substr(text, at + 2) : ""
            in_comment = !at
            continue
        }
        if (!match(text, /"([^"\\]|\\.)*"|\047([^\047\\]|\\.)*\047|\/\*|\/\//)) {
            code = code text
            return
        }
        code = code substr(text, 1, RSTART - 1)
        mark = substr(text, RSTART, 2)
        if (mark == "/*") {
            in_comment = 1
        } else if (mark == "//") {
            comment = comment " " substr(text, RSTART + 2)
            return
        } else {
            code = code (substr(text, 1, RSTART - 1) ~ /^[ \t]*#[ \t]*include/ \
                             ? substr(text, RSTART, RLENGTH) : "\"\"")
        }
        text = substr(text, RSTART + RLENGTH)
    }
}

# One line of an opening comment: the Edges table goes on until an empty or another headed line.
function read_table(file, line, text,    name, ends, what) {
    if (text ~ /^[ *\/]*Edges[ \t]/) {
        sub(/^[ *\/]*Edges[ \t]+/, "", text)
        in_table = 1
    } else if (in_table && text !~ /^ \*   /) {
        in_table = 0
    } else {
        sub(/^ *\*[ \t]*/, "", text)
    }
    if (!in_table || text !~ /^[a-z][a-z_]*[ \t]+[a-z][a-z_, ]*->/)
        return
    sub(/[ \t]*\*\/.*/, "", text)
    name = text
    sub(/[ \t].*/, "", name)
    ends = substr(text, length(name) + 1)
    sub(/^[ \t]+/, "", ends)
    what = ends
    sub(/^[a-z_, ]*->[ \t]*([a-z_]+,[ \t]*)*[a-z_]+[ \t]*/, "", what)
    ends = substr(ends, 1, length(ends) - length(what))
    gsub(/[ \t]+/, " ", ends)
    sub(/ $/, "", ends)
    if (!((file, name) in table))
        table_names[file] = table_names[file] name " "
    table[file, name] = line
    rows[file] = rows[file] "| " short(file) " | " name " | " ends " | " what " |\n"
}

function short(file) {
    sub(/.*\//, "", file)
    return file
}

# The tags in a comment: wanted "dep", "arr" or "sc"; names into found[].
function tags(text, file, line, statement,    tag, name) {
    while (match(text, /\[(>[a-z][a-z_]*|[a-z][a-z_]*>|sc: *[^]]*)\]/)) {
        tag = substr(text, RSTART + 1, RLENGTH - 2)
        text = substr(text, RSTART + RLENGTH)
        if (tag ~ /^sc:/) {
            if (tag ~ /^sc: *$/)
                finding(file, line, "[sc:] gives no reason")
            sc[statement, line] = 1
            continue
        }
        name = tag
        sub(/>/, "", name)
        if (tag ~ /^>/) {
            arrives[file, name] = 1
            arr[statement, line] = 1
            arr_names[statement] = arr_names[statement] name " "
        } else {
            departs[file, name] = 1
            dep[statement, line] = 1
            dep_names[statement] = dep_names[statement] name " "
        }
        uses[file] = uses[file] line ":" name " "
    }
}

# The statement from line `first` on, its code joined; line_of[] says where each position lies.
function end_statement(file, last,    at, rest, base, word, depth, i, c, list, order, from, to, k,
                       has_dep, has_arr, has_sc, found) {
    at = 1
    found = 0
    while (match(rest = substr(statement, at), /(^|[^A-Za-z0-9_])a_[a-z0-9_]+[ \t]*\(/)) {
        word = substr(rest, RSTART, RLENGTH)
        gsub(/[^a-z0-9_]/, "", word)
        base = at + RSTART + RLENGTH - 2 # the opening parenthesis
        depth = 0
        list = ""
        for (i = base; i <= length(statement); i++) {
            c = substr(statement, i, 1)
            if (c == "(")
                depth++
            if (c == ")" && --depth == 0)
                break
            if (depth == 1)
                list = list c
        }
        at = base + 1
        gsub(/[ \t(]+/, "", list)
        order = ""
        if (match(list, /(^|,)(relaxed|acquire|release|acq_rel|seq_cst)(,[a-z_]+)?$/)) {
            order = substr(list, RSTART, RLENGTH)
            sub(/^,/, "", order)
            if (word ~ /^a_(cas|cas_weak|cas2)$/ && order !~ /,/) # its good order stands before it
                order = ""
        }
        if (order == "" || order ~ /^relaxed(,relaxed)?$/)
            continue
        found = 1
        from = line_at(base)
        to = line_at(i)
        has_dep = ((file, number, last) in dep)
        has_arr = ((file, number, last) in arr)
        has_sc = ((file, number, last) in sc)
        for (k = from; k <= to; k++) {
            has_dep = has_dep || ((file, number, k) in dep)
            has_arr = has_arr || ((file, number, k) in arr)
            has_sc = has_sc || ((file, number, k) in sc)
        }
        if (order ~ /seq_cst/) {
            if (!has_sc)
                finding(file, from, word "(..., " order ") without a [sc: reason]")
            continue
        }
        if (order ~ /release|acq_rel/ && !has_dep)
            finding(file, from, word "(..., " order ") without a tag [edge>]")
        if (order ~ /acquire|acq_rel/ && !has_arr)
            finding(file, from, word "(..., " order ") without a tag [>edge]")
    }
    if (!found)
        for (k = first; k <= last; k++)
            if (((file, number, k) in dep) || ((file, number, k) in arr) || ((file, number, k) in sc))
                finding(file, k, "a tag, but no ordered access in this statement")
    for (k = first; k <= last; k++)
        statement_at[short(file), k] = file SUBSEP number
    ordering_fence[file, number] = statement ~ /a_fence/ && dep_names[file, number] arr_names[file, number] == ""
    place[file, number] = file ":" last
    number++
    statement = ""
    depth_now = 0
}

function line_at(position,    k) {
    for (k = last_line; k > first && begins[k] > position; k--)
        ;
    return k
}

function count_of(text, c) {
    return gsub(c, "", text)
}

function raw(file, line, text) {
    if (short(file) == "atomics.h" || short(file) == "pause.h")
        return
    gsub(/atomic_pair\(/, "", text)
    if (text ~ /(^|[^A-Za-z0-9_])(atomic_|__atomic|__sync)[a-z_]*/)
        finding(file, line, "a raw atomic: use the words of atomics.h")
    if (text ~ /(^|[^A-Za-z0-9_])volatile([^A-Za-z0-9_]|$)/)
        finding(file, line, "volatile orders nothing between threads: use atomic(T)")
    if (short(file) != "memory.h" &&
        text ~ /(^|[^A-Za-z0-9_])(malloc|calloc|realloc|aligned_alloc|posix_memalign|free)[ \t]*\(/)
        finding(file, line, "memory that is not counted: use q_alloc and q_free")
}

function load(file, quiet,    text, line, opening, name, was) {
    if (file in loaded)
        return
    loaded[file] = 1
    was = markdown
    if (quiet)
        markdown = 1 # an included header is reported when it is its own turn
    in_comment = in_table = 0
    opening = 1
    statement = ""
    number = 1
    depth_now = 0
    for (line = 1; (getline text < file) > 0; line++) {
        if (opening)
            read_table(file, line, text)
        if (text ~ /\*\//)
            opening = 0
        split_line(text)
        sub(/\\$/, "", code)
        sub(/[ \t]+$/, "", code)
        if (code ~ /^[ \t]*#[ \t]*include[ \t]*"/) {
            name = code
            sub(/^[^"]*"/, "", name)
            sub(/".*/, "", name)
            includes[file] = includes[file] directory(file) short(name) " "
        }
        if (code ~ /^[ \t]*$/)
            continue
        raw(file, line, code)
        if (code ~ /^[ \t]*#/ && code !~ /^[ \t]*#[ \t]*define/)
            continue
        if (statement == "")
            first = last_line = line
        begins[line] = length(statement) + 1
        while (++last_line < line)
            begins[last_line] = begins[line]
        last_line = line
        statement = statement code " "
        tags(comment, file, line, file SUBSEP number)
        depth_now += count_of(code, "\\(") - count_of(code, "\\)")
        if (depth_now <= 0 && code ~ /[;{}:)]$/)
            end_statement(file, line)
    }
    close(file)
    if (statement != "")
        end_statement(file, line - 1)
    markdown = was
}

function directory(file) {
    return file ~ /\// ? substr(file, 1, length(file) - length(short(file))) : ""
}

# Loads what `file` includes, directly or not; the names into family.
function gather(file,    list, n, i) {
    if (index(family, " " file " "))
        return
    family = family file " "
    load(file, 1)
    n = split(includes[file], list, " ")
    for (i = 1; i <= n; i++)
        gather(list[i])
}

function judge(file,    list, n, i, use, members, m, k, known, out, into) {
    family = " "
    gather(file)
    m = split(family, members, " ")
    n = split(uses[file], list, " ")
    for (i = 1; i <= n; i++) {
        split(list[i], use, ":")
        known = 0
        for (k = 1; k <= m; k++)
            known = known || ((members[k], use[2]) in table)
        if (!known)
            finding(file, use[1], "edge \"" use[2] "\" is in no Edges table of this file or of " \
                                  "those it includes")
    }
    n = split(table_names[file], list, " ")
    for (i = 1; i <= n; i++) {
        out = into = 0
        for (k = 1; k <= m; k++) {
            out = out || ((members[k], list[i]) in departs)
            into = into || ((members[k], list[i]) in arrives)
        }
        if (!out)
            finding(file, table[file, list[i]], "edge \"" list[i] "\" never departs: no [" list[i] ">]")
        if (!into)
            finding(file, table[file, list[i]], "edge \"" list[i] "\" never arrives: no [>" list[i] "]")
    }
}

# "x.h:12" -> the statement, file SUBSEP number; "": it lies in none of the headers.
function statement_of(at,    part) {
    split(at, part, ":")
    sub(/.*\//, "", part[1])
    return statement_at[part[1], part[2]]
}

function brackets(names, before, after,    list, n, i, text) {
    n = split(names, list, " ")
    for (i = 1; i <= n; i++)
        text = text " [" before list[i] after "]"
    return n ? text : " no edge"
}

# One observed pair: which edges it is, or that it is none.
function observe(pair,    end, from, to, list, n, i, edge) {
    split(pair, end, " -> ")
    from = statement_of(end[1])
    to = statement_of(end[2])
    if (from == "" || to == "" || ordering_fence[from] || ordering_fence[to])
        return
    n = split(dep_names[from], list, " ")
    for (i = 1; i <= n; i++)
        if (index(" " arr_names[to], " " list[i] " ")) {
            edge = list[i]
            seen[edge] = seen_from[from, edge] = seen_to[to, edge] = 1
        }
    if (edge == "") {
        split(place[from], end, ":")
        finding(end[1], end[2], "undeclared: synchronizes with " place[to] ":" \
                brackets(dep_names[from], "", ">") " here," brackets(arr_names[to], ">", "") " there")
    }
}

function compare(    pair, i, k, n, list, key, end) {
    comparing = 1
    while ((getline pair < observed) > 0)
        if (!(pair in known_pair)) {
            known_pair[pair] = 1
            observe(pair)
        }
    for (i = 1; i < ARGC; i++) {
        n = split(table_names[ARGV[i]], list, " ")
        for (k = 1; k <= n; k++)
            if (!(list[k] in seen))
                finding(ARGV[i], table[ARGV[i], list[k]], "never seen: edge \"" list[k] "\" in no scenario")
    }
    for (key in place) {
        split(place[key], end, ":")
        n = split(dep_names[key], list, " ")
        for (k = 1; k <= n; k++)
            if (list[k] in seen && !((key, list[k]) in seen_from))
                finding(end[1], end[2], "never seen: [" list[k] ">] departs from here in no scenario")
        n = split(arr_names[key], list, " ")
        for (k = 1; k <= n; k++)
            if (list[k] in seen && !((key, list[k]) in seen_to))
                finding(end[1], end[2], "never seen: [>" list[k] "] arrives here in no scenario")
    }
}

BEGIN {
    for (i = 1; i < ARGC; i++)
        load(ARGV[i], 0)
    if (observed) {
        compare()
        exit findings > 0
    }
    if (markdown) {
        print "| header | edge | from -> to | what the other side may then rely on |"
        print "|---|---|---|---|"
        for (i = 1; i < ARGC; i++)
            printf "%s", rows[ARGV[i]]
        exit 0
    }
    for (i = 1; i < ARGC; i++)
        judge(ARGV[i])
    exit findings > 0
}' "$@"
