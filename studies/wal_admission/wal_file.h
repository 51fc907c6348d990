/* wal_file.h: the log on disk: its format, one group of records at a time, and reading it back.
 *
 *   | header, 64 bytes     | record | record | record | record |  zeroes, written ahead
 *     magic version crc      ^ end of what is good is found by reading    ^ allocated
 *
 *   record = { crc u32, length u32, lsn u64, payload }     crc: CRC-32C of payload, length, lsn
 *
 * The payload stands first in the checksum, so that a writer has taken most of it before its entry
 * is in the queue. Records are numbered without gaps (lsn, from 1): the first one that is not good,
 * or is not the next one, ends the log. Zeroes are not a good record.
 *
 * A group   of records is one write and one sync. Those that were written and synced are durable.
 * A write   that the device refuses (ENOSPC, EIO, EFBIG) is cut off again before anybody is told:
 *           what was refused is not found later. The next group may succeed.
 * A sync    that fails leaves it open what is on the disk, and Linux forgets what it could not write,
 *           so that a second sync would succeed and prove nothing: the log refuses from then on
 *           (`broken`), until it was closed, opened and read again. A cut that fails: the same.
 * Opening   reads everything, cuts off what follows the last good record (a record behind a torn
 *           one would become good again as soon as the gap is filled), and goes ahead.
 * Ahead     zeroes are written: a sync of blocks that are there already need not wait for the file
 *           system's journal. Or (wal_disk_reserving) space is reserved, which reads as zeroes and costs
 *           no writing: the first sync of each block waits for the journal, later ones do not. */
#ifndef STUDIES_WAL_ADMISSION_WAL_FILE_H
#define STUDIES_WAL_ADMISSION_WAL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WAL_HEADER = 64, WAL_RECORD = 16 };

/* What the log asks of a device: device.h has some that fail. Each answers 0 or an errno. */
struct wal_io {
    int (*write)(struct wal_io *io, int fd, const void *bytes, size_t n, uint64_t at);
    int (*sync)(struct wal_io *io, int fd);
    int (*cut)(struct wal_io *io, int fd, uint64_t size);
    /* Zeroes from here on, at the end of the file, without writing them; NULL: they are written. */
    int (*reserve)(struct wal_io *io, int fd, uint64_t at, uint64_t n);
};
extern struct wal_io wal_disk;           /* pwrite, fdatasync, ftruncate */
extern struct wal_io wal_disk_reserving; /* and fallocate */

struct wal_file {
    int fd;
    int broken; /* errno of the sync or the cut after which nothing is sure any more */
    struct wal_io *io;
    uint64_t end, allocated; /* offsets: behind the last good record, behind the zeroes */
    uint64_t next_lsn;
    uint64_t ahead; /* how many zeroes at a time; 0: none, the file grows by groups */
    unsigned char *group;
    size_t used, room; /* bytes of the group that is being made */
    unsigned records;  /* in it */
};

/* What is found in a log. */
typedef void wal_reader(void *arg, uint64_t lsn, const void *bytes, uint32_t length);
struct wal_found {
    uint64_t records, end; /* good ones, and where they end */
    uint64_t cut_bytes;    /* behind them, zeroes not counted: a torn record */
};

/* Makes the file, or opens and recovers it; `found` and `reader` may be NULL. 0 or an errno: EBUSY
 * another process has it; EINVAL no such log; EBADMSG its header is damaged; open(2), read(2). A header of zeroes, or
 * a part of one, is a log that was being made: it is made again. */
int wal_file_open(struct wal_file *f, const char *path, struct wal_io *io, uint64_t ahead,
                  size_t group_bytes, struct wal_found *found, wal_reader *reader, void *arg);
void wal_file_close(struct wal_file *f);

/* Reads a log and leaves it as it is. The same errors, and ENODATA: it was being made. */
int wal_file_read(const char *path, struct wal_found *found, wal_reader *reader, void *arg);

uint32_t wal_checksum_begin(const void *bytes, uint32_t length); /* the writer's share */

/* Adds a record to the group and answers its lsn; 0: it does not fit. */
uint64_t wal_file_add(struct wal_file *f, const void *bytes, uint32_t length, uint32_t checksum);

/* Writes the group and makes it durable, or not: an errno. Then the group is empty. */
int wal_file_write(struct wal_file *f);

#endif
