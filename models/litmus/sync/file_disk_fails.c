/* file_disk_fails.c: the second write or cut of a file fails. Expect: no violation, 2 executions. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "models/checker/subject.h"

static int fd;

static void *append(void *error)
{
    errno = 0;
    assert(write(fd, "ab", 2) == (errno ? -1 : 2));
    *(int *)error = errno;
    return error;
}

int main(void)
{
    pthread_t t;
    int mine, theirs;
    model_disk_fails_at(2);
    fd = open("log", O_RDWR | O_CREAT | O_APPEND, 0600);
    pthread_create(&t, NULL, append, &theirs);
    append(&mine);
    pthread_join(t, NULL);
    assert((mine == EIO) != (theirs == EIO) && lseek(fd, 0, SEEK_END) == 2);
    assert(ftruncate(fd, 1) == 0); /* the third */
    const int other = open("other", O_WRONLY | O_CREAT, 0600);
    assert(write(other, "a", 1) == 1 && ftruncate(other, 0) == -1 && errno == EIO);
    assert(lseek(other, 0, SEEK_END) == 1 && ftruncate(other, 0) == 0);
    return close(other) + close(fd);
}
