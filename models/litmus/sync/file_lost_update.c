/* file_lost_update.c: to read and then to write is not one step. Expect: assertion. */
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static int fd;

static void *count(void *arg)
{
    int n = 0;
    pread(fd, &n, sizeof n, 0);
    n++;
    pwrite(fd, &n, sizeof n, 0);
    return arg;
}

int main(void)
{
    pthread_t t;
    int n = 0;
    fd = open("count", O_RDWR | O_CREAT, 0600);
    pthread_create(&t, NULL, count, NULL);
    count(NULL);
    pthread_join(t, NULL);
    pread(fd, &n, sizeof n, 0);
    assert(n == 2);
    return close(fd);
}
