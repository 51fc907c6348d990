/* trace_help.h: small programs' steps by hand, exploring them, and asking what the report says. */
#ifndef TESTS_TRACE_HELP_H
#define TESTS_TRACE_HELP_H

#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "models/checker/memory/heap.h"
#include "models/checker/report/report.h"
#include "models/checker/memory/shadow.h"
#include "models/checker/report/source.h"
#include "models/checker/run/step.h"

/* ---- the programs' memory and words -------------------------------------------------------- */

static struct shared {
    int data;
    int flag;
    int x, y;
    uint64_t a, b; /* stand for mutexes */
} shared;

/* The address behind this call: its line is the caller's. */
static __attribute__((noinline)) uintptr_t here(void)
{
    return (uintptr_t)__builtin_return_address(0);
}

static inline void store(int *to, int value, enum order order, uintptr_t pc)
{
    step_write(to, SPACE_MEMORY, 4, (word)value, order, pc);
}

static inline int load(const int *from, enum order order, uintptr_t pc)
{
    const struct step s = {
        .address = from, .size = 4, .rule = RULE_LOAD, .good = order, .bad = order, .pc = pc};
    return (int)step_read(&s, NULL);
}

static inline void lock(uint64_t *mutex, uintptr_t pc)
{
    const struct step s = {.address = mutex,
                           .space = SPACE_OBJECT,
                           .size = 8,
                           .rule = RULE_LOCK,
                           .good = ACQUIRE,
                           .bad = RELAXED,
                           .b = 1u + current->id,
                           .waits_for = "mutex",
                           .pc = pc};
    step_read(&s, NULL);
}

static inline void unlock(uint64_t *mutex, uintptr_t pc)
{
    step_write(mutex, SPACE_OBJECT, 8, 0, RELEASE, pc);
}

static inline void both(void *(*first)(void *), void *(*second)(void *))
{
    const unsigned one = step_create(first, NULL, here()), two = step_create(second, NULL, here());
    step_join(one, here());
    step_join(two, here());
}

static inline void claim(bool holds, uintptr_t pc)
{
    const struct place at = {.thread = 0, .po = current->po, .site = source_site(pc)};
    if (!holds)
        fault_raise(FAULT_ASSERTION, &at, 1, "assertion failed");
}

/* ---- exploring, and what is said ------------------------------------------------------------- */

static struct explore_result result;
static struct graph failed;
static char *said, *json, *svg;

static inline void check(void (*program)(void *), const struct report_about *about)
{
    const struct explore_options options = {
        .model = MODEL_RC11, .spurious = 1, .timeouts = 2, .freeze_thread = -1};
    size_t size;
    free(said);
    free(json);
    free(svg);
    result = (struct explore_result){0};
    explore(&options, program, NULL, &result);
    assert_int_not_equal(result.fault.kind, FAULT_NONE);
    explore_again(&options, program, NULL, &result, &failed);
    FILE *f = open_memstream(&said, &size);
    report_text(f, &result, &failed, about);
    fclose(f);
    f = open_memstream(&json, &size);
    report_json(f, &result, &failed, about);
    fclose(f);
    f = open_memstream(&svg, &size);
    assert_true(report_svg(f, &result, &failed, about));
    fclose(f);
}

/* Where a text begins in what was said, however its lines are broken. */
static inline const char *find(const char *text)
{
    for (const char *start = said; *start; start++) {
        const char *p = start, *t = text;
        while (*t && (*p == *t || (*t == ' ' && *p == '\n'))) {
            p += *p == '\n' ? strspn(p, "\n ") : 1;
            t++;
        }
        if (!*t)
            return start;
    }
    return NULL;
}

static inline void says(const char *text)
{
    if (!find(text)) {
        print_message("%s\n", said);
        fail_msg("it does not say '%s'", text);
    }
}
static inline void says_not(const char *text)
{
    if (find(text)) {
        print_message("%s\n", said);
        fail_msg("it says '%s'", text);
    }
}
/* The first comes before the second. */
static inline void says_in_order(const char *first, const char *second)
{
    says(first);
    says(second);
    assert_true(find(first) < find(second));
}

static inline unsigned count(const char *text, const char *what)
{
    unsigned n = 0;
    for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
        n++;
    return n;
}

static inline int program_base(struct dl_phdr_info *info, size_t size, void *base)
{
    (void)size;
    *(uintptr_t *)base = info->dlpi_addr;
    return 1; /* the first one is the program */
}

static inline int prepare(void **state)
{
    (void)state;
    uintptr_t base;
    dl_iterate_phdr(program_base, &base);
    source_open("/proc/self/exe", base);
    return shadow_region(&shared, sizeof shared, REGION_DATA, 0) || heap_init();
}

static const struct report_about about = {.program = "test", .model = "RC11", .replay = "again!"};

#endif
