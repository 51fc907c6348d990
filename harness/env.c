/* env.c: asking the machine: see env.h. */
#include "harness/env.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "harness/driver.h"
#include "queues/wait.h"

#if __has_include("git_commit.h")
#include "git_commit.h" /* made by cmake/GitCommit.cmake at every build */
#endif
#ifndef QUEUELAB_COMMIT
#define QUEUELAB_COMMIT "unknown"
#endif
#ifndef QUEUELAB_FLAGS
#define QUEUELAB_FLAGS "unknown"
#endif
#ifndef QUEUELAB_BUILD_TYPE
#define QUEUELAB_BUILD_TYPE "unknown"
#endif

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown"
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED false
#endif

#define COPY(to, from) copy_text(to, sizeof(to), from)

static void copy_text(char *to, size_t size, const char *from)
{
    while (isspace((unsigned char)*from))
        from++;
    snprintf(to, size, "%s", from);
    for (size_t n = strlen(to); n && isspace((unsigned char)to[n - 1]);)
        to[--n] = 0;
    if (!*to)
        snprintf(to, size, "unknown");
}

/* ---- files of one line, and of "key: value" lines ------------------------------------------ */

static bool first_line(const char *path, char *line, size_t size)
{
    FILE *f = fopen(path, "re");
    const bool ok = f && fgets(line, (int)size, f);
    if (f)
        fclose(f);
    return ok;
}

static void file_text(const char *path, char *to, size_t size)
{
    char line[512];
    copy_text(to, size, first_line(path, line, sizeof line) ? line : "");
}
#define FILE_TEXT(path, to) file_text(path, to, sizeof(to))

/* The value of the first line that begins with `key`, what separates them left out. */
static bool value_of(const char *path, const char *key, char *to, size_t size)
{
    FILE *f = fopen(path, "re");
    char line[4096];
    bool found = false;
    while (f && !found && fgets(line, sizeof line, f)) {
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        const char *value = line + strlen(key);
        value += strspn(value, " \t:=");
        copy_text(to, size, value);
        found = true;
    }
    if (f)
        fclose(f);
    return found;
}

static void strip_quotes(char *text)
{
    const size_t n = strlen(text);
    if (n >= 2 && text[0] == '"' && text[n - 1] == '"') {
        memmove(text, text + 1, n - 2);
        text[n - 2] = 0;
    }
}

/* ---- processor, memory, system -------------------------------------------------------------- */

static void ask_processor(struct env *e)
{
    COPY(e->cpu_model, "");
    COPY(e->microcode, "");
    if (!value_of("/proc/cpuinfo", "model name", e->cpu_model, sizeof e->cpu_model)) {
        char implementer[32], part[32]; /* ARM: numbers, that name a model no worse */
        if (value_of("/proc/cpuinfo", "CPU implementer", implementer, sizeof implementer) &&
            value_of("/proc/cpuinfo", "CPU part", part, sizeof part))
            snprintf(e->cpu_model, sizeof e->cpu_model, "implementer %s part %s", implementer,
                     part);
    }
    value_of("/proc/cpuinfo", "microcode", e->microcode, sizeof e->microcode);

    COPY(e->hypervisor, "none visible");
#if defined(__x86_64__) || defined(__i386__)
    unsigned a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d) && c >> 31) {
        char name[13] = "";
        __cpuid(0x40000000, a, b, c, d);
        memcpy(name, &b, 4);
        memcpy(name + 4, &c, 4);
        memcpy(name + 8, &d, 4);
        COPY(e->hypervisor, strcmp(name, "KVMKVMKVM") == 0      ? "KVM"
                            : strcmp(name, "Microsoft Hv") == 0 ? "Hyper-V"
                            : strcmp(name, "VMwareVMware") == 0 ? "VMware"
                            : strcmp(name, "XenVMMXenVMM") == 0 ? "Xen"
                                                                : name);
    }
#endif
}

static void ask_caches(struct env *e, int cpu)
{
    COPY(e->cache_l1d, "");
    COPY(e->cache_l2, "");
    COPY(e->cache_l3, "");
    for (int index = 0; index < 8; index++) {
        char path[128], level[16], type[32], size[16];
        const char *base = "/sys/devices/system/cpu/cpu%d/cache/index%d/%s";
        snprintf(path, sizeof path, base, cpu, index, "level");
        FILE_TEXT(path, level);
        snprintf(path, sizeof path, base, cpu, index, "type");
        FILE_TEXT(path, type);
        snprintf(path, sizeof path, base, cpu, index, "size");
        FILE_TEXT(path, size);
        if (strcmp(level, "1") == 0 && strcmp(type, "Data") == 0)
            COPY(e->cache_l1d, size);
        else if (strcmp(level, "2") == 0)
            COPY(e->cache_l2, size);
        else if (strcmp(level, "3") == 0)
            COPY(e->cache_l3, size);
    }
}

static void ask_settings(struct env *e, int cpu)
{
    char line[256], path[128];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", cpu);
    if (first_line(path, line, sizeof line))
        COPY(e->governor, line);
    else
        COPY(e->governor, "none visible");
    FILE_TEXT("/sys/devices/system/clocksource/clocksource0/current_clocksource", e->clocksource);

    COPY(e->smt, "unknown");
    if (first_line("/sys/devices/system/cpu/smt/active", line, sizeof line))
        COPY(e->smt, line[0] == '1' ? "on" : "off");

    COPY(e->thp, "unknown"); /* "always [madvise] never" */
    if (first_line("/sys/kernel/mm/transparent_hugepage/enabled", line, sizeof line)) {
        char *begin = strchr(line, '['), *end = begin ? strchr(begin, ']') : NULL;
        if (end) {
            *end = 0;
            COPY(e->thp, begin + 1);
        }
    }
}

static void ask_system(struct env *e)
{
    struct utsname u;
    if (uname(&u) == 0)
        snprintf(e->kernel, sizeof e->kernel, "%.20s %.70s %.30s", u.sysname, u.release, u.machine);
    else
        COPY(e->kernel, "");
    if (value_of("/etc/os-release", "PRETTY_NAME", e->os, sizeof e->os))
        strip_quotes(e->os);
    else
        COPY(e->os, "");
#ifdef __GLIBC__
    snprintf(e->libc, sizeof e->libc, "glibc %s", gnu_get_libc_version());
#else
    COPY(e->libc, "");
#endif
    char line[256];
    if (value_of("/proc/meminfo", "MemTotal", line, sizeof line))
        e->memory_mib = strtoul(line, NULL, 10) / 1024;
}

/* ---- other people's queues ------------------------------------------------------------------ */

struct list {
    char *text;
    size_t size, n;
    const char *last; /* what the names at the end have in common */
};

/* "last: name, name; last: name": names under what they have in common, in the order they come. */
static void list_name(struct list *l, const char *common, const char *name)
{
    const bool same = l->last && strcmp(l->last, common) == 0;
    const char *const before = same ? ", " : l->last ? "; " : "";
    const size_t room = l->size - l->n;
    const int n = same ? snprintf(l->text + l->n, room, "%s%s", before, name)
                       : snprintf(l->text + l->n, room, "%s%s: %s", before, common, name);
    l->n = n < 0 || (size_t)n >= room ? l->size - 1 : l->n + (size_t)n;
    l->last = common;
}

static void ask_peers(struct env *e)
{
    struct list there = {.text = e->peers, .size = sizeof e->peers};
    for (const struct q_driver *const *d = q_drivers; *d; d++)
        if ((*d)->traits->peer && (*d)->item_bytes == 8)
            list_name(&there, (*d)->traits->peer, (*d)->name);
    struct list absent = {.text = e->peers_absent, .size = sizeof e->peers_absent};
    for (const struct q_absent *a = q_peers_absent; a->name; a++)
        list_name(&absent, a->why, a->name);
}

/* ---- what takes time away ------------------------------------------------------------------- */

void env_processor_time(double *stolen, double *all)
{
    char line[512];
    *stolen = *all = 0;
    if (!value_of("/proc/stat", "cpu ", line, sizeof line))
        return;
    char *at = line;
    for (int i = 0; i < 8; i++) { /* user nice system idle iowait irq softirq steal */
        *stolen = strtod(at, &at);
        *all += *stolen;
    }
}

static double steal_since_boot(void)
{
    double stolen, all;
    env_processor_time(&stolen, &all);
    return all > 0 ? 100 * stolen / all : 0;
}

static void keep_smaller(double *quota, double granted, double period)
{
    if (granted > 0 && period > 0 && (*quota <= 0 || granted / period < *quota))
        *quota = granted / period;
}

/* The tightest limit of a control group and those around it; `group` is cut up on the way. */
static void quota_of_group(double *quota, const char *mount, char *group, bool v2)
{
    for (;;) {
        char path[1200], line[64];
        double period = 0;
        if (v2) {
            snprintf(path, sizeof path, "%s%s/cpu.max", mount, group);
            char *rest = line;
            if (first_line(path, line, sizeof line)) { /* "max 100000": no limit, and no number */
                const double granted = strtod(line, &rest);
                keep_smaller(quota, granted, strtod(rest, NULL));
            }
        } else {
            snprintf(path, sizeof path, "%s%s/cpu.cfs_period_us", mount, group);
            if (first_line(path, line, sizeof line))
                period = strtod(line, NULL);
            snprintf(path, sizeof path, "%s%s/cpu.cfs_quota_us", mount, group);
            if (first_line(path, line, sizeof line)) /* -1: no limit */
                keep_smaller(quota, strtod(line, NULL), period);
        }
        char *slash = strrchr(group, '/');
        if (!slash)
            return;
        *slash = 0;
    }
}

static double cgroup_quota(void)
{
    FILE *f = fopen("/proc/self/cgroup", "re");
    char line[1024];
    double quota = 0;
    while (f && fgets(line, sizeof line, f)) { /* "0::/a/b" or "3:cpu,cpuacct:/a/b" */
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = 0;
        controllers++;
        if (strcmp(group, "/") == 0)
            *group = 0;
        if (!*controllers)
            quota_of_group(&quota, "/sys/fs/cgroup", group, true);
        else if (strcmp(controllers, "cpu") == 0 || strncmp(controllers, "cpu,", 4) == 0)
            quota_of_group(&quota, "/sys/fs/cgroup/cpu", group, false);
    }
    if (f)
        fclose(f);
    return quota;
}

/* ---- the fingerprint ------------------------------------------------------------------------ */

static uint64_t fnv1a(uint64_t hash, const char *text)
{
    do {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    } while (*text++); /* the 0 too: "ab","c" is not "a","bc" */
    return hash;
}

static void make_id(struct env *e)
{
    char numbers[64];
    snprintf(numbers, sizeof numbers, "%u %u", e->cpus, e->backoff_max);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const char *const texts[] = {e->cpu_model, e->kernel, e->compiler, e->flags, numbers};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        hash = fnv1a(hash, texts[i]);
    snprintf(e->id, sizeof e->id, "%016llx", (unsigned long long)hash);
}

int env_collect(struct env *e, const struct topology *t, const struct clock_card *clock)
{
    memset(e, 0, sizeof *e);
    const time_t now = time(NULL);
    struct tm utc;
    if (!gmtime_r(&now, &utc) || !strftime(e->date, sizeof e->date, "%Y-%m-%dT%H:%M:%SZ", &utc))
        return EOVERFLOW;
    const int cpu = t->cpus ? t->spread[0] : 0;
    ask_processor(e);
    ask_caches(e, cpu);
    ask_settings(e, cpu);
    ask_system(e);

    COPY(e->compiler, COMPILER);
    COPY(e->flags, QUEUELAB_FLAGS);
    COPY(e->build_type, QUEUELAB_BUILD_TYPE);
    COPY(e->commit, QUEUELAB_COMMIT);
    e->sanitized = SANITIZED;
    ask_peers(e);
    e->backoff_max = Q_BACKOFF_MAX;
    e->spins_max = Q_SPINS_MAX;

    COPY(e->topology_source, t->source);
    e->cpus = t->cpus;
    e->cores = t->cores;
    e->sockets = t->sockets;
    e->numa_nodes = t->numa_nodes;
    e->cpu_quota = cgroup_quota();
    double load;
    e->load_1min = getloadavg(&load, 1) == 1 ? load : 0;
    e->steal_percent = steal_since_boot();

    COPY(e->clock_source, clock->source);
    e->clock_invariant = clock->invariant;
    e->clock_ticks_per_ns = clock->ticks_per_ns;
    e->clock_calibration_ppm = clock->calibration_ppm;
    e->clock_cost_ns = clock->cost_ns;
    e->clock_resolution_ns = clock->resolution_ns;
    e->clock_cross_cpu_ns = clock->cross_cpu_ns;
    make_id(e);
    return 0;
}

/* ---- warnings ------------------------------------------------------------------------------- */

struct speaker {
    void (*say)(void *arg, const char *sentence);
    void *arg;
};

__attribute__((format(printf, 2, 3))) static void warn(const struct speaker *s, const char *format,
                                                       ...)
{
    char sentence[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    s->say(s->arg, sentence);
}

static void warn_of_build(const struct speaker *s, const struct env *e)
{
    if (e->sanitized)
        warn(s, "This build has a sanitizer in it: its times say nothing about the queues.");
    else if (strcmp(e->build_type, "Release") != 0)
        warn(s, "The build type is %s, not Release: configure with the preset release to measure.",
             e->build_type);
    const size_t n = strlen(e->commit);
    if (strcmp(e->commit, "unknown") == 0)
        warn(s, "The sources were built outside git: no commit names them.");
    else if (n > 6 && strcmp(e->commit + n - 6, "+dirty") == 0)
        warn(s, "The sources differ from commit %.12s: commit them for a result others can repeat.",
             e->commit);
}

static void warn_of_processors(const struct speaker *s, const struct env *e)
{
    if (e->cpus < 2)
        warn(s, "Only one processor is usable: threads take turns, nothing here is about "
                "concurrency in time.");
    if (e->cpu_quota > 0 && e->cpu_quota < e->cpus)
        warn(s,
             "The control group grants %.3g of %u processors: threads are stopped when it is "
             "used up.",
             e->cpu_quota, e->cpus);
    if (strcmp(e->smt, "on") == 0)
        warn(s, "SMT is on: two threads may share one core; compare only runs with the same "
                "pinning plan.");
    if (strcmp(e->governor, "performance") != 0 && strcmp(e->governor, "none visible") != 0)
        warn(s,
             "The frequency governor is %s: the clock rate moves while we measure; performance "
             "would hold it.",
             e->governor);
    if (strcmp(e->governor, "none visible") == 0)
        warn(s, "No frequency governor is visible%s: the clock rate may move unseen.",
             strcmp(e->hypervisor, "none visible") ? " in this virtual machine" : "");
}

void env_warnings(const struct env *e, void (*say)(void *arg, const char *sentence), void *arg)
{
    const struct speaker speaker = {say, arg}, *s = &speaker;
    const unsigned cpus = e->cpus ? e->cpus : 1;
    warn_of_processors(s, e);
    if (e->load_1min / cpus > 0.5)
        warn(s,
             "The load average was %.2f on %u processors when the run began: other work (or the "
             "build just before) takes time from the measurement.",
             e->load_1min, cpus);
    if (e->steal_percent > 1)
        warn(s, "The host took away %.1f %% of the processor time since boot (steal).",
             e->steal_percent);
    if (!e->clock_invariant)
        warn(s,
             "The clock is %s and not known to be invariant: single times below about %.0f ns "
             "mean little.",
             e->clock_source, 3 * (e->clock_cost_ns + e->clock_resolution_ns));
    warn_of_build(s, e);
}
