/* record.c: writing records, and naming their cells: see record.h. */
#include "harness/record.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/json.h"
#include "harness/record_fields.h"

/* ---- writing -------------------------------------------------------------------------------- */

static bool applies(const struct field *field, const struct record *r, bool set)
{
    switch (field->when) {
    case ALWAYS:
    case LATER:
        return true;
    case GOOD:
        return r->ok;
    case SET:
        return set;
    case GAUGED:
        return r->ok && set;
    case FAILED:
        return !r->ok;
    }
    return false;
}

static int put_field(FILE *f, const struct field *field, const struct record *r)
{
    const char *at = (const char *)r + field->offset;
    uint64_t count = 0;
    double real = 0;
    bool set = false;
    switch (field->type) {
    case TEXT:
        set = *at;
        break;
    case UNSIGNED:
        count = *(const unsigned *)(const void *)at;
        break;
    case COUNT:
        count = *(const uint64_t *)(const void *)at;
        break;
    case YES_NO:
        set = *(const bool *)at;
        break;
    case REAL:
        real = *(const double *)(const void *)at;
        set = real < 0 || real > 0; /* not a NaN */
        break;
    }
    if (!applies(field, r, set || count))
        return 0;
    if (count > INT64_MAX)
        return ERANGE;
    if (field->type == REAL && !isfinite(real))
        return EDOM;
    fprintf(f, ",\"%s\":", field->key);
    if (field->type == TEXT)
        json_put_string(f, at);
    else if (field->type == REAL)
        json_put_number(f, real);
    else if (field->type == YES_NO)
        fputs(set ? "true" : "false", f);
    else
        fprintf(f, "%llu", (unsigned long long)count);
    return 0;
}

static int put_histogram(FILE *f, const char *key, const struct histogram *h, double unit_ns)
{
    if (!isfinite(unit_ns))
        return EDOM;
    if (h->total > INT64_MAX || h->max > INT64_MAX)
        return ERANGE;
    fprintf(f, ",\"%s\":{\"unit_ns\":", key);
    json_put_number(f, unit_ns);
    fprintf(f, ",\"total\":%llu", (unsigned long long)h->total);
    if (h->total) {
        fprintf(f, ",\"min\":%llu,\"max\":%llu", (unsigned long long)h->min,
                (unsigned long long)h->max);
    }
    fputs(",\"buckets\":[", f);
    const char *comma = "";
    for (unsigned i = 0, last = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (h->bucket[i]) {
            fprintf(f, "%s%u,%llu", comma, i - last, (unsigned long long)h->bucket[i]);
            comma = ",";
            last = i;
        }
    }
    fputs("]}", f);
    return 0;
}

static int put_record(FILE *f, const struct record *r)
{
    fprintf(f, "{\"v\":%d,\"kind\":\"sample\"", RECORD_SCHEMA);
    int error = 0;
    for (unsigned i = 0; error == 0 && i < FIELDS; i++)
        error = put_field(f, &fields[i], r);
    for (unsigned i = 0; error == 0 && r->ok && i < HISTOGRAMS; i++) {
        const char *at = (const char *)r + histograms[i].offset;
        const struct histogram *h = *(struct histogram *const *)(const void *)at;
        if (h)
            error = put_histogram(f, histograms[i].key, h, r->tick_ns);
    }
    fputs("}\n", f);
    return error;
}

/* One write(2) per line, beside stdio: what stdio could not write it keeps, and writes later. */
static int append(FILE *f, const char *line, size_t length)
{
    const int fd = fileno(f);
    if (fflush(f) != 0)
        return errno;
    if (fd < 0) /* a stream in memory */
        return fwrite(line, 1, length, f) == length && fflush(f) == 0 ? 0 : errno;

    struct stat file;
    if (fstat(fd, &file) != 0)
        return errno;
    if (!S_ISREG(file.st_mode)) { /* a pipe or a terminal takes what it can, and nothing back */
        while (length) {
            const ssize_t n = write(fd, line, length);
            if (n < 0 && errno != EINTR)
                return errno;
            if (n > 0) {
                line += n;
                length -= (size_t)n;
            }
        }
        return 0;
    }
    const bool at_end = fcntl(fd, F_GETFL) & O_APPEND;
    const off_t begin = at_end ? file.st_size : lseek(fd, 0, SEEK_CUR);
    const ssize_t n = write(fd, line, length);
    if (n == (ssize_t)length)
        return 0;
    const int error = n < 0 ? errno : ENOSPC;
    if (n > 0 && ftruncate(fd, begin) == 0 && !at_end)
        lseek(fd, begin, SEEK_SET);
    return error;
}

int record_write(FILE *f, const struct record *r)
{
    char *line = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&line, &length);
    if (!memory)
        return ENOMEM;
    int error = put_record(memory, r);
    const bool failed = ferror(memory);
    if (fclose(memory) != 0 || failed)
        error = ENOMEM;
    if (error == 0)
        error = append(f, line, length);
    free(line);
    return error;
}

/* Cuts the file after its last newline. */
static int cut_torn_line(int fd, bool *cut)
{
    struct stat file;
    if (fstat(fd, &file) != 0)
        return errno;
    if (!S_ISREG(file.st_mode))
        return 0;
    off_t keep = file.st_size;
    while (keep > 0) {
        char part[4096];
        const size_t size = keep < (off_t)sizeof part ? (size_t)keep : sizeof part;
        if (pread(fd, part, size, keep - (off_t)size) != (ssize_t)size)
            return EIO;
        const char *newline = memrchr(part, '\n', size);
        keep -= (off_t)size;
        if (newline) {
            keep += newline - part + 1;
            break;
        }
    }
    *cut = keep < file.st_size;
    return *cut && ftruncate(fd, keep) != 0 ? errno : 0;
}

int record_open(const char *path, FILE **f, bool *cut)
{
    *f = NULL;
    *cut = false;
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    int error = cut_torn_line(fd, cut);
    if (error == 0 && !(*f = fdopen(fd, "a")))
        error = errno;
    if (error)
        close(fd);
    return error;
}

/* ---- names ---------------------------------------------------------------------------------- */

struct name {
    char *text;
    size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void part(struct name *name, const char *format, ...)
{
    if (name->used >= name->size)
        return;
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(name->text + name->used, name->size - name->used, format, arguments);
    va_end(arguments);
    name->used += n > 0 ? (size_t)n : 0;
}

static void part_unless(struct name *name, const char *text, const char *standard)
{
    if (*text && strcmp(text, standard) != 0)
        part(name, "/%s", text);
}

void record_cell_name(const struct record *r, char *name, size_t size)
{
    struct name n = {.text = name, .size = size};
    part(&n, "%s/%s/%s/%u:%u", r->workload, r->family, r->queue, r->producers, r->consumers);
    if (r->batch != 1)
        part(&n, "/b%u", r->batch);
    if (r->payload_bytes != 8)
        part(&n, "/%uB", r->payload_bytes);
    if (r->capacity != 1024)
        part(&n, "/c%llu", (unsigned long long)r->capacity);
    part_unless(&n, r->call, "inline");
    part_unless(&n, r->mode, "throughput");
    part_unless(&n, r->pin, "spread");
    if (r->rate > 0)
        part(&n, "/r%.10g", r->rate);
    part_unless(&n, r->policy, "");
    if (strcmp(r->workload, "backoff") == 0)
        part(&n, "/backoff%u", r->backoff_max);
    if (r->segment)
        part(&n, "/s%llu", (unsigned long long)r->segment);
    for (size_t i = 0; i < size && name[i]; i++) {
        if (name[i] == ' ')
            name[i] = '-';
    }
}
