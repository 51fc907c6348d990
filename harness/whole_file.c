/* whole_file.c: see whole_file.h. */
#include "harness/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A rename survives a crash of the machine only when the directory is on the disk too. */
static int sync_directory(const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const int n = slash == path ? 1 : slash ? (int)(slash - path) : 0;
    snprintf(directory, sizeof directory, "%.*s", n ? n : 1, n ? path : ".");
    const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    const int error = fsync(fd) != 0 && errno != EINVAL ? errno : 0; /* EINVAL: cannot, need not */
    close(fd);
    return error;
}

static int put(int fd, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(fd, text, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        text += n;
        size -= (size_t)n;
    }
    return fsync(fd) != 0 ? errno : 0;
}

int whole_write(const char *path, const char *text, size_t size)
{
    char temporary[PATH_MAX];
    struct stat old;
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.tmp", path) >= sizeof temporary)
        return ENAMETOOLONG;
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    int error = put(fd, text, size);
    if (error == 0 && stat(path, &old) == 0 && fchmod(fd, old.st_mode & 0777) != 0)
        error = errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0 && rename(temporary, path) != 0)
        error = errno;
    if (error) {
        unlink(temporary);
        return error;
    }
    return sync_directory(path);
}

int whole_read(const char *path, char **text, size_t *size)
{
    char buffer[1 << 14];
    size_t n;
    *text = NULL;
    FILE *f = fopen(path, "re");
    if (!f)
        return errno;
    FILE *memory = open_memstream(text, size);
    int error = memory ? 0 : errno;
    while (error == 0 && (n = fread(buffer, 1, sizeof buffer, f)) > 0)
        fwrite(buffer, 1, n, memory);
    if (error == 0 && ferror(f))
        error = errno;
    fclose(f);
    if (memory && fclose(memory) != 0 && error == 0)
        error = ENOMEM;
    if (error) {
        free(*text);
        *text = NULL;
    }
    return error;
}
