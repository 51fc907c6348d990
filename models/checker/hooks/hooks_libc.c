/* hooks_libc.c: the words of subject.h; clocks and sleeps; what would be different in every run. */
#include "models/checker/hooks/hooks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "models/checker/history/history.h"
#include "models/checker/memory/files.h"
#include "models/checker/run/run.h"
#include "models/checker/subject.h"
#include "models/checker/run/trace.h"
#include "models/checker/run/image.h"

/* ---- subject.h ----------------------------------------------------------------------------- */

void model_call(unsigned kind, uint64_t item, unsigned lane)
{
    static const char *const names[] = {[OP_PUSH] = "push", [OP_POP] = "pop", [OP_CLOSE] = "close"};
    if (!current)
        unsupported(HERE, "model_call in a static constructor: call it in main or a thread");
    if (kind > OP_CLOSE || lane > UINT8_MAX)
        unsupported(HERE, "model_call(%u, .., %u): no such operation or lane", kind, lane);
    struct history *h = &history_now;
    if (h->n == OPS_MAX) {
        const struct place here = place_of_call("call", HERE);
        fault_raise(FAULT_UNBOUNDED, &here, 1,
                    "more than %d operations in one execution: let the scenario do fewer", OPS_MAX);
    }
    h->op[h->n++] = (struct op){.kind = (uint8_t)kind,
                                .result = RESULT_PENDING,
                                .thread = current->id,
                                .lane = (uint8_t)lane,
                                .item = item,
                                .call = current->po,
                                .call_hb = current->hb};
    struct note *entry = trace_note(NOTE_CALL, HERE);
    if (entry) {
        entry->text = names[kind];
        entry->value = item;
    }
}

void model_return(unsigned result, uint64_t item)
{
    static const char *const names[] = {
        [RESULT_OK] = "ok",           [RESULT_FULL] = "full",       [RESULT_EMPTY] = "empty",
        [RESULT_CLOSED] = "closed",   [RESULT_TIMEOUT] = "timeout", [RESULT_NOMEM] = "no memory",
        [RESULT_DROPPED] = "dropped", [RESULT_IO] = "i/o error",
    };
    if (!current)
        unsupported(HERE, "model_return in a static constructor: call it in main or a thread");
    if (result >= RESULT_PENDING)
        unsupported(HERE, "model_return(%u, ..): no such result", result);
    struct history *h = &history_now;
    struct op *op = NULL; /* the thread's last one */
    for (unsigned i = h->n; i-- > 0 && !op;)
        if (h->op[i].thread == current->id)
            op = &h->op[i];
    if (!op || op->result != RESULT_PENDING)
        unsupported(HERE, "model_return without a model_call by the same thread before it");
    op->result = (uint8_t)result;
    op->ret = current->po;
    if (op->kind == OP_POP)
        op->item = item;
    struct note *entry = trace_note(NOTE_RETURN, HERE);
    if (entry) {
        entry->text = names[result];
        entry->value = item;
    }
}

void model_claim(bool holds, const char *text)
{
    if (holds)
        return;
    if (!current)
        unsupported(HERE, "a claim fails in a static constructor: %s", text);
    const struct place here = place_of_call("call", HERE);
    fault_raise(FAULT_INVARIANT, &here, 1, "%s", text);
}

unsigned model_choose(unsigned n)
{
    if (n == 0 || n >= NONE)
        unsupported(HERE, "model_choose(%u): give 1 to %u", n, (unsigned)NONE - 1);
    return n > 1 && current ? step_choose(n, BUDGET_NONE, "model_choose", HERE) : 0;
}

void model_refuse_membarrier(void)
{
    if (current && (current->id != 0 || threads[1].state != THREAD_NONE)) /* as for registering */
        unsupported(HERE, "model_refuse_membarrier() after the first thread was created: say it "
                          "in main before that");
    model_membarrier_refused = true;
}

/* ---- pauses -------------------------------------------------------------------------------- */

static int hint(uintptr_t pc)
{
    if (current)
        step_hint(pc);
    return 0;
}

HOOK(int, model_sched_yield, void) { return hint(HERE); }
HOOK(int, model_pthread_yield, void) { return hint(HERE); }
HOOK(int, model_usleep, useconds_t us)
{
    (void)us;
    return hint(HERE);
}

HOOK(unsigned, model_sleep, unsigned seconds)
{
    (void)seconds;
    return (unsigned)hint(HERE);
}

HOOK(int, model_nanosleep, const struct timespec *time, struct timespec *rest)
{
    (void)rest; /* written only when a signal interrupts */
    memory_read(time, sizeof *time, HERE);
    return hint(HERE);
}

HOOK(int, model_clock_nanosleep, clockid_t clock, int flags, const struct timespec *time,
     struct timespec *rest)
{
    (void)clock, (void)flags, (void)rest;
    memory_read(time, sizeof *time, HERE);
    return hint(HERE);
}

/* ---- clocks -------------------------------------------------------------------------------- */

static void tell_time(struct timespec *t, uintptr_t pc)
{
    memory_write(t, sizeof *t, pc);
    t->tv_sec = (time_t)(clock_now() / 1000000000);
    t->tv_nsec = (long)(clock_now() % 1000000000);
}

HOOK(int, model_clock_gettime, clockid_t clock, struct timespec *t)
{
    (void)clock; /* all began at once */
    tell_time(t, HERE);
    return 0;
}

HOOK(int, model_clock_getres, clockid_t clock, struct timespec *t)
{
    (void)clock;
    if (t) {
        memory_write(t, sizeof *t, HERE);
        *t = (struct timespec){.tv_nsec = 1};
    }
    return 0;
}

HOOK(int, model_timespec_get, struct timespec *t, int base)
{
    tell_time(t, HERE);
    return base;
}

HOOK(int, model_gettimeofday, struct timeval *t, void *zone)
{
    (void)zone;
    memory_write(t, sizeof *t, HERE);
    t->tv_sec = (time_t)(clock_now() / 1000000000);
    t->tv_usec = (suseconds_t)(clock_now() / 1000 % 1000000);
    return 0;
}

HOOK(time_t, model_time, time_t *result)
{
    const time_t seconds = (time_t)(clock_now() / 1000000000);
    if (result) {
        memory_write(result, sizeof *result, HERE);
        *result = seconds;
    }
    return seconds;
}

HOOK(clock_t, model_clock, void) { return (clock_t)(clock_now() / (1000000000 / CLOCKS_PER_SEC)); }

/* std::chrono's clocks count nanoseconds in 64 bits. */
HOOK(int64_t, model__ZNSt6chrono3_V212steady_clock3nowEv, void) { return (int64_t)clock_now(); }
HOOK(int64_t, model__ZNSt6chrono3_V212system_clock3nowEv, void) { return (int64_t)clock_now(); }

/* ---- different in every run ---------------------------------------------------------------- */

static _Noreturn void random_call(const char *name, uintptr_t pc)
{
    unsupported(pc,
                "%s() would give other numbers in every run: let model_choose(n) (subject.h) try "
                "all, or compute them from a constant",
                name);
}

#define RANDOM(type, name, ...)                                                                    \
    HOOK(type, model_##name, __VA_ARGS__) { random_call(#name, HERE); }
#define UNUSED __attribute__((unused))
RANDOM(int, rand, void)
RANDOM(void, srand, UNUSED unsigned seed)
RANDOM(long, random, void)
RANDOM(void, srandom, UNUSED unsigned seed)

HOOK(int, model_rand_r, unsigned *seed) /* follows from the seed alone */
{
    memory_read(seed, sizeof *seed, HERE);
    memory_write(seed, sizeof *seed, HERE);
    return rand_r(seed);
}

HOOK(int, model_sched_getcpu, void) { return 0; }

/* ---- between executions -------------------------------------------------------------------- */

void hooks_image(struct image *m)
{
    image_part(m, &model_membarrier, sizeof model_membarrier);
    image_part(m, &model_membarrier_refused, sizeof model_membarrier_refused);
    files_image(m);
    exit_image(m);
    holder_image(m);
    key_image(m);
}

void hooks_reset(void)
{
    exit_reset();
    key_reset();
    model_membarrier = model_membarrier_refused = false;
    files_reset();
}

/* ---- annotations ------------------------------------------------------------------------- */

/* What libraries tell ThreadSanitizer because it does not see fences. They are seen here. */
#define ANNOTATION(name, ...)                                                                      \
    HOOK(void, name, const char *file, int line, ##__VA_ARGS__) { (void)file, (void)line; }

ANNOTATION(AnnotateHappensBefore, UNUSED const volatile void *p)
ANNOTATION(AnnotateHappensAfter, UNUSED const volatile void *p)
ANNOTATION(AnnotateIgnoreReadsBegin)
ANNOTATION(AnnotateIgnoreReadsEnd)
ANNOTATION(AnnotateIgnoreWritesBegin)
ANNOTATION(AnnotateIgnoreWritesEnd)
ANNOTATION(AnnotateRWLockCreate, UNUSED const volatile void *lock)
ANNOTATION(AnnotateRWLockDestroy, UNUSED const volatile void *lock)
ANNOTATION(AnnotateRWLockAcquired, UNUSED const volatile void *lock, UNUSED long writer)
ANNOTATION(AnnotateRWLockReleased, UNUSED const volatile void *lock, UNUSED long writer)
ANNOTATION(AnnotateBenignRaceSized, UNUSED const volatile void *p, UNUSED size_t n,
           UNUSED const char *why)
