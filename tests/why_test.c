/* why_test.c: what is said about reads that missed a write, and about objects freed too early or twice:
 * who did it, and nothing that would not repair it (compile it with -O0: lines matter). */
#include "tests/trace_help.h"

/* ---- stale reads --------------------------------------------------------------------------- */

static void *enter(int *mine, const int *other)
{
    store(mine, 1, RELEASE, here());
    if (load(other, ACQUIRE, here()) == 0)
        step_plain(&shared.data, 4, true, here());
    return NULL;
}

static void *enter_1(void *arg)
{
    (void)arg;
    return enter(&shared.x, &shared.y);
}

static void *enter_2(void *arg)
{
    (void)arg;
    return enter(&shared.y, &shared.x);
}

static void dekker(void *arg)
{
    (void)arg;
    both(enter_1, enter_2);
}

static void a_race_tells_the_stale_read_that_let_a_thread_in(void **state)
{
    (void)state;
    check(dekker, &about);
    says("No chain at all leads from A (step 3) to B (step 6)");
    says(
        "Step 5 reads shared.x = 0 although T1 had written 1 in step 1, and with that T2 came to B "
        "(step 6).");
    says("Either they need a lock, or a release by T1 that T2 acquires in between, or the values "
         "read must rule this out");
}

static int seen[2];

/* The newest write to flag is not what the reader should have seen, but an older one is. */
static void *twice(void *arg)
{
    store(&shared.flag, 1, RELAXED, here());
    store(&shared.x, 1, RELEASE, here());
    store(&shared.flag, 2, RELAXED, here());
    store(&shared.y, 1, RELAXED, here());
    return arg;
}

static void *look_back(void *arg)
{
    const int x = load(&shared.x, RELAXED, here());
    int others = load(&shared.flag, RELAXED, here());
    others += load(&shared.y, RELAXED, here());
    others += load(&shared.flag, RELAXED, here());
    seen[0] = x;
    seen[1] = others;
    return arg;
}

static void older_write(void *arg)
{
    (void)arg;
    both(twice, look_back);
    claim(seen[0] == 0 || seen[1] > 0, here());
}

static void the_write_that_had_to_be_seen_may_be_an_older_one(void **state)
{
    (void)state;
    check(older_write, &about);
    says("reads shared.flag = 0 although T1 had written 1 in step 1.");
    says("reads shared.x relaxed, which is not an acquire");
    says("reads shared.y = 0 although T1 had written 1 in step 4: nothing that T2 read before");
    const char *const first = strstr(svg, "class=\"initial\""), *second, *y;
    assert_int_equal(count(svg, "class=\"initial\""), 2); /* flag, read twice, and y */
    second = strstr(first + 1, "class=\"initial\"");
    y = strstr(first, "y=");
    assert_int_not_equal(strtol(y + 3, NULL, 10), strtol(strstr(second, "y=") + 3, NULL, 10));
}

/* ---- freed too early, or twice ----------------------------------------------------------------- */

static int *object;

static void *user(void *arg)
{
    heap_check((uintptr_t)object, 4, false, false, here());
    step_plain(object, 4, false, here());
    return arg;
}

static void *freer(void *arg)
{
    heap_free(object, here());
    return arg;
}

static void make_object(void) { object = heap_alloc(8, sizeof *object, true, here()); }

static void used_and_freed(void *arg)
{
    (void)arg;
    make_object();
    both(user, freer);
}

static void freed_and_used(void *arg)
{
    (void)arg;
    make_object();
    both(freer, user);
}

static void freed_and_freed(void *arg)
{
    (void)arg;
    make_object();
    both(freer, freer);
}

static void who_frees_too_early_is_named_whoever_came_first(void **state)
{
    (void)state;
    check(used_and_freed, &about);
    assert_int_equal(result.fault.kind, FAULT_USE_AFTER_FREE);
    says("T1 reads ");
    says("and nothing orders the two.");
    says("Nothing keeps T2 from freeing it while T1 still uses it");
    check(freed_and_used, &about);
    assert_int_equal(result.fault.kind, FAULT_USE_AFTER_FREE);
    says("after T1 has freed");
    says("Nothing keeps T1 from freeing it while T2 still uses it");
}

static void nobody_is_told_to_order_two_frees(void **state)
{
    (void)state;
    check(freed_and_freed, &about);
    assert_int_equal(result.fault.kind, FAULT_DOUBLE_FREE);
    says("only one of them may");
    says_not("or a release by");
    says_not("they may come in either order");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_race_tells_the_stale_read_that_let_a_thread_in),
        cmocka_unit_test(the_write_that_had_to_be_seen_may_be_an_older_one),
        cmocka_unit_test(who_frees_too_early_is_named_whoever_came_first),
        cmocka_unit_test(nobody_is_told_to_order_two_frees),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
