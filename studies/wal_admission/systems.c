/* systems.c: our log, the document's, and one sync per commit, as commit_systems. */
#include "studies/wal_admission/systems.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* ---- our log --------------------------------------------------------------------------------- */

struct ours {
    struct wal *log;
    struct device_slow slow;
};

static struct wal_config config_of(const struct commit_setup *s, struct device_slow *slow,
                                   char *path, size_t size)
{
    snprintf(path, size, "%s/wal.log", s->path);
    if (s->sync_ns)
        device_slow(slow, s->sync_ns);
    return (struct wal_config){
        .path = path,
        .io = s->sync_ns ? &slow->io : &wal_disk,
        .queue = s->queue,
        .ahead = s->ahead,
        .flush_interval_ns = s->interval_ns,
    };
}

static int ours_open(void **system, const struct commit_system *itself,
                     const struct commit_setup *s)
{
    char path[600];
    struct ours *const o = calloc(1, sizeof *o);
    if (!o)
        return ENOMEM;
    struct wal_config c = config_of(s, &o->slow, path, sizeof path);
    c.who = itself == &commit_flusher ? WAL_FLUSHER : WAL_COMMITTERS;
    if (itself == &commit_leaders_growing)
        c.ahead = 0;
    if (itself == &commit_leaders_reserving)
        c.io = &wal_disk_reserving;
    *system = o;
    const int error = wal_open(&o->log, &c, NULL, NULL, NULL);
    if (error)
        free(o);
    return error;
}

static int ours_attach(void *system, unsigned thread, void **handle)
{
    (void)thread;
    return wal_attach(((struct ours *)system)->log, (struct wal_handle **)handle);
}

static int ours_commit(void *handle, const void *bytes, uint32_t n)
{
    return wal_commit(handle, bytes, n);
}

static void ours_detach(void *handle) { wal_detach(handle); }

static void ours_close(void *system, struct commit_counts *counts)
{
    struct ours *const o = system;
    struct wal_metrics m;
    wal_shutdown(o->log);
    wal_metrics(o->log, &m);
    *counts = (struct commit_counts){(double)m.groups, (double)m.entries, (double)m.sync_ns,
                                     (double)m.prepare_ns, m.grew};
    wal_close(o->log);
    free(o);
}

#define OURS ours_open, ours_attach, ours_commit, ours_detach, ours_close
const struct commit_system commit_leaders = {"own entry, committers lead", OURS, 0, 0, false};
const struct commit_system commit_leaders_growing = {"own entry, file grows", OURS, 0, 0, false};
const struct commit_system commit_leaders_reserving = {"own entry, space reserved", OURS, 0, 0,
                                                       false};
const struct commit_system commit_flusher = {"own entry, flusher", OURS, 0, 0, false};

/* ---- the document's -------------------------------------------------------------------------- */

struct written {
    struct as_written *log;
    struct device_slow slow;
};

static int written_open(void **system, const struct commit_system *itself,
                        const struct commit_setup *s)
{
    char path[600];
    struct written *const w = calloc(1, sizeof *w);
    if (!w)
        return ENOMEM;
    const struct as_written_config c = {.log = config_of(s, &w->slow, path, sizeof path),
                                        .poll_ns = (uint64_t)itself->number,
                                        .unbounded = itself == &commit_unbounded ||
                                                     itself == &commit_unbounded_drained,
                                        .drained = itself == &commit_unbounded_drained};
    *system = w;
    const int error = as_written_open(&w->log, &c);
    if (error)
        free(w);
    return error;
}

static int written_attach(void *system, unsigned thread, void **handle)
{
    (void)thread;
    return as_written_attach(((struct written *)system)->log, (struct as_written_handle **)handle);
}

static int written_commit(void *handle, const void *bytes, uint32_t n)
{
    const int error = as_written_append(handle, bytes, n);
    return error ? error : as_written_flush(handle);
}

static void written_detach(void *handle) { as_written_detach(handle); }

static void written_close(void *system, struct commit_counts *counts)
{
    struct written *const w = system;
    uint64_t groups, entries;
    as_written_shutdown(w->log);
    as_written_groups(w->log, &groups, &entries);
    *counts = (struct commit_counts){.groups = (double)groups, .entries = (double)entries};
    as_written_close(w->log);
    free(w);
}

#define WRITTEN written_open, written_attach, written_commit, written_detach, written_close
const struct commit_system commit_written_100us = {"as written, poll 100 us", WRITTEN, 1e5, 0,
                                                   false};
const struct commit_system commit_written_1ms = {"as written, poll 1 ms", WRITTEN, 1e6, 0, false};
const struct commit_system commit_unbounded = {"as written, no bound", WRITTEN, 1e6, 0, false};
const struct commit_system commit_unbounded_drained = {"no bound, until drained", WRITTEN, 1e6, 0,
                                                       false};

/* ---- one sync per commit ---------------------------------------------------------------------- */

struct each {
    pthread_mutex_t lock;
    struct wal_file file;
    struct device_slow slow;
    double groups;
};

static int each_open(void **system, const struct commit_system *itself,
                     const struct commit_setup *s)
{
    char path[600];
    struct each *const e = calloc(1, sizeof *e);
    (void)itself;
    if (!e)
        return ENOMEM;
    const struct wal_config c = config_of(s, &e->slow, path, sizeof path);
    pthread_mutex_init(&e->lock, NULL);
    *system = e;
    const int error = wal_file_open(&e->file, path, c.io, c.ahead, 1 << 20, NULL, NULL, NULL);
    if (error)
        free(e);
    return error;
}

static int each_attach(void *system, unsigned thread, void **handle)
{
    (void)thread;
    *handle = system;
    return 0;
}

static int each_commit(void *handle, const void *bytes, uint32_t n)
{
    struct each *const e = handle;
    const uint32_t checksum = wal_checksum_begin(bytes, n);
    pthread_mutex_lock(&e->lock);
    const int error =
        wal_file_add(&e->file, bytes, n, checksum) ? wal_file_write(&e->file) : EMSGSIZE;
    e->groups++;
    pthread_mutex_unlock(&e->lock);
    return error;
}

static void each_detach(void *handle) { (void)handle; }

static void each_close(void *system, struct commit_counts *counts)
{
    struct each *const e = system;
    *counts = (struct commit_counts){.groups = e->groups, .entries = e->groups};
    wal_file_close(&e->file);
    free(e);
}

const struct commit_system commit_each = {
    "a sync for each", each_open, each_attach, each_commit, each_detach, each_close, 0, 0, false,
};

/* ---- directories ------------------------------------------------------------------------------ */

int commit_make_directory(const char *path) { return mkdir(path, 0700) == 0 ? 0 : errno; }

void commit_remove_directory(const char *path)
{
    char inside[1024];
    DIR *const d = opendir(path);
    for (const struct dirent *e; d && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            snprintf(inside, sizeof inside, "%s/%s", path, e->d_name);
            if (unlink(inside) != 0 && errno == EISDIR)
                commit_remove_directory(inside);
        }
    if (d)
        closedir(d);
    rmdir(path);
}

const char *commit_filesystem(const char *path)
{
    static char other[32];
    static const struct {
        unsigned long magic;
        const char *name;
    } known[] = {
        {0xef53, "ext4"},      {0x58465342, "xfs"},     {0x9123683e, "btrfs"},
        {0x01021994, "tmpfs"}, {0x794c7630, "overlay"}, {0x6969, "nfs"},
        {0x2fc12fc1, "zfs"},   {0xf2f52010, "f2fs"},    {0x858458f6, "ramfs"},
    };
    struct statfs s;
    if (statfs(path, &s) != 0)
        return "no file system";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].magic == (unsigned long)s.f_type)
            return known[i].name;
    snprintf(other, sizeof other, "file system %lx", (unsigned long)s.f_type);
    return other;
}
