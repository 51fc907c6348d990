/* hooks_file.c: files, by descriptors: the calls of <fcntl.h> and <unistd.h>. The files live in the
 * checker's memory (files.h).
 *
 * What a call changes is one read-modify-write of the file's location, which counts the changes;
 * pread and fstat are a load of it. POSIX makes such calls atomic, and demands no more of their order
 * than that a read "that can be proven to occur after" a write sees it: coherence. So all of these
 * are relaxed: that one thread reads what another has written into a file orders nothing else
 * between them. Opening and naming count on one location for all names.
 *
 * A call is never interrupted and never short, but at the end of a file or of the disk. */
#include "models/checker/hooks/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/checker/memory/files.h"
#include "models/checker/memory/shadow.h"
#include "models/checker/subject.h"

static int fails(int error)
{
    *model_errno_location() = error;
    return -1;
}

static _Noreturn void too_many(uintptr_t pc, const char *what, unsigned limit)
{
    const struct place here = place_of_call("call", pc);
    fault_raise(FAULT_UNBOUNDED, &here, 1,
                "more than %u %s in one execution: let the program do less", limit, what);
}

/* Else which calls it is about would depend on the order of execution. */
static void main_alone(const char *call, uintptr_t pc)
{
    for (unsigned t = 1; current && t < MODEL_THREADS; t++)
        if (current->id != 0 || (threads[t].state != THREAD_NONE && !threads[t].joined))
            unsupported(pc,
                        "%s while there are other threads: let main call it before it creates "
                        "them, or after it has joined them",
                        call);
}

void model_disk_full_at(uint64_t bytes)
{
    main_alone("model_disk_full_at", HERE);
    files_full_at = bytes;
}

void model_disk_fails_at(unsigned n)
{
    main_alone("model_disk_fails_at", HERE);
    files_fails_at = n;
}

/* ---- steps --------------------------------------------------------------------------------- */

static unsigned counter(void *of, enum rule rule, uintptr_t pc)
{
    const struct step s = {.address = of,
                           .space = SPACE_FILE,
                           .size = 8,
                           .rule = rule,
                           .good = RELAXED,
                           .bad = RELAXED,
                           .a = 1,
                           .pc = pc};
    return (unsigned)step_read(&s, NULL);
}

static const struct file_state *look(struct file *f, uintptr_t pc)
{
    return &f->state[counter(f, RULE_LOAD, pc)];
}

/* The file as it is after one more change: the caller makes that, before its next step. */
static struct file_state *change(struct file *f, const char *what, uintptr_t pc)
{
    struct file_state *const s = file_change(f, counter(f, RULE_ADD, pc));
    if (!s)
        too_many(pc, "changes of one file", FILE_CHANGES);
    s->what = what;
    s->at = s->n = 0;
    return s;
}

static void names_step(uintptr_t pc) { counter(&file_directory, RULE_ADD, pc); }

/* ---- descriptors --------------------------------------------------------------------------- */

/* NULL, and errno, if it is not open. */
static struct descriptor *descriptor(int fd, const char *call, uintptr_t pc)
{
    if (!current)
        unsupported(pc, "%s() in a static constructor: let main call it", call);
    if (fd >= STDIN_FILENO && fd <= STDERR_FILENO)
        unsupported(pc,
                    "%s() of descriptor %d, which is no file of the program's: only write() to "
                    "1 and 2 is modelled",
                    call, fd);
    struct descriptor *d = file_descriptor(fd);
    if (d)
        shadow_plain((uintptr_t)&d->mark, 1, false, pc);
    if (d && !d->closed)
        return d;
    fails(EBADF);
    return NULL;
}

/* One that may be read, or written: NULL and errno, if not. */
static struct descriptor *readable(int fd, const char *call, uintptr_t pc)
{
    struct descriptor *d = descriptor(fd, call, pc);
    if (!d || (d->file && (d->flags & O_ACCMODE) != O_WRONLY))
        return d;
    fails(d->file ? EBADF : EISDIR);
    return NULL;
}

static struct descriptor *writable(int fd, const char *call, uintptr_t pc)
{
    struct descriptor *d = descriptor(fd, call, pc);
    if (!d || (d->file && (d->flags & O_ACCMODE) != O_RDONLY))
        return d;
    fails(EBADF);
    return NULL;
}

/* ---- names --------------------------------------------------------------------------------- */

/* A file has one name only: what could be another way to write it is not modelled. */
static void check_path(const char *path, const char *call, uintptr_t pc)
{
    if (!current)
        unsupported(pc, "%s() in a static constructor: let main call it", call);
    if (memory_string(path, pc) >= FILE_NAME)
        unsupported(pc, "%s() of a name of more than %d characters", call, FILE_NAME - 1);
    static const char *const special[] = {"/dev/", "/proc/", "/sys/"};
    for (unsigned i = 0; i < sizeof special / sizeof *special; i++)
        if (strncmp(path, special[i], strlen(special[i])) == 0)
            unsupported(pc,
                        "%s(\"%s\"): only plain files are modelled, and none are there when "
                        "the program begins",
                        call, path);
    if (strcmp(path, ".") == 0)
        return;
    for (const char *p = path; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (*p == '/' || (*p == '.' && (p[1] == '/' || p[1] == '\0' || p[1] == '.')))
            unsupported(pc, "%s(\"%s\"): give each file one name, without \"//\", \"./\" or \"..\"",
                        call, path);
    }
}

static bool names_directory(const char *path)
{
    const size_t n = strlen(path);
    return strcmp(path, ".") == 0 || (n && path[n - 1] == '/');
}

/* The file that open() shall open; NULL for a directory; or errno. */
static int find(const char *path, int flags, struct file **found, bool *created, uintptr_t pc)
{
    *found = file_find(path);
    if (*found)
        return flags & O_DIRECTORY                                  ? ENOTDIR
               : (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) ? EEXIST
                                                                    : 0;
    if (flags & O_DIRECTORY || names_directory(path)) /* all directories are there */
        return flags & O_CREAT || (flags & O_ACCMODE) != O_RDONLY ? EISDIR : 0;
    if (!(flags & O_CREAT) || !*path)
        return ENOENT;
    *created = true;
    *found = file_create(path);
    if (!*found)
        too_many(pc, "files", FILES_MAX);
    return 0;
}

static int open_file(const char *path, int flags, uintptr_t pc)
{
    const int known = O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_DIRECTORY | O_CLOEXEC |
                      O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_SYNC | O_DSYNC | O_NOATIME;
    check_path(path, "open", pc);
    if (flags & ~known || (flags & O_ACCMODE) == O_ACCMODE)
        unsupported(pc, "open() with the flags %#x: of them %#x are not modelled", (unsigned)flags,
                    (unsigned)(flags & ~known));
    names_step(pc);
    struct file *file;
    bool created = false;
    const int error = find(path, flags, &file, &created, pc);
    if (error)
        return fails(error);
    int fd;
    struct descriptor *const d = file_descriptor_new(current->id, &fd);
    if (!d)
        too_many(pc, "descriptors opened by one thread", FILE_OPENS);
    d->file = file;
    d->flags = flags;
    if (file) {
        if (file->openings == FILE_OPENINGS)
            too_many(pc, "openings of one file", FILE_OPENINGS);
        d->opening = file->openings++;
        if (flags & O_TRUNC && !created)
            file_cut(change(file, "empties", pc), 0);
    }
    return fd;
}

HOOK(int, model_open, const char *path, int flags, ...) { return open_file(path, flags, HERE); }

HOOK(int, model_openat, int directory, const char *path, int flags, ...)
{
    if (directory != AT_FDCWD && *path != '/')
        unsupported(HERE, "openat() below a descriptor: only AT_FDCWD is modelled");
    return open_file(path, flags, HERE);
}

HOOK(int, model_creat, const char *path, mode_t mode)
{
    (void)mode;
    return open_file(path, O_CREAT | O_WRONLY | O_TRUNC, HERE);
}

HOOK(int, model_close, int fd)
{
    const uintptr_t pc = HERE;
    struct descriptor *const d = descriptor(fd, "close", pc);
    if (!d)
        return -1;
    shadow_plain((uintptr_t)&d->mark, 1, true, pc);
    d->closed = true;
    if (d->file) { /* its lock goes with it */
        struct file_state *const s = change(d->file, "closes", pc);
        s->shared &= (uint16_t) ~(1u << d->opening);
        if (s->exclusive == 1 + d->opening)
            s->exclusive = 0;
    }
    return 0;
}

HOOK(int, model_unlink, const char *path)
{
    check_path(path, "unlink", HERE);
    names_step(HERE);
    if (!file_find(path))
        return fails(names_directory(path) ? EISDIR : ENOENT);
    file_unlink(path);
    return 0;
}

HOOK(int, model_rename, const char *from, const char *to)
{
    check_path(from, "rename", HERE);
    check_path(to, "rename", HERE);
    if (names_directory(from) || names_directory(to))
        unsupported(HERE, "rename() of a directory: only files are modelled");
    names_step(HERE);
    if (!file_find(from))
        return fails(ENOENT);
    file_rename(from, to);
    return 0;
}

/* ---- reading and writing ------------------------------------------------------------------- */

static void check_end(uint64_t at, size_t n, uintptr_t pc)
{
    if (at > FILE_BYTES || n > FILE_BYTES - at)
        too_many(pc, "bytes in a file", FILE_BYTES);
}

static ssize_t put(struct file_state *s, uint64_t at, const void *from, size_t n, uintptr_t pc)
{
    const size_t room = file_room(s, at, n);
    if (++s->writes == files_fails_at || room == 0) {
        s->what = "fails to write to";
        return fails(s->writes == files_fails_at ? EIO : ENOSPC);
    }
    check_end(at, room, pc);
    file_put(s, at, from, room);
    s->at = (uint32_t)at;
    s->n = (uint32_t)room;
    return (ssize_t)room;
}

HOOK(ssize_t, model_write, int fd, const void *from, size_t n)
{
    const uintptr_t pc = HERE;
    if (fd == STDOUT_FILENO || fd == STDERR_FILENO) { /* see hooks_print.c */
        memory_read(from, n, pc);
        return (ssize_t)n;
    }
    const struct descriptor *const d = writable(fd, "write", pc);
    if (!d || n == 0)
        return d ? 0 : -1;
    memory_read(from, n, pc);
    struct file_state *const s = change(d->file, "writes", pc);
    const uint64_t at = d->flags & O_APPEND ? s->size : s->position[d->opening];
    const ssize_t done = put(s, at, from, n, pc);
    if (done > 0)
        s->position[d->opening] = (uint32_t)(at + (size_t)done);
    return done;
}

HOOK(ssize_t, model_pwrite, int fd, const void *from, size_t n, off_t at)
{
    const uintptr_t pc = HERE;
    const struct descriptor *const d = writable(fd, "pwrite", pc);
    if (!d)
        return -1;
    if (at < 0)
        return fails(EINVAL);
    if (n == 0)
        return 0;
    memory_read(from, n, pc);
    struct file_state *const s = change(d->file, "writes", pc);
    return put(s, d->flags & O_APPEND ? s->size : (uint64_t)at, from, n, pc); /* as Linux does */
}

static size_t get(const struct file_state *s, uint64_t at, void *to, size_t n, uintptr_t pc)
{
    unsigned char bytes[FILE_BYTES];
    const size_t got = file_get(s, at, bytes, n < sizeof bytes ? n : sizeof bytes);
    memory_write(to, got, pc);
    memcpy(to, bytes, got);
    return got;
}

HOOK(ssize_t, model_read, int fd, void *to, size_t n)
{
    const uintptr_t pc = HERE;
    const struct descriptor *const d = readable(fd, "read", pc);
    if (!d || n == 0)
        return d ? 0 : -1;
    struct file_state *const s = change(d->file, "reads and moves on in", pc);
    uint32_t *const at = &s->position[d->opening];
    const size_t got = get(s, *at, to, n, pc);
    *at += (uint32_t)got;
    return (ssize_t)got;
}

HOOK(ssize_t, model_pread, int fd, void *to, size_t n, off_t at)
{
    const uintptr_t pc = HERE;
    const struct descriptor *const d = readable(fd, "pread", pc);
    if (!d)
        return -1;
    if (at < 0)
        return fails(EINVAL);
    return n ? (ssize_t)get(look(d->file, pc), (uint64_t)at, to, n, pc) : 0;
}

HOOK(off_t, model_lseek, int fd, off_t offset, int whence)
{
    const uintptr_t pc = HERE;
    const struct descriptor *const d = descriptor(fd, "lseek", pc);
    if (!d)
        return -1;
    if (whence < SEEK_SET || whence > SEEK_END || !d->file)
        unsupported(pc, "lseek(): only SEEK_SET, SEEK_CUR and SEEK_END of a file are modelled");
    struct file_state *const s = change(d->file, "moves in", pc);
    uint32_t *const at = &s->position[d->opening];
    const off_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (off_t)*at : (off_t)s->size;
    off_t to;
    if (__builtin_add_overflow(from, offset, &to) || to < 0)
        return fails(EINVAL);
    check_end((uint64_t)to, 0, pc);
    *at = (uint32_t)to;
    return to;
}

HOOK(int, model_ftruncate, int fd, off_t size)
{
    const uintptr_t pc = HERE;
    const struct descriptor *const d = descriptor(fd, "ftruncate", pc);
    if (!d)
        return -1;
    if (size < 0 || !d->file || (d->flags & O_ACCMODE) == O_RDONLY)
        return fails(EINVAL);
    check_end((uint64_t)size, 0, pc);
    struct file_state *const s = change(d->file, "cuts", pc);
    if (++s->writes == files_fails_at) {
        s->what = "fails to cut";
        return fails(EIO);
    }
    file_cut(s, (uint64_t)size);
    s->at = (uint32_t)size;
    return 0;
}

/* What is in a file stays there: no execution ends with the machine. */
static int sync_file(int fd, const char *call, uintptr_t pc)
{
    return descriptor(fd, call, pc) ? 0 : -1;
}
HOOK(int, model_fsync, int fd) { return sync_file(fd, "fsync", HERE); }
HOOK(int, model_fdatasync, int fd) { return sync_file(fd, "fdatasync", HERE); }

/* ---- what else is known of a file ---------------------------------------------------------- */

static int tell(struct file *f, struct stat *st, uintptr_t pc)
{
    const uint32_t size = f ? look(f, pc)->size : 0;
    memory_write(st, sizeof *st, pc);
    memset(st, 0, sizeof *st);
    st->st_mode = f ? S_IFREG | 0600 : S_IFDIR | 0700;
    st->st_nlink = 1;
    st->st_size = size;
    st->st_blksize = 4096;
    st->st_blocks = (size + 511) / 512;
    return 0;
}

HOOK(int, model_fstat, int fd, struct stat *st)
{
    const struct descriptor *const d = descriptor(fd, "fstat", HERE);
    return d ? tell(d->file, st, HERE) : -1;
}

HOOK(int, model_stat, const char *path, struct stat *st)
{
    check_path(path, "stat", HERE);
    names_step(HERE);
    struct file *const f = file_find(path);
    return f || names_directory(path) ? tell(f, st, HERE) : fails(ENOENT);
}

/* Locks order nothing in C11's sense: they are between processes. */
HOOK(int, model_flock, int fd, int operation)
{
    const uintptr_t pc = HERE;
    const struct descriptor *const d = descriptor(fd, "flock", pc);
    if (!d)
        return -1;
    const int wants = operation & ~LOCK_NB;
    if (!d->file || (wants != LOCK_EX && wants != LOCK_SH && wants != LOCK_UN))
        unsupported(pc,
                    "flock(.., %#x): only LOCK_EX, LOCK_SH, LOCK_UN and LOCK_NB of a file are "
                    "modelled",
                    (unsigned)operation);
    struct file_state *const s = change(d->file, wants == LOCK_UN ? "unlocks" : "locks", pc);
    const uint16_t me = (uint16_t)(1u << d->opening);
    const bool others =
        (s->exclusive && s->exclusive != 1 + d->opening) || (wants == LOCK_EX && s->shared & ~me);
    if (wants != LOCK_UN && others) {
        if (operation & LOCK_NB)
            return fails(EWOULDBLOCK);
        unsupported(pc, "flock() that has to wait: use LOCK_NB");
    }
    s->shared = (uint16_t)(wants == LOCK_SH ? s->shared | me : s->shared & ~me);
    if (wants == LOCK_EX)
        s->exclusive = (uint8_t)(1 + d->opening);
    else if (s->exclusive == 1 + d->opening)
        s->exclusive = 0;
    return 0;
}

/* ---- the same by other names --------------------------------------------------------------- */

#define ALSO(name, as)                                                                             \
    __attribute__((visibility("default"), alias("model_" #as))) __typeof__(model_##as) model_##name;
ALSO(open64, open)
ALSO(openat64, openat)
ALSO(creat64, creat)
ALSO(pread64, pread)
ALSO(pwrite64, pwrite)
ALSO(lseek64, lseek)
ALSO(ftruncate64, ftruncate)
ALSO(fstat64, fstat) /* struct stat64 is struct stat */
ALSO(stat64, stat)
ALSO(remove, unlink)
