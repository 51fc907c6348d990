/* peers.c: other people's logs, each commit durable: RocksDB with a synced log, SQLite's WAL at
 * synchronous=FULL. (At NORMAL, SQLite does not sync when it commits: that is another promise, and
 * is not compared.) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "studies/wal_admission/systems.h"

#ifdef QUEUELAB_ROCKSDB
#include <rocksdb/c.h>

struct rocks {
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_writeoptions_t *synced;
};
struct rocks_handle {
    struct rocks *rocks;
    uint64_t key[2]; /* thread, number */
};

static const struct commit_system rocks_usual, rocks_pipelined, rocks_recycled;

/* Logs that have been used once are written over: a sync of blocks that exist, as of our log's zeroes.
 * RocksDB 7 does that only at the recovery mode that skips whatever is damaged, which promises less than its
 * usual one. Two logs are filled first, synced, so that there is one to write over. */
enum { ROCKS_LOG = 16 << 20, ROCKS_LOGS = 2, SKIP_ANY_DAMAGE = 3 };
static void rocks_fill(struct rocks *r, char **error)
{
    static char value[64 << 10];
    rocksdb_writeoptions_t *const unsynced = rocksdb_writeoptions_create();
    rocksdb_flushoptions_t *const wait = rocksdb_flushoptions_create();
    for (unsigned log = 0; log < ROCKS_LOGS && !*error; log++) {
        const uint64_t values = ROCKS_LOG / sizeof value - 2;
        for (uint64_t i = 0; i < values && !*error; i++)
            rocksdb_put(r->db, i + 1 < values ? unsynced : r->synced, (const char *)&i, sizeof i,
                        value, sizeof value, error);
        if (!*error)
            rocksdb_flush(r->db, wait, error);
    }
    rocksdb_flushoptions_destroy(wait);
    rocksdb_writeoptions_destroy(unsynced);
}

/* Its own account of what it does. */
static bool rocks_recycles(const char *path)
{
    char name[600], line[512];
    bool found = false;
    snprintf(name, sizeof name, "%s/LOG", path);
    FILE *const f = fopen(name, "r");
    while (f && fgets(line, sizeof line, f))
        found |= strstr(line, "reusing log") != NULL;
    if (f)
        fclose(f);
    return found;
}

static int rocks_open(void **system, const struct commit_system *itself,
                      const struct commit_setup *s)
{
    struct rocks *const r = calloc(1, sizeof *r);
    char *error = NULL;
    if (!r)
        return ENOMEM;
    r->options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(r->options, 1);
    rocksdb_options_set_enable_pipelined_write(r->options, itself == &rocks_pipelined);
    if (itself == &rocks_recycled) {
        rocksdb_options_set_recycle_log_file_num(r->options, ROCKS_LOGS);
        rocksdb_options_set_wal_recovery_mode(r->options, SKIP_ANY_DAMAGE);
        rocksdb_options_set_write_buffer_size(r->options, ROCKS_LOG);
    }
    r->synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(r->synced, 1);
    r->db = rocksdb_open(r->options, s->path, &error);
    if (!error && itself == &rocks_recycled)
        rocks_fill(r, &error);
    if (error) {
        fprintf(stderr, "queuelab: RocksDB: %s\n", error);
        free(error);
        free(r);
        return EIO;
    }
    if (itself == &rocks_recycled && !rocks_recycles(s->path)) {
        fprintf(stderr, "queuelab: RocksDB does not recycle its logs\n");
        rocksdb_close(r->db);
        free(r);
        return ENOTSUP;
    }
    *system = r;
    return 0;
}

static int rocks_attach(void *system, unsigned thread, void **handle)
{
    struct rocks_handle *const h = calloc(1, sizeof *h);
    if (!h)
        return ENOMEM;
    *h = (struct rocks_handle){system, {thread, 0}};
    *handle = h;
    return 0;
}

static int rocks_commit(void *handle, const void *bytes, uint32_t n)
{
    struct rocks_handle *const h = handle;
    char *error = NULL;
    h->key[1]++;
    rocksdb_put(h->rocks->db, h->rocks->synced, (const char *)h->key, sizeof h->key, bytes, n,
                &error);
    if (error)
        fprintf(stderr, "queuelab: RocksDB: %s\n", error);
    return error ? EIO : 0;
}

static void rocks_detach(void *handle) { free(handle); }

static void rocks_close(void *system, struct commit_counts *counts)
{
    struct rocks *const r = system;
    (void)counts;
    rocksdb_close(r->db);
    rocksdb_writeoptions_destroy(r->synced);
    rocksdb_options_destroy(r->options);
    free(r);
}

#define ROCKS rocks_open, rocks_attach, rocks_commit, rocks_detach, rocks_close
static const struct commit_system rocks_usual = {"RocksDB", ROCKS, 0, UINT32_MAX, true};
static const struct commit_system rocks_pipelined = {"RocksDB, pipelined", ROCKS, 0, UINT32_MAX,
                                                     false};
static const struct commit_system rocks_recycled = {"RocksDB, logs recycled", ROCKS, 0, UINT32_MAX,
                                                    true};
#define ROCKS_ABSENT ""
#else
#define ROCKS_ABSENT "RocksDB is not in this build (cmake --preset peers, librocksdb-dev). "
#endif

#ifdef QUEUELAB_SQLITE
#include <sqlite3.h>

struct lite {
    char path[600];
    sqlite3 *first; /* keeps the log from being removed when others close */
};
struct lite_handle {
    sqlite3 *db;
    sqlite3_stmt *insert;
};

/* SQLite's own naps grow to 100 ms while the lock changes hands every few. */
static int lite_wait(void *arg, int times)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    (void)arg, (void)times;
    clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
    return 1;
}

static int lite_connect(const char *path, sqlite3 **db)
{
    if (sqlite3_open(path, db) != SQLITE_OK)
        return EIO;
    sqlite3_busy_handler(*db, lite_wait, NULL);
    return sqlite3_exec(*db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", NULL, NULL,
                        NULL) == SQLITE_OK
               ? 0
               : EIO;
}

static int lite_open(void **system, const struct commit_system *itself,
                     const struct commit_setup *s)
{
    struct lite *const l = calloc(1, sizeof *l);
    (void)itself;
    if (!l)
        return ENOMEM;
    snprintf(l->path, sizeof l->path, "%s/lite.db", s->path);
    if (lite_connect(l->path, &l->first) != 0 ||
        sqlite3_exec(l->first, "CREATE TABLE log(n INTEGER PRIMARY KEY, bytes BLOB)", NULL, NULL,
                     NULL) != SQLITE_OK) {
        fprintf(stderr, "queuelab: SQLite: %s\n", sqlite3_errmsg(l->first));
        return EIO;
    }
    *system = l;
    return 0;
}

static int lite_attach(void *system, unsigned thread, void **handle)
{
    struct lite_handle *const h = calloc(1, sizeof *h);
    (void)thread;
    if (!h)
        return ENOMEM;
    *handle = h;
    if (lite_connect(((struct lite *)system)->path, &h->db) != 0)
        return EIO;
    return sqlite3_prepare_v2(h->db, "INSERT INTO log(bytes) VALUES(?)", -1, &h->insert, NULL) ==
                   SQLITE_OK
               ? 0
               : EIO;
}

static int lite_commit(void *handle, const void *bytes, uint32_t n)
{
    struct lite_handle *const h = handle;
    sqlite3_bind_blob(h->insert, 1, bytes, (int)n, SQLITE_STATIC);
    const int answer = sqlite3_step(h->insert);
    sqlite3_reset(h->insert);
    if (answer != SQLITE_DONE)
        fprintf(stderr, "queuelab: SQLite: %s\n", sqlite3_errmsg(h->db));
    return answer == SQLITE_DONE ? 0 : EIO;
}

static void lite_detach(void *handle)
{
    struct lite_handle *const h = handle;
    sqlite3_finalize(h->insert);
    sqlite3_close(h->db);
    free(h);
}

static void lite_close(void *system, struct commit_counts *counts)
{
    (void)counts;
    sqlite3_close(((struct lite *)system)->first);
    free(system);
}

static const struct commit_system lite_full = {
    "SQLite WAL, FULL", lite_open, lite_attach, lite_commit, lite_detach, lite_close, 0, 32, false,
};
#define LITE_ABSENT ""
#else
#define LITE_ABSENT "SQLite is not in this build (cmake --preset peers, libsqlite3-dev). "
#endif

const struct commit_system *const commit_peers[] = {
#ifdef QUEUELAB_ROCKSDB
    &rocks_usual, &rocks_pipelined, &rocks_recycled,
#endif
#ifdef QUEUELAB_SQLITE
    &lite_full,
#endif
    NULL,
};
const char commit_peers_absent[] = ROCKS_ABSENT LITE_ABSENT;
