/* whole_file_test.c: a file is replaced as a whole, or left as it was with nothing beside it. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness/whole_file.h"

static char directory[] = "/tmp/whole_file_test.XXXXXX";
static char path[64], temporary[80];

static void holds(const char *file, const char *expected)
{
    char *text;
    size_t size;
    assert_int_equal(whole_read(file, &text, &size), 0);
    assert_int_equal(size, strlen(expected));
    assert_string_equal(text, expected);
    free(text);
}

static unsigned mode_of(const char *file)
{
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    return st.st_mode & 0777;
}

static void the_old_file_is_all_there_is(void)
{
    holds(path, "old");
    assert_int_equal(access(temporary, F_OK), -1);
}

static void a_file_is_made_and_replaced(void **state)
{
    (void)state;
    const mode_t mask = umask(022);
    assert_int_equal(whole_write(path, "first", 5), 0);
    assert_int_equal(mode_of(path), 0644);
    umask(mask);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(whole_write(path, "x", 1), 0); /* shorter: nothing of the first is left */
    holds(path, "x");
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(access(temporary, F_OK), -1);
    assert_int_equal(whole_write(path, "", 0), 0);
    holds(path, "");
    assert_int_equal(chmod(path, 0644), 0);
}

static void what_a_killed_writer_left_does_not_matter(void **state)
{
    (void)state;
    assert_int_equal(whole_write(temporary, "half of a longer te", 19), 0);
    assert_int_equal(whole_write(path, "whole", 5), 0);
    holds(path, "whole");
    assert_int_equal(access(temporary, F_OK), -1);
}

static void a_name_alone_is_in_this_directory(void **state)
{
    (void)state;
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(directory), 0);
    assert_int_equal(whole_write("alone", "here", 4), 0);
    holds("alone", "here");
    assert_int_equal(unlink("alone"), 0);
    assert_int_equal(chdir(before), 0);
}

static void a_size_limit_leaves_the_old_file(void **state)
{
    (void)state;
    static const char long_text[4096] = "new";
    assert_int_equal(whole_write(path, "old", 3), 0);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, before.rlim_max});
    const int error = whole_write(path, long_text, sizeof long_text);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(error, EFBIG);
    the_old_file_is_all_there_is();
}

/* In a child: 0 as it must be, 1 not so, 77 no full disk can be had here. */
static int on_a_full_disk(void)
{
    enum { ROOM = 64 << 10 };
    static const char too_much[2 * ROOM];
    char *text;
    size_t size;
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return 77;
    if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", directory, "tmpfs", 0, "size=64k") != 0)
        return 77;
    if (whole_write(path, "old", 3) != 0 || whole_write(path, too_much, sizeof too_much) != ENOSPC)
        return 1;
    if (whole_read(path, &text, &size) != 0 || strcmp(text, "old") != 0)
        return 1;
    free(text);
    return access(temporary, F_OK) == 0;
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(on_a_full_disk());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        print_message("left out: no small file system may be mounted here\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void an_unwritable_directory_is_said(void **state)
{
    (void)state;
    assert_int_equal(whole_write(path, "old", 3), 0);
    assert_int_equal(chmod(directory, 0555), 0);
    const bool root = geteuid() == 0; /* whom no permission stops */
    if (root)
        assert_int_equal(seteuid(65534), 0);
    const int error = whole_write(path, "new", 3);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(directory, 0700), 0);
    assert_int_equal(error, EACCES);
    the_old_file_is_all_there_is();
}

static void places_that_are_none(void **state)
{
    (void)state;
    char below[96], inside[96], name[5000];
    snprintf(below, sizeof below, "%s/file", path);
    snprintf(inside, sizeof inside, "%s/inside", directory);
    assert_int_equal(whole_write("/nowhere/file", "x", 1), ENOENT);
    assert_int_equal(whole_write(path, "old", 3), 0);
    assert_int_equal(whole_write(below, "x", 1), ENOTDIR);
    assert_int_equal(mkdir(inside, 0777), 0);
    assert_int_equal(whole_write(inside, "x", 1), EISDIR);
    strcat(inside, ".tmp");
    assert_int_equal(access(inside, F_OK), -1); /* nothing beside it */
    inside[strlen(inside) - 4] = 0;
    assert_int_equal(rmdir(inside), 0);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    assert_int_equal(whole_write(name, "x", 1), ENAMETOOLONG);
    the_old_file_is_all_there_is();
}

static void what_cannot_be_read(void **state)
{
    (void)state;
    char *text;
    size_t size;
    assert_int_equal(whole_read("/nowhere/file", &text, &size), ENOENT);
    assert_null(text);
    assert_int_equal(whole_read(directory, &text, &size), EISDIR);
    assert_null(text);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/file", directory);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_made_and_replaced),
        cmocka_unit_test(what_a_killed_writer_left_does_not_matter),
        cmocka_unit_test(a_name_alone_is_in_this_directory),
        cmocka_unit_test(a_size_limit_leaves_the_old_file),
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
        cmocka_unit_test(an_unwritable_directory_is_said),
        cmocka_unit_test(places_that_are_none),
        cmocka_unit_test(what_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
