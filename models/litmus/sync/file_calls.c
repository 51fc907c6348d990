/* file_calls.c: what the calls on files answer, here as outside of the checker. Expect: no violation. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAILS(call, error) (errno = 0, (call) == -1 && errno == (error))

static char text[16];

static void names(void)
{
    struct stat st;
    assert(FAILS(open("one", O_RDWR), ENOENT));
    assert(FAILS(unlink("one"), ENOENT) && FAILS(stat("one", &st), ENOENT));
    const int fd = open("one", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert(fd > 2 && FAILS(open("one", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST));
    assert(FAILS(open("one", O_RDONLY | O_DIRECTORY), ENOTDIR));
    assert(pwrite(fd, "abc", 3, 0) == 3 && rename("one", "two") == 0);
    assert(FAILS(rename("one", "three"), ENOENT));
    const int other = openat(AT_FDCWD, "one", O_WRONLY | O_CREAT, 0600); /* another file */
    assert(other > 2 && other != fd && fstat(other, &st) == 0 && st.st_size == 0);
    assert(rename("one", "two") == 0 && stat("two", &st) == 0 && st.st_size == 0);
    assert(fstat(fd, &st) == 0 && st.st_size == 3 && S_ISREG(st.st_mode)); /* it has no name now */
    assert(close(other) == 0 && unlink("two") == 0);
    assert(close(fd) == 0 && FAILS(close(fd), EBADF) && FAILS(pread(fd, text, 1, 0), EBADF));
    const int here = open(".", O_RDONLY | O_DIRECTORY);
    assert(here > 2 && fsync(here) == 0 && FAILS(read(here, text, 1), EISDIR));
    assert(fstat(here, &st) == 0 && S_ISDIR(st.st_mode) && close(here) == 0);
    assert(FAILS(open(".", O_RDWR), EISDIR) && FAILS(open("", O_RDONLY), ENOENT));
}

static void positions(void)
{
    const int fd = open("one", O_RDWR | O_CREAT, 0600), again = open("one", O_RDONLY);
    assert(write(fd, "abcdef", 6) == 6 && read(fd, text, 9) == 0);
    assert(read(again, text, 4) == 4 && memcmp(text, "abcd", 4) == 0);
    assert(read(again, text, 4) == 2 && memcmp(text, "ef", 2) == 0 && read(again, text, 1) == 0);
    assert(lseek(fd, -2, SEEK_CUR) == 4 && write(fd, "EFG", 3) == 3);
    assert(lseek(fd, 0, SEEK_END) == 7 && lseek(fd, 1, SEEK_SET) == 1);
    assert(FAILS(lseek(fd, -1, SEEK_SET), EINVAL) && lseek(fd, 0, SEEK_CUR) == 1);
    assert(pread(fd, text, 9, 3) == 4 && memcmp(text, "dEFG", 4) == 0);
    assert(pread(fd, text, 9, 7) == 0 && FAILS(pread(fd, text, 1, -1), EINVAL));
    assert(pwrite(fd, "z", 1, 9) == 1); /* zeros in between */
    assert(pread(fd, text, 9, 6) == 4 && memcmp(text, "G\0\0z", 4) == 0);
    assert(ftruncate(fd, 2) == 0 && ftruncate(fd, 4) == 0 && FAILS(ftruncate(fd, -1), EINVAL));
    assert(pread(fd, text, 9, 0) == 4 && memcmp(text, "ab\0\0", 4) == 0);
    assert(FAILS(write(again, "x", 1), EBADF) && FAILS(pwrite(again, "x", 1, 0), EBADF));
    assert(FAILS(ftruncate(again, 0), EINVAL) && fdatasync(fd) == 0);
    const int end = open("one", O_WRONLY | O_APPEND), cut = open("one", O_WRONLY | O_TRUNC);
    assert(FAILS(read(end, text, 1), EBADF) && lseek(end, 0, SEEK_END) == 0);
    assert(write(cut, "xy", 2) == 2 && write(end, "z", 1) == 1);
    assert(pread(fd, text, 9, 0) == 3 && memcmp(text, "xyz", 3) == 0);
    assert(close(fd) == 0 && close(again) == 0 && close(end) == 0 && close(cut) == 0);
    assert(remove("one") == 0);
}

static void locks(void)
{
    const int a = open("one", O_RDWR | O_CREAT, 0600), b = open("one", O_RDONLY);
    assert(flock(a, LOCK_SH) == 0 && flock(b, LOCK_SH | LOCK_NB) == 0);
    assert(FAILS(flock(a, LOCK_EX | LOCK_NB), EWOULDBLOCK) && flock(b, LOCK_UN) == 0);
    assert(flock(a, LOCK_EX | LOCK_NB) == 0 && flock(a, LOCK_EX) == 0);
    assert(FAILS(flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK));
    assert(close(a) == 0 && flock(b, LOCK_EX | LOCK_NB) == 0); /* closing unlocks */
    assert(FAILS(flock(a, LOCK_UN), EBADF));
    assert(close(b) == 0 && unlink("one") == 0);
}

int main(void)
{
    names();
    positions();
    locks();
    return 0;
}
