#!/bin/sh
# qcheck_test.sh: from a source file to a verdict: what models/qcheck compiles, redirects, refuses
# and prints. What the explorer finds has tests of its own.
#
# usage: qcheck_test.sh CC BUILD
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
qcheck=$root/models/qcheck
QCHECK_ENGINE=$2/models/queuelab-model
CC=$1
export QCHECK_ENGINE CC
if [ ! -x "$QCHECK_ENGINE" ]; then
    echo "qcheck_test: skipped: this build has no queuelab-model"
    exit 77
fi
case $CC in
*clang*) CXX=${CXX:-clang++} ;;
*) CXX=${CXX:-g++} ;;
esac
export CXX
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
tests=0

fail() {
    printf 'qcheck_test: %s\n' "$*" >&2
    sed 's/^/    /' out err >&2
    exit 1
}

# gives STATUS PATTERN WORDS...: qcheck WORDS ends with STATUS, and a line matches PATTERN
gives() {
    want=$1 pattern=$2 status=0
    shift 2
    tests=$((tests + 1))
    "$qcheck" "$@" >out 2>err || status=$?
    [ $status -eq "$want" ] || fail "$*: exit $status, not $want"
    cat out err | grep -q -- "$pattern" || fail "$*: no line with '$pattern'"
}
refuses() { # refuses PATTERN WORDS...: wrong use, said in one line
    pattern=$1
    shift
    gives 2 "$pattern" "$@"
    [ "$(wc -l <err)" -eq 1 ] && [ ! -s out ] || fail "$*: not one line on stderr"
}
source_of() { cat >"$1"; } # the source is on stdin

# ---- every redirected name is there ---------------------------------------------------------------
nm -D --defined-only "$QCHECK_ENGINE" | awk '{ print $3 }' | sort >have
sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$root/models/checker/subject/redirect.syms" |
    awk '{ print (NF > 1 ? $2 : "model_" $1) }' |
    grep -vxE 'model_subject_main|model_once_(call|callable|proxy)' | sort >want # in the subject
: >out
comm -23 want have >err
[ ! -s err ] || fail "redirect.syms names what queuelab-model does not have"
[ "$(wc -l <want)" -gt 100 ] || fail "redirect.syms is nearly empty"
tests=$((tests + 1))

# ---- verdicts and what is printed -----------------------------------------------------------------
source_of mp.c <<'C'
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#ifndef ORDER
#define ORDER memory_order_release
#endif
static int data;
static atomic_int flag;
static void *put(void *a)
{
    data = 42;
    atomic_store_explicit(&flag, 1, ORDER);
    return a;
}
static void *get(void *a)
{
    if (atomic_load_explicit(&flag, memory_order_acquire))
        assert(data == 42);
    return a;
}
int main(void)
{
    pthread_t p, g;
    pthread_create(&p, 0, put, 0);
    pthread_create(&g, 0, get, 0);
    pthread_join(p, 0);
    pthread_join(g, 0);
    return 0;
}
C
gives 0 '^no violation: mp\.c, RC11, 3 threads$' mp.c
grep -qx 'executions: 2 complete, 0 blocked' out || fail 'no line with the executions'
[ ! -s err ] || fail 'something on stderr'
gives 0 'mp\.c, SC, ' --model sc mp.c
gives 0 'mp\.c, TSO, ' mp.c --model=tso
gives 1 'mp\.c:1[18]' mp.c -- -DORDER=memory_order_relaxed
grep -q '^executions: ' out || fail 'no line with the executions beside a fault'
gives 1 'race' mp.c --weaken mp.c:12=relaxed
gives 1 'race' mp.c --weaken mp.c:17=relaxed # a load: one order
gives 0 'no violation' mp.c --weaken mp.c:12=release
gives 0 '^  mp\.c:12 .* write *release ' mp.c --sites
refuses 'no atomic operation was executed at mp.c:3' mp.c --weaken mp.c:3=relaxed
gives 3 'out of budget' mp.c --max-executions 1
gives 0 '"verdict":"no_violation"' mp.c --json
gives 1 '"kind": *"data_race"' --json mp.c -- -DORDER=memory_order_relaxed

sed -n 1p out | grep -q '^{' || fail 'no object'
gives 1 '^DATA RACE ' mp.c -- -DORDER=memory_order_relaxed
sed -n 1p out | grep -q '^DATA RACE ' || fail 'the finding does not come first'

# Of the wake-ups before a sleep the last one is blamed.
source_of wakes.c <<'C'
#include <pthread.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static int item;
static void *give(void *a)
{
    pthread_cond_signal(&moved);
    pthread_cond_signal(&moved);
    pthread_mutex_lock(&lock);
    item = 1;
    pthread_mutex_unlock(&lock);
    pthread_cond_signal(&moved);
    return a;
}
static void *take(void *a)
{
    pthread_mutex_lock(&lock);
    const int had = item;
    pthread_mutex_unlock(&lock);
    pthread_mutex_lock(&lock);
    if (!had)
        pthread_cond_wait(&moved, &lock);
    pthread_mutex_unlock(&lock);
    return a;
}
int main(void)
{
    pthread_t g, t;
    pthread_create(&g, 0, give, 0);
    pthread_create(&t, 0, take, 0);
    return pthread_join(g, 0) + pthread_join(t, 0);
}
C
gives 1 'The wake in step [0-9]* (:12) came before T2 went to sleep' wakes.c
[ "$(grep -c 'The wake in ' out)" -eq 1 ] || fail 'more than one wake-up is blamed'

# A local variable of main's, and of which thread and line there is no end.
source_of local.c <<'C'
#include <pthread.h>
#include <stdatomic.h>
struct queue { int before, head; atomic_int tail[2]; };
static void *count(void *a)
{
    struct queue *q = a;
    if (!LOOP)
        q->head = 1;
    while (LOOP && !atomic_load_explicit(&q->tail[0], memory_order_relaxed))
        atomic_fetch_add_explicit(&q->tail[1], 1, memory_order_relaxed);
    return a;
}
int main(void)
{
    struct queue q = {0};
    pthread_t t, u;
    pthread_create(&t, 0, count, &q);
    pthread_create(&u, 0, count, &q);
    return pthread_join(t, 0) + pthread_join(u, 0);
}
C
gives 3 'T1 is at local.c:10 (' local.c -- -DLOOP=1
gives 1 'T1 writes q.head (local.c:8), T2 writes it (local.c:8)' local.c -- -DLOOP=0

# ---- the picture ----------------------------------------------------------------------------------
gives 1 "^Again: .*qcheck mp.c --weaken mp.c:12=relaxed$" mp.c --svg mp.svg --weaken mp.c:12=relaxed
grep -q '>DATA RACE</text>' mp.svg || fail 'no picture of a data race'
gives 1 '"kind":"data_race"' mp.c --json --svg=json.svg --weaken mp.c:12=relaxed
gives 1 '^data race: ' mp.c --quiet --svg quiet.svg --weaken mp.c:12=relaxed
for file in mp json quiet; do # all but the command
    grep -v '>models/qcheck\|qcheck mp' $file.svg >$file.same
done
cmp mp.same json.same && cmp mp.same quiet.same || fail 'another picture beside JSON, or when quiet'
for file in /dev/full none/mp.svg .; do
    gives 2 "cannot write the picture $file: " mp.c --svg $file --weaken mp.c:12=relaxed
    [ "$(wc -l <err)" -eq 1 ] || fail "--svg $file: not one line on stderr"
    grep -q '^DATA RACE ' out && grep -q '^executions: ' out || fail "--svg $file: no verdict"
done
gives 0 'nothing to draw: never.svg is not written' mp.c --svg never.svg
[ ! -e never.svg ] || fail 'a picture of nothing'
refuses 'without --weaken all' mp.c --svg mp.svg --weaken all

# ---- once more in a debugger ----------------------------------------------------------------------
mkdir bin # everything but gdb
(
    IFS=:
    for directory in $PATH; do ln -s "$directory"/* bin/ 2>none || true; done
)
rm -f bin/gdb
tests=$((tests + 1))
status=0
PATH=$work/bin "$qcheck" --gdb mp.c >out 2>err || status=$?
[ $status -eq 2 ] && grep -q "there is no 'gdb': install it" err || fail '--gdb without gdb'
refuses 'without --json' mp.c --gdb --json
if ! gdb -q -nx -batch -ex run --args true 2>&1 | grep -q 'exited normally'; then
    echo 'qcheck_test: NOT TESTED: --gdb: there is no gdb here, or it may not run programs' >&2
else
    # The steps in the report's order, the program's variables in between, a breakpoint at its line.
    printf '%s\n' continue continue 'print flag' 'break mp.c:18' continue next 'print data' continue >commands
    gives 0 '^In gdb: models/qcheck --gdb mp.c --weaken mp.c:12=relaxed$' \
        mp.c --gdb --weaken mp.c:12=relaxed <commands
    cat >want <<'END'
step 1 A  T1 put, mp.c:11: writes data  plain
step 2 B  T1 put, mp.c:12: writes flag = 1  relaxed
$1 = 1
step 3 C  T2 get, mp.c:17: reads flag: 1 (step 2)  acquire
Breakpoint at 18
$2 = 42
step 4 D  T2 get, mp.c:18: reads data  plain
END
    sed -n -e 's/^(gdb) //' -e '/^step [1-4] [A-D]\|^\$/p' -e 's/^Breakpoint .* get (.* mp.c:\(18\)$/Breakpoint at \1/p' out >said
    diff want said >err || fail '--gdb: other steps'
    printf '%s\n' 'delete 2' continue >commands # not the order in which they would run otherwise
    gives 0 '^step 1 ' "$root/models/mutants/lost_wakeup_notify.c" --gdb <commands
    sed -n 's/^step \([0-9]*\) .*/\1/p' out >said
    sort -n said >want
    diff want said >err || fail '--gdb: not the order of the report'
    [ "$(wc -l <said)" -ge 20 ] || fail '--gdb: steps are missing'
fi

# ---- misuse ---------------------------------------------------------------------------------------
refuses 'no FILE'
refuses 'cannot read none.c' none.c
refuses "no option '--frob'" mp.c --frob
refuses "cannot read 'arm'" mp.c --model arm
refuses 'needs a value' mp.c --model
refuses "cannot read '5/4'" mp.c --shard 5/4
refuses 'has no function nope' mp.c --function nope
: >text.txt
refuses 'neither C' text.txt
printf 'int main(void) { return 3\n' >wrong.c
gives 2 'wrong.c:1' wrong.c
gives 0 '^usage: ' --help
[ "$(wc -l <out)" -le 60 ] || fail 'the manual is too long'

# ---- calls ----------------------------------------------------------------------------------------
source_of fork.c <<'C'
#include <stdlib.h>
#include <unistd.h>
int main(void) { return getenv("CALL") ? fork() : 0; }
C
gives 0 'no violation' fork.c
CALL=1
export CALL
gives 4 'fork() cannot be modelled' fork.c
unset CALL
printf 'int other(void);\nint main(void) { return other(); }\n' >half.c
printf 'int other(void) { return 0; }\n' >rest.c
gives 4 'other() is defined nowhere' half.c
gives 0 'no violation' half.c rest.c
printf '#include <stdlib.h>\nlong random(void) { return 0; }\nint main(void) { return (int)random(); }\n' >own.c
gives 0 'no violation' own.c

# ---- files ----------------------------------------------------------------------------------------
# The kernel's files and the checker's answer alike.
"$CC" -D_GNU_SOURCE -o calls "$root/models/litmus/sync/file_calls.c" 2>err && ./calls 2>>err ||
    fail 'file_calls.c: the kernel answers otherwise'
gives 0 'no violation' "$root/models/litmus/sync/file_calls.c"
[ ! -e one ] && [ ! -e two ] || fail 'the checker wrote into a real file'
source_of file.c <<'C'
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "models/checker/subject.h"
static int fd;
static void *run(void *a) { write(fd, "b", 1); return a; }
int main(void)
{
    pthread_t t;
    char c = 0;
    fd = open("log", O_RDWR | O_CREAT, 0600);
    pthread_create(&t, 0, run, 0);
    CALL;
    pthread_join(t, 0);
    return 0;
}
C
gives 0 'no violation' file.c -- '-DCALL=write(fd,"a",1)'
grep -qx 'executions: 2 complete, 0 blocked' out || fail 'two writes have two executions'
gives 0 'no violation' file.c -- '-DCALL=lseek64(fd,0,SEEK_SET)'
gives 1 'descriptor 3' file.c -- '-DCALL=close(fd)'
gives 4 'fcntl() cannot be modelled' file.c -- '-DCALL=fcntl(fd,F_GETFL)'
gives 4 'mmap() cannot be modelled' file.c -- '-DCALL=mmap(0,1,PROT_READ,MAP_SHARED,fd,0)'
gives 4 'flags 0x10000[0-9]*: of them 0x10000' file.c -- '-DCALL=open("x",0x10000002|O_CREAT,0600)'
gives 4 'open("/dev/null"): only plain files' file.c -- '-DCALL=open("/dev/null",O_WRONLY)'
gives 4 'give each file one name' file.c -- '-DCALL=open("./log",O_RDONLY)'
gives 4 'give each file one name' file.c -- '-DCALL=unlink("a/../log")'
gives 4 'read() of descriptor 0' file.c -- '-DCALL=read(0,&c,1)'
gives 4 'close() of descriptor 1' file.c -- '-DCALL=close(1)'
gives 4 'openat() below a descriptor' file.c -- '-DCALL=openat(fd,"x",O_RDONLY)'
gives 4 'flock() that has to wait' file.c -- '-DCALL=flock(fd,LOCK_EX);flock(open("log",O_RDONLY),LOCK_SH)'
gives 4 'lseek(): only SEEK_SET' file.c -- '-DCALL=lseek(fd,0,SEEK_DATA)'
gives 4 'fputs() to a file' file.c -- '-DCALL=fputs("a",(FILE*)&c)'
gives 4 'dprintf() to descriptor 3' file.c -- '-DCALL=dprintf(fd,"a")'
gives 4 'model_disk_full_at while there are other threads' file.c -- '-DCALL=model_disk_full_at(1)'
gives 3 'more than 4096 bytes in a file' file.c -- '-DCALL=pwrite(fd,"a",1,4096)'
gives 3 'more than 16 descriptors' file.c -- '-DCALL=for(int i=0;i<16;i++)open("log",O_RDONLY)'
gives 3 'more than 8 files' file.c -- '-DCALL=char n[2]="a";for(;*n<105;++*n)close(open(n,O_CREAT|O_RDWR,0600))'
gives 3 'more than 256 changes' file.c -- '-DCALL=for(int i=0;i<300;i++)write(fd,"a",1)'

# ---- what every thread and every execution has anew -------------------------------------------------
source_of anew.c <<'C'
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
static int order, first, second;
static atomic_int n;
static _Thread_local int begun = 7;
_Thread_local int zero;
static _Thread_local char wide[300];
__attribute__((constructor)) static void later(void) { second = ++order; }
__attribute__((constructor(200))) static void sooner(void) { first = ++order; }
static void *run(void *a)
{
    assert(begun == 7 && zero == 0 && wide[299] == 0 && errno == 0);
    begun++, zero++, wide[299]++;
    errno = 5;
    atomic_fetch_add(&n, 1);
    assert(begun == 8 && zero == 1);
    return a;
}
int main(void)
{
    pthread_t a, b;
    assert(first == 1 && second == 2 && order == 2);
    order = 99, begun = 1, errno = 3;
    pthread_create(&a, 0, run, 0);
    pthread_create(&b, 0, run, 0);
    pthread_join(a, 0);
    pthread_join(b, 0);
    assert(n == 2 && begun == 1 && zero == 0 && errno == 3);
    return 0;
}
C
gives 0 'no violation' anew.c
grep -qx 'executions: 2 complete, 0 blocked' out || fail 'two increments have two executions'

# ---- instructions ---------------------------------------------------------------------------------
case $("$CC" -dumpmachine) in
x86_64*)
    source_of fence.c <<'C'
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
static atomic_int x, y, done;
static int a;
static void *run(void *v)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    __asm__ volatile(FENCE : : : "memory");
    a = atomic_load_explicit(&y, memory_order_relaxed);
    atomic_store(&done, 1);
    return v;
}
int main(void)
{
    pthread_t t;
    pthread_create(&t, 0, run, 0);
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    __asm__ volatile(FENCE : : : "memory");
    int b = atomic_load_explicit(&x, memory_order_relaxed);
    while (!atomic_load(&done))
        __asm__ volatile("rep; nop");
    assert(a || b);
    return pthread_join(t, 0);
}
C
    gives 0 'no violation' fence.c -- '-DFENCE="mfence"'
    gives 0 'no violation' fence.c -- '-DFENCE="lock; addl $0,0(%%rsp)"'
    gives 1 'a || b' fence.c -- '-DFENCE=""'
    gives 4 "instruction 'lock" fence.c -- '-DFENCE="lock; incl 8(%%rsp)"'
    ;;
esac

# ---- crashes --------------------------------------------------------------------------------------
printf 'int *p;\nint main(void) { return *p; }\n' >null.c
gives 1 'null pointer' null.c
printf 'int main(int c, char **v) { return 3 / (c - 1) + !v; }\n' >zero.c
gives 1 'SIGFPE' zero.c
printf 'int f(int n) { volatile char b[999]; b[0] = (char)n; return f(n + 1) + b[0]; }\nint main(void) { return f(0); }\n' >deep.c
gives 1 'stack overflow' deep.c
printf 'volatile int x;\nint main(void) { for (;;) x++; }\n' >endless.c
gives 3 'a loop without an end' endless.c --quiet

# ---- C++ ------------------------------------------------------------------------------------------
if command -v "$CXX" >/dev/null; then
    source_of threads.cc <<'C'
#include <cassert>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>
struct counted { int n = 7; };
static thread_local counted own;
static std::mutex mutex;
static std::condition_variable wake;
static std::once_flag once;
static int times, ready;
static std::vector<int> numbers{1, 2, 3};
int main()
{
    auto run = [] {
        std::call_once(once, [] { times++; });
        std::lock_guard<std::mutex> hold(mutex);
        own.n++;
        assert(own.n == 8);
        numbers.push_back(ready++);
        wake.notify_one();
    };
    std::thread t(run);
    {
        std::unique_lock<std::mutex> hold(mutex);
        wake.wait(hold, [] { return ready == 1; });
    }
    t.join();
    assert(times == 1 && own.n == 7 && numbers.size() == 4);
    std::cout << "not part of the result\n";
    return 0;
}
C
    gives 0 'no violation' threads.cc
    if grep -q 'not part' out; then fail 'the program wrote into the result'; fi
    # A report names the program's own lines, functions and variables, not the library's.
    source_of names.cc <<'C'
#include <atomic>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
struct box { int item = 0; std::atomic<int> tail{0}; std::mutex lock; std::queue<int> all; };
static void put(box &b)
{
    b.all.push(7);
    b.item = 1;
    b.tail.store(1, std::memory_order_relaxed);
}
int main()
{
    box b;
    std::thread writer(put, std::ref(b));
    std::thread reader([&b] {
        if (b.tail.load(std::memory_order_acquire))
            b.item = WHAT;
    });
    writer.join();
    reader.join();
}
C
    gives 1 'T1 put  *T2 lambda at names.cc:17' names.cc -- -DWHAT=2
    grep -q '^In one sentence: T1 writes b.item (names.cc:10), T2 writes it (names.cc:19), and' out || fail 'no b.item'
    grep -q 'writes b.tail = 1  relaxed' out || fail 'no b.tail'
    grep -q '^  names.cc:11  relaxed -> release  repairs it' out || fail 'the repair is not in the program'
    grep -qx '  :lines are of names.cc' out || fail "lines of the library's"
    gives 1 'T1 writes heap.* (names.cc:9), T2 ' names.cc -- '-DWHAT=b.all.front()'
    gives 1 '^  names.cc:18 .* read *acquire ' names.cc --sites -- -DWHAT=2
    # Globals by their own names with their fields; static members lie in no object.
    source_of globals.cc <<'C'
#include <atomic>
#include <thread>
struct empty {};
namespace app {
struct hub : empty {
    static constexpr int size = 4;
    static int made;
    int first = 0;
    std::atomic<int> state{0};
};
hub shared;
static hub own;
int hub::made;
}
template <class T, int N> struct ring { static constexpr int size = N; T buf[N]; };
static ring<int, 4> cells;
static std::atomic<bool> go{false};
static app::hub *next;
static app::hub *heap_hub = new app::hub;
static ring<int, 4> *heap_ring = new ring<int, 4>;
int main()
{
    app::hub local;
    std::atomic<app::hub *> at{nullptr};
    auto run = [&local, &at] { WHAT; };
    std::thread a(run), b(run);
    a.join();
    b.join();
}
C
    while read -r name what; do
        gives 1 "T1 writes $name (globals.cc:25), T2" globals.cc -- "-DWHAT=$what"
    done <<'END'
local.first local.first=1
app::shared.first app::shared.first=1
app::own.first app::own.first=1
app::hub::made app::hub::made=1
cells.buf\[1] cells.buf[1]=1
hub#1.first heap_hub->first=1
ring#2.buf\[1] heap_ring->buf[1]=1
END
    gives 1 'writes app::own.state = 1 ' globals.cc -- '-DWHAT=app::own.state=1,go=true,at=&app::own,next=&local'
    grep -q 'writes go = 1 ' out && grep -q 'writes at = &app::own ' out || fail 'other names of globals'
    # Flags are those of the compiler that a file is for.
    cxx=$CXX
    for CXX in g++ clang++; do
        if command -v $CXX >/dev/null; then
            gives 1 'T1 writes local.first ' globals.cc rest.c -- -DWHAT=local.first=1
        fi
    done
    CXX=$cxx
    printf '#include <stdexcept>\nint main() { throw std::runtime_error("x"); }\n' >thrown.cc
    gives 1 'std::terminate' thrown.cc
fi
# ---- repairs -----------------------------------------------------------------------------------------
source_of failing.c <<'C'
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
static atomic_int x;
static int data;
static void *writes(void *a) { data = 1; atomic_store_explicit(&x, 1, memory_order_relaxed); return a; }
static void *fails(void *a)
{
    int seen = 2;
    if (!atomic_compare_exchange_strong_explicit(&x, &seen, 3, memory_order_seq_cst, memory_order_relaxed) && seen == 1)
        assert(data == 1);
    return a;
}
int main(void)
{
    pthread_t t[2];
    pthread_create(&t[0], 0, writes, 0);
    pthread_create(&t[1], 0, fails, 0);
    pthread_join(t[0], 0);
    pthread_join(t[1], 0);
}
C
gives 1 'failing.c:10  seq_cst/relaxed -> seq_cst/acquire$' failing.c
grep -q '^  failing.c:6  relaxed -> release$' out || fail 'the release is missing'
gives 1 'none of them can be left out or weaker' failing.c --shard 2/2 # the whole is searched
gives 1 'none of them can be left out or weaker' failing.c --jobs 2   # by this process, which notes what it executes
gives 1 'every order seq_cst it goes wrong all the same' "$root/models/mutants/lapped_producer.c"
echo "qcheck_test: $tests passed"
