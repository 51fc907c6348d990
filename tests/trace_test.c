/* trace_test.c: what is said about a failed execution. The programs are made of the engine's own
 * steps, so that each event, and the line it is on, is known (compile it with -O0: lines matter). */
#include "tests/trace_help.h"

/* ---- a message passed without a release ---------------------------------------------------- */

static enum order publish, consume;

static void *producer(void *arg)
{
    step_plain(&shared.data, 4, true, here());
    shared.data = 42;
    store(&shared.flag, 1, publish, here());
    return arg;
}

static void *consumer(void *arg)
{
    if (load(&shared.flag, consume, here()) == 1)
        step_plain(&shared.data, 4, false, here());
    return arg;
}

static void message(void *arg)
{
    (void)arg;
    both(producer, consumer);
}

static void a_race_names_the_broken_link(void **state)
{
    (void)state;
    publish = RELAXED;
    consume = ACQUIRE;
    check(message, &about);
    says("DATA RACE  test  model RC11");
    says("T1 writes shared.data (");
    says("T2 reads it (");
    says("and nothing orders the two");
    says("T1 producer");
    says("T2 consumer");
    says("store(&shared.flag, 1, publish,");
    says("writes shared.flag = 1  relaxed");
    says("reads shared.flag: 1 (step 2)  acquire");
    says("A (step 1) --then--> B (step 2) --read by--> C (step 3) --then--> D (step 4)");
    says("writes shared.flag relaxed, which is not a release");
    says_not("not an acquire");
    says("Again: again!");
    says_in_order("Why RC11 allows it", "So A (step 1) does not happen before D (step 4)");

    struct repair repair[8];
    assert_int_equal(report_repairs(&failed, &result, repair, 8), 1);
    assert_int_equal(repair[0].kind, EV_WRITE);
    assert_int_equal(repair[0].from, RELAXED);
    assert_int_equal(repair[0].to, RELEASE);
    assert_string_equal(source_of(repair[0].site)->function, "producer");
}

static void the_acquire_may_be_what_is_missing(void **state)
{
    (void)state;
    publish = RELEASE;
    consume = RELAXED;
    check(message, &about);
    says("reads shared.flag relaxed, which is not an acquire");
    says_not("not a release");
    struct repair repair[8];
    assert_int_equal(report_repairs(&failed, &result, repair, 8), 1);
    assert_int_equal(repair[0].kind, EV_READ);
    assert_int_equal(repair[0].to, ACQUIRE);

    publish = RELAXED;
    check(message, &about);
    says("not an acquire");
    says("not a release");
}

static void repairs_that_were_tried_are_told(void **state)
{
    (void)state;
    struct repair repair[8];
    publish = RELAXED;
    consume = ACQUIRE;
    check(message, &about);
    const size_t n = report_repairs(&failed, &result, repair, 8);
    struct report_about tried = about;
    tried.repair = repair;
    tried.repairs = n;
    repair[0].result = REPAIR_WORKS;
    repair[0].executions = 7;
    check(message, &tried);
    says("relaxed -> release  repairs it (7 executions)");
    says_not("No single one");
    repair[0].result = REPAIR_FAILS;
    check(message, &tried);
    says("No single one of these repairs it");
}

/* ---- no chain at all ------------------------------------------------------------------------- */

static void *writer(void *arg)
{
    step_plain(&shared.data, 4, true, here());
    return arg;
}

static void unrelated(void *arg)
{
    (void)arg;
    both(writer, writer);
}

static void a_race_without_any_chain(void **state)
{
    (void)state;
    check(unrelated, &about);
    says("No chain at all leads from A (step 1) to B (step 2)");
    says("They need a lock, or a release by T1 that T2 acquires in between.");
}

/* ---- store buffering: a stale read --------------------------------------------------------- */

static int seen[2];
static enum order stores, loads;

static void *left(void *arg)
{
    store(&shared.x, 1, stores, here());
    seen[0] = load(&shared.y, loads, here());
    return arg;
}

static void *right(void *arg)
{
    store(&shared.y, 1, stores, here());
    seen[1] = load(&shared.x, loads, here());
    return arg;
}

static void buffering(void *arg)
{
    (void)arg;
    both(left, right);
    claim(seen[0] || seen[1], here());
}

static void wrong_claim(void *arg)
{
    (void)arg;
    both(left, right);
    claim(seen[0] && seen[1], here());
}

static void a_stale_read_says_what_it_missed(void **state)
{
    (void)state;
    stores = RELEASE;
    loads = ACQUIRE;
    check(buffering, &about);
    says("ASSERTION");
    says("STALE: T1 wrote 1 in step 1");
    says("Why RC11 allows it");
    says("Step 4 reads shared.x = 0 although T1 had written 1 in step 1: nothing that T2 read "
         "before");
    says("claim(seen[0] || seen[1], here());");
    says("fails");
    says_not("No weak memory");
    assert_non_null(strstr(json, "\"interleaving\":false"));
}

static void an_interleaving_is_called_one(void **state)
{
    (void)state;
    stores = loads = SEQ_CST;
    check(wrong_claim, &about);
    says("No weak memory is needed");
    says_not("STALE");
    assert_non_null(strstr(json, "\"interleaving\":true"));
}

/* ---- an execution that is run again in another order ---------------------------------------- */

static void *peterson(int *mine, const int *other, int turn)
{
    store(mine, 1, RELEASE, here());
    store(&shared.flag, turn, RELEASE, here());
    if (load(other, ACQUIRE, here()) == 1 && load(&shared.flag, ACQUIRE, here()) == turn)
        return NULL;
    step_plain(&shared.data, 4, true, here());
    store(mine, 0, RELEASE, here());
    return NULL;
}

static void *peterson_1(void *arg)
{
    (void)arg;
    return peterson(&shared.x, &shared.y, 2);
}

static void *peterson_2(void *arg)
{
    (void)arg;
    return peterson(&shared.y, &shared.x, 1);
}

static void mutual_exclusion(void *arg)
{
    (void)arg;
    both(peterson_1, peterson_2);
}

/* The failing execution is not the first one, and threads first touch their variables in another
 * order when it is run again. */
static void every_step_of_a_later_execution_is_told(void **state)
{
    (void)state;
    check(mutual_exclusion, &about);
    assert_int_equal(result.fault.kind, FAULT_RACE);
    assert_true(result.complete + result.blocked > 0);
    says("writes shared.x = 1  release");
    says("writes shared.y = 1  release");
    says("reads shared.x: ");
    says("reads shared.y: ");
}

/* ---- two locks, taken in two orders -------------------------------------------------------- */

static void *a_then_b(void *arg)
{
    lock(&shared.a, here());
    lock(&shared.b, here());
    unlock(&shared.b, here());
    unlock(&shared.a, here());
    return arg;
}

static void *b_then_a(void *arg)
{
    lock(&shared.b, here());
    lock(&shared.a, here());
    unlock(&shared.a, here());
    unlock(&shared.b, here());
    return arg;
}

static void two_locks(void *arg)
{
    (void)arg;
    both(a_then_b, b_then_a);
}

static void a_deadlock_names_the_locks_and_who_has_them(void **state)
{
    (void)state;
    check(two_locks, &about);
    says("DEADLOCK");
    says("T1 waits for shared.b, which T2 holds; T2 waits for shared.a, which T1 holds.");
    says("locks shared.a");
    says("waits for shared.b: T2 has it (step ");
    says("has not unlocked");
    says_not("waits for ever");
}

/* ---- a loop whose turns are all alike ------------------------------------------------------- */

static void *turns(void *arg)
{
    for (int i = 0; i < 5; i++) {
        lock(&shared.a, here());
        unlock(&shared.a, here());
    }
    store(&shared.flag, 1, RELAXED, here());
    step_plain(&shared.data, 4, true, here());
    return arg;
}

static void turns_and_a_race(void *arg)
{
    (void)arg;
    both(turns, writer);
}

static void turns_of_a_loop_are_told_once(void **state)
{
    (void)state;
    check(turns_and_a_race, &about);
    says("locks shared.a");
    says("... these 2 steps 4 more times");
    says("A (step 4)");                                 /* lock, unlock, store, write */
    assert_int_equal(count(said, "locks shared.a"), 2); /* and "unlocks" */
    assert_non_null(strstr(json, "\"text\":\"... these 2 steps 4 more times\""));
    assert_non_null(strstr(svg, ">... these 2 steps 4 more times</text>"));
}

/* Another thread reads what one of the turns wrote: which one it was is told. */
static void *counts(void *arg)
{
    for (int i = 0; i < 4; i++)
        store(&shared.x, 1, RELEASE, here());
    step_plain(&shared.data, 4, true, here());
    return arg;
}

static void *looks(void *arg)
{
    if (load(&shared.x, ACQUIRE, here()) == 1)
        step_plain(&shared.data, 4, false, here());
    return arg;
}

static void counts_and_looks(void *arg)
{
    (void)arg;
    both(counts, looks);
}

static void a_turn_that_others_see_is_told(void **state)
{
    (void)state;
    check(counts_and_looks, &about);
    says("reads shared.x: 1 (step ");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* Brackets and quotes balance, and nothing follows the object. */
static void is_one_object(const char *text)
{
    int depth = 0;
    bool quoted = false;
    for (const char *p = text; *p; p++) {
        if (quoted) {
            if (*p == '\\')
                p++;
            else if (*p == '"')
                quoted = false;
        } else if (*p == '"') {
            quoted = true;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (*p == '}' || *p == ']') {
            depth--;
            assert_true(depth > 0 || p[1] == '\0');
        }
    }
    assert_int_equal(depth, 0);
    assert_false(quoted);
}

static void json_has_the_same_rows(void **state)
{
    (void)state;
    publish = RELAXED;
    consume = ACQUIRE;
    check(message, &about);
    is_one_object(json);
    assert_non_null(
        strstr(json, "{\"kind\":\"data_race\",\"program\":\"test\",\"model\":\"RC11\""));
    assert_non_null(strstr(json, "\"step\":2,\"mark\":\"B\""));
    assert_non_null(strstr(json, "\"text\":\"writes shared.flag = 1  relaxed\""));
    assert_non_null(strstr(json, "not a release"));
}

/* ---- the picture ----------------------------------------------------------------------------- */

/* Every element is closed, in order; `&` only begins an entity; no byte that XML forbids. */
static void is_one_document(const char *text)
{
    const char *open[32] = {NULL};
    size_t length[32] = {0};
    unsigned depth = 0;
    for (const char *p = text; *p; p++) {
        assert_true((unsigned char)*p >= ' ' || *p == '\n');
        if (*p == '&') {
            const size_t n = strcspn(p, ";");
            assert_true(n <= 5);
        } else if (*p == '<' && p[1] == '/') {
            assert_true(depth > 0 && open[depth - 1] &&
                        strncmp(p + 2, open[depth - 1], length[depth - 1]) == 0);
            depth--;
            p += strcspn(p, ">");
        } else if (*p == '<') {
            const char *const end = p + strcspn(p, ">");
            assert_true(*end == '>' && depth < 32);
            open[depth] = p + 1;
            length[depth] = strcspn(p + 1, " >/");
            depth += end[-1] != '/';
            p = end;
        }
    }
    assert_int_equal(depth, 0);
}

static void a_picture_shows_where_the_chain_breaks(void **state)
{
    (void)state;
    publish = RELAXED;
    consume = ACQUIRE;
    check(message, &about);
    is_one_document(svg);
    assert_non_null(strstr(svg, ">DATA RACE</text>"));
    assert_non_null(strstr(svg, ">T1 producer</text>"));
    assert_non_null(strstr(svg, "store(&amp;shared.flag, 1, publish,"));
    assert_non_null(strstr(svg, ">reads shared.flag: 1 (step 2)  acquire</text>"));
    assert_int_equal(count(svg, "class=\"arrow broken\""), 2); /* and in the key */
    assert_int_equal(count(svg, "class=\"arrow conflict\""), 2);
    assert_int_equal(count(svg, ">not a release: "), 1);
    assert_int_equal(count(svg, ">not an acquire: "), 0);
    assert_int_equal(count(svg, "class=\"bad\""), 2); /* the two accesses */
    assert_non_null(strstr(svg, ">Why RC11 allows it</text>"));
    assert_non_null(strstr(svg, ">again!</text>"));
    consume = RELAXED;
    check(message, &about);
    assert_int_equal(count(svg, ">not an acquire: "), 1);
}

static void a_picture_shows_what_a_stale_read_missed(void **state)
{
    (void)state;
    stores = RELEASE;
    loads = ACQUIRE;
    check(buffering, &about);
    is_one_document(svg);
    assert_int_equal(count(svg, "class=\"arrow stale\""), 2);
    assert_int_equal(count(svg, ">shared.x = 0  (initial)</text>"), 1);
    assert_int_equal(count(svg, "class=\"unseen\""), 1);
    assert_int_equal(count(svg, ">not seen in step 4</text>"), 1);
}

static void a_picture_shows_who_waits_for_whom(void **state)
{
    (void)state;
    check(two_locks, &about);
    is_one_document(svg);
    assert_int_equal(count(svg, "class=\"arrow waits\""), 3); /* each for the other; the key */
}

static void a_picture_survives_any_text(void **state)
{
    (void)state;
    struct report_about odd = about;
    odd.program = "<\"q\" & 'r'>\x01\xff.c";
    odd.replay =
        "\xc3\xa9\xc3 ]]> a_very_long_word_that_has_no_place_at_which_it_could_be_cut_but_is_cut_"
        "all_the_same_"
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9";
    check(message, &odd);
    is_one_document(svg);
    assert_non_null(strstr(svg, "&lt;&quot;q&quot; &amp; 'r'&gt; \xef\xbf\xbd.c"));
    assert_int_equal(count(svg, "\xef\xbf\xbd"), 2); /* nothing was cut within a character */
}

static void the_same_execution_is_told_twice_alike(void **state)
{
    (void)state;
    publish = RELAXED;
    consume = ACQUIRE;
    check(message, &about);
    char *first = strdup(said), *picture = strdup(svg);
    check(message, &about);
    assert_string_equal(first, said);
    assert_string_equal(picture, svg);
    free(first);
    free(picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_race_names_the_broken_link),
        cmocka_unit_test(the_acquire_may_be_what_is_missing),
        cmocka_unit_test(repairs_that_were_tried_are_told),
        cmocka_unit_test(a_race_without_any_chain),
        cmocka_unit_test(a_stale_read_says_what_it_missed),
        cmocka_unit_test(an_interleaving_is_called_one),
        cmocka_unit_test(every_step_of_a_later_execution_is_told),
        cmocka_unit_test(a_deadlock_names_the_locks_and_who_has_them),
        cmocka_unit_test(turns_of_a_loop_are_told_once),
        cmocka_unit_test(a_turn_that_others_see_is_told),
        cmocka_unit_test(json_has_the_same_rows),
        cmocka_unit_test(a_picture_shows_where_the_chain_breaks),
        cmocka_unit_test(a_picture_shows_what_a_stale_read_missed),
        cmocka_unit_test(a_picture_shows_who_waits_for_whom),
        cmocka_unit_test(a_picture_survives_any_text),
        cmocka_unit_test(the_same_execution_is_told_twice_alike),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
