/* file_stale.c: a relaxed flag promises nothing about the file written before. Expect: assertion. */
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static int fd;
static atomic_int written;

static void *writer(void *arg)
{
    pwrite(fd, "x", 1, 0);
    atomic_store_explicit(&written, 1, memory_order_relaxed); /* release: no violation */
    return arg;
}

int main(void)
{
    pthread_t t;
    char c;
    fd = open("log", O_RDWR | O_CREAT, 0600);
    pthread_create(&t, NULL, writer, NULL);
    if (atomic_load_explicit(&written, memory_order_acquire))
        assert(pread(fd, &c, 1, 0) == 1);
    pthread_join(t, NULL);
    return close(fd);
}
