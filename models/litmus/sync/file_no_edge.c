/* file_no_edge.c: to read from a file what was written orders nothing else. Expect: race. */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static int fd, data;

static void *writer(void *arg)
{
    data = 1;
    pwrite(fd, "x", 1, 0);
    return arg;
}

int main(void)
{
    pthread_t t;
    char c;
    fd = open("log", O_RDWR | O_CREAT, 0600);
    pthread_create(&t, NULL, writer, NULL);
    if (pread(fd, &c, 1, 0) == 1)
        data++;
    pthread_join(t, NULL);
    return close(fd);
}
