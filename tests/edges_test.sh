#!/bin/sh
# edges_test.sh: tools/edges.sh on small headers, each with one thing wrong: it must say that and
# nothing else, with the line; on right ones it must be silent.
set -eu
edges=$(cd "$(dirname "$0")/.." && pwd)/tools/edges.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
tests=0

fail() {
    printf 'edges_test: %s\n' "$*" >&2
    exit 1
}

# header TABLE_LINES: what follows on stdin is the code, from line 5 on.
header() {
    {
        printf '/* x.h: a queue.\n *\n * Edges   filled   push -> pop   the slot holds the item%s */\n\n' "$1"
        cat
    } >x.h
}

says() { # says 'x.h:LINE: MESSAGE': this finding and no other
    tests=$((tests + 1))
    if "$edges" x.h >out 2>&1; then fail "silent where it should say: $1"; fi
    [ "$(wc -l <out)" -eq 1 ] || fail "expected only '$1' but it said: $(cat out)"
    case $(cat out) in
    "$1"*) ;;
    *) fail "expected '$1' but it said: $(cat out)" ;;
    esac
}
silent() {
    tests=$((tests + 1))
    "$edges" x.h >out 2>&1 || fail "expected silence about $1, but it said: $(cat out)"
    [ ! -s out ] || fail "expected silence about $1, but it said: $(cat out)"
}

header '' <<'C'
a_store(&q->tail, tail + 1, release); /* [filled>] */
t = a_load(&q->tail, acquire); /* [>filled] */
C
silent 'both ends'

header '' <<'C'
a_store(&q->tail, f(a, b) + 1,
        release); /* [filled>] */
if (a_load(&q->tail, relaxed) == 0 &&
    a_cas(&q->tail, &seen, next, acquire,
          relaxed)) /* [>filled] */
    a_fence(seq_cst); /* [sc: the other side fences too] */
#define LOOK(x)                 \
    do {                        \
        a_load(x, acquire); /* [>filled] */ \
    } while (0)
C
silent 'statements of several lines, macros'

header '' <<'C'
x = a_swap(&q->tail, f("a_load(x, acquire)"), acq_rel); /* [filled>] [>filled] */
/* a_load(x, acquire) in a comment, malloc() and volatile too */
q_free(m, p); a_init(&q->x, 0);
C
silent 'strings and comments'

header '' <<'C'
a_store(&q->tail, tail + 1, release);
a_store(&q->tail, tail + 1, release); /* [filled>] */
t = a_load(&q->tail, acquire); /* [>filled] */
C
says 'x.h:5: a_store(..., release) without a tag [edge>]'

header '' <<'C'
a_store(&q->tail, tail + 1, release); /* [filled>] */
while (!done)
    done = a_load(&q->tail, acquire);
t = a_load(&q->tail, acquire); /* [>filled] */
C
says 'x.h:7: a_load(..., acquire) without a tag [>edge]'

header '' <<'C'
a_store(&q->tail, tail + 1, release); /* [filled>] */
t = a_load(&q->tail, acquire); /* [>filled] */
if (a_cas_weak(&q->head, &seen, next, acq_rel, relaxed)) /* [filled>] */
C
says 'x.h:7: a_cas_weak(..., acq_rel,relaxed) without a tag [>edge]'

header '' <<'C'
a_store(&q->tail, tail + 1, release); /* [>filled] [filled>] */
t = a_load(&q->tail, acquire); /* [filled>] */
C
says 'x.h:6: a_load(..., acquire) without a tag [>edge]'

header '' <<'C'
a_store(&q->tail, tail + 1, release); /* [filled>] */
t = a_load(&q->tail, acquire); /* [>filled] */
a_fence(seq_cst);
C
says 'x.h:7: a_fence(..., seq_cst) without a [sc: reason]'

header '' <<'C'
a_store(&q->tail, tail + 1, release); /* [filled>] */
t = a_load(&q->tail, acquire); /* [>filled] */
a_fence(seq_cst); /* [sc: ] */
C
says 'x.h:7: [sc:] gives no reason'

header '' <<'C'
a_store(&q->tail, tail + 1, release); /* [filled>] */
t = a_load(&q->tail, acquire); /* [>filled] */
t = a_load(&q->head, acquire); /* [>freed] */
C
says 'x.h:7: edge "freed" is in no Edges table'

header '' <<'C'
t = a_load(&q->tail, acquire); /* [>filled] */
C
says 'x.h:3: edge "filled" never departs: no [filled>]'

header '
 *         freed    pop -> push   the slot is free' <<'C'
a_store(&q->tail, tail + 1, release); /* [filled>] */
t = a_load(&q->tail, acquire); /* [>filled] */
a_store(&q->head, head + 1, release); /* [freed>] */
C
says 'x.h:4: edge "freed" never arrives: no [>freed]'

header '' <<'C'
a_store(&q->tail, tail + 1, release); /* [filled>] */
t = a_load(&q->tail, acquire); /* [>filled] */
q->plain = 1; /* [filled>] */
C
says 'x.h:7: a tag, but no ordered access in this statement'

for line in 'atomic_store(&x, 1);' '__atomic_load_n(&x, 0);' '__sync_synchronize();'; do
    header '' <<C
a_store(&q->tail, tail + 1, release); /* [filled>] */
t = a_load(&q->tail, acquire); /* [>filled] */
$line
C
    says 'x.h:7: a raw atomic'
done

header '' <<'C'
a_store(&q->tail, tail + 1, release); /* [filled>] */
t = a_load(&q->tail, acquire); /* [>filled] */
volatile int x;
C
says 'x.h:7: volatile orders nothing between threads'

for line in 'p = malloc(8);' 'free (p);' 'p = aligned_alloc(64, 64);'; do
    header '' <<C
a_store(&q->tail, tail + 1, release); /* [filled>] */
t = a_load(&q->tail, acquire); /* [>filled] */
$line
C
    says 'x.h:7: memory that is not counted'
done

# An edge of an included header may be used, and may end there.
cat >base.h <<'C'
/* base.h
 * Edges   moved   pop -> pop   the head */
a_store(&q->head, 1, release); /* [moved>] */
a_load(&q->head, acquire); /* [>moved] */
C
header '' <<'C'
#include "queues/base.h"
a_store(&q->tail, tail + 1, release); /* [filled>] */
t = a_load(&q->tail, acquire); /* [>filled] */
a_load(&q->head, acquire); /* [>moved] */
C
silent 'an edge of an included header'
[ "$("$edges" --markdown x.h base.h | grep -c '^| .*-> pop |')" -eq 2 ] || fail "--markdown: no table"

for wrong in '--frob' 'missing.h'; do
    status=0
    "$edges" "$wrong" >out 2>&1 || status=$?
    [ $status -eq 2 ] || fail "'$wrong' ends with $status, not 2"
    [ "$(wc -l <out)" -eq 1 ] || fail "'$wrong': not one line"
    tests=$((tests + 1))
done
echo "edges_test: $tests passed"
