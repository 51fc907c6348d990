/* file_closed_early.c: a descriptor is closed while another thread may still use it. Expect: race. */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static int fd;

static void *reader(void *arg)
{
    char c;
    read(fd, &c, 1);
    return arg;
}

int main(void)
{
    pthread_t t;
    fd = open("log", O_RDWR | O_CREAT, 0600);
    pthread_create(&t, NULL, reader, NULL);
    close(fd);
    pthread_join(t, NULL);
    return 0;
}
