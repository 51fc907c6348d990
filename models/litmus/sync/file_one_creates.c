/* file_one_creates.c: O_EXCL: one of two creates the file. Expect: no violation, 2 executions. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

static void *create(void *arg)
{
    (void)arg;
    const int fd = open("lock", O_RDWR | O_CREAT | O_EXCL, 0600);
    assert(fd >= 0 ? close(fd) == 0 : errno == EEXIST);
    return fd >= 0 ? "mine" : NULL;
}

int main(void)
{
    pthread_t t;
    void *theirs;
    pthread_create(&t, NULL, create, NULL);
    const char *const mine = create(NULL);
    pthread_join(t, &theirs);
    assert((mine == NULL) != (theirs == NULL));
    assert(unlink("lock") == 0 && create(NULL) != NULL);
    return 0;
}
