/* record.c: see record.h. */
#include "studies/stream_engine/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/whole_file.h"
#include "studies/indexing/keys.h"
#include "studies/maps/traits.h"

/* ---- one ---------------------------------------------------------------------------------------- */

uint64_t record_hash(const char *key)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a; the maps mix it */
    for (; *key; key++)
        hash = (hash ^ (uint8_t)*key) * 1099511628211u;
    return hash;
}

static uint32_t share_of(uint64_t hash) { return (uint32_t)(map_hash(hash) >> 32); }

/* Every text is a heap block of its own, as it is in the document's map of names to values. */
struct record *record_clone(const struct record *r)
{
    struct record *const c = aligned_alloc(alignof(struct record), sizeof *c);
    if (!c)
        return NULL;
    *c = *r;
    a_init(&c->references, 1);
    bool whole = (c->key = strdup(r->key)) != NULL;
    for (unsigned i = 0; i < RECORD_FIELDS; i++)
        whole &= (c->field[i] = strdup(r->field[i])) != NULL;
    if (whole)
        return c;
    record_drop(c);
    return NULL;
}

void record_drop(struct record *r)
{
    free((char *)(uintptr_t)r->key);
    for (unsigned i = 0; i < RECORD_FIELDS; i++)
        free((char *)(uintptr_t)r->field[i]);
    free(r);
}

/* ---- drawn --------------------------------------------------------------------------------------- */

enum { KEY_BYTES = 16, FIELD_BYTES = 16, TEXTS = 1024 };

int stream_draw(struct stream *s, size_t n, size_t groups, double zipf, uint64_t seed)
{
    struct stats_random random;
    struct zipf z;
    *s = (struct stream){.n = n, .groups = groups, .windows = 1};
    s->record = aligned_alloc(alignof(struct record), n * sizeof *s->record);
    s->share = malloc(n * sizeof *s->share);
    s->key = calloc(groups, sizeof *s->key);
    s->text = malloc(groups * KEY_BYTES + TEXTS * FIELD_BYTES);
    if (!s->record || !s->share || !s->key || !s->text) {
        stream_free(s);
        return ENOMEM;
    }
    char *text = s->text;
    for (size_t g = 0; g < groups; g++, text += KEY_BYTES) {
        snprintf(text, KEY_BYTES, "group-%08zu", g % 100000000);
        s->key[g] = text;
    }
    for (size_t i = 0; i < TEXTS; i++)
        snprintf(text + i * FIELD_BYTES, FIELD_BYTES, "text %.9zu", i);
    stats_random_seed(&random, seed);
    zipf_init(&z, groups, zipf);
    for (size_t i = 0; i < n; i++) {
        struct record *const r = &s->record[i];
        *r = (struct record){.group = (uint32_t)(zipf_next(&z, &random) - 1), .time = i};
        r->key = s->key[r->group];
        r->hash = record_hash(r->key);
        s->share[i] = share_of(r->hash);
        r->number = (int64_t)stats_random_below(&random, 20001) - 10000;
        a_init(&r->references, 1);
        for (unsigned f = 0; f < RECORD_FIELDS; f++)
            r->field[f] = text + (i * RECORD_FIELDS + f) % TEXTS * FIELD_BYTES;
    }
    return 0;
}

/* ---- from a file --------------------------------------------------------------------------------- */

struct line {
    const char *path;
    unsigned long number;
    char *message;
    size_t size;
};

static int wrong(const struct line *at, const char *what)
{
    snprintf(at->message, at->size, "%s:%lu: %s; a line is TIME KEY NUMBER [TEXT...]", at->path,
             at->number, what);
    return EILSEQ;
}

static char *word(char **rest)
{
    char *const begin = *rest + strspn(*rest, " \t\r");
    char *const end = begin + strcspn(begin, " \t\r");
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return begin;
}

static int read_line(struct record *r, char *text, const struct line *at)
{
    char *end;
    const char *const time = word(&text);
    r->key = word(&text);
    const char *const number = word(&text);
    if (!*number)
        return wrong(at, "there are fewer than three words");
    errno = 0;
    r->time = strtoull(time, &end, 10);
    if (*end || errno || *time == '-' || r->time > UINT64_MAX / 4)
        return wrong(at, "the time is no whole number");
    r->number = strtoll(number, &end, 10);
    if (*end || errno || r->number > INT32_MAX || r->number < INT32_MIN)
        return wrong(at, "the third word is no whole number of 32 bits");
    r->hash = record_hash(r->key);
    a_init(&r->references, 1);
    for (unsigned f = 0; f < RECORD_FIELDS; f++)
        r->field[f] = word(&text);
    return 0;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Which keys there are, and which of them each record has. */
static int number_groups(struct stream *s)
{
    const char **const all = calloc(s->n, sizeof *all);
    if (!all)
        return ENOMEM;
    for (size_t i = 0; i < s->n; i++)
        all[i] = s->record[i].key;
    qsort(all, s->n, sizeof *all, by_key);
    s->groups = 0;
    for (size_t i = 0; i < s->n; i++)
        if (i == 0 || strcmp(all[i], all[s->groups - 1]) != 0)
            all[s->groups++] = all[i];
    s->key = all;
    if (!(s->share = malloc(s->n * sizeof *s->share)))
        return ENOMEM;
    for (size_t i = 0; i < s->n; i++) {
        struct record *const r = &s->record[i];
        const char *const *const key = bsearch(&r->key, all, s->groups, sizeof *all, by_key);
        r->group = (uint32_t)(key - (const char *const *)all);
        r->key = *key; /* one text for each group */
        s->share[i] = share_of(r->hash);
    }
    return 0;
}

static int cut(struct stream *s, size_t bytes, struct line *at)
{
    size_t room = 0;
    for (char *begin = s->text; begin < s->text + bytes;) {
        char *const end = memchr(begin, '\n', (size_t)(s->text + bytes - begin));
        at->number++;
        if (!end)
            return wrong(at, "the file ends in the middle of this line");
        if (memchr(begin, '\0', (size_t)(end - begin)))
            return wrong(at, "it is binary");
        *end = '\0';
        const char *const first = begin + strspn(begin, " \t\r");
        if (*first && *first != '#') {
            if (s->n == room) {
                room = room ? 2 * room : 4096;
                struct record *const more =
                    aligned_alloc(alignof(struct record), room * sizeof *more);
                if (!more)
                    return ENOMEM;
                if (s->n)
                    memcpy(more, s->record, s->n * sizeof *more);
                free(s->record);
                s->record = more;
            }
            const int error = read_line(&s->record[s->n], begin, at);
            if (error)
                return error;
            if (s->n && s->record[s->n].time < s->record[s->n - 1].time)
                return wrong(at, "its time is before that of the record above: sort it by time");
            s->n++;
        }
        begin = end + 1;
    }
    return 0;
}

int stream_read(struct stream *s, const char *path, char *message, size_t size)
{
    struct line at = {.path = path, .message = message, .size = size};
    size_t bytes;
    *s = (struct stream){0};
    message[0] = '\0';
    int error = whole_read(path, &s->text, &bytes);
    if (!error)
        error = cut(s, bytes, &at);
    if (!error && s->n == 0) {
        snprintf(message, size, "%s: there are no records in it", path);
        error = EILSEQ;
    }
    if (!error)
        error = number_groups(s);
    if (!error) {
        const uint64_t first = s->record[0].time;
        for (size_t i = 0; i < s->n; i++) {
            s->record[i].time -= first;
            s->record[i].window = 0;
        }
        s->windows = 1;
        return 0;
    }
    if (!message[0])
        snprintf(message, size, "cannot read %s: %s", path, strerror(error));
    stream_free(s);
    return error;
}

uint64_t stream_cut(struct stream *s, uint64_t window, size_t batch)
{
    uint64_t most = 1;
    uint32_t number = 0, first = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (i && s->record[i].time / window != s->record[i - 1].time / window)
            number++;
        if (i % batch == 0)
            first = number;
        if (number - first + 1 > most)
            most = number - first + 1;
        s->record[i].window = number;
    }
    s->windows = number + 1;
    return most;
}

void stream_free(struct stream *s)
{
    free(s->record);
    free(s->share);
    free(s->key);
    free(s->text);
    *s = (struct stream){0};
}
