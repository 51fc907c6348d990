/* record_bad_test.c: files that are not what record.h describes: one line says what is wrong. */
#include "tests/record_help.h"

/* The second of three lines, with one thing in it replaced. */
static void corrupt(const char *from, const char *to)
{
    struct record r = plain();
    r.tick_ns = 0.5;
    r.push = malloc(sizeof *r.push);
    histogram_clear(r.push);
    histogram_add(r.push, 7);
    histogram_add(r.push, 9);
    FILE *f = fopen(path, "w");
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(record_write(f, &r), 0);
    fclose(f);
    free(r.push);
    size_t size;
    char *text = slurp(&size), *second = strchr(text, '\n') + 1;
    char *at = *from ? strstr(second, from) : second;
    if (!at)
        fail_msg("no %s in the line", from);
    f = fopen(path, "w");
    fwrite(text, 1, (size_t)(at - text), f);
    fputs(to, f);
    fputs(at + strlen(from), f);
    fclose(f);
    free(text);
}

static void bad_lines_are_named(void **state)
{
    (void)state;
    need_reader();
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"{\"v\":1", "{\"v\":2", "schema version 2, this build reads 1"},
        {"{\"v\":1,", "{", "no schema version"},
        {"{\"v\":1", "{\"v\":\"1\"", "no schema version"},
        {"\"sample\"", "\"plan\"", "\"kind\" is \"plan\", not \"sample\""},
        {"\"mpmc\"", "12", "\"workload\" must be a string"},
        {"\"mpmc\"", "\"a name that is too long\"", "\"workload\" is longer than 15 bytes"},
        {"\"producers\":4", "\"producers\":-4", "\"producers\" must be a whole number from 0"},
        {"\"producers\":4", "\"producers\":4.5", "\"producers\" must be a whole number"},
        {"\"producers\":4", "\"producers\":4294967296", "\"producers\" must be"},
        {"\"producers\":4,", "", "the field \"producers\" is missing"},
        {"\"items\":1000000,", "", "the field \"items\" is missing"},
        {"\"items\":1000000", "\"items\":\"many\"", "\"items\" must be a whole number"},
        {"\"ns_per_item\":41.3000005", "\"ns_per_item\":\"41\"",
         "\"ns_per_item\" must be a number"},
        {"\"ok\":true", "\"ok\":1", "\"ok\" must be true or false"},
        {"\"ok\":true", "\"ok\":true,\"ok\":true", "not JSON: duplicate object key"},
        {"\"pin\":", "\"pin\";", "not JSON"},
        {"", "\n", "not JSON"},
        {"", "[1,2]\n", "not a JSON object"},
        {"\"push\":{", "\"push\":[],\"x\":{", "\"push\" must be an object"},
        {"\"unit_ns\":0.5", "\"unit\":0.5", "a number \"unit_ns\""},
        {"[7,1", "[7", "a bucket that is not a gap and a count"},
        {"[7,1", "[7,0", "a bucket that is not"},
        {"[7,1", "[99999,1", "a bucket that is not"},
        {"[7,1,2,1]", "[7,1,0,1]", "out of order"},
        {"[7,1,", "[7,3,", "do not add up"},
        {"\"min\":7", "\"min\":6", "\"min\" or \"max\" outside"},
        {"\"max\":9", "\"max\":900", "\"min\" or \"max\" outside"},
        {"\"total\":2,", "", "has no \"total\""},
        {"\"min\":7,", "", "has no \"min\""},
        {"\"buckets\"", "\"bucket\"", "has no array \"buckets\""},
    };
    char where[80];
    snprintf(where, sizeof where, "%s:2: ", path);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct record *r;
        size_t n;
        bool torn;
        corrupt(cases[i].from, cases[i].to);
        assert_int_equal(record_read(path, &r, &n, &torn, message, sizeof message), EINVAL);
        assert_null(r);
        assert_int_equal(n, 0);
        if (strncmp(message, where, strlen(where)) != 0 || !strstr(message, cases[i].says))
            fail_msg("expected %s%s, got %s", where, cases[i].says, message);
    }
}

static void what_is_new_is_passed_over(void **state)
{
    (void)state;
    need_reader();
    struct record *r;
    bool torn;
    corrupt("\"ok\":true", "\"ok\":true,\"colour\":[1,{\"a\":null}]");
    size_t n = read_all(&r, &torn);
    assert_int_equal(n, 3);
    record_free_all(r, n);
    corrupt("\"mpmc\"", "\"ballet\""); /* a workload nobody knows */
    n = read_all(&r, &torn);
    assert_string_equal(r[1].workload, "ballet");
    record_free_all(r, n);
}

/* Whatever a bit flip does, the answer is a record or a sentence. */
static void flipped_bits(void **state)
{
    (void)state;
    need_reader();
    corrupt("", "");
    size_t size;
    char *text = slurp(&size);
    struct stats_random random;
    stats_random_seed(&random, 7);
    unsigned refused = 0;
    for (unsigned i = 0; i < 500; i++) {
        const size_t at = stats_random_below(&random, size);
        const char bit = (char)(1 << stats_random_below(&random, 8));
        text[at] = (char)(text[at] ^ bit);
        spew(text, size);
        text[at] = (char)(text[at] ^ bit);
        struct record *r;
        size_t n;
        bool torn;
        message[0] = 0;
        if (record_read(path, &r, &n, &torn, message, sizeof message) != 0) {
            refused++;
            assert_non_null(strchr(message, ':'));
            assert_null(r);
        } else {
            record_free_all(r, n);
        }
    }
    print_message("%u of 500 flips were refused\n", refused);
    assert_true(refused > 300);
    free(text);
}

static void files_that_are_not_there(void **state)
{
    (void)state;
    need_reader();
    struct record *r;
    size_t n;
    bool torn;
    assert_int_equal(record_read("/nowhere/runs.jsonl", &r, &n, &torn, message, sizeof message),
                     ENOENT);
    assert_string_equal(message, "/nowhere/runs.jsonl: cannot open: No such file or directory");
    assert_int_equal(record_read(directory, &r, &n, &torn, message, sizeof message), EISDIR);
    assert_non_null(strstr(message, "Is a directory"));
    char small[10];
    assert_int_equal(record_read("/nowhere/runs.jsonl", &r, &n, &torn, small, sizeof small),
                     ENOENT);
    assert_string_equal(small, "/nowhere/");
    spew("", 0);
    assert_int_equal(read_all(&r, &torn), 0);
    record_free_all(r, 0);
}

/* ---- names --------------------------------------------------------------------------------- */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_lines_are_named),
        cmocka_unit_test(what_is_new_is_passed_over),
        cmocka_unit_test(flipped_bits),
        cmocka_unit_test(files_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
