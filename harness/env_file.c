/* env_file.c: env.json, and the machine table of the report: see env.h. One table of fields serves
 * the writer and the reader. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#ifdef QUEUELAB_JANSSON
#include <jansson.h>
#endif

#include "harness/env.h"
#include "harness/json.h"
#include "harness/whole_file.h"

enum type { TEXT, LATER_TEXT, UNSIGNED, LONG, REAL, YES_NO }; /* later: records may lack it */

static const struct field {
    const char *key;
    enum type type;
    size_t offset, size;
} fields[] = {
#define FIELD(type, name)                                                                          \
    {                                                                                              \
#name, type, offsetof(struct env, name), sizeof(((struct env *)0)->name)                   \
    }
    FIELD(TEXT, id),
    FIELD(TEXT, date),
    FIELD(TEXT, cpu_model),
    FIELD(TEXT, microcode),
    FIELD(TEXT, hypervisor),
    FIELD(TEXT, kernel),
    FIELD(TEXT, os),
    FIELD(TEXT, libc),
    FIELD(TEXT, compiler),
    FIELD(TEXT, flags),
    FIELD(TEXT, build_type),
    FIELD(TEXT, commit),
    FIELD(YES_NO, sanitized),
    FIELD(LATER_TEXT, peers),
    FIELD(LATER_TEXT, peers_absent),
    FIELD(TEXT, governor),
    FIELD(TEXT, clocksource),
    FIELD(TEXT, smt),
    FIELD(TEXT, thp),
    FIELD(TEXT, cache_l1d),
    FIELD(TEXT, cache_l2),
    FIELD(TEXT, cache_l3),
    FIELD(TEXT, topology_source),
    FIELD(UNSIGNED, cpus),
    FIELD(UNSIGNED, cores),
    FIELD(UNSIGNED, sockets),
    FIELD(UNSIGNED, numa_nodes),
    FIELD(REAL, cpu_quota),
    FIELD(LONG, memory_mib),
    FIELD(REAL, load_1min),
    FIELD(REAL, steal_percent),
    FIELD(UNSIGNED, backoff_max),
    FIELD(UNSIGNED, spins_max),
    FIELD(TEXT, clock_source),
    FIELD(YES_NO, clock_invariant),
    FIELD(REAL, clock_ticks_per_ns),
    FIELD(REAL, clock_calibration_ppm),
    FIELD(REAL, clock_cost_ns),
    FIELD(REAL, clock_resolution_ns),
    FIELD(REAL, clock_cross_cpu_ns),
#undef FIELD
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

/* ---- writing -------------------------------------------------------------------------------- */

static void put_env(FILE *f, const struct env *e)
{
    fprintf(f, "{\n  \"v\": %d,\n  \"kind\": \"env\"", ENV_SCHEMA);
    for (unsigned i = 0; i < FIELDS; i++) {
        const void *at = (const char *)e + fields[i].offset;
        fprintf(f, ",\n  \"%s\": ", fields[i].key);
        switch (fields[i].type) {
        case TEXT:
        case LATER_TEXT:
            json_put_string(f, at);
            break;
        case UNSIGNED:
            fprintf(f, "%u", *(const unsigned *)at);
            break;
        case LONG:
            fprintf(f, "%lu", *(const unsigned long *)at);
            break;
        case REAL:
            json_put_number(f, *(const double *)at);
            break;
        case YES_NO:
            fputs(*(const bool *)at ? "true" : "false", f);
            break;
        }
    }
    fputs("\n}\n", f);
}

int env_write(const char *path, const struct env *e)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return ENOMEM;
    put_env(f, e);
    const int error = fclose(f) != 0 ? ENOMEM : whole_write(path, text, size);
    free(text);
    return error;
}

/* ---- reading -------------------------------------------------------------------------------- */

#ifdef QUEUELAB_JANSSON

/* NULL, or what the field must be. */
static const char *get_field(const struct field *field, const json_t *json, void *at)
{
    const json_int_t whole = json_integer_value(json);
    switch (field->type) {
    case TEXT:
    case LATER_TEXT:
        if (!json_is_string(json) || json_string_length(json) >= field->size)
            return "a string, not too long";
        memcpy(at, json_string_value(json), json_string_length(json) + 1);
        break;
    case UNSIGNED:
        if (!json_is_integer(json) || whole < 0 || whole > UINT_MAX)
            return "a whole number, not negative";
        *(unsigned *)at = (unsigned)whole;
        break;
    case LONG:
        if (!json_is_integer(json) || whole < 0)
            return "a whole number, not negative";
        *(unsigned long *)at = (unsigned long)whole;
        break;
    case REAL:
        if (!json_is_number(json) && !json_is_null(json)) /* null: it was not finite */
            return "a number";
        *(double *)at = json_number_value(json);
        break;
    case YES_NO:
        if (!json_is_boolean(json))
            return "true or false";
        *(bool *)at = json_is_true(json);
        break;
    }
    return NULL;
}

static int get_env(const json_t *object, struct env *e, const char *path, char *message,
                   size_t size)
{
    const char *kind = json_string_value(json_object_get(object, "kind"));
    if (!kind || strcmp(kind, "env") != 0) {
        snprintf(message, size, "%s: not an env.json of queuelab: \"kind\" must be \"env\"", path);
        return EINVAL;
    }
    const json_t *v = json_object_get(object, "v");
    if (!json_is_integer(v) || json_integer_value(v) != ENV_SCHEMA) {
        snprintf(message, size,
                 "%s: schema version %lld, this build reads %d: use the queuelab that wrote it",
                 path, (long long)json_integer_value(v), ENV_SCHEMA);
        return EINVAL;
    }
    for (unsigned i = 0; i < FIELDS; i++) {
        const json_t *json = json_object_get(object, fields[i].key);
        if (!json && fields[i].type == LATER_TEXT)
            continue;
        const char *must_be = json ? get_field(&fields[i], json, (char *)e + fields[i].offset)
                                   : "there, and it is missing";
        if (must_be) {
            snprintf(message, size, "%s: \"%s\" must be %s", path, fields[i].key, must_be);
            return EINVAL;
        }
    }
    return 0;
}

int env_read(const char *path, struct env *e, char *message, size_t message_size)
{
    memset(e, 0, sizeof *e);
    FILE *f = fopen(path, "re");
    if (!f) {
        const int error = errno;
        snprintf(message, message_size, "%s: cannot open: %s", path, strerror(error));
        return error;
    }
    json_error_t wrong;
    json_t *object = json_loadf(f, JSON_REJECT_DUPLICATES, &wrong);
    fclose(f);
    if (!object) {
        snprintf(message, message_size, "%s:%d: not JSON: %s", path, wrong.line, wrong.text);
        return EINVAL;
    }
    const int error = get_env(object, e, path, message, message_size);
    json_decref(object);
    return error;
}

#else

int env_read(const char *path, struct env *e, char *message, size_t message_size)
{
    memset(e, 0, sizeof *e);
    snprintf(message, message_size,
             "%s: this build cannot read it: install jansson (Debian: apt-get install "
             "libjansson-dev) and build again",
             path);
    return ENOTSUP;
}

#endif

/* ---- the machine table ---------------------------------------------------------------------- */

/* A text inside a table cell. */
static void put_cell(FILE *out, const char *text)
{
    for (; *text; text++)
        fputs(*text == '|' ? "\\|" : (char[]){*text == '\n' ? ' ' : *text, 0}, out);
}

static void put_row(FILE *out, const char *name, const char *text)
{
    fprintf(out, "| %s | ", name);
    put_cell(out, text);
    fputs(" |\n", out);
}

static const char *plural(unsigned n) { return n == 1 ? "" : "s"; }

void env_markdown(FILE *out, const struct env *e)
{
    char text[1024];
    fputs("| machine | |\n|---|---|\n", out);
    put_row(out, "processor", e->cpu_model);
    snprintf(text, sizeof text,
             "%u usable, on %u core%s, %u socket%s, %u NUMA node%s (%s); SMT %s; governor: %s",
             e->cpus, e->cores, plural(e->cores), e->sockets, plural(e->sockets), e->numa_nodes,
             plural(e->numa_nodes), e->topology_source, e->smt, e->governor);
    put_row(out, "processors", text);
    if (e->cpu_quota > 0) {
        snprintf(text, sizeof text, "%.3g processors", e->cpu_quota);
        put_row(out, "granted by the control group", text);
    }
    snprintf(text, sizeof text, "L1d %s, L2 %s, L3 %s", e->cache_l1d, e->cache_l2, e->cache_l3);
    put_row(out, "caches", text);
    snprintf(text, sizeof text, "%lu MiB; transparent huge pages: %s", e->memory_mib, e->thp);
    put_row(out, "memory", text);
    put_row(out, "hypervisor", e->hypervisor);
    snprintf(text, sizeof text, "%s; %s; %s; microcode %s", e->os, e->kernel, e->libc,
             e->microcode);
    put_row(out, "system", text);
    snprintf(text, sizeof text,
             "%s, %sinvariant (kernel: %s); %.6g ticks per ns, calibrations agree within %.3g ppm; "
             "one fenced reading costs %.3g ns, resolution %.3g ns",
             e->clock_source, e->clock_invariant ? "" : "not ", e->clocksource,
             e->clock_ticks_per_ns, e->clock_calibration_ppm, e->clock_cost_ns,
             e->clock_resolution_ns);
    if (e->clock_cross_cpu_ns > 0) {
        const size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "; processors agree within %.3g ns",
                 e->clock_cross_cpu_ns);
    }
    put_row(out, "clock", text);
    snprintf(text, sizeof text, "%s, `%s`, %s%s, commit %s", e->compiler, e->flags, e->build_type,
             e->sanitized ? " with a sanitizer" : "", e->commit);
    put_row(out, "build", text);
    snprintf(text, sizeof text, "%u pauses before yielding; back-off up to %u pauses", e->spins_max,
             e->backoff_max);
    put_row(out, "waiting", text);
    snprintf(text, sizeof text, "%s, load average %.2f, steal since boot %.2f %%", e->date,
             e->load_1min, e->steal_percent);
    put_row(out, "run began", text);
    put_row(out, "fingerprint", e->id);
}
