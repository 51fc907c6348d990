/* file_anew.c: no execution finds what another left in a file. Expect: no violation, 2 executions. */
#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "models/checker/subject.h"

int main(void)
{
    char text[8];
    const int fd = open("log", O_RDWR | O_CREAT | O_EXCL, 0600);
    assert(fd > 2 && pread(fd, text, 8, 0) == 0);
    if (model_choose(2) == 0)
        return pwrite(fd, "abcd", 4, 0) != 4;
    assert(ftruncate(fd, 4) == 0 && pread(fd, text, 8, 0) == 4 && memcmp(text, "\0\0\0\0", 4) == 0);
    return close(fd);
}
