/* mapped.h: a ring in a file mapped into memory: what was pushed survives the death of the process.
 *
 *   file  | magic capacity | head | tail | cell cell cell ...   cells as in array_mpmc.h: a turn, an event
 *
 * A push is done when its cell's turn says so: from then on the page cache has it, and only the
 * machine's death can take it away (mapped_sync writes it to the disk). Opening goes through the
 * cells from head to tail: a filled one is an event; one that is claimed but not filled belonged to a
 * push that never answered: it is passed over and counted. What the consumer was given is its own when it
 * comes for more; what it was given last comes again after its death: at least once.
 *
 * Many producers, one consumer, in one process at a time. push: 0, ENOBUFS when full.
 *
 * Edges   filled  push -> take   the cell holds the event of this turn
 *         freed   take -> push   the cell has been read and may be overwritten */
#ifndef TELEMETRY_MAPPED_H
#define TELEMETRY_MAPPED_H

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queues/atomics.h"
#include "queues/pause.h"
#include "studies/telemetry_ring/event.h"

#define MAPPED_MAGIC UINT64_C(0x0a50414d4c455451)

struct mapped_cell {
    atomic(uint64_t) turn;
    struct event event;
};
struct mapped_file {
    uint64_t magic, capacity;
    alignas(128) atomic(uint64_t) tail;
    alignas(128) atomic(uint64_t) head;
    alignas(128) struct mapped_cell cell[];
};
struct mapped {
    struct mapped_file *file;
    size_t bytes;
    uint64_t mask;
    unsigned shift;
    int fd;
    uint64_t given;           /* the consumer's: cells from head on that it was given */
    uint64_t recovered, torn; /* by opening */
};

static inline uint64_t mapped_turn_(const struct mapped *m, uint64_t p)
{
    return p >> m->shift << 1;
}

/* After the death of a process. A claimed cell is an event, or becomes a hole: an event of no time. One
 * that was taken is free, also if the consumer died between moving head and saying so. */
static inline void mapped_recover_(struct mapped *m)
{
    const uint64_t head = a_load(&m->file->head, relaxed), tail = a_load(&m->file->tail, relaxed);
    for (uint64_t p = tail > m->mask ? tail - m->mask - 1 : 0; p < tail; p++) {
        struct mapped_cell *const cell = &m->file->cell[p & m->mask];
        const uint64_t filled = mapped_turn_(m, p) + 1;
        if (p < head) {
            a_store(&cell->turn, filled + 1, relaxed);
        } else if (a_load(&cell->turn, relaxed) == filled && event_valid(&cell->event)) {
            m->recovered++;
        } else {
            cell->event = (struct event){.time = 0};
            a_store(&cell->turn, filled, relaxed);
            m->torn++;
        }
    }
}

/* Makes the file, or opens and recovers it (capacity is then what it was made with). 0 or an errno;
 * EBADMSG: it is no such ring, or damaged; EBUSY: another process has it. */
static inline int mapped_open(struct mapped *m, const char *path, size_t capacity)
{
    *m = (struct mapped){.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    struct stat st = {.st_size = 0};
    int error = 0;
    uint64_t header[2] = {MAPPED_MAGIC, capacity};
    if (m->fd < 0)
        return errno;
    if (flock(m->fd, LOCK_EX | LOCK_NB) != 0)
        error = errno == EWOULDBLOCK ? EBUSY : errno;
    else if (fstat(m->fd, &st) != 0)
        error = errno;
    else if (!S_ISREG(st.st_mode))
        error = EINVAL;
    else if (st.st_size != 0 && pread(m->fd, header, sizeof header, 0) != sizeof header)
        error = EBADMSG;
    const bool made = !error && st.st_size != 0 && header[0] != 0; /* else killed while making it */
    if (made)
        capacity = (size_t)header[1];
    else
        header[0] = MAPPED_MAGIC;
    if (!error && (header[0] != MAPPED_MAGIC || capacity == 0 || (capacity & (capacity - 1)) != 0 ||
                   capacity > SIZE_MAX / 2 / sizeof(struct mapped_cell)))
        error = made ? EBADMSG : EINVAL;
    m->bytes = sizeof *m->file + capacity * sizeof(struct mapped_cell);
    if (!error && made && (uint64_t)st.st_size != m->bytes)
        error = EBADMSG; /* cut short: touching what is missing would kill us */
    /* Blocks now: a full disk is an errno here, and a SIGBUS later. */
    if (!error && !made)
        error = posix_fallocate(m->fd, 0, (off_t)m->bytes);
    if (!error) {
        m->file = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
        error = m->file == MAP_FAILED ? errno : 0;
    }
    if (error) {
        if (error == ENOSPC && !made && ftruncate(m->fd, 0) != 0)
            error = errno;
        close(m->fd);
        return error;
    }
    m->mask = capacity - 1;
    m->shift = (unsigned)__builtin_ctzll(capacity);
    m->file->capacity = capacity;
    m->file->magic = MAPPED_MAGIC;
    mapped_recover_(m);
    return 0;
}

static inline int mapped_push(struct mapped *m, const struct event *e)
{
    for (unsigned step = 0;;) {
        uint64_t tail = a_load(&m->file->tail, relaxed);
        struct mapped_cell *const cell = &m->file->cell[tail & m->mask];
        const uint64_t turn = mapped_turn_(m, tail), mine = tail;
        const uint64_t seen = a_load(&cell->turn, acquire); /* [>freed] */
        if (seen < turn)
            return ENOBUFS;
        if (seen == turn && a_cas(&m->file->tail, &tail, mine + 1, relaxed, relaxed)) {
            cell->event = *e;
            a_store(&cell->turn, turn + 1, release); /* [filled>] */
            return 0;
        }
        q_backoff(&step);
    }
}

/* The consumer is through with what it was given. Cells are free only when head has moved past them,
 * for one that was filled again behind head would be lost to who opens the file. */
static inline void mapped_done(struct mapped *m)
{
    const uint64_t head = a_load(&m->file->head, relaxed);
    a_store(&m->file->head, head + m->given, relaxed);
    for (uint64_t p = head; p < head + m->given; p++)
        a_store(&m->file->cell[p & m->mask].turn, mapped_turn_(m, p) + 2, release); /* [freed>] */
    m->given = 0;
}

/* Up to n events; what was given before is done. */
static inline size_t mapped_take(struct mapped *m, struct event *e, size_t n)
{
    size_t got = 0;
    mapped_done(m);
    for (uint64_t p = a_load(&m->file->head, relaxed); got < n; p++) {
        const struct mapped_cell *const cell = &m->file->cell[p & m->mask];
        if (a_load(&cell->turn, acquire) != mapped_turn_(m, p) + 1) /* [>filled] */
            break;
        e[got] = cell->event;
        got += e[got].time != 0; /* else a hole */
        m->given++;
    }
    return got;
}

static inline void mapped_close(struct mapped *m)
{
    mapped_done(m);
    munmap(m->file, m->bytes);
    close(m->fd);
}

/* Everything so far is on the disk when this returns 0. */
static inline int mapped_sync(struct mapped *m)
{
    return msync(m->file, m->bytes, MS_SYNC) == 0 ? 0 : errno;
}

#endif
