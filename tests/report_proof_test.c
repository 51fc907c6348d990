/* report_proof_test.c: what the report makes of the model checker's tables. */
#include "tests/report_help.h"

static const char *table_path(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/models/%s", root, name);
    return path;
}

static void put_table(const char *name, const char *text) { spill(table_path(name), text); }

/* Small tables in the form in which the checker's programs write them. */
static void tables(void)
{
    put_table("expected.tsv", "# queue\tscenario\tmodel\tverdict\tcomplete\tblocked\testimate\n"
                              "array_mpmc\tpublish\trc11\tok\t1234567\t10\t-\n"
                              "array_mpmc\tmpmc_2x2\trc11\tunfinished\t600\t7\t2.5e+06\n"
                              "array_mpmc\tpublish\tsc\tok\t3\t0\t-\n"
                              "ring_spsc\tpublish\trc11\tdata_race\t5\t0\t-\n"
                              "ring_spsc\tfull_empty\trc11\tunbounded\t0\t0\t-\n");
    put_table(
        "progress.tsv",
        "# queue\toperation\tpromised\tfound\tscenario\tfile\tline\ttext\n"
        "array_mpmc\tpush\tblocking\tblocking\tmpmc_2x2\tqueues/array_mpmc.h\t88\tif (a || b)\n"
        "ring_spsc\tpop\twait-free\tlock-free\tpublish\t-\t-\t-\n");
    put_table(
        "necessity.tsv",
        "# queue\tfile\tline\toperation\tfrom\tto\tverdict\tscenario\ttext\n"
        "array_mpmc\tqueues/wait.h\t81\tload\tseq_cst\tacquire\tok\t-\tload(x)\n"
        "array_mpmc\tqueues/wait.h\t81\tload\tseq_cst\trelaxed\tok\t-\tload(x)\n"
        "ring_spsc\tqueues/ring_spsc.h\t80\tstore\trelease\trelaxed\tdata_race\tpublish\ts\n"
        "ring_spsc\tqueues/ring_spsc.h\t90\tload\tacquire\trelaxed\tunfinished\tpublish\tl\n"
        "ring_spsc\tqueues/wait.h\t81\tload\tseq_cst\tacquire\tok\t-\tload(x)\n"
        "ring_spsc\tqueues/wait.h\t81\tload\tseq_cst\trelaxed\tlost_wakeup\tpark_wake\tload(x)\n");
    put_table("mutants/kills.tsv", "# mutant\tsubject\texpected\tkilled_by\tfound\n"
                                   "one\tmutex_deque\tleak\tpublish\tleak\n"
                                   "two\tmutex_two_lock\tleak\tpublish\tleak\n"
                                   "three\tmutex_deque\trace\tpublish\tdata race\n"
                                   "four\tlanes_strict_over_array_mpmc\tsurvives: x\t-\t"
                                   "survives: nothing lets it\n"
                                   "five\tfive.c\tdeadlock\tmain\tdeadlock\n");
    put_table("mutants/queues.tsv", "# name, queue, the rest\n"
                                    "ring_spsc_one_more\tring_mpsc\ta\tnot this one\n"
                                    "ring_spsc_one\tring_spsc\ta\tb\tpush forgets\n");
    put_table("litmus/counts.tsv", "# Counted.\n# By whom.\nSB\tx=1 || y=1\t4\t3\nSB\tx=2\t1\t1\n"
                                   "MP\tx=3\t1200\t4\n");
    put_table("golden/aa.txt", "never shown\n");
    put_table("golden/mp_one.txt", "T1   T2\nx=1");
    put_table("golden/ring_spsc_one.txt", "T1   T2\npush\n");
}

static char *proved(void)
{
    tables();
    return written();
}

static int setup(void **state)
{
    static const char *const made[] = {"models", "models/mutants", "models/litmus", "models/golden",
                                       "studies"};
    (void)state;
    if (begin() != 0)
        return -1;
    char path[128];
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        snprintf(path, sizeof path, "%s/%s", root, made[i]);
        if (mkdir(path, 0777) != 0)
            return -1;
    }
    snprintf(path, sizeof path, "%.100s/runs.jsonl", results);
    FILE *f = fopen(path, "w");
    if (!f)
        return -1;
    const struct record r = sample("spsc", "mutex_deque", "mutex", 0, 10);
    put(f, &r);
    return fclose(f);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void cells_are_counted(void **state)
{
    (void)state;
    char *text = proved();
    expect(text, "| array_mpmc | RC11 | 2 | 1 | 0 | 1 | 1,235,167 | 17 |");
    expect(text, "| array_mpmc | SC | 1 | 1 | 0 | 0 | 3 | 0 |");
    expect(text, "| ring_spsc | RC11 | 2 | 0 | **1** | 1 | 5 | 0 |");
    expect(text, "| **all** | | 5 | 2 | **1** | 2 | 1,235,175 | 17 |");
    expect(text, "- `ring_spsc` in `publish` under RC11: data race\n");
    expect(text,
           "| mpmc_2x2 | array_mpmc | RC11 | 4 threads, capacity 2 | 600 | 7 | about 2,500,000 |");
    expect(text, "capacity 2; *a loop without a bound* | – | – | – |");
    free(text);
}

static void broken_promises_are_bold(void **state)
{
    (void)state;
    char *text = proved();
    expect(text, "| array_mpmc | push | blocking | blocking | `queues/array_mpmc.h:88` "
                 "`if (a \\|\\| b)` | mpmc_2x2 |");
    expect(text, "| ring_spsc | pop | wait-free | **lock-free** |  | publish |");
    expect(text, "**Less than promised: 1.**");
    free(text);
}

static void an_order_that_one_queue_needs_is_needed(void **state)
{
    (void)state;
    char *text = proved();
    expect(text, "| array_mpmc | 1 | 0 | 1 | 0 |");
    expect(text, "| ring_spsc | 3 | 1 | 1 | 1 |");
    expect(text,
           "| `queues/wait.h:81` | load | seq_cst | acquire | array_mpmc, ring_spsc | `load(x)` |");
    assert_null(strstr(text, "| `queues/ring_spsc.h:80` |")); /* needed: not in the list */
    free(text);
}

static void survivors_are_named(void **state)
{
    (void)state;
    char *text = proved();
    expect(text, "| mutex | 3 | 3 | leak 2, data race 1 |");
    expect(text, "| lanes | 1 | 0 |  |");
    expect(text, "| programs of their own | 1 | 1 | deadlock 1 |");
    expect(text, "5 mutants, 4 killed.");
    expect(text, "- `four` (lanes_strict_over_array_mpmc): nothing lets it\n");
    free(text);
}

static void the_checkers_own_tests_are_told(void **state)
{
    (void)state;
    char *text = proved();
    expect(text, "3 small programs of 2 shapes, whose numbers of execution graphs are known: 1,205 "
                 "under RC11, 8 under SC; in 2 of the programs");
    expect(text, "#### mp_one\n\n```text\nT1   T2\nx=1\n```\n");
    expect(text,
           "#### ring_spsc_one\n\n`ring_spsc_one` is a mutant: `ring_spsc` with a bug planted "
           "for the checker to find (*push forgets*). What follows is no violation of "
           "`ring_spsc` as it is.\n\n```text\nT1   T2\npush\n```\n\n1 more");
    assert_null(strstr(text, "never shown"));
    free(text);
}

static void tables_have_every_row(void **state)
{
    (void)state;
    free(proved());
    char *text = slurp(table_path("TABLES.md"));
    assert_non_null(text);
    expect(text, "| scenario | array_mpmc | ring_spsc |\n");
    expect(text, "| publish | 1,234,567 / 10 | **data race** 5 / 0 |\n");
    expect(text, "| mpmc_2x2 | *unfinished* 600 / 7 | · |\n");
    expect(text,
           "| `queues/ring_spsc.h:80` | store | release | relaxed | data race | publish | `s` |");
    expect(text, "| `five` | five.c | `main` | deadlock | deadlock |\n");
    free(text);
}

/* What a document claims is counted by document, what this project wants of the system apart. */
static void targets_are_no_claims_of_a_document(void **state)
{
    (void)state;
    put_table("../studies/claims.tsv",
              "# id\tsource\tclaim\tfigure\tverdict\tmeasured\tevidence\tcommand\n"
              "S1-C1\t001\tit flies\t2x\tholds\tseen | heard\ta/b.c\tfly\n"
              "S1-B1\t001\tit lands\t-\trefuted\tnever\t-\tfall\n"
              "S1-B2\t001\tit stays\t-\trefuted\tnever\t-\tfly\n"
              "OWN-T1\t001\ttarget: it shines\t-\tholds\tbrightly\t-\tfly\n"
              "S2-C1\t002\tit sings\t-\t-\t-\t-\tsing\n");
    char *text = proved();
    expect(text, "| 001 | 1 | 2 | 0 | 0 | 0 | 3 |\n| 002 | 0 | 0 | 0 | 0 | 1 | 1 |\n"
                 "| all documents | 1 | 2 | 0 | 0 | 1 | 4 |\n"
                 "| targets of this project | 1 | 0 | 0 | 0 | 0 | 1 |\n");
    expect(text, "| S1-C1 | it flies (2x) | **holds** | seen \\| heard | [b.c](a/b.c) |\n"
                 "| S1-B1 | it lands | **refuted** | never |  |\n"
                 "| S1-B2 | it stays | **refuted** | never |  |\n\n"
                 "Measured by `fly`: S1-C1, S1-B2; `fall`: S1-B1.\n\nTargets that this project set "
                 "itself for the system of document 001:\n\n"
                 "| id | claim | verdict | measured | evidence |\n|:--|:--|:--|:--|:--|\n"
                 "| OWN-T1 | target: it shines | **holds** | brightly |  |\n\n"
                 "Measured by `fly`: OWN-T1.\n\n#### Document 002\n");
    expect(text, "| S2-C1 | it sings | not measured yet |  |  |\n");
    expect(text, "put to it: 1 of 4 holds, 2 are refuted, 1 is not measured yet ([");
    expect(text, "for those systems**: 1 of 1 holds.\n");
    free(text);
}

static void check_sees_a_table_that_changed(void **state)
{
    (void)state;
    free(proved());
    assert_int_equal(report_check(results, report, message, sizeof message), 0);
    put_table("litmus/counts.tsv", "SB\tx=1 || y=1\t4\t3\n");
    assert_int_equal(report_check(results, report, message, sizeof message), EILSEQ);
    assert_non_null(strstr(message, "'litmus'"));
    free(proved());
    char *text = slurp(table_path("TABLES.md"));
    text[strlen(text) - 2] = '!';
    put_table("TABLES.md", text);
    assert_int_equal(report_check(results, report, message, sizeof message), EILSEQ);
    assert_non_null(strstr(message, "TABLES.md"));
    assert_int_equal(remove(table_path("TABLES.md")), 0);
    assert_int_equal(report_check(results, report, message, sizeof message), ENOENT);
    assert_non_null(strstr(message, "TABLES.md"));
    free(text);
}

static void a_missing_table_names_its_command(void **state)
{
    (void)state;
    static const struct {
        const char *table, *command;
    } missing[] = {
        {"expected.tsv", "`build/release/queuelab check --update`"},
        {"progress.tsv", "`build/release/queuelab check --progress --update`"},
        {"necessity.tsv", "`build/release/queuelab check --weaken --update`"},
        {"mutants/kills.tsv", "`models/mutants/kills.sh --update gcc build/release`"},
    };
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        tables();
        assert_int_equal(remove(table_path(missing[i].table)), 0);
        char *text = written(), line[256];
        snprintf(line, sizeof line, "There is no table `models/%s` yet: %s makes it.\n",
                 missing[i].table, missing[i].command);
        expect(text, line);
        free(text);
    }
    static const char *const golden[] = {"golden/aa.txt", "golden/mp_one.txt",
                                         "golden/ring_spsc_one.txt"};
    tables();
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(remove(table_path(golden[i])), 0);
    char *text = written();
    expect(text, "`models/golden/golden.sh --update gcc build/release` makes them.\n");
    free(text);
}

static void a_broken_table_is_named(void **state)
{
    (void)state;
    tables();
    skeleton(NULL);
    put_table("progress.tsv", "# queue\toperation\tpromised\tfound\nring_spsc\tpush\n");
    assert_int_equal(report_write(results, report, NULL, message, sizeof message), EBADMSG);
    assert_non_null(strstr(message, "progress.tsv:2 is no row"));
    put_table("progress.tsv", "# queue\toperation\tfound\n");
    assert_int_equal(report_write(results, report, NULL, message, sizeof message), EBADMSG);
    assert_non_null(strstr(message, "no column 'promised'"));
    put_table("progress.tsv", "");
    assert_int_equal(report_write(results, report, NULL, message, sizeof message), EBADMSG);
    tables();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_counted),
        cmocka_unit_test(broken_promises_are_bold),
        cmocka_unit_test(an_order_that_one_queue_needs_is_needed),
        cmocka_unit_test(survivors_are_named),
        cmocka_unit_test(the_checkers_own_tests_are_told),
        cmocka_unit_test(tables_have_every_row),
        cmocka_unit_test(targets_are_no_claims_of_a_document),
        cmocka_unit_test(check_sees_a_table_that_changed),
        cmocka_unit_test(a_missing_table_names_its_command),
        cmocka_unit_test(a_broken_table_is_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
