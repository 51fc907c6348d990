/* wal_file.c: see wal_file.h. */
#include "studies/wal_admission/wal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queues/spill.h"
#include "studies/wal_admission/crc32c.h"

#define WAL_MAGIC UINT64_C(0x0a31304c41574c51) /* "QLWAL01\n" in little-endian order */
enum { CHUNK = 256 * 1024 };

struct wal_header {
    uint64_t magic;
    uint8_t zero[WAL_HEADER - 12];
    uint32_t crc; /* of all before */
};
_Static_assert(sizeof(struct wal_header) == WAL_HEADER, "no padding in the header");

struct wal_record {
    uint32_t crc, length;
    uint64_t lsn;
};
_Static_assert(sizeof(struct wal_record) == WAL_RECORD, "no padding in a record");

/* ---- the device ------------------------------------------------------------------------------ */

static int disk_write(struct wal_io *io, int fd, const void *bytes, size_t n, uint64_t at)
{
    size_t done;
    (void)io;
    return spill_write_(fd, bytes, n, at, &done);
}

static int disk_sync(struct wal_io *io, int fd)
{
    (void)io;
    return spill_sync_(fd);
}

static int disk_cut(struct wal_io *io, int fd, uint64_t size)
{
    (void)io;
    return spill_truncate_(fd, size);
}

static int disk_reserve(struct wal_io *io, int fd, uint64_t at, uint64_t n)
{
    int error;
    (void)io;
    do
        error = fallocate(fd, 0, (off_t)at, (off_t)n) == 0 ? 0 : errno;
    while (error == EINTR);
    return error;
}

struct wal_io wal_disk = {disk_write, disk_sync, disk_cut, NULL};
struct wal_io wal_disk_reserving = {disk_write, disk_sync, disk_cut, disk_reserve};

/* ---- records --------------------------------------------------------------------------------- */

uint32_t wal_checksum_begin(const void *bytes, uint32_t length)
{
    return crc32c_more(CRC32C_BEGIN, bytes, length);
}

static uint32_t checksum_end(uint32_t begun, uint32_t length, uint64_t lsn)
{
    struct wal_record rest = {.length = length, .lsn = lsn};
    return ~crc32c_more(begun, &rest.length, sizeof rest - offsetof(struct wal_record, length));
}

uint64_t wal_file_add(struct wal_file *f, const void *bytes, uint32_t length, uint32_t checksum)
{
    if (f->room - f->used < WAL_RECORD + (size_t)length)
        return 0;
    struct wal_record r = {.length = length, .lsn = f->next_lsn + f->records++};
    r.crc = checksum_end(checksum, length, r.lsn);
    memcpy(f->group + f->used, &r, sizeof r);
    if (length)
        memcpy(f->group + f->used + sizeof r, bytes, length);
    f->used += sizeof r + length;
    return r.lsn;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Zeroes up to the next multiple of `ahead` behind `least`. What does not go is no loss: the group
 * itself will say what the device thinks of it. */
static void write_ahead(struct wal_file *f, uint64_t least)
{
    static const unsigned char zeroes[CHUNK];
    const uint64_t to = (least / f->ahead + 1) * f->ahead;
    int error = 0;
    if (f->io->reserve) {
        error = f->io->reserve(f->io, f->fd, f->allocated, to - f->allocated);
        if (!error)
            f->allocated = to;
    }
    for (uint64_t at = f->allocated; !error && at < to;) {
        const size_t n = to - at < CHUNK ? (size_t)(to - at) : CHUNK;
        error = f->io->write(f->io, f->fd, zeroes, n, at);
        if (!error)
            f->allocated = at += n;
    }
    if (error && f->io->cut(f->io, f->fd, f->allocated) == 0)
        f->ahead = 0; /* no room for zeroes: go on without */
}

/* Back to the last good record. */
static int cut(struct wal_file *f)
{
    const int error = f->io->cut(f->io, f->fd, f->end);
    if (error)
        f->broken = error;
    else
        f->allocated = f->end;
    return error;
}

int wal_file_write(struct wal_file *f)
{
    const size_t n = f->used;
    const unsigned records = f->records;
    int error = f->broken;
    f->used = f->records = 0;
    if (error)
        return error;
    if (f->ahead && f->end + n > f->allocated)
        write_ahead(f, f->end + n);
    error = f->io->write(f->io, f->fd, f->group, n, f->end);
    if (error) {
        cut(f);
        return error;
    }
    error = f->io->sync(f->io, f->fd);
    if (error)
        return f->broken = error;
    f->end += n;
    if (f->allocated < f->end)
        f->allocated = f->end;
    f->next_lsn += records;
    return 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* A part of the file in memory. */
struct window {
    int fd;
    unsigned char *bytes;
    size_t room, have;
    uint64_t at; /* offset of bytes[0] */
};

/* n bytes from this offset on, or NULL: the file ends before (*error 0), or it cannot be read. */
static const unsigned char *look(struct window *w, uint64_t at, size_t n, int *error)
{
    *error = 0;
    if (at >= w->at && at + n <= w->at + w->have)
        return w->bytes + (at - w->at);
    if (n > w->room) {
        unsigned char *const more = realloc(w->bytes, n + CHUNK);
        if (!more) {
            *error = ENOMEM;
            return NULL;
        }
        w->bytes = more;
        w->room = n + CHUNK;
    }
    w->at = at;
    *error = spill_read_(w->fd, w->bytes, w->room, at, &w->have);
    return *error || w->have < n ? NULL : w->bytes;
}

/* Bytes behind the good records that are not zero. */
static int count_rest(struct window *w, uint64_t size, struct wal_found *found)
{
    uint64_t last = found->end;
    for (uint64_t at = found->end; at < size;) {
        const size_t n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
        int error;
        const unsigned char *const p = look(w, at, n, &error);
        if (!p)
            return error ? error : EIO;
        for (size_t i = 0; i < n; i++)
            if (p[i])
                last = at + i + 1;
        at += n;
    }
    found->cut_bytes = last - found->end;
    return 0;
}

static struct wal_header header_make(void)
{
    struct wal_header header = {.magic = WAL_MAGIC};
    header.crc = ~crc32c_more(CRC32C_BEGIN, &header, offsetof(struct wal_header, crc));
    return header;
}

/* A part of it, or zeroes: it was being written when something ended the process, or the power. */
static int check_header(struct window *w, uint64_t size)
{
    static const struct wal_header none;
    const struct wal_header good = header_make();
    const size_t n = size < sizeof good ? (size_t)size : sizeof good;
    int error;
    if (n == 0)
        return ENODATA;
    const unsigned char *const p = look(w, 0, n, &error);
    if (!p)
        return error ? error : EIO;
    if (memcmp(p, &good, n) == 0)
        return n < sizeof good ? ENODATA : 0;
    if (memcmp(p, &none, n) == 0)
        return ENODATA;
    return n == sizeof good && memcmp(p, &good.magic, sizeof good.magic) == 0 ? EBADMSG : EINVAL;
}

static int scan(int fd, uint64_t size, struct wal_found *found, wal_reader *reader, void *arg)
{
    struct window w = {.fd = fd};
    const unsigned char *p;
    *found = (struct wal_found){.end = WAL_HEADER};
    int error = check_header(&w, size);
    while (!error && (p = look(&w, found->end, WAL_RECORD, &error)) != NULL) {
        struct wal_record r;
        memcpy(&r, p, sizeof r);
        if (r.lsn != found->records + 1 || r.length > size - found->end - WAL_RECORD)
            break;
        p = look(&w, found->end, WAL_RECORD + (size_t)r.length, &error);
        if (!p)
            break;
        p += WAL_RECORD;
        if (r.crc != checksum_end(wal_checksum_begin(p, r.length), r.length, r.lsn))
            break;
        if (reader)
            reader(arg, r.lsn, p, r.length);
        found->records++;
        found->end += WAL_RECORD + r.length;
    }
    if (!error)
        error = count_rest(&w, size, found);
    free(w.bytes);
    return error;
}

int wal_file_read(const char *path, struct wal_found *found, wal_reader *reader, void *arg)
{
    struct wal_found unasked;
    struct stat s;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno;
    int error = fstat(fd, &s) != 0 ? errno : !S_ISREG(s.st_mode) ? EINVAL : 0;
    if (!error)
        error = scan(fd, (uint64_t)s.st_size, found ? found : &unasked, reader, arg);
    close(fd);
    return error;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int create(struct wal_file *f, const char *path)
{
    const struct wal_header header = header_make();
    int error = f->io->write(f->io, f->fd, &header, sizeof header, 0);
    f->end = f->allocated = WAL_HEADER;
    if (!error && f->ahead)
        write_ahead(f, f->end);
    if (!error)
        error = f->io->sync(f->io, f->fd);
    if (!error)
        error = spill_sync_directory_(path);
    if (error)
        f->io->cut(f->io, f->fd, 0); /* as it was: empty */
    return error;
}

static int recover(struct wal_file *f, const char *path, uint64_t size, struct wal_found *found,
                   wal_reader *reader, void *arg)
{
    int error = scan(f->fd, size, found, reader, arg);
    if (error == ENODATA)
        return create(f, path); /* it was being made when the power failed */
    if (error)
        return error;
    f->end = found->end;
    f->allocated = size;
    f->next_lsn = found->records + 1;
    if (found->cut_bytes)
        error = cut(f);
    if (!error && f->ahead && f->allocated < f->end + f->ahead / 2)
        write_ahead(f, f->end + f->ahead / 2);
    return error ? error : f->io->sync(f->io, f->fd);
}

int wal_file_open(struct wal_file *f, const char *path, struct wal_io *io, uint64_t ahead,
                  size_t group_bytes, struct wal_found *found, wal_reader *reader, void *arg)
{
    struct wal_found unasked;
    struct stat s;
    int error = 0;
    *f = (struct wal_file){.io = io, .ahead = ahead, .room = group_bytes, .next_lsn = 1};
    if (!found)
        found = &unasked;
    *found = (struct wal_found){.end = WAL_HEADER};
    f->group = malloc(group_bytes);
    if (!f->group)
        return ENOMEM;
    f->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (f->fd < 0) {
        error = errno;
        free(f->group);
        return error;
    }
    if (flock(f->fd, LOCK_EX | LOCK_NB) != 0)
        error = errno == EWOULDBLOCK ? EBUSY : errno;
    else if (fstat(f->fd, &s) != 0)
        error = errno;
    else if (!S_ISREG(s.st_mode))
        error = EINVAL;
    else if (s.st_size == 0)
        error = create(f, path);
    else
        error = recover(f, path, (uint64_t)s.st_size, found, reader, arg);
    if (error) {
        close(f->fd);
        free(f->group);
    }
    return error;
}

void wal_file_close(struct wal_file *f)
{
    close(f->fd);
    free(f->group);
}
