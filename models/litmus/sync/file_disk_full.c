/* file_disk_full.c: two write to a disk with room for three bytes. Expect: no violation, 2 executions. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "models/checker/subject.h"

static int fd;

static void *append(void *done)
{
    *(ssize_t *)done = write(fd, "ab", 2);
    return done;
}

int main(void)
{
    pthread_t t;
    ssize_t mine, theirs;
    model_disk_full_at(3);
    fd = open("log", O_RDWR | O_CREAT | O_APPEND, 0600);
    pthread_create(&t, NULL, append, &theirs);
    append(&mine);
    pthread_join(t, NULL);
    assert((mine == 2 && theirs == 1) || (mine == 1 && theirs == 2));
    assert(write(fd, "c", 1) == -1 && errno == ENOSPC);
    assert(pwrite(fd, "c", 1, 0) == -1 && errno == ENOSPC); /* O_APPEND: at the end all the same */
    assert(ftruncate(fd, 2) == 0 && write(fd, "cd", 2) == 1);
    return close(fd);
}
