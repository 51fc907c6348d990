/* whole_file.h: files that appear whole or not at all, and reading one at once. */
#ifndef HARNESS_WHOLE_FILE_H
#define HARNESS_WHOLE_FILE_H

#include <stddef.h>

/* Replaces the file: a temporary file beside it (path.tmp), fsync, rename, fsync of the directory.
 * An old file keeps its permissions, and stays as it was when this fails; the temporary file is then
 * gone. 0 or an errno: ENOSPC, EFBIG, ENOENT (no such directory), EACCES, EISDIR, ... */
int whole_write(const char *path, const char *text, size_t size);

/* All of it, with a zero behind; to be freed. 0 or an errno. */
int whole_read(const char *path, char **text, size_t *size);

#endif
