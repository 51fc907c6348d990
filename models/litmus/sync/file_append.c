/* file_append.c: two append, in either order; no byte is lost. Expect: no violation, 2 executions. */
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static int fd;

static void *append(void *text)
{
    assert(write(fd, text, 2) == 2);
    return text;
}

int main(void)
{
    pthread_t t;
    char both[5] = "";
    fd = open("log", O_RDWR | O_CREAT | O_APPEND, 0600);
    pthread_create(&t, NULL, append, "ab");
    append("cd");
    pthread_join(t, NULL);
    assert(pread(fd, both, sizeof both, 0) == 4);
    assert(strcmp(both, "abcd") == 0 || strcmp(both, "cdab") == 0);
    return close(fd);
}
