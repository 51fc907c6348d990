/* record_read.c: reading records, strictly: see record.h. A file that is not what it should be is
 * never half believed. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#ifdef QUEUELAB_JANSSON
#include <jansson.h>
#endif

#include "harness/record_fields.h"

struct message {
    char *text;
    size_t size;
    const char *path;
    size_t line; /* 0: the file as a whole */
};

__attribute__((format(printf, 2, 3))) static int say(const struct message *m, const char *format,
                                                     ...)
{
    int used = m->line ? snprintf(m->text, m->size, "%s:%zu: ", m->path, m->line)
                       : snprintf(m->text, m->size, "%s: ", m->path);
    if (used < 0 || (size_t)used >= m->size)
        return EINVAL;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(m->text + used, m->size - (size_t)used, format, arguments);
    va_end(arguments);
    return EINVAL;
}

static void free_contents(struct record *r)
{
    free(r->push);
    free(r->pop);
    free(r->sojourn);
}

void record_free_all(struct record *records, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free_contents(&records[i]);
    free(records);
}

#ifdef QUEUELAB_JANSSON

static int get_count(const json_t *json, uint64_t max, uint64_t *count)
{
    if (!json_is_integer(json) || json_integer_value(json) < 0)
        return EINVAL;
    *count = (uint64_t)json_integer_value(json);
    return *count > max ? EINVAL : 0;
}

static int get_field(const struct message *m, const struct field *field, const json_t *object,
                     struct record *r)
{
    char *at = (char *)r + field->offset;
    const json_t *json = json_object_get(object, field->key);
    uint64_t count;
    if (!json) {
        const bool must = field->when == ALWAYS || (field->when == GOOD && r->ok);
        return must ? say(m, "the field \"%s\" is missing", field->key) : 0;
    }
    switch (field->type) {
    case TEXT:
        if (!json_is_string(json))
            return say(m, "\"%s\" must be a string", field->key);
        if (json_string_length(json) >= field->size)
            return say(m, "\"%s\" is longer than %zu bytes", field->key, field->size - 1);
        memcpy(at, json_string_value(json), json_string_length(json) + 1);
        break;
    case UNSIGNED:
        if (get_count(json, UINT_MAX, &count) != 0)
            return say(m, "\"%s\" must be a whole number from 0 to %u", field->key, UINT_MAX);
        *(unsigned *)(void *)at = (unsigned)count;
        break;
    case COUNT:
        if (get_count(json, UINT64_MAX, (uint64_t *)(void *)at) != 0)
            return say(m, "\"%s\" must be a whole number, not negative", field->key);
        break;
    case REAL:
        if (!json_is_number(json))
            return say(m, "\"%s\" must be a number", field->key);
        *(double *)(void *)at = json_number_value(json);
        break;
    case YES_NO:
        if (!json_is_boolean(json))
            return say(m, "\"%s\" must be true or false", field->key);
        *(bool *)at = json_is_true(json);
        break;
    }
    return 0;
}

/* Fills h. NULL, or what is wrong with it. */
static const char *get_buckets(const json_t *json, struct histogram *h)
{
    const json_t *buckets = json_object_get(json, "buckets");
    if (!json_is_array(buckets))
        return "has no array \"buckets\"";
    if (get_count(json_object_get(json, "total"), INT64_MAX, &h->total) != 0)
        return "has no \"total\"";
    h->min = UINT64_MAX;
    if (h->total && (get_count(json_object_get(json, "min"), INT64_MAX, &h->min) != 0 ||
                     get_count(json_object_get(json, "max"), INT64_MAX, &h->max) != 0))
        return "has no \"min\" or no \"max\"";
    uint64_t sum = 0, first = 0, index = 0;
    const size_t n = json_array_size(buckets);
    for (size_t i = 0; i < n; i += 2) {
        uint64_t gap, count;
        if (get_count(json_array_get(buckets, i), HISTOGRAM_BUCKETS - 1, &gap) != 0 ||
            get_count(json_array_get(buckets, i + 1), INT64_MAX, &count) != 0 || count == 0)
            return "has a bucket that is not a gap and a count";
        if ((i && gap == 0) || index + gap >= HISTOGRAM_BUCKETS)
            return "has buckets out of order";
        index += gap;
        if (i == 0)
            first = index;
        h->bucket[index] = count;
        sum += count;
    }
    const uint64_t last = index;
    if (sum != h->total)
        return "has buckets that do not add up to its \"total\"";
    if (h->total && (histogram_index(h->min) != first || histogram_index(h->max) != last))
        return "has a \"min\" or \"max\" outside its buckets";
    return NULL;
}

static int get_histogram(const struct message *m, unsigned which, const json_t *object,
                         struct record *r)
{
    const char *key = histograms[which].key;
    const json_t *json = json_object_get(object, key);
    if (!json)
        return 0;
    const json_t *unit = json_object_get(json, "unit_ns");
    if (!json_is_object(json) || !json_is_number(unit))
        return say(m, "\"%s\" must be an object with a number \"unit_ns\"", key);
    const double tick_ns = json_number_value(unit);
    if (r->tick_ns > 0 && fabs(r->tick_ns - tick_ns) > 0)
        return say(m, "\"%s\" has another \"unit_ns\" than the histogram before it", key);
    r->tick_ns = tick_ns;
    struct histogram *h = calloc(1, sizeof *h);
    if (!h) {
        say(m, "not enough memory");
        return ENOMEM;
    }
    *(struct histogram **)(void *)((char *)r + histograms[which].offset) = h;
    const char *wrong = get_buckets(json, h);
    return wrong ? say(m, "the histogram \"%s\" %s", key, wrong) : 0;
}

static int get_record(const struct message *m, const json_t *object, struct record *r)
{
    if (!json_is_object(object))
        return say(m, "not a JSON object");
    const json_t *v = json_object_get(object, "v");
    if (!json_is_integer(v))
        return say(m, "no schema version \"v\": not a record of queuelab");
    if (json_integer_value(v) != RECORD_SCHEMA)
        return say(m, "schema version %lld, this build reads %d: use the queuelab that wrote it",
                   (long long)json_integer_value(v), RECORD_SCHEMA);
    const char *kind = json_string_value(json_object_get(object, "kind"));
    if (!kind || strcmp(kind, "sample") != 0)
        return say(m, "\"kind\" is \"%s\", not \"sample\"", kind ? kind : "");
    const json_t *ok = json_object_get(object, "ok");
    r->ok = json_is_true(ok); /* decides which other fields must be there */
    int error = 0;
    for (unsigned i = 0; error == 0 && i < FIELDS; i++)
        error = get_field(m, &fields[i], object, r);
    for (unsigned i = 0; error == 0 && i < HISTOGRAMS; i++)
        error = get_histogram(m, i, object, r);
    return error;
}

static int get_line(const struct message *m, const char *line, size_t length, struct record *r)
{
    json_error_t wrong;
    json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &wrong);
    if (!object)
        return say(m, "not JSON: %s", wrong.text);
    *r = (struct record){.backoff_max = RECORD_BACKOFF_BEFORE};
    const int error = get_record(m, object, r);
    json_decref(object);
    if (error)
        free_contents(r);
    return error;
}

static int read_lines(FILE *f, struct message *m, struct record **records, size_t *n, bool *torn)
{
    char *line = NULL;
    size_t line_size = 0, room = 0;
    int error = 0;
    while (error == 0) {
        errno = 0;
        const ssize_t length = getline(&line, &line_size, f);
        if (length < 0)
            break;
        m->line++;
        if (line[length - 1] != '\n') {
            *torn = true;
            break;
        }
        if (*n == room) {
            room = room ? 2 * room : 64;
            struct record *more = reallocarray(*records, room, sizeof **records);
            if (!more) {
                say(m, "not enough memory");
                error = ENOMEM;
                break;
            }
            *records = more;
        }
        error = get_line(m, line, (size_t)length, &(*records)[*n]);
        *n += error == 0;
    }
    if (error == 0 && ferror(f)) {
        error = errno ? errno : EIO;
        say(m, "cannot read on: %s", strerror(error));
    }
    free(line);
    return error;
}

int record_read(const char *path, struct record **records, size_t *n, bool *torn, char *message,
                size_t message_size)
{
    struct message m = {.text = message, .size = message_size, .path = path};
    *records = NULL;
    *n = 0;
    *torn = false;
    FILE *f = fopen(path, "re");
    if (!f) {
        const int error = errno;
        say(&m, "cannot open: %s", strerror(error));
        return error;
    }
    const int error = read_lines(f, &m, records, n, torn);
    fclose(f);
    if (error) {
        record_free_all(*records, *n);
        *records = NULL;
        *n = 0;
    }
    return error;
}

#else

int record_read(const char *path, struct record **records, size_t *n, bool *torn, char *message,
                size_t message_size)
{
    const struct message m = {.text = message, .size = message_size, .path = path};
    *records = NULL;
    *n = 0;
    *torn = false;
    say(&m, "this build cannot read records: install jansson (Debian: apt-get install "
            "libjansson-dev) and build again");
    return ENOTSUP;
}

#endif
