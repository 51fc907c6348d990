/* device.c: see device.h. */
#include "studies/wal_admission/device.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "harness/whole_file.h"

static int wait_ns(uint64_t ns)
{
    const struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
    return 0;
}

static int write_through(struct wal_io *io, int fd, const void *bytes, size_t n, uint64_t at)
{
    (void)io;
    return wal_disk.write(&wal_disk, fd, bytes, n, at);
}

static int cut_through(struct wal_io *io, int fd, uint64_t size)
{
    (void)io;
    return wal_disk.cut(&wal_disk, fd, size);
}

/* ---- slow ------------------------------------------------------------------------------------ */

static int slow_sync(struct wal_io *io, int fd)
{
    (void)fd;
    return wait_ns(((struct device_slow *)io)->sync_ns);
}

void device_slow(struct device_slow *d, uint64_t sync_ns)
{
    *d = (struct device_slow){{write_through, slow_sync, cut_through, NULL}, sync_ns};
}

/* ---- faulty ---------------------------------------------------------------------------------- */

static bool fails(struct device_faulty *d, uint64_t number, uint64_t first, uint64_t again)
{
    if (!first || number < first || (number > first && (!again || (number - first) % again)))
        return false;
    a_add(&d->failed, 1, relaxed);
    return true;
}

static int faulty_write(struct wal_io *io, int fd, const void *bytes, size_t n, uint64_t at)
{
    struct device_faulty *const d = (struct device_faulty *)io;
    const bool bad = fails(d, a_add(&d->writes, 1, relaxed) + 1, d->write_fails, d->write_again);
    const int error = wal_disk.write(&wal_disk, fd, bytes, bad ? n / 2 : n, at);
    return bad ? d->write_error : error;
}

static int faulty_sync(struct wal_io *io, int fd)
{
    struct device_faulty *const d = (struct device_faulty *)io;
    if (fails(d, a_add(&d->syncs, 1, relaxed) + 1, d->sync_fails, d->sync_again))
        return d->sync_error;
    return d->sync_ns ? wait_ns(d->sync_ns) : wal_disk.sync(&wal_disk, fd);
}

/* Fails as writes do: a disk that is full has no space to reserve either. */
static int faulty_reserve(struct wal_io *io, int fd, uint64_t at, uint64_t n)
{
    struct device_faulty *const d = (struct device_faulty *)io;
    if (fails(d, a_add(&d->writes, 1, relaxed) + 1, d->write_fails, d->write_again))
        return d->write_error;
    return wal_disk_reserving.reserve(&wal_disk_reserving, fd, at, n);
}

static int faulty_cut(struct wal_io *io, int fd, uint64_t size)
{
    a_add(&((struct device_faulty *)io)->cuts, 1, relaxed);
    return cut_through(io, fd, size);
}

void device_faulty(struct device_faulty *d)
{
    memset(d, 0, sizeof *d);
    d->io = (struct wal_io){faulty_write, faulty_sync, faulty_cut, NULL};
    d->write_error = ENOSPC;
    d->sync_error = EIO;
}

void device_faulty_reserves(struct device_faulty *d) { d->io.reserve = faulty_reserve; }

/* ---- power ----------------------------------------------------------------------------------- */

/* What of the cache has reached the disk when the power fails. */
static void die(struct device_power *d)
{
    d->dead = true;
    for (unsigned i = 0; i < DEVICE_SECTORS; i++)
        if (d->dirty[i] && stats_random_below(&d->random, 2)) {
            memcpy(d->disk + i * DEVICE_SECTOR, d->now + i * DEVICE_SECTOR, DEVICE_SECTOR);
            const uint64_t end = (i + UINT64_C(1)) * DEVICE_SECTOR;
            if (d->size_disk < end)
                d->size_disk = end < d->size_now ? end : d->size_now;
        }
}

/* Is this the operation in which it fails? Locked; the caller unlocks. */
static bool step(struct device_power *d)
{
    pthread_mutex_lock(&d->lock);
    return ++d->operations == d->cut_at && !d->dead;
}

static int leave(struct device_power *d, int error)
{
    pthread_mutex_unlock(&d->lock);
    return error;
}

static int power_write(struct wal_io *io, int fd, const void *bytes, size_t n, uint64_t at)
{
    struct device_power *const d = (struct device_power *)io;
    (void)fd;
    const bool last = step(d);
    if (d->dead)
        return leave(d, EIO);
    if (at + n > sizeof d->now)
        return leave(d, ENOSPC);
    const size_t done = last ? (size_t)stats_random_below(&d->random, n + 1) : n;
    memcpy(d->now + at, bytes, done);
    for (uint64_t i = at / DEVICE_SECTOR; i * DEVICE_SECTOR < at + done; i++)
        d->dirty[i] = true;
    if (d->size_now < at + done)
        d->size_now = at + done;
    if (last)
        die(d);
    return leave(d, last ? EIO : 0);
}

/* Zeroes that nobody wrote; what is known of them before a sync is as open as of any write. */
static int power_reserve(struct wal_io *io, int fd, uint64_t at, uint64_t n)
{
    struct device_power *const d = (struct device_power *)io;
    (void)fd;
    const bool last = step(d);
    if (d->dead)
        return leave(d, EIO);
    if (at + n > sizeof d->now)
        return leave(d, ENOSPC);
    for (uint64_t i = at / DEVICE_SECTOR; i * DEVICE_SECTOR < at + n; i++)
        d->dirty[i] = true;
    if (d->size_now < at + n)
        d->size_now = at + n;
    if (last)
        die(d);
    return leave(d, last ? EIO : 0);
}

static int power_sync(struct wal_io *io, int fd)
{
    struct device_power *const d = (struct device_power *)io;
    (void)fd;
    const bool last = step(d);
    if (last)
        die(d);
    if (d->dead)
        return leave(d, EIO);
    memcpy(d->disk, d->now, d->size_now);
    memset(d->disk + d->size_now, 0, sizeof d->disk - d->size_now);
    d->size_disk = d->size_now;
    memset(d->dirty, 0, sizeof d->dirty);
    return leave(d, 0);
}

static int power_cut(struct wal_io *io, int fd, uint64_t size)
{
    struct device_power *const d = (struct device_power *)io;
    (void)fd;
    const bool last = step(d);
    if (last)
        die(d);
    if (d->dead)
        return leave(d, EIO);
    if (size < d->size_now)
        memset(d->now + size, 0, d->size_now - size);
    for (uint64_t i = size / DEVICE_SECTOR; i * DEVICE_SECTOR < d->size_now; i++)
        d->dirty[i] = true;
    d->size_now = size;
    return leave(d, 0);
}

void device_power_reserves(struct device_power *d) { d->io.reserve = power_reserve; }

void device_power(struct device_power *d, uint64_t cut_at, uint64_t seed)
{
    memset(d, 0, sizeof *d);
    d->io = (struct wal_io){power_write, power_sync, power_cut, NULL};
    d->cut_at = cut_at;
    stats_random_seed(&d->random, seed);
    pthread_mutex_init(&d->lock, NULL);
}

int device_power_save(const struct device_power *d, const char *path)
{
    return whole_write(path, (const char *)d->disk, d->size_disk);
}
