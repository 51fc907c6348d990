/* shadow_help.h: in place of the checker's engine: threads whose clocks the tests move by hand, and a
 * fault_raise that comes back. Included once, by a test of shadow.h and heap.h. */
#ifndef TESTS_SHADOW_HELP_H
#define TESTS_SHADOW_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "harness/stats.h"
#include "models/checker/explore/fault.h"
#include "models/checker/memory/heap.h"
#include "models/checker/memory/shadow.h"
#include "models/checker/run/step.h"
#include "models/checker/run/thread.h"

struct thread threads[MODEL_THREADS];
struct thread *current;
uint32_t run_number;
uintptr_t source_base;

static jmp_buf raised;
static struct fault fault;
static unsigned synced;

void fault_raise(enum fault_kind kind, const struct place *places, unsigned n, const char *format,
                 ...)
{
    va_list arguments;
    fault = (struct fault){.kind = kind, .places = n};
    va_start(arguments, format);
    vsnprintf(fault.text, sizeof fault.text, format, arguments);
    va_end(arguments);
    for (unsigned i = 0; i < n; i++)
        fault.place[i] = places[i];
    longjmp(raised, 1);
}

void step_sync_memory(void) { synced++; }

/* The fault that doing this raises, FAULT_NONE if none. */
static enum fault_kind fault_of(void (*action)(void *, size_t), void *p, size_t n)
{
    fault.kind = FAULT_NONE;
    if (!setjmp(raised))
        action(p, n);
    return fault.kind;
}

enum { DATA = 1 << 16 };
static _Alignas(4096) unsigned char data[DATA];

static void begin(void)
{
    run_number++;
    heap_reset();
    shadow_reset();
    shadow_restart = false;
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        struct thread *const thread = &threads[t];
        thread->id = (uint8_t)t;
        thread->po = 0;
        thread->hidden = false;
        thread->allocations = 0;
        thread->hb = (vclock){0};
    }
    current = &threads[0];
}

static int setup(void **state)
{
    (void)state;
    begin();
    return 0;
}

static void event(void)
{
    current->po++;
    current->hb[current->id] = current->po;
}

static void run(unsigned t) { current = &threads[t]; }

/* Thread a releases something that thread b acquires; b is current then. */
static void synchronize(unsigned a, unsigned b)
{
    run(a);
    event();
    const vclock message = threads[a].hb;
    run(b);
    event();
    threads[b].hb = clock_join(threads[b].hb, message);
}

static void read_plain(void *p, size_t n) { shadow_plain((uintptr_t)p, n, false, 0x11); }

static void write_plain(void *p, size_t n) { shadow_plain((uintptr_t)p, n, true, 0x12); }

static void read_atomic(void *p, size_t n) { shadow_atomic((uintptr_t)p, n, false, 0x13); }

static void write_atomic(void *p, size_t n) { shadow_atomic((uintptr_t)p, n, true, 0x14); }

/* Stacks, the heap, the data: as the engine maps them. 0, or 1 and a line that says why. */
static int map_memory(void)
{
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        const int error = fiber_map(&threads[t].fiber, t);
        if (error || shadow_region(threads[t].fiber.stack, FIBER_STACK, REGION_STACK, t)) {
            fprintf(stderr, "no stack for fiber %u: %s\n", t, strerror(error));
            return 1;
        }
    }
    const int error = heap_init();
    if (error || shadow_region(data, sizeof data, REGION_DATA, 0)) {
        fprintf(stderr, "no heap: %s\n", strerror(error));
        return 1;
    }
    return 0;
}

#endif
