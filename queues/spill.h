/* spill.h: an append-only log of items in a file: the format, and reading and writing it.
 *
 *   | header, 64 bytes          | record | record | record | record |        ring_mpsc.h decides
 *     magic version item_bytes             ^                 ^                when to write and when
 *     first consumed crc                   consumed (read)   end              to read; this file how
 *
 *   record = { length u32, crc u32, sequence u64, item }
 *
 * Records have one size, so record i begins at 64 + i * size and its sequence is first + i. A
 * record is good when its length is the item's, its sequence is the expected one and its crc
 * (CRC-32C, Castagnoli 1993, of sequence and item) fits. Zeroes are not a good record. Numbers are
 * in the machine's byte order; another order does not know the magic.
 *
 * Append    many records in one pwrite at `end`, never at the file's own idea of its end. What the
 *           disk refuses is cut off again: the file then ends with the last whole record, and the
 *           caller learns how many went in and the errno for the rest: ENOSPC, EIO, EDQUOT; EFBIG
 *           at max_bytes or RLIMIT_FSIZE (whose SIGXFSZ the process must ignore).
 * Crash     of the process: every append that returned is in the file. Of the machine: only with
 *           `sync`, which ends each append with fdatasync.
 * Opening   reads on from `consumed`. The first record that is not good, and all after it, are cut
 *           off and counted as lost: a torn last record is what a killed writer leaves behind.
 * Consumed  is written when the reader asks for it (spill_consumed), one pwrite of the header. What
 *           was read after the last such mark is read again after a crash.
 * Draining  a log that was read to its end is cut back to its header; the file grows until then.
 * Locking   one process at a time (flock): another gets EBUSY. Inside the process the caller locks:
 *           append and reset are the writers' (one at a time), read and consumed the one reader's;
 *           both sides may run at the same time, because what lies before `end` never changes.
 *
 * Errors of opening, all of which leave the file as it was: EINVAL not such a log, other version,
 * other item size, not a regular file; EBADMSG the header is damaged; EBUSY; open(2), read(2). */
#ifndef QUEUES_SPILL_H
#define QUEUES_SPILL_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queues/queue.h"

#define SPILL_MAGIC   UINT64_C(0x0a4c4c4950534c51) /* "QLSPILL\n" in little-endian order */
#define SPILL_VERSION 1
#ifndef SPILL_CHUNK
#define SPILL_CHUNK 64 /* records read, or written by one pwrite, at a time */
#endif

struct spill_header {
    uint64_t magic;
    uint32_t version, item_bytes;
    uint64_t first;    /* sequence of the record right after the header */
    uint64_t consumed; /* offset of the first record not yet consumed */
    uint8_t zero[28];
    uint32_t crc; /* of all before */
};
struct spill_record {
    uint32_t length, crc;
    uint64_t sequence;
    q_item item;
};
_Static_assert(sizeof(struct spill_header) == 64, "the header is 64 bytes");
_Static_assert(sizeof(struct spill_record) == 16 + sizeof(q_item), "no padding in a record");

struct spill_recovered {
    uint64_t records;      /* found good: they come out first */
    uint64_t lost_records; /* cut off; the last may have been a part of one */
    uint64_t lost_bytes;
};

struct spill {
    int fd;
    bool sync;
    bool ragged;        /* writers: cutting off a refused append failed: do it first */
    bool unheaded;      /* writers: the header could not follow a reset: write it first */
    uint64_t max_bytes; /* 0: no limit */
    uint64_t end;       /* writers: offset after the last good record */
    uint64_t first;     /* changes only in reset, while the log is empty */
    uint64_t read;      /* reader: offset of the next record to read */
    uint64_t marked;    /* reader: `consumed` as the file has it */
    struct spill_recovered recovered;
};

/* ---- bytes --------------------------------------------------------------------------------- */

/* CRC-32C, four bits at a time: 16 words of table are always in cache, and the system call beside
 * it costs ten times as much. */
static inline uint32_t spill_crc(const void *bytes, size_t n)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    uint32_t crc = UINT32_MAX;
    for (const unsigned char *p = bytes; n--; p++) {
        crc ^= *p; /* NOLINT(clang-analyzer-core.uninitialized.Assign): knows byte 0 alone */
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

/* All n bytes at this offset, or the errno that stopped it; *done says how many. */
static inline int spill_write_(int fd, const void *bytes, size_t n, uint64_t at, size_t *done)
{
    for (*done = 0; *done < n;) {
        const ssize_t r = pwrite(fd, (const char *)bytes + *done, n - *done, (off_t)(at + *done));
        if (r > 0)
            *done += (size_t)r;
        else if (r == 0 || errno != EINTR)
            return r == 0 ? EIO : errno;
    }
    return 0;
}

/* As many of n bytes as there are before the file's end. */
static inline int spill_read_(int fd, void *bytes, size_t n, uint64_t at, size_t *done)
{
    for (*done = 0; *done < n;) {
        const ssize_t r = pread(fd, (char *)bytes + *done, n - *done, (off_t)(at + *done));
        if (r > 0)
            *done += (size_t)r;
        else if (r == 0)
            return 0;
        else if (errno != EINTR)
            return errno;
    }
    return 0;
}

static inline int spill_truncate_(int fd, uint64_t bytes)
{
    int r;
    do
        r = ftruncate(fd, (off_t)bytes);
    while (r != 0 && errno == EINTR);
    return r == 0 ? 0 : errno;
}

static inline int spill_sync_(int fd)
{
    int r;
    do
        r = fdatasync(fd);
    while (r != 0 && errno == EINTR);
    return r == 0 ? 0 : errno;
}

/* ---- records and header -------------------------------------------------------------------- */

static inline uint64_t spill_sequence(const struct spill *s, uint64_t offset)
{
    return s->first + (offset - sizeof(struct spill_header)) / sizeof(struct spill_record);
}

static inline void spill_fill_(struct spill_record *r, uint64_t sequence, const q_item *item)
{
    r->length = sizeof *item;
    r->sequence = sequence;
    r->item = *item;
    r->crc = spill_crc(&r->sequence, sizeof r->sequence + sizeof r->item);
}

static inline bool spill_good_(const struct spill_record *r, uint64_t sequence)
{
    return r->length == sizeof r->item && r->sequence == sequence &&
           r->crc == spill_crc(&r->sequence, sizeof r->sequence + sizeof r->item);
}

/* One pwrite within one page: a killed process leaves the old header or the new one. */
static inline int spill_write_header_(struct spill *s, uint64_t consumed)
{
    struct spill_header header = {
        .magic = SPILL_MAGIC,
        .version = SPILL_VERSION,
        .item_bytes = sizeof(q_item),
        .first = s->first,
        .consumed = consumed,
    };
    header.crc = spill_crc(&header, offsetof(struct spill_header, crc));
    size_t done;
    const int error = spill_write_(s->fd, &header, sizeof header, 0, &done);
    if (error == 0)
        s->marked = consumed;
    return error;
}

/* ---- the reader's side --------------------------------------------------------------------- */

/* The next records before the offset `limit`, at most n and SPILL_CHUNK. Good ones before a bad one
 * are given; EBADMSG (or what pread said) when the very next one cannot be. */
static inline int spill_read(struct spill *s, uint64_t limit, q_item *items, size_t n, size_t *got)
{
    struct spill_record chunk[SPILL_CHUNK];
    const uint64_t ahead = (limit - s->read) / sizeof chunk[0];
    *got = 0;
    if (n > SPILL_CHUNK)
        n = SPILL_CHUNK;
    if (n > ahead)
        n = (size_t)ahead;
    size_t done;
    const int error = spill_read_(s->fd, chunk, n * sizeof chunk[0], s->read, &done);
    const uint64_t sequence = spill_sequence(s, s->read);
    while (*got < done / sizeof chunk[0] && spill_good_(&chunk[*got], sequence + *got)) {
        items[*got] = chunk[*got].item;
        ++*got;
    }
    s->read += *got * sizeof chunk[0];
    return *got || n == 0 ? 0 : error ? error : EBADMSG;
}

/* Everything before this offset will not be read again. Losing this mark loses no record. */
static inline int spill_consumed(struct spill *s, uint64_t offset)
{
    return offset == s->marked ? 0 : spill_write_header_(s, offset);
}

/* ---- the writers' side --------------------------------------------------------------------- */

static inline int spill_cut_(struct spill *s)
{
    const int error = spill_truncate_(s->fd, s->end);
    s->ragged = error != 0; /* the next append cuts first; opening would find the part and cut it */
    return error;
}

/* Appends the first *taken of n items: all of them, or the errno that refused the next one. */
static inline int spill_append(struct spill *s, const q_item *items, size_t n, size_t *taken)
{
    struct spill_record chunk[SPILL_CHUNK];
    int error = s->ragged ? spill_cut_(s) : 0;
    if (error == 0 && s->unheaded) {
        error = spill_write_header_(s, s->end);
        s->unheaded = error != 0;
    }
    for (*taken = 0; error == 0 && *taken < n;) {
        size_t k = n - *taken < SPILL_CHUNK ? n - *taken : SPILL_CHUNK;
        if (s->max_bytes) {
            const uint64_t room = s->max_bytes > s->end ? s->max_bytes - s->end : 0;
            if (room < sizeof chunk[0])
                return EFBIG;
            if (k > room / sizeof chunk[0])
                k = (size_t)(room / sizeof chunk[0]);
        }
        for (size_t i = 0; i < k; i++)
            spill_fill_(&chunk[i], spill_sequence(s, s->end) + i, &items[*taken + i]);
        size_t done;
        error = spill_write_(s->fd, chunk, k * sizeof chunk[0], s->end, &done);
        size_t whole = done / sizeof chunk[0];
        if (whole && s->sync) {
            const int unsynced = spill_sync_(s->fd);
            if (unsynced) {
                error = unsynced;
                whole = 0; /* they may not be on the disk: refuse them all */
            }
        }
        s->end += whole * sizeof chunk[0];
        *taken += whole;
        if (error)
            spill_cut_(s);
    }
    return error;
}

/* Both sides at once: a log read to its end becomes empty. If the file cannot be cut, the log just
 * goes on behind what was read. Cut first: a header that counts more than there is says "drained",
 * but records before a header's `first` would look damaged. */
static inline int spill_reset(struct spill *s)
{
    const int error = spill_truncate_(s->fd, sizeof(struct spill_header));
    if (error) {
        spill_consumed(s, s->end);
        return error;
    }
    s->first = spill_sequence(s, s->end);
    s->end = s->read = sizeof(struct spill_header);
    s->ragged = false;
    const int unheaded = spill_write_header_(s, s->end);
    s->unheaded = unheaded != 0;
    return unheaded;
}

/* ---- opening and closing ------------------------------------------------------------------- */

/* A new file is only sure to be found again when its directory was synced too. */
static inline int spill_sync_directory_(const char *path)
{
    char directory[4096];
    const int n = snprintf(directory, sizeof directory, "%s", path);
    if (n < 0 || (size_t)n >= sizeof directory)
        return ENAMETOOLONG;
    char *slash = strrchr(directory, '/');
    if (slash)
        slash[slash == directory] = 0;
    const int fd = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    const int error = fsync(fd) == 0 ? 0 : errno;
    close(fd);
    return error;
}

static inline int spill_create_(struct spill *s, const char *path)
{
    s->first = 0;
    s->end = s->read = sizeof(struct spill_header);
    int error = spill_write_header_(s, s->end);
    if (error == 0 && s->sync)
        error = spill_sync_(s->fd);
    if (error == 0 && s->sync)
        error = spill_sync_directory_(path);
    if (error)
        spill_truncate_(s->fd, 0); /* as it was: empty */
    return error;
}

/* Finds the end of the good records and cuts off what follows. */
static inline int spill_recover_(struct spill *s, uint64_t size)
{
    q_item unused[SPILL_CHUNK];
    const uint64_t record = sizeof(struct spill_record);
    if (s->read > size) { /* killed between the two steps of spill_reset */
        s->end = s->read;
        return spill_reset(s);
    }
    const uint64_t consumed = s->read, limit = size - (size - consumed) % record;
    for (size_t got = 1; got;) {
        const int error = spill_read(s, limit, unused, SPILL_CHUNK, &got);
        if (error && error != EBADMSG)
            return error;
    }
    s->end = s->read;
    s->read = consumed;
    s->recovered.records = (s->end - consumed) / record;
    s->recovered.lost_bytes = size - s->end;
    s->recovered.lost_records = (s->recovered.lost_bytes + record - 1) / record;
    if (s->end == consumed) /* nothing to give out: begin again right after the header */
        return spill_reset(s);
    return s->end == size ? 0 : spill_cut_(s);
}

static inline int spill_open_header_(struct spill *s, uint64_t size)
{
    struct spill_header header;
    size_t done;
    const int error = spill_read_(s->fd, &header, sizeof header, 0, &done);
    if (error)
        return error;
    if (done < sizeof header || header.magic != SPILL_MAGIC)
        return EINVAL;
    if (header.crc != spill_crc(&header, offsetof(struct spill_header, crc)))
        return EBADMSG;
    if (header.version != SPILL_VERSION || header.item_bytes != sizeof(q_item))
        return EINVAL;
    if (header.consumed < sizeof header ||
        (header.consumed - sizeof header) % sizeof(struct spill_record) != 0)
        return EBADMSG;
    s->first = header.first;
    s->read = s->marked = header.consumed;
    return spill_recover_(s, size);
}

/* Creates the log, or opens and recovers what is there. 0 or an errno. */
static inline int spill_open(struct spill *s, const char *path, uint64_t max_bytes, bool sync)
{
    *s = (struct spill){.sync = sync, .max_bytes = max_bytes};
    s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (s->fd < 0)
        return errno;
    struct stat st;
    int error = 0;
    /* Lock first: the process before us may have written to the last. */
    if (flock(s->fd, LOCK_EX | LOCK_NB) != 0)
        error = errno == EWOULDBLOCK ? EBUSY : errno;
    else if (fstat(s->fd, &st) != 0)
        error = errno;
    else if (!S_ISREG(st.st_mode))
        error = EINVAL;
    else if (st.st_size == 0)
        error = spill_create_(s, path);
    else
        error = spill_open_header_(s, (uint64_t)st.st_size);
    if (error)
        close(s->fd);
    return error;
}

/* Leaves in the file exactly what was not consumed. */
static inline void spill_close(struct spill *s, uint64_t consumed)
{
    if (s->ragged)
        spill_cut_(s);
    s->read = consumed;
    if (consumed != s->end || s->end == sizeof(struct spill_header) || spill_reset(s) != 0)
        spill_consumed(s, consumed);
    close(s->fd);
}

#endif
