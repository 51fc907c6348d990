/* spill_crash_test.c: what the spill file promises, put to the test.
 *
 *   spill_crash_test [--seed N] [--rounds N]     about 5 seconds with the default 250 rounds, fewer
 *                                                when QUEUELAB_TEST_SCALE is below 1
 *
 * A round: a child process pushes numbered items from several threads through a tiny ring_mpsc
 * with Q_SPILL, sometimes popping as well, and notes in memory shared with us what it is about to
 * push, what push acknowledged and what it popped. We kill it (SIGKILL) after a random time, open
 * the file and drain it. What was in the ring dies with the process, at most `capacity` items, and
 * what the consumer had popped but not yet noted; everything else acknowledged must be there. The
 * other tests tear and flip every byte of a log and let the kernel refuse to write. */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "queues/ring_mpsc.h"

#define RECORD  sizeof(struct spill_record)
#define HEADER  sizeof(struct spill_header)
#define THREADS 4
#define NUMBERS 65536 /* most items of one producer in one round */

static unsigned long checks;
static uint64_t seed = 1;
static char directory[] = "/tmp/spill_crash_test.XXXXXX", path[64], doing[160] = "starting";

static void cleanup(void)
{
    unlink(path);
    rmdir(directory);
}

#define check(condition)                                                                           \
    do {                                                                                           \
        checks++;                                                                                  \
        if (!(condition))                                                                          \
            failed(__LINE__, #condition);                                                          \
    } while (0)

static _Noreturn void failed(int line, const char *condition)
{
    fprintf(stderr, "spill_crash_test.c:%d: FAILED %s\n  while %s (--seed %" PRIu64 ")\n", line,
            condition, doing, seed);
    cleanup();
    exit(1);
}

static uint64_t random_state;
static uint64_t random_below(uint64_t n)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64, Steele et al. 2014 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % n;
}

/* ---- one queue ------------------------------------------------------------------------------- */

static struct ring_mpsc queue;
static struct ring_mpsc_handle end;

static struct q_config spilling(size_t capacity)
{
    return (struct q_config){.capacity = capacity, .when_full = Q_SPILL, .spill_path = path};
}

static void open_queue(size_t capacity, size_t max_bytes)
{
    struct q_config cfg = spilling(capacity);
    cfg.spill_max_bytes = max_bytes;
    check(ring_mpsc_init(&queue, &cfg) == 0);
    check(ring_mpsc_attach(&queue, &end, Q_BOTH) == 0);
}

static void close_queue(void)
{
    ring_mpsc_detach(&queue, &end);
    ring_mpsc_destroy(&queue);
}

static enum q_status push(uint64_t key) { return ring_mpsc_push(&queue, &end, q_item_of(key)); }

/* The key that comes next; 0: empty or closed. */
static uint64_t pop(void)
{
    q_item item;
    const enum q_status s = ring_mpsc_pop(&queue, &end, &item);
    check(s == Q_OK || s == Q_EMPTY || s == Q_CLOSED);
    check(s != Q_OK || q_intact(&item));
    return s == Q_OK ? q_key(&item) : 0;
}

static void pops(uint64_t from, uint64_t to)
{
    for (uint64_t key = from; key <= to; key++)
        check(pop() == key);
    check(pop() == 0);
}

static size_t file_size(void)
{
    struct stat st;
    check(stat(path, &st) == 0);
    return (size_t)st.st_size;
}

static void write_file(const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    check(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static size_t read_file(void *bytes, size_t size)
{
    FILE *f = fopen(path, "rb");
    check(f != NULL);
    const size_t n = fread(bytes, 1, size, f);
    fclose(f);
    return n;
}

/* A file of n records, keys 2 .. n+1: key 1 fills the ring and dies there. */
static size_t make_log(unsigned char *bytes, size_t size, uint64_t n)
{
    unlink(path);
    open_queue(1, 0);
    for (uint64_t key = 1; key <= n + 1; key++)
        check(push(key) == Q_OK);
    check(ring_mpsc_spilled(&queue) == n);
    close_queue();
    check(file_size() == HEADER + n * RECORD);
    return read_file(bytes, size);
}

/* The file now: opens with these counts, gives keys 2 .. records+1, and is empty afterwards. */
static void recovers(uint64_t records, uint64_t lost_records, uint64_t lost_bytes)
{
    open_queue(1, 0);
    const struct spill_recovered r = ring_mpsc_recovered(&queue);
    check(r.records == records && r.lost_records == lost_records && r.lost_bytes == lost_bytes);
    pops(2, records + 1);
    close_queue();
    check(file_size() == HEADER);
}

static void refuses(int error, const unsigned char *bytes, size_t n)
{
    unsigned char after[4096];
    const struct q_config cfg = spilling(1);
    const int got = ring_mpsc_init(&queue, &cfg);
    check(got != 0 && (error == 0 ? got == EINVAL || got == EBADMSG : got == error));
    check(read_file(after, sizeof after) == n && memcmp(after, bytes, n) == 0);
}

/* ---- damaged files ---------------------------------------------------------------------------- */

static void torn_and_flipped(void)
{
    enum { N = 5 };
    unsigned char log[4096], damaged[4096];
    const size_t size = make_log(log, sizeof log, N);
    for (size_t cut = 0; cut <= size; cut++) {
        snprintf(doing, sizeof doing, "opening a log cut at byte %zu", cut);
        write_file(log, cut);
        if (cut == 0)
            recovers(0, 0, 0);
        else if (cut < HEADER)
            refuses(EINVAL, log, cut);
        else
            recovers((cut - HEADER) / RECORD, (cut - HEADER) % RECORD != 0,
                     (cut - HEADER) % RECORD);
    }
    for (size_t bit = 0; bit < size * 8; bit++) {
        snprintf(doing, sizeof doing, "opening a log with bit %zu of byte %zu flipped", bit % 8,
                 bit / 8);
        memcpy(damaged, log, size);
        damaged[bit / 8] ^= (unsigned char)(1 << bit % 8);
        write_file(damaged, size);
        const uint64_t good = bit / 8 < HEADER ? 0 : (bit / 8 - HEADER) / RECORD;
        if (bit / 8 < HEADER)
            refuses(0, damaged, size);
        else
            recovers(good, N - good, (N - good) * RECORD);
    }
    snprintf(doing, sizeof doing, "opening a log that ends in zeroes");
    memcpy(damaged, log, size);
    memset(damaged + size, 0, 3 * RECORD - 1);
    write_file(damaged, size + 3 * RECORD - 1);
    recovers(N, 3, 3 * RECORD - 1);
    snprintf(doing, sizeof doing, "opening a log whose third record is the second once more");
    memcpy(damaged, log, size);
    memcpy(damaged + HEADER + 2 * RECORD, log + HEADER + RECORD, RECORD);
    write_file(damaged, size);
    recovers(2, N - 2, (N - 2) * RECORD);
    snprintf(doing, sizeof doing, "opening a log that was killed while it was being drained");
    memcpy(damaged, log, size);
    struct spill_header header;
    memcpy(&header, log, HEADER);
    header.consumed = size;
    header.crc = spill_crc(&header, offsetof(struct spill_header, crc));
    write_file(&header, HEADER);
    recovers(0, 0, 0);
}

/* Records come before new items; what was popped before a clean end does not come again. */
static void goes_on(void)
{
    unsigned char log[8192];
    for (uint64_t popped = 0; popped <= 2 * SPILL_CHUNK; popped += 1 + popped / 3) {
        snprintf(doing, sizeof doing, "popping %" PRIu64 " records, ending and going on", popped);
        const uint64_t n = 2 * SPILL_CHUNK + 3;
        make_log(log, sizeof log, n);
        open_queue(4, 0);
        check(ring_mpsc_recovered(&queue).records == n);
        for (uint64_t i = 0; i < popped; i++)
            check(pop() == i + 2);
        check(push(n + 2) == Q_OK && push(n + 3) == Q_OK);
        close_queue();
        open_queue(4, 0);
        check(ring_mpsc_recovered(&queue).records == n + 2 - popped);
        check(push(n + 4) == Q_OK);
        ring_mpsc_close(&queue, &end);
        check(push(1) == Q_CLOSED);
        pops(popped + 2, n + 4);
        q_item item;
        check(ring_mpsc_pop(&queue, &end, &item) == Q_CLOSED);
        close_queue();
        check(file_size() == HEADER);
    }
}

/* ---- refusals --------------------------------------------------------------------------------- */

static void bad_paths(void)
{
    snprintf(doing, sizeof doing, "opening impossible spill files");
    unlink(path);
    struct q_config cfg = spilling(4);
    struct ring_mpsc second;
    open_queue(4, 0);
    check(ring_mpsc_init(&second, &cfg) == EBUSY);
    close_queue();
    cfg.spill_path = NULL;
    check(ring_mpsc_init(&second, &cfg) == EINVAL);
    cfg.spill_path = "/dev/full"; /* not a regular file */
    check(ring_mpsc_init(&second, &cfg) == EINVAL);
    cfg.spill_path = directory;
    check(ring_mpsc_init(&second, &cfg) == EISDIR);
    char below[sizeof path + 8];
    snprintf(below, sizeof below, "%s/x", path);
    cfg.spill_path = below;
    check(ring_mpsc_init(&second, &cfg) == ENOTDIR);
    snprintf(below, sizeof below, "%s/no/x", directory);
    check(ring_mpsc_init(&second, &cfg) == ENOENT);

    const pid_t child = fork(); /* as somebody who may not write there */
    check(child >= 0);
    if (child == 0) {
        snprintf(below, sizeof below, "%s/x", directory);
        if (chmod(directory, 0555) != 0 || (geteuid() == 0 && setuid(65534) != 0))
            _exit(2);
        _exit(ring_mpsc_init(&second, &cfg) == EACCES ? 0 : 1);
    }
    int status;
    check(waitpid(child, &status, 0) == child && chmod(directory, 0700) == 0);
    check(WIFEXITED(status) && WEXITSTATUS(status) == 0);

    cfg.spill_path = path;
    for (cfg.alloc_fails_at = 1; cfg.alloc_fails_at <= 2; cfg.alloc_fails_at++)
        check(ring_mpsc_init(&second, &cfg) == ENOMEM);
    check(ring_mpsc_init(&second, &cfg) == 0);
    ring_mpsc_destroy(&second);
}

/* The ring holds key 1, the log 2 .. 3, and 4 was refused with this errno: nothing of it stays. */
static void refused(int error)
{
    check(push(4) == Q_IO && end.counts.error == error);
    check(file_size() == HEADER + 2 * RECORD);
    q_item batch[3] = {q_item_of(4), q_item_of(5), q_item_of(6)};
    check(ring_mpsc_push_n(&queue, &end, batch, 3) == 0 && file_size() == HEADER + 2 * RECORD);
}

static void full_disk(void)
{
    q_item batch[SPILL_CHUNK + 6];
    snprintf(doing, sizeof doing, "spilling up to spill_max_bytes");
    unlink(path);
    open_queue(1, HEADER + 3 * RECORD - 1);
    for (int again = 0; again < 2; again++) {
        check(push(1) == Q_OK && push(2) == Q_OK && push(3) == Q_OK);
        refused(EFBIG);
        pops(1, 3);
    }
    close_queue();

    /* The kernel's own refusal, in the middle of a record: a short write, then EFBIG. */
    snprintf(doing, sizeof doing, "spilling up to RLIMIT_FSIZE");
    struct rlimit was, limit;
    check(getrlimit(RLIMIT_FSIZE, &was) == 0);
    limit = (struct rlimit){HEADER + 2 * RECORD + RECORD / 2, was.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    open_queue(1, 0);
    check(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    check(push(1) == Q_OK && push(2) == Q_OK && push(3) == Q_OK);
    refused(EFBIG);
    check(setrlimit(RLIMIT_FSIZE, &was) == 0);
    check(push(4) == Q_OK);
    pops(1, 4);
    limit.rlim_cur = HEADER + (SPILL_CHUNK + 2) * RECORD + 1; /* a batch that fits in part */
    check(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    for (uint64_t i = 0; i < SPILL_CHUNK + 6; i++)
        batch[i] = q_item_of(i + 1);
    check(ring_mpsc_push_n(&queue, &end, batch, SPILL_CHUNK + 6) == SPILL_CHUNK + 3);
    check(push(1) == Q_IO && end.counts.error == EFBIG);
    check(setrlimit(RLIMIT_FSIZE, &was) == 0);
    pops(1, SPILL_CHUNK + 3);

    /* A device that answers ENOSPC to writes and refuses to be cut takes the file's place. */
    snprintf(doing, sizeof doing, "spilling to a full device");
    check(push(1) == Q_OK && push(2) == Q_OK && push(3) == Q_OK);
    const int fd = queue.spill.log.fd, kept = dup(fd), full = open("/dev/full", O_RDWR);
    check(kept >= 0 && full >= 0 && dup2(full, fd) == fd);
    refused(ENOSPC);
    check(queue.spill.log.ragged);
    check(dup2(kept, fd) == fd);
    check(push(4) == Q_OK && !queue.spill.log.ragged);
    check(dup2(full, fd) == fd); /* and now it cannot be read back: zeroes */
    check(pop() == 1);
    q_item item;
    check(ring_mpsc_pop(&queue, &end, &item) == Q_IO && end.counts.error == EBADMSG);
    check(dup2(kept, fd) == fd);
    close(kept);
    close(full);
    pops(2, 4);
    close_queue();
}

/* A real full file system, where this process may mount one: false when it may not. */
static bool full_file_system(void)
{
    snprintf(doing, sizeof doing, "spilling to a full tmpfs");
    const pid_t child = fork();
    check(child >= 0);
    if (child == 0) {
        if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) != 0 ||
            mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("none", directory, "tmpfs", 0, "size=16k") != 0)
            _exit(2);
        uint64_t pushed = 0;
        open_queue(1, 0);
        while (push(pushed + 1) == Q_OK)
            pushed++;
        check(end.counts.error == ENOSPC && (file_size() - HEADER) % RECORD == 0);
        pops(1, pushed);
        check(push(1) == Q_OK && push(2) == Q_OK);
        pops(1, 2);
        close_queue();
        _exit(0);
    }
    int status;
    check(waitpid(child, &status, 0) == child);
    check(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2));
    return WEXITSTATUS(status) == 0;
}

/* ---- kills ------------------------------------------------------------------------------------ */

/* Shared with the child. Each producer's items are numbered from 1 without gaps. */
static struct shared {
    atomic(uint64_t) attempted[THREADS], acknowledged[THREADS], popped[THREADS];
    atomic(bool) started, disorder;
    atomic(
        unsigned char) spilled[NUMBERS]; /* one producer: this item was acknowledged as spilled */
} * shared;

static struct plan {
    unsigned producers;
    size_t capacity, push_batch, pop_batch; /* pop_batch 0: nobody pops */
    size_t max_bytes;
    bool slow_pops, sync;
} plan;

static uint64_t key_of(uint64_t producer, uint64_t number) { return producer << 32 | number; }

static void *produce(void *argument)
{
    const uint64_t me = (uint64_t)(uintptr_t)argument;
    struct ring_mpsc_handle h;
    q_item items[16];
    ring_mpsc_attach(&queue, &h, Q_PRODUCER);
    for (uint64_t next = 1; next + plan.push_batch < NUMBERS;) {
        for (uint64_t i = 0; i < plan.push_batch; i++)
            items[i] = q_item_of(key_of(me, next + i));
        const uint64_t before = ring_mpsc_spilled(&queue);
        a_store(&shared->attempted[me], next + plan.push_batch - 1, seq_cst);
        const uint64_t done = plan.push_batch == 1
                                  ? ring_mpsc_push(&queue, &h, items[0]) == Q_OK
                                  : ring_mpsc_push_n(&queue, &h, items, plan.push_batch);
        const uint64_t logged = ring_mpsc_spilled(&queue) - before; /* ours, if we are alone */
        for (uint64_t i = done - (logged < done ? logged : done); i < done; i++)
            a_store(&shared->spilled[next + i], 1, seq_cst);
        next += done;
        a_store(&shared->acknowledged[me], next - 1, seq_cst);
        if (done == 0)
            sched_yield(); /* spill_max_bytes */
    }
    return NULL;
}

static void consume(void)
{
    q_item items[16];
    for (;;) {
        size_t n = plan.pop_batch == 1 ? ring_mpsc_pop(&queue, &end, items) == Q_OK
                                       : ring_mpsc_pop_n(&queue, &end, items, plan.pop_batch);
        for (size_t i = 0; i < n; i++) {
            const uint64_t key = q_key(&items[i]), from = key >> 32;
            if (from >= plan.producers || !q_intact(&items[i]) ||
                a_load(&shared->popped[from], seq_cst) + 1 != (uint32_t)key)
                a_store(&shared->disorder, true, seq_cst);
            else
                a_store(&shared->popped[from], (uint32_t)key, seq_cst);
        }
        if (n == 0 || plan.slow_pops)
            sched_yield();
    }
}

static _Noreturn void child_main(void)
{
    struct q_config cfg = spilling(plan.capacity);
    cfg.spill_max_bytes = plan.max_bytes;
    cfg.spill_sync = plan.sync;
    if (ring_mpsc_init(&queue, &cfg) != 0 || ring_mpsc_attach(&queue, &end, Q_CONSUMER) != 0)
        _exit(3);
    for (unsigned i = 0; i < plan.producers; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, produce, (void *)(uintptr_t)i) != 0)
            _exit(3);
    }
    a_store(&shared->started, true, seq_cst);
    if (plan.pop_batch)
        consume();
    for (;;)
        pause();
}

/* What came back, against what the child had noted. */
static void compare_recovered(uint64_t *totals)
{
    uint64_t last[THREADS] = {0}, first[THREADS] = {0}, n = 0, again = 0, missing = 0;
    open_queue(plan.capacity, 0);
    const struct spill_recovered found = ring_mpsc_recovered(&queue);
    check(found.lost_records <= 1); /* the write during which it was killed */
    uint64_t end_early = random_below(2) ? random_below(found.records + 1) : UINT64_MAX;
    for (;; n++) {
        if (n == end_early) { /* a clean end in between: neither loss nor repetition */
            close_queue();
            open_queue(plan.capacity, 0);
            check(ring_mpsc_recovered(&queue).records == found.records - n);
        }
        const uint64_t key = pop(), from = key >> 32, number = (uint32_t)key;
        if (key == 0)
            break;
        check(from < plan.producers);
        check(number >= 1 && number <= a_load(&shared->attempted[from], seq_cst));
        check(last[from] == 0 || number == last[from] + 1);
        if (last[from] == 0)
            first[from] = number;
        last[from] = number;
        if (number <= a_load(&shared->popped[from], seq_cst)) {
            again++;
            check(n < SPILL_CHUNK); /* only the chunk that was being given out */
        }
    }
    check(n == found.records);
    close_queue();
    check(file_size() == HEADER);
    for (unsigned p = 0; p < plan.producers; p++) {
        const uint64_t popped = a_load(&shared->popped[p], seq_cst);
        const uint64_t acknowledged = a_load(&shared->acknowledged[p], seq_cst);
        check(first[p] == 0 || last[p] >= acknowledged);
        const uint64_t back = first[p] ? first[p] : acknowledged + 1; /* all from here are back */
        if (back > popped + 1)
            missing += back - popped - 1;
        for (uint64_t i = popped + 1; plan.producers == 1 && i < back; i++)
            check(!a_load(&shared->spilled[i], seq_cst));
        totals[0] += acknowledged;
    }
    check(missing <= plan.capacity + plan.pop_batch);
    totals[1] += n;
    totals[2] += again;
    totals[3] += missing;
    totals[4] += found.lost_records;
}

static void kill_round(unsigned round, uint64_t *totals)
{
    static const size_t batches[] = {1, 1, 3, 16};
    plan = (struct plan){
        .producers = 1 + (unsigned)random_below(THREADS),
        .capacity = (size_t)1 << random_below(4),
        .push_batch = batches[random_below(4)],
        .pop_batch = random_below(3) ? batches[random_below(4)] : 0,
        .max_bytes = random_below(4) ? 0 : HEADER + (1 + random_below(200)) * RECORD + 5,
        .slow_pops = random_below(2),
        .sync = random_below(16) == 0,
    };
    const uint64_t delay = random_below(random_below(4) ? 2000 : 10000); /* microseconds */
    snprintf(
        doing, sizeof doing,
        "in round %u: %u producers, capacity %zu, batches %zu/%zu, max %zu, kill after %" PRIu64
        " us",
        round, plan.producers, plan.capacity, plan.push_batch, plan.pop_batch, plan.max_bytes,
        delay);
    unlink(path);
    memset(shared, 0, sizeof *shared);
    const pid_t child = fork();
    check(child >= 0);
    if (child == 0)
        child_main();
    int status = 0;
    while (!a_load(&shared->started, seq_cst) && waitpid(child, &status, WNOHANG) == 0)
        usleep(50);
    check(a_load(&shared->started, seq_cst));
    usleep((useconds_t)delay);
    check(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    check(!a_load(&shared->disorder, seq_cst));
    compare_recovered(totals);
}

int main(int argc, char **argv)
{
    uint64_t rounds = 250, totals[5] = {0};
    const char *const scale = getenv("QUEUELAB_TEST_SCALE");
    const double share = scale ? strtod(scale, NULL) : 0;
    if (share > 0 && share < 1)
        rounds = (uint64_t)(share * (double)rounds) + 1;
    for (int i = 1; i < argc; i += 2) {
        uint64_t *const value = strcmp(argv[i], "--seed") == 0     ? &seed
                                : strcmp(argv[i], "--rounds") == 0 ? &rounds
                                                                   : NULL;
        char *rest = NULL;
        if (value && i + 1 < argc)
            *value = strtoull(argv[i + 1], &rest, 10);
        if (!rest || *rest || rest == argv[i + 1]) {
            fprintf(stderr, "%s: usage: spill_crash_test [--seed N] [--rounds N]\n", argv[i]);
            return 2;
        }
    }
    random_state = seed;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || !mkdtemp(directory)) {
        perror("spill_crash_test: cannot make its shared memory or its directory in /tmp");
        return 1;
    }
    snprintf(path, sizeof path, "%s/log", directory);
    check(spill_crc("123456789", 9) == 0xe3069283); /* the check value of CRC-32C */

    torn_and_flipped();
    goes_on();
    bad_paths();
    full_disk();
    if (!full_file_system())
        printf("SKIPPED a full file system: this process may not mount a tmpfs\n");
    for (unsigned round = 0; round < rounds; round++)
        kill_round(round, totals);
    cleanup();
    printf("spill_crash_test: %" PRIu64 " kills: %" PRIu64 " items acknowledged, %" PRIu64
           " recovered, %" PRIu64 " of them again, %" PRIu64 " died in rings, %" PRIu64
           " torn records\n%lu checks passed, 0 failed (seed %" PRIu64 ")\n",
           rounds, totals[0], totals[1], totals[2], totals[3], totals[4], checks, seed);
    return 0;
}
