/* heap_test.c: the checked program's heap by itself. */
#include "tests/shadow_help.h"

static void free_at(void *p, size_t site) { heap_free(p, site); }

static void look_for_leaks(void *p, size_t strict)
{
    (void)p;
    heap_check_leaks(strict);
}

/* ---- the heap ------------------------------------------------------------------------------ */

static void addresses_follow_from_thread_and_count(void **state)
{
    (void)state;
    char *first[3], *other;
    run(1);
    for (unsigned i = 0; i < 3; i++)
        first[i] = heap_alloc(16, 24, false, 0);
    run(2);
    other = heap_alloc(128, 24, false, 0);
    begin();
    run(2);
    assert_ptr_equal(heap_alloc(128, 24, true, 0), other);
    assert_int_equal((uintptr_t)other % 128, 0);
    run(1);
    for (unsigned i = 0; i < 3; i++) {
        char *p = heap_alloc(8, 24, false, 0);
        assert_ptr_equal(p, first[i]);
        for (unsigned j = 0; j < 24; j++)
            assert_int_equal((unsigned char)p[j], 0xa5);
        heap_free(p, 0); /* and it is not handed out again */
    }
    assert_int_equal(current->allocations, 3);
    assert_null(heap_alloc(16, 1 << 24, false, 0));
    assert_null(heap_alloc(16, SIZE_MAX - 8, false, 0));
    unsigned n = 0;
    while (heap_alloc(16, 1000, false, 0))
        n++;
    assert_in_range(n, 900, 1100);
}

static void objects_are_found(void **state)
{
    (void)state;
    char *objects[100];
    for (unsigned i = 0; i < 100; i++)
        objects[i] = heap_alloc(i % 7 ? 16 : 256, i, false, 5);
    for (unsigned i = 0; i < 100; i++)
        for (unsigned at = 0; at < i + 16; at++) {
            const struct heap_object *o = heap_find((uintptr_t)objects[i] + at);
            assert_non_null(o);
            assert_ptr_equal(o->base, objects[i]);
            assert_int_equal(o->size, i);
            assert_int_equal(o->number, i + 1);
            assert_int_equal(o->site, 5);
        }
    assert_null(heap_find((uintptr_t)objects[0] - 1));
    assert_null(heap_find((uintptr_t)data));
    assert_true(heap_holds((uintptr_t)objects[0]));
    assert_false(heap_holds((uintptr_t)data));
}

static void frees_are_checked(void **state)
{
    (void)state;
    char *p = heap_alloc(16, 32, true, 1);
    heap_free(NULL, 2);
    assert_int_equal(fault_of(free_at, p + 8, 2), FAULT_INVALID_FREE);
    assert_int_equal(fault.places, 2);
    assert_int_equal(fault_of(free_at, data, 2), FAULT_INVALID_FREE);
    assert_int_equal(fault_of(free_at, p + 4096, 2), FAULT_INVALID_FREE);
    heap_free(p, 3);
    synchronize(0, 1);
    assert_int_equal(fault_of(free_at, p, 4), FAULT_DOUBLE_FREE);
    assert_int_equal(fault.places, 3);
    const uint32_t sites[] = {1, 3, 4};
    const char *const whats[] = {"allocation", "free", "free"};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(fault.place[i].site, sites[i]);
        assert_string_equal(fault.place[i].what, whats[i]);
    }
    p = heap_alloc(16, 32, true, 1);
    run(2);
    assert_int_equal(fault_of(free_at, p, 2), FAULT_RACE);
    begin(); /* before either had made any event */
    p = heap_alloc(16, 32, true, 1);
    run(2);
    assert_int_equal(fault_of(free_at, p, 2), FAULT_RACE);
}

static void freed_memory_is_not_used(void **state)
{
    (void)state;
    for (unsigned used = 0; used < 2; used++) {
        begin();
        char *p = heap_alloc(16, 32, true, 1);
        if (used)
            write_plain(p + 8, 4);
        heap_free(p, 3);
        assert_int_equal(fault_of(read_plain, p + 8, 4), FAULT_USE_AFTER_FREE);
        assert_int_equal(fault.places, 3);
        assert_string_equal(fault.place[1].what, "free");
        assert_string_equal(fault.place[2].what, "read");
        assert_int_equal(fault_of(write_atomic, p + 16, 8), FAULT_USE_AFTER_FREE);
        synchronize(0, 1);
        assert_int_equal(fault_of(read_atomic, p, 8), FAULT_USE_AFTER_FREE);
    }
}

static void a_free_is_ordered_after_every_access(void **state)
{
    (void)state;
    for (unsigned late = 0; late < 2; late++) {
        begin();
        char *p = heap_alloc(16, 64, true, 1);
        for (unsigned t = 1; t < 5; t++) { /* more readers of one word than a cell has room for */
            synchronize(0, t);
            read_atomic(p + 40, 8);
        }
        for (unsigned t = 1; t < 5; t++)
            if (t != 3 || !late)
                synchronize(t, 0);
        run(0);
        assert_int_equal(fault_of(free_at, p, 2), late ? FAULT_USE_AFTER_FREE : FAULT_NONE);
        if (late) {
            assert_int_equal(fault.places, 3);
            assert_int_equal(fault.place[1].thread, 3);
            assert_string_equal(fault.place[1].what, "read");
            assert_string_equal(fault.place[2].what, "free");
        }
    }
}

static void bounds_are_checked(void **state)
{
    (void)state;
    char *p = heap_alloc(16, 21, true, 1), *q = heap_alloc(16, 8, true, 1);
    assert_int_equal(fault_of(read_plain, p + 16, 5), FAULT_NONE);
    assert_int_equal(fault_of(read_plain, p + 16, 6), FAULT_OUT_OF_BOUNDS);
    assert_string_equal(fault.text,
                        "a read of 6 bytes at offset 16 ends 1 bytes beyond an object of 21 bytes");
    assert_int_equal(fault_of(write_plain, p, 22), FAULT_OUT_OF_BOUNDS);
    assert_int_equal(fault_of(write_plain, p, 4096), FAULT_OUT_OF_BOUNDS);
    assert_int_equal(fault_of(write_plain, p, 1 << 30), FAULT_OUT_OF_BOUNDS);
    assert_int_equal(fault_of(write_plain, p + 21, 1), FAULT_OUT_OF_BOUNDS);
    assert_int_equal(fault_of(write_atomic, p + 24, 8), FAULT_OUT_OF_BOUNDS);
    assert_int_equal(fault_of(read_plain, q - 4, 4), FAULT_OUT_OF_BOUNDS);
    assert_int_equal(fault.place[0].address, (uintptr_t)q);
    assert_string_equal(fault.text, "a read of 4 bytes begins 4 bytes before an object of 8 bytes");
    assert_int_equal(fault_of(read_plain, p - 1, 1), FAULT_OUT_OF_BOUNDS);
    assert_int_equal(fault_of(read_plain, q + 30000, 1), FAULT_OUT_OF_BOUNDS);
    run(5);
    assert_int_equal(fault_of(read_plain, q + 5 * (1 << 20), 1), FAULT_OUT_OF_BOUNDS);
}

static void unwritten_bytes_are_not_read(void **state)
{
    (void)state;
    char *p = heap_alloc(16, 64, false, 1);
    assert_false(shadow_initialised((uintptr_t)p, 1));
    for (size_t n = 1; n <= 64; n++)
        assert_int_equal(fault_of(read_plain, p, n), FAULT_UNINITIALISED);
    assert_int_equal(fault_of(read_atomic, p, 8), FAULT_NONE);
    write_plain(p, 4);
    assert_true(shadow_initialised((uintptr_t)p, 4));
    assert_false(shadow_initialised((uintptr_t)p, 5));
    assert_int_equal(fault_of(read_plain, p, 4), FAULT_NONE);
    assert_int_equal(fault_of(read_plain, p, 8), FAULT_UNINITIALISED);
    assert_string_equal(fault.text, "a read of 8 bytes, of which 4 were never written, at offset 0 "
                                    "of an object of 64 bytes");
    write_atomic(p + 4, 1); /* the rest is the padding of struct { int; char; } */
    assert_int_equal(fault_of(read_plain, p, 8), FAULT_NONE);
    assert_int_equal(fault_of(read_plain, p, 64), FAULT_NONE);
    assert_int_equal(fault_of(read_plain, p + 5, 2), FAULT_UNINITIALISED);
    assert_int_equal(fault_of(read_plain, p + 16, 48), FAULT_UNINITIALISED);
    assert_int_equal(fault_of(read_plain, p + 16, 8), FAULT_UNINITIALISED); /* again */
    char *z = heap_alloc(16, 64, true, 1);
    assert_true(shadow_initialised((uintptr_t)z, 64));
    assert_int_equal(fault_of(read_plain, z, 64), FAULT_NONE);
}

static void an_allocation_is_a_write(void **state)
{
    (void)state;
    char *p = heap_alloc(16, 64, true, 7);
    run(1);
    assert_int_equal(fault_of(read_atomic, p + 8, 8), FAULT_RACE);
    assert_string_equal(fault.place[0].what, "allocation");
    assert_int_equal(fault.place[0].size, 64);
    assert_int_equal(fault.place[0].site, 7);
    synchronize(0, 1);
    assert_int_equal(fault_of(read_atomic, p + 8, 8), FAULT_NONE);
}

/* ---- leaks --------------------------------------------------------------------------------- */

static void store_word(void *p, uint64_t value)
{
    write_plain(p, 8);
    memcpy(p, &value, 8);
}

static void unreachable_objects_leak(void **state)
{
    (void)state;
    char *a = heap_alloc(16, 32, true, 1), *b = heap_alloc(16, 32, true, 2),
         *c = heap_alloc(16, 32, true, 3);
    store_word(data + 64, (uintptr_t)a + 5);                  /* into its middle */
    store_word(a + 8, (uintptr_t)b | UINT64_C(0xbeef) << 48); /* with a tag */
    store_word(b + 24, (uint64_t)(uintptr_t)c << 16 | 3);
    current = NULL; /* as the explorer does at the end */
    synced = 0;
    assert_int_equal(fault_of(look_for_leaks, NULL, false), FAULT_NONE);
    assert_int_equal(fault_of(look_for_leaks, NULL, false), FAULT_NONE);
    assert_int_equal(synced, 2);
    assert_int_equal(fault_of(look_for_leaks, NULL, true), FAULT_LEAK);
    run(0);
    store_word(b + 24, 0);
    current = NULL;
    assert_int_equal(fault_of(look_for_leaks, NULL, false), FAULT_LEAK);
    assert_int_equal(fault.places, 1);
    assert_int_equal(fault.place[0].site, 3);
    assert_string_equal(fault.place[0].what, "allocation");
    run(0);
    store_word(data + 64, 0);
    assert_int_equal(fault_of(look_for_leaks, NULL, false), FAULT_LEAK);
    assert_non_null(strstr(fault.text, "3 objects"));
    heap_free(a, 1);
    heap_free(b, 1);
    heap_free(c, 1);
    assert_int_equal(fault_of(look_for_leaks, NULL, true), FAULT_NONE);
}

int main(void)
{
    if (map_memory())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(addresses_follow_from_thread_and_count, setup),
        cmocka_unit_test_setup(objects_are_found, setup),
        cmocka_unit_test_setup(frees_are_checked, setup),
        cmocka_unit_test_setup(freed_memory_is_not_used, setup),
        cmocka_unit_test_setup(a_free_is_ordered_after_every_access, setup),
        cmocka_unit_test_setup(bounds_are_checked, setup),
        cmocka_unit_test_setup(unwritten_bytes_are_not_read, setup),
        cmocka_unit_test_setup(an_allocation_is_a_write, setup),
        cmocka_unit_test_setup(unreachable_objects_leak, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
