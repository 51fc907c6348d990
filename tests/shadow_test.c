/* shadow_test.c: the checker's fibers and race detector by themselves. */
#include <execinfo.h>

#include "tests/shadow_help.h"

/* ---- fibers -------------------------------------------------------------------------------- */

static struct fiber outside;
static struct fiber pair[2];
static unsigned turns;
static uintptr_t misaligned;
static int frames;
static unsigned char seen[64];

static __attribute__((noinline)) void take_turns(void *argument)
{
    const unsigned me = (unsigned)(uintptr_t)argument;
    _Alignas(16) char here[16];
    __asm__ volatile("" : : "r"(here) : "memory");
    misaligned |= (uintptr_t)here % 16 | (uintptr_t)__builtin_frame_address(0) % 16;
    double kept = 1.5;
    for (unsigned i = 0;; i++) {
        assert_int_equal(turns, 2 * i + me);
        assert_true(kept == 1.5 + i);
        turns++;
        kept += 1;
        fiber_switch(&pair[me], turns == 20 ? &outside : &pair[!me]);
    }
}

static void fibers_take_turns(void **state)
{
    (void)state;
    pair[0] = threads[6].fiber;
    pair[1] = threads[7].fiber;
    for (unsigned again = 0; again < 3; again++) { /* abandoned in the middle, begun again */
        turns = 0;
        fiber_start(&pair[0], take_turns, (void *)0);
        fiber_start(&pair[1], take_turns, (void *)1);
        fiber_switch(&outside, &pair[0]);
        assert_int_equal(turns, 20);
    }
    assert_int_equal(misaligned, 0);
}

static void count_frames(void *argument)
{
    void *addresses[32];
    (void)argument;
    frames = backtrace(addresses, 32);
    fiber_switch(&pair[0], &outside);
}

static void unwinding_ends_at_the_entry(void **state)
{
    (void)state;
    pair[0] = threads[6].fiber;
    fiber_start(&pair[0], count_frames, NULL);
    fiber_switch(&outside, &pair[0]);
    assert_in_range(frames, 1, 3);
}

/* Looks at what lies where a deep call's local variables would, then leaves something there. */
static void look_and_spoil(void *argument)
{
    volatile unsigned char *const place =
        (unsigned char *)__builtin_frame_address(0) - (uintptr_t)argument;
    for (unsigned i = 0; i < sizeof seen; i++) {
        seen[i] = place[i];
        place[i] = (unsigned char)i;
    }
    pair[0].deepest = (uintptr_t)place + sizeof seen; /* the checker's frames lie a little deeper */
    fiber_switch(&pair[0], &outside);
}

static void stacks_begin_the_same_in_every_run(void **state)
{
    (void)state;
    pair[0] = threads[5].fiber; /* not used before */
    const uintptr_t depths[] = {1024, 5000, 31 << 10, 33 << 10, 100 << 10};
    for (unsigned d = 0; d < sizeof depths / sizeof *depths; d++) {
        unsigned char first[sizeof seen];
        for (unsigned again = 0; again < 3; again++) {
            fiber_start(&pair[0], look_and_spoil, (void *)depths[d]);
            fiber_switch(&outside, &pair[0]);
            if (again == 0)
                memcpy(first, seen, sizeof first);
            assert_memory_equal(seen, first, sizeof first);
        }
        assert_int_equal(first[0], depths[d] < (32 << 10) ? 0xa5 : 0);
    }
}

/* ---- races --------------------------------------------------------------------------------- */

static void unordered_accesses_race(void **state)
{
    (void)state;
    void (*const reads[2])(void *, size_t) = {read_atomic, read_plain};
    void (*const writes[2])(void *, size_t) = {write_atomic, write_plain};
    for (unsigned kinds = 0; kinds < 16; kinds++) {
        const bool write_a = kinds & 1, plain_a = kinds & 2, write_b = kinds & 4,
                   plain_b = kinds & 8;
        const bool races = (write_a || write_b) && (plain_a || plain_b);
        for (unsigned ordered = 0; ordered < 2; ordered++) {
            begin();
            write_a ? writes[plain_a](data, 4) : reads[plain_a](data, 4);
            if (ordered)
                synchronize(0, 1);
            run(1);
            const enum fault_kind kind =
                fault_of(write_b ? writes[plain_b] : reads[plain_b], data, 4);
            assert_int_equal(kind, races && !ordered ? FAULT_RACE : FAULT_NONE);
            if (kind == FAULT_NONE)
                continue;
            assert_int_equal(fault.places, 2);
            for (unsigned i = 0; i < 2; i++) {
                assert_int_equal(fault.place[i].thread, i);
                assert_int_equal(fault.place[i].size, 4);
                assert_int_equal(fault.place[i].address, (uintptr_t)data);
                assert_int_equal(fault.place[i].write, i ? write_b : write_a);
                assert_int_equal(fault.place[i].atomic, !(i ? plain_b : plain_a));
                assert_string_equal(fault.place[i].what, fault.place[i].write ? "write" : "read");
            }
        }
    }
}

static void the_text_names_kinds_and_sizes(void **state)
{
    (void)state;
    write_plain(data + 8, 8);
    run(2);
    assert_int_equal(fault_of(read_atomic, data + 12, 4), FAULT_RACE);
    assert_string_equal(fault.text, "the plain write of 8 bytes by thread 0 and the atomic read of "
                                    "4 bytes by thread 2 are not ordered by happens-before");
    assert_int_equal(fault.place[0].site, 0x12);
    assert_int_equal(fault.place[1].site, 0x13);
}

static void an_access_after_the_release_is_not_ordered(void **state)
{
    (void)state;
    synchronize(0, 1);
    run(0);
    write_plain(data, 1);
    run(1);
    assert_int_equal(fault_of(read_plain, data, 1), FAULT_RACE);
}

/* Every access is compared with every earlier one, which the detector must do without. */
struct known {
    uintptr_t at;
    size_t n;
    unsigned thread, epoch;
    bool write, plain;
};

static bool races_with(const struct known *a, const struct known *b)
{
    return a->thread != b->thread && a->at < b->at + b->n && b->at < a->at + a->n &&
           (a->write || b->write) && (a->plain || b->plain) &&
           threads[b->thread].hb[a->thread] <= a->epoch;
}

static struct known random_access(struct stats_random *r, uintptr_t memory, size_t window)
{
    struct known k = {.at = memory + stats_random_below(r, window),
                      .n = 1 + stats_random_below(r, 20),
                      .thread = current->id,
                      .epoch = current->po,
                      .write = stats_random_below(r, 3) == 0,
                      .plain = stats_random_below(r, 2) == 0};
    if (stats_random_below(r, 2)) { /* most accesses are aligned words */
        k.n = (size_t)1 << stats_random_below(r, 4);
        k.at &= ~(uintptr_t)(k.n - 1);
    }
    return k;
}

static enum fault_kind fault_of_access(const struct known *k)
{
    void (*const actions[])(void *, size_t) = {read_atomic, write_atomic, read_plain, write_plain};
    return fault_of(actions[2 * k->plain + k->write], (void *)k->at, k->n);
}

enum { RUNS = 4000, STEPS = 150 };

/* One run: true if it ended with a race. Most accesses that would race are not made, so that runs
 * get long; whether the others race is then to be found out. */
static bool compare_one_run(struct stats_random *r, uintptr_t memory, size_t window)
{
    struct known known[STEPS];
    const unsigned reckless = (unsigned)stats_random_below(r, 40); /* of 1000 */
    for (unsigned count = 0; count < STEPS;) {
        const unsigned t = (unsigned)stats_random_below(r, 5),
                       u = (unsigned)stats_random_below(r, 5);
        if (t != u && stats_random_below(r, 3) == 0) {
            synchronize(t, u);
            continue;
        }
        run(t);
        const struct known k = random_access(r, memory, window);
        unsigned races = 0;
        for (unsigned j = 0; j < count; j++)
            races += races_with(&known[j], &k);
        if (races && stats_random_below(r, 1000) >= reckless)
            continue;
        if (fault_of_access(&k) != (races ? FAULT_RACE : FAULT_NONE))
            fail_msg("access %u: fault %d, but it races with %u", count, fault.kind, races);
        const struct place *p = &fault.place[0];
        for (unsigned j = 0; races && j < count; j++)
            if (races_with(&known[j], &k) && known[j].thread == p->thread &&
                known[j].epoch == p->po && known[j].write == p->write &&
                known[j].plain == !p->atomic)
                return true;
        if (races)
            fail_msg("access %u: it does not race with the one that is blamed", count);
        known[count++] = k;
    }
    return false;
}

static void compare_with_all_pairs(unsigned char *memory, size_t window, uint64_t seed)
{
    struct stats_random random;
    unsigned with = 0;
    stats_random_seed(&random, seed);
    for (unsigned i = 0; i < RUNS; i++) {
        begin();
        if (heap_holds((uintptr_t)memory)) { /* everybody knows of the object */
            assert_ptr_equal(heap_alloc(16, window + 32, true, 0), memory);
            event();
            for (unsigned t = 1; t < 5; t++)
                threads[t].hb = threads[0].hb;
        }
        with += compare_one_run(&random, (uintptr_t)memory, window);
    }
    if (with < RUNS / 10 || with > RUNS / 10 * 9)
        fail_msg("%u of %u runs have a race: these prove little", with, RUNS);
    print_message("%u of %u runs have a race\n", with, RUNS);
}

static void no_race_is_missed_or_invented(void **state)
{
    (void)state;
    compare_with_all_pairs(data, 8, 1);
    compare_with_all_pairs(data + 3, 40, 2);
}

static void nor_on_the_heap(void **state)
{
    (void)state;
    unsigned char *const object = heap_alloc(16, 64, true, 0);
    compare_with_all_pairs(object, 24, 3);
}

static void nor_on_a_shared_stack(void **state)
{
    (void)state;
    unsigned char *const local = (unsigned char *)threads[1].fiber.stack + 10 * 4096 - 16;
    run(0);
    read_plain(local, 64); /* now known to be shared */
    compare_with_all_pairs(local, 40, 4);
}

/* ---- stacks -------------------------------------------------------------------------------- */

static void another_threads_stack_begins_again(void **state)
{
    (void)state;
    char *const local = threads[2].fiber.stack + 20 * 4096 + 128;
    run(2);
    write_plain(local, 8);
    assert_false(shadow_restart);
    run(3);
    assert_int_equal(fault_of(read_plain, local, 8), FAULT_NONE); /* the write is not known */
    assert_true(shadow_restart);

    begin(); /* ... but now it is */
    run(2);
    write_plain(local, 8);
    write_plain(local + 64, 8); /* the next line is still its own */
    run(3);
    assert_int_equal(fault_of(read_plain, local, 8), FAULT_RACE);
    assert_false(shadow_restart);
    read_plain(local + 64, 8);
    assert_true(shadow_restart);
}

static void an_access_across_lines_marks_both(void **state)
{
    (void)state;
    char *const local = threads[2].fiber.stack + 30 * 4096 - 8; /* across pages even */
    run(3);
    read_plain(local, 16);
    begin();
    run(2);
    write_plain(local + 8, 8);
    run(3);
    assert_int_equal(fault_of(read_plain, local + 8, 8), FAULT_RACE);
    begin();
    run(2);
    write_plain(local - 8, 16);
    run(3);
    assert_int_equal(fault_of(read_plain, local, 8), FAULT_RACE);
    begin(); /* of two pages only the second is shared */
    char *const page = threads[2].fiber.stack + 40 * 4096;
    run(3);
    read_plain(page, 8);
    begin();
    run(2);
    write_plain(page - 8, 16);
    run(3);
    assert_int_equal(fault_of(read_plain, page, 8), FAULT_RACE);
}

static void atomics_are_found_in_memory(void **state)
{
    (void)state;
    char *const local = threads[4].fiber.stack + 4096 - 4;
    char *const object = heap_alloc(16, 32, true, 0);
    char *const places[] = {(char *)data + 100, local, object + 4};
    run(4);
    for (unsigned i = 0; i < 3; i++) {
        const uintptr_t at = (uintptr_t)places[i];
        assert_false(shadow_has_loc(at, 8));
        shadow_set_loc(at, 4, 0);
        assert_true(shadow_has_loc(at, 4));
        assert_true(shadow_has_loc(at - 4, 5));
        assert_false(shadow_has_loc(at - 4, 4));
        assert_false(shadow_has_loc(at + 4, 4));
        assert_true(shadow_has_loc(at - 60, 5000) || i == 2);
    }
    begin();
    run(4);
    for (unsigned i = 0; i < 3; i++)
        assert_false(shadow_has_loc((uintptr_t)places[i], 4));
}

/* ---- data ---------------------------------------------------------------------------------- */

static void write_byte(unsigned char *p, unsigned char value)
{
    write_plain(p, 1);
    *p = value;
}

static void data_is_put_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DATA; i++)
        data[i] = (unsigned char)(i * 7);
    for (unsigned again = 0; again < 2; again++) {
        begin();
        for (unsigned twice = 0; twice < 2; twice++)
            for (unsigned i = 0; i < DATA / 2; i += 5)
                write_byte(data + i, (unsigned char)(i + again));
        write_atomic(data + DATA / 2 + 2000, 16);
        memset(data + DATA / 2 + 2000, 9, 16);
        shadow_will_write((uintptr_t)data + DATA / 2 + 30, 40);
        memset(data + DATA / 2 + 30, 8, 40);
        current->hidden = true;
        write_plain(data + DATA / 2 + 1000, 3);
        memset(data + DATA / 2 + 1000, 8, 3);
        shadow_reset();
        for (unsigned i = 0; i < DATA; i++)
            assert_int_equal(data[i], (unsigned char)(i * 7));
    }
}

static void hidden_accesses_are_nobodys_business(void **state)
{
    (void)state;
    write_plain(data, 8);
    run(1);
    current->hidden = true;
    assert_int_equal(fault_of(write_plain, data, 8), FAULT_NONE);
    assert_int_equal(fault_of(read_plain, (void *)8, 8), FAULT_NONE);
    current->hidden = false;
    assert_int_equal(fault_of(read_plain, data, 8), FAULT_RACE);
    current = NULL;
    assert_int_equal(fault_of(write_plain, data, 8), FAULT_NONE);
}

static void null_pointers_are_named(void **state)
{
    (void)state;
    assert_int_equal(fault_of(write_plain, (void *)16, 8), FAULT_CRASH);
    assert_string_equal(fault.text, "a write of 8 bytes at address 0x10: a null pointer is used");
    static const int constant = 1; /* in no region */
    assert_int_equal(fault_of(read_plain, (void *)&constant, sizeof constant), FAULT_NONE);
}

int main(void)
{
    if (map_memory())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fibers_take_turns, setup),
        cmocka_unit_test_setup(unwinding_ends_at_the_entry, setup),
        cmocka_unit_test_setup(stacks_begin_the_same_in_every_run, setup),
        cmocka_unit_test_setup(unordered_accesses_race, setup),
        cmocka_unit_test_setup(the_text_names_kinds_and_sizes, setup),
        cmocka_unit_test_setup(an_access_after_the_release_is_not_ordered, setup),
        cmocka_unit_test_setup(no_race_is_missed_or_invented, setup),
        cmocka_unit_test_setup(nor_on_the_heap, setup),
        cmocka_unit_test_setup(nor_on_a_shared_stack, setup),
        cmocka_unit_test_setup(another_threads_stack_begins_again, setup),
        cmocka_unit_test_setup(an_access_across_lines_marks_both, setup),
        cmocka_unit_test_setup(atomics_are_found_in_memory, setup),
        cmocka_unit_test_setup(data_is_put_back, setup),
        cmocka_unit_test_setup(hidden_accesses_are_nobodys_business, setup),
        cmocka_unit_test_setup(null_pointers_are_named, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
