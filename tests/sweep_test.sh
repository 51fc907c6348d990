#!/bin/sh
# sweep_test.sh: many explorations of one program: --weaken all says of each weaker order whether it
# is noticed, --freeze all who waits for a stopped thread. The programs are so small that every
# answer can be worked out by hand.
#
# usage: sweep_test.sh CC BUILD
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
QCHECK_ENGINE=$2/models/queuelab-model
CC=$1
export QCHECK_ENGINE CC
if [ ! -x "$QCHECK_ENGINE" ]; then
    echo "sweep_test: skipped: this build has no queuelab-model"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
passed=0 failed=0

# is WANTED PROGRAM: what the last sweep of PROGRAM.c gives, a line for each
is() {
    if [ "$1" = "$(cat lines)" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s:\n%s\nwanted:\n%s\n' "$2" "$(cat lines)" "$1"
    fi
}
has() { # has FILE PATTERN: a line of what the last sweep gave
    if grep -q -- "$2" "$1"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: no line with '$2':"
        sed 's/^/    /' "$1"
    fi
}
has_not() { # has_not FILE PATTERN: it gave something, and no such line
    if [ -s "$1" ] && ! grep -q -- "$2" "$1"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: nothing, or a line with '$2':"
        sed 's/^/    /' "$1"
    fi
}
# orders PROGRAM: line, operation, from, to, verdict
orders() {
    "$root/models/qcheck" "$1.c" --weaken all --json >out 2>err || true
    sed -n 's/^{"file":"[^"]*","line":\([0-9]*\),.*"operation":"\([^"]*\)","from":"\([^"]*\)","to":"\([^"]*\)","verdict":"\([^"]*\)".*/\1 \2 \3 \4 \5/p' out |
        LC_ALL=C sort >lines
}
# stops PROGRAM: thread, step, what waits, what is refused, verdict
stops() { # stops PROGRAM [any]
    "$root/models/qcheck" "$1.c" --freeze "${2:-all}" --json -- "-I$root" >out 2>err || true
    sed -n 's/^{"thread":\([0-9]*\),"after":\([0-9]*\),"blocks":\([a-z]*\),"waits":\[\([^]]*\)\],"refused":\[\([^]]*\)\],.*"verdict":"\([^"]*\)".*/\1:\2 \3 [\4] [\5] \6/p' out >lines
}
threads() { # threads PROGRAM: the program on stdin, between the usual beginning and end
    {
        echo '#include <assert.h>'
        echo '#include <pthread.h>'
        echo '#include <stdatomic.h>'
        echo '#define O(x) memory_order_##x'
        cat
        cat <<'END'
int main(void)
{
    pthread_t t[2];
    pthread_create(&t[0], 0, one, 0);
    pthread_create(&t[1], 0, two, 0);
    pthread_join(t[0], 0);
    pthread_join(t[1], 0);
#ifdef AFTER
    assert(AFTER);
#endif
    return 0;
}
END
    } >"$1.c"
}

# ---- weaker orders -----------------------------------------------------------------------------
# Stronger than it need be on both sides: acquire and release are needed, seq_cst is not.
threads mp <<'END'
static _Atomic int flag; static int data;
static void *one(void *a) { data = 1; atomic_store_explicit(&flag, 1, O(seq_cst)); return a; }
static void *two(void *a) { if (atomic_load_explicit(&flag, O(seq_cst))) assert(data == 1); return a; }
END
orders mp
is '6 store seq_cst relaxed data_race
6 store seq_cst release no_violation
7 load seq_cst acquire no_violation
7 load seq_cst relaxed data_race' mp

# Store buffering: seq_cst is needed, and nothing between it and relaxed helps.
threads sb <<'END'
static _Atomic int x, y; static int r, s;
static void *one(void *a) { atomic_store_explicit(&x, 1, O(seq_cst)); r = atomic_load_explicit(&y, O(seq_cst)); return a; }
static void *two(void *a) { atomic_store_explicit(&y, 1, O(seq_cst)); s = atomic_load_explicit(&x, O(seq_cst)); return a; }
#define AFTER r || s
END
orders sb
is '6 load seq_cst acquire assertion
6 load seq_cst relaxed assertion
6 store seq_cst relaxed assertion
6 store seq_cst release assertion
7 load seq_cst acquire assertion
7 load seq_cst relaxed assertion
7 store seq_cst relaxed assertion
7 store seq_cst release assertion' sb

# The same by fences; `none` is no fence.
threads fences <<'END'
static _Atomic int x, y; static int r, s;
static void *one(void *a) { atomic_store_explicit(&x, 1, O(relaxed)); atomic_thread_fence(O(seq_cst)); r = atomic_load_explicit(&y, O(relaxed)); return a; }
static void *two(void *a) { atomic_store_explicit(&y, 1, O(relaxed)); atomic_thread_fence(O(seq_cst)); s = atomic_load_explicit(&x, O(relaxed)); return a; }
#define AFTER r || s
END
orders fences
is '6 fence seq_cst acq_rel assertion
6 fence seq_cst acquire assertion
6 fence seq_cst none assertion
6 fence seq_cst release assertion
7 fence seq_cst acq_rel assertion
7 fence seq_cst acquire assertion
7 fence seq_cst none assertion
7 fence seq_cst release assertion' fences

# Each thread hands on what it got from the other: both halves of both read-modify-writes.
threads halves <<'END'
static _Atomic int turn; static int data;
static void *one(void *a) { data++; atomic_fetch_add_explicit(&turn, 1, O(release)); return a; }
static void *two(void *a) { if (atomic_fetch_add_explicit(&turn, 0, O(acq_rel)) == 1) data++; return a; }
END
orders halves
is '6 read-modify-write release relaxed data_race
7 read-modify-write acq_rel acquire no_violation
7 read-modify-write acq_rel relaxed data_race
7 read-modify-write acq_rel release data_race' halves

# The order of success is not needed, that of failure is: who loses reads what the winner wrote.
threads failure <<'END'
static _Atomic int done; static int data;
static void *one(void *a) { data = 1; atomic_store_explicit(&done, 1, O(release)); return a; }
static void *two(void *a) { int seen = 0; if (!atomic_compare_exchange_strong_explicit(&done, &seen, 0, O(acq_rel), O(acquire))) assert(data == 1); return a; }
END
orders failure
is '6 store release relaxed data_race
7 compare-and-swap acq_rel/acquire acq_rel/relaxed data_race
7 compare-and-swap acq_rel/acquire acquire/acquire no_violation
7 compare-and-swap acq_rel/acquire relaxed/acquire no_violation
7 compare-and-swap acq_rel/acquire release/acquire no_violation' failure

# Wrong as written: nothing is tried.
threads wrong <<'END'
static _Atomic int x; static int data;
static void *one(void *a) { data = atomic_load_explicit(&x, O(acquire)); return a; }
static void *two(void *a) { data = 2; return a; }
END
orders wrong
is '' wrong
has out '"as_written":.*"verdict":"data_race"'

# ---- stopped threads ---------------------------------------------------------------------------
# A lock: who has it stops the other, whichever operation that is in; steps: start, lock, unlock.
threads lock <<'END'
#include "models/checker/subject.h"
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static void *one(void *a) { model_call(0, 1, 0); pthread_mutex_lock(&m); pthread_mutex_unlock(&m); model_return(0, 1); return a; }
static void *two(void *a) { model_call(1, 0, 0); pthread_mutex_lock(&m); pthread_mutex_unlock(&m); model_return(2, 0); return a; }
END
stops lock
has lines '^1:[0-9]* true \["pop"\] \[\] deadlock$'
has lines '^2:[0-9]* true \["push"\] \[\] deadlock$'
has lines '^1:1 false \[\] \[\] no_violation$'

# The same, until both have been held up: the last one that is tried is the first that stops a push.
cp lines all
stops lock any
is "$(sed '/"push"/q' all)" 'lock, any'
if [ "$(wc -l <lines)" -lt "$(wc -l <all)" ]; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    echo 'FAILED: --freeze any tries as many as --freeze all'
fi

# No retries, no waiting: nothing ever blocks, and no operation failed a compare-and-swap.
threads add <<'END'
#include "models/checker/subject.h"
static _Atomic int n;
static void *one(void *a) { model_call(0, 1, 0); atomic_fetch_add_explicit(&n, 1, O(relaxed)); model_return(0, 1); return a; }
static void *two(void *a) { model_call(0, 2, 0); atomic_fetch_add_explicit(&n, 1, O(relaxed)); model_return(0, 2); return a; }
END
stops add
has_not lines 'true\|"'
has out '"longest":{"push":2,"pop":0,"close":0},"retried":\[\]'

# A pop that looks only at the first place finds nothing there while its producer is stopped between
# taking the place and filling it, though the other's item is in the second one.
threads places <<'END'
#include "models/checker/subject.h"
static _Atomic int next, full[2], taken;
static void push(int item)
{
    model_call(0, (unsigned)item, 0);
    int i = atomic_fetch_add_explicit(&next, 1, O(relaxed));
    atomic_store_explicit(&full[i], 1, O(release));
    model_return(0, (unsigned)item);
}
static void *one(void *a) { push(1); return a; }
static void *two(void *a)
{
    push(2);
    model_call(1, 0, 0);
    int is = atomic_load_explicit(&full[0], O(acquire));
    model_return(is ? 0 : 2, is ? 9 : 0);
    return a;
}
END
stops places
has lines '^1:[0-9]* true \[\] \["pop"\] no_violation$'
has lines '^1:1 false \[\] \[\] no_violation$'
has_not lines '^2:.*true'

echo "sweep_test: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
