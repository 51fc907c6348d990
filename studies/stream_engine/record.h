/* record.h: what flows: records of a key, a time, a number and some texts, and streams of them. */
#ifndef STUDIES_STREAM_ENGINE_RECORD_H
#define STUDIES_STREAM_ENGINE_RECORD_H

#include <stdalign.h>

#include "queues/atomics.h"

enum { RECORD_FIELDS = 8 };

struct record { /* what a query reads of it is in one line */
    alignas(64) atomic(uint32_t) references;
    uint32_t group; /* which key it is, in the order of the keys: the check alone trusts in it */
    uint64_t hash;  /* of the key, by whoever made the record */
    uint64_t time;
    uint32_t window; /* of time, counted without those that are empty */
    int64_t number;
    const char *key;
    const char *field[RECORD_FIELDS];
};

/* A copy of everything, texts included, as `record.clone()` makes one; NULL: no memory. */
struct record *record_clone(const struct record *r);
void record_drop(struct record *r); /* of a copy */

uint64_t record_hash(const char *key);

/* Records in the order of their times, which begin with 0. It may be gone through again and again; each
 * lap begins a window. */
struct stream {
    struct record *record;
    uint32_t *share; /* of each record: which share of the keys its key is in, of 2^32 */
    size_t n, groups;
    uint64_t windows; /* of one lap */
    const char **key; /* of each group, in their order */
    char *text;
};

/* n records with a time unit between them; zipf 0: all groups alike. 0 or ENOMEM. */
int stream_draw(struct stream *s, size_t n, size_t groups, double zipf, uint64_t seed);

/* A line for each record, in the order of time: TIME KEY NUMBER [TEXT...], whole numbers; empty lines
 * and those that begin with # are passed over. 0 or an errno and a message: EILSEQ, a line (which
 * is named) is not of that form. */
int stream_read(struct stream *s, const char *path, char *message, size_t size);

/* Cuts it into windows of time; the most windows that one batch is in. */
uint64_t stream_cut(struct stream *s, uint64_t window, size_t batch);

void stream_free(struct stream *s);

#endif
