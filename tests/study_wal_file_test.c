/* study_wal_file_test.c: the file of the log of studies/wal_admission: what is read back, and what is
 * refused. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "queues/spill.h"
#include "studies/wal_admission/crc32c.h"
#include "studies/wal_admission/wal.h"

static char directory[] = "/tmp/study_wal_file_test.XXXXXX";
static char path[64];

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/wal.log", directory);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return rmdir(directory); /* nothing was left behind */
}

/* ---- reading back ----------------------------------------------------------------------------- */

struct copy {
    unsigned n;
    uint64_t lsn[64];
    char text[64][32];
};

static void keep(void *arg, uint64_t lsn, const void *bytes, uint32_t length)
{
    struct copy *const c = arg;
    assert_true(c->n < 64 && length < 32);
    c->lsn[c->n] = lsn;
    memcpy(c->text[c->n], bytes, length);
    c->text[c->n++][length] = '\0';
}

static void write_texts(unsigned from, unsigned n)
{
    struct wal *log;
    struct wal_handle *h;
    const struct wal_config c = {.path = path};
    assert_int_equal(wal_open(&log, &c, NULL, NULL, NULL), 0);
    assert_int_equal(wal_attach(log, &h), 0);
    for (unsigned i = from; i < from + n; i++) {
        char text[32];
        const int length = snprintf(text, sizeof text, "entry %u", i);
        assert_int_equal(wal_commit(h, text, (uint32_t)length), 0);
    }
    wal_detach(h);
    wal_shutdown(log);
    wal_close(log);
}

static uint64_t size_of_log(void)
{
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    return (uint64_t)s.st_size;
}

static void change_byte(uint64_t at)
{
    unsigned char byte;
    const int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    close(fd);
}

/* ---- the file --------------------------------------------------------------------------------- */

static void checksums_are_those_of_the_spill_file(void **state)
{
    (void)state;
    unsigned char bytes[300];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7 + 3);
    assert_int_equal(~crc32c_more(CRC32C_BEGIN, "123456789", 9), 0xe3069283); /* RFC 3720's check */
    for (unsigned n = 0; n <= sizeof bytes; n += 13) {
        const uint32_t whole = crc32c_more(CRC32C_BEGIN, bytes, n);
        assert_int_equal(~whole, spill_crc(bytes, n));
        assert_int_equal(whole, crc32c_by_nibbles(CRC32C_BEGIN, bytes, n));
        assert_int_equal(
            whole, crc32c_more(crc32c_more(CRC32C_BEGIN, bytes, n / 3), bytes + n / 3, n - n / 3));
    }
}

static void what_was_committed_is_read_back(void **state)
{
    (void)state;
    struct copy c = {0};
    struct wal_found found;
    write_texts(0, 3);
    write_texts(3, 2); /* opened again and written on */
    assert_int_equal(wal_file_read(path, &found, keep, &c), 0);
    assert_int_equal(found.records, 5);
    assert_int_equal(found.cut_bytes, 0);
    assert_int_equal(found.end, size_of_log());
    for (unsigned i = 0; i < 5; i++) {
        char text[32];
        snprintf(text, sizeof text, "entry %u", i);
        assert_string_equal(c.text[i], text);
        assert_int_equal(c.lsn[i], i + 1);
    }
    unlink(path);
}

/* Whatever part of the last record is missing, the others are given and the part is cut off. */
static void torn_tails_are_cut(void **state)
{
    (void)state;
    struct wal_found found;
    write_texts(0, 4);
    const uint64_t whole = size_of_log();
    const uint64_t last = WAL_RECORD + strlen("entry 3");
    for (uint64_t missing = 1; missing < last; missing += 5) {
        assert_int_equal(truncate(path, (off_t)(whole - missing)), 0);
        assert_int_equal(wal_file_read(path, &found, NULL, NULL), 0);
        assert_int_equal(found.records, 3);
        assert_int_equal(found.end, whole - last);
        write_texts(3, 1); /* cuts, and writes it again */
        assert_int_equal(size_of_log(), whole);
    }
    /* A change in any byte of a record ends the log before it. */
    for (uint64_t at = whole - last; at < whole; at++) {
        change_byte(at);
        assert_int_equal(wal_file_read(path, &found, NULL, NULL), 0);
        assert_int_equal(found.records, 3);
        assert_int_equal(found.cut_bytes, last);
        change_byte(at);
    }
    /* A good record behind a damaged one must not come back when the gap is filled. */
    struct copy c = {0};
    change_byte(whole - last - 1);
    write_texts(9, 1);
    assert_int_equal(wal_file_read(path, &found, keep, &c), 0);
    assert_int_equal(found.records, 3);
    assert_string_equal(c.text[2], "entry 9");
    unlink(path);
}

static void damaged_and_foreign_files_are_refused(void **state)
{
    (void)state;
    struct wal *log;
    const struct wal_config c = {.path = path};
    write_texts(0, 1);
    change_byte(WAL_HEADER - 1);
    assert_int_equal(wal_open(&log, &c, NULL, NULL, NULL), EBADMSG);
    change_byte(WAL_HEADER - 1);
    change_byte(0);
    assert_int_equal(wal_open(&log, &c, NULL, NULL, NULL), EINVAL);
    change_byte(0);
    assert_int_equal(wal_open(&log, &c, NULL, NULL, NULL), 0);
    struct wal *second;
    assert_int_equal(wal_open(&second, &c, NULL, NULL, NULL), EBUSY);
    wal_shutdown(log);
    wal_close(log);
    assert_int_equal(truncate(path, 20), 0); /* killed while it made the header */
    write_texts(0, 1);
    const struct wal_config nowhere = {.path = "/no/such/directory/wal.log"},
                            nothing = {.path = path, .queue = "no_such_queue"};
    assert_int_equal(wal_open(&log, &nowhere, NULL, NULL, NULL), ENOENT);
    assert_int_equal(wal_open(&log, &nothing, NULL, NULL, NULL), EINVAL);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums_are_those_of_the_spill_file),
        cmocka_unit_test(what_was_committed_is_read_back),
        cmocka_unit_test(torn_tails_are_cut),
        cmocka_unit_test(damaged_and_foreign_files_are_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
