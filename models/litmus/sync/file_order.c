/* file_order.c: a reader finds what was written so far. Expect: no violation, 3 executions. */
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static int fd;

static void *writer(void *arg)
{
    assert(pwrite(fd, "ab", 2, 0) == 2);
    assert(pwrite(fd, "cd", 2, 2) == 2);
    return arg;
}

int main(void)
{
    pthread_t t;
    char text[8];
    fd = open("log", O_RDWR | O_CREAT, 0600);
    pthread_create(&t, NULL, writer, NULL);
    const ssize_t n = pread(fd, text, sizeof text, 0);
    assert((n == 0 || n == 2 || n == 4) && memcmp(text, "abcd", (size_t)n) == 0);
    pthread_join(t, NULL);
    assert(pread(fd, text, sizeof text, 0) == 4 && memcmp(text, "abcd", 4) == 0);
    return close(fd);
}
