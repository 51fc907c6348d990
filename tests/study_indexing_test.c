/* study_indexing_test.c: keys and mixes as they are drawn, and the whole study in small. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "studies/indexing/indexing.h"
#include "studies/study_file.h"
#include "tests/scale.h"

/* Frequencies of ranks, against k^-exponent summed up: within 5 standard errors. */
static void ranks_follow_zipf(void **state)
{
    (void)state;
    static const double exponents[] = {0, 0.5, 0.99, 1, 2};
    for (size_t x = 0; x < sizeof exponents / sizeof *exponents; x++) {
        enum { N = 50, DRAWS = 200000 };
        struct zipf z;
        struct stats_random random;
        double sum = 0;
        unsigned drawn[N + 1] = {0};
        zipf_init(&z, N, exponents[x]);
        stats_random_seed(&random, 42);
        for (unsigned i = 0; i < DRAWS; i++) {
            const uint64_t rank = zipf_next(&z, &random);
            assert_in_range(rank, 1, N);
            drawn[rank]++;
        }
        for (unsigned k = 1; k <= N; k++)
            sum += pow(k, -exponents[x]);
        for (unsigned k = 1; k <= N; k++) {
            const double p = pow(k, -exponents[x]) / sum, expected = DRAWS * p;
            assert_true(fabs(drawn[k] - expected) < 5 * sqrt(expected * (1 - p)) + 1);
        }
    }
}

static void keys_differ(void **state)
{
    (void)state;
    for (uint64_t a = 1; a < 300; a++)
        for (uint64_t b = 1; b < a; b++)
            assert_true(key_of(a) != key_of(b));
    assert_true(key_of(1) >> MAP_OP_SHIFT == 0 && key_of(UINT64_MAX) >> MAP_OP_SHIFT == 0);
}

static void mixes_have_their_shares(void **state)
{
    (void)state;
    struct zipf z;
    zipf_init(&z, 1000, 0);
    for (const struct mix *m = mixes; m->name; m++) {
        unsigned changes = 0, inserts = 0;
        uint64_t *const op = work_draw(m, &z, 40000, 5);
        assert_non_null(op);
        for (unsigned i = 0; i < 40000; i++) {
            changes += op[i] >> MAP_OP_SHIFT != MAP_FIND;
            inserts += op[i] >> MAP_OP_SHIFT == MAP_INSERT;
        }
        assert_true(abs((int)changes - (int)(400 * m->changes)) < 600);
        assert_true(abs(2 * (int)inserts - (int)changes) < 900);
        free(op);
    }
}

/* All cells, briefly: nothing fails, and every claim has a verdict. */
static void the_study_in_small(void **state)
{
    (void)state;
    extern const struct study study_indexing;
    char directory[] = "/tmp/study_indexing_test.XXXXXX", out[64], message[256], command[128];
    const char *value[16] = {NULL};
    if (test_scale() < 0.05)
        skip(); /* valgrind: samples need not free what they use, and each is a process */
    assert_non_null(mkdtemp(directory));
    snprintf(out, sizeof out, "%s/out", directory);
    for (size_t i = 0; study_indexing.parameters[i].name; i++) {
        static const char *const small[][2] = {{"keys", "1024"},    {"inserts", "2048"},
                                               {"counts", "4000"},  {"history", "800"},
                                               {"changes", "2000"}, {"ms", "1"}};
        for (size_t k = 0; k < sizeof small / sizeof *small; k++)
            if (strcmp(small[k][0], study_indexing.parameters[i].name) == 0)
                value[i] = small[k][1];
    }
    assert_int_equal(chdir(directory), 0); /* where there is no checker */
    const struct study_options o = {.study = &study_indexing,
                                    .quick = true,
                                    .quiet = true,
                                    .rounds = 1,
                                    .seed = 3,
                                    .out = out,
                                    .value = value};
    assert_int_equal(study_carry_out(&o), 0);
    struct study_judge j;
    assert_int_equal(study_read(&j, &study_indexing, out, message, sizeof message), 0);
    unsigned errors;
    assert_true(study_count(&j, "throughput", NULL, NULL, &errors) > 20);
    assert_int_equal(errors, 0);
    study_indexing.judge(&j);
    assert_int_equal(j.n_findings, 12);
    FILE *const table = fopen("table", "w+");
    study_indexing.figure(&j, table);
    assert_true(ftell(table) > 200);
    fclose(table);
    study_release(&j);
    snprintf(command, sizeof command, "rm -rf %s", directory);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_follow_zipf),
        cmocka_unit_test(keys_differ),
        cmocka_unit_test(mixes_have_their_shares),
        cmocka_unit_test(the_study_in_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
