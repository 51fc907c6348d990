/* record_fields.h: what a record is, as a table that the writer and the reader both follow. A new
 * field is one line here and one in struct record. For record.c and record_read.c only. */
#ifndef HARNESS_RECORD_FIELDS_H
#define HARNESS_RECORD_FIELDS_H

#include "harness/record.h"

enum type { TEXT, UNSIGNED, COUNT, REAL, YES_NO };

enum when {
    ALWAYS, /* in every record */
    GOOD,   /* in every record that is ok */
    LATER,  /* in every record, but older ones lack it */
    SET,    /* when not zero */
    GAUGED, /* when ok, and not zero */
    FAILED, /* when not ok */
};

static const struct field {
    const char *key;
    enum type type;
    enum when when;
    size_t offset, size;
} fields[] = {
#define FIELD(type, when, name)                                                                    \
    {                                                                                              \
#name, type, when, offsetof(struct record, name), sizeof(((struct record *)0)->name)       \
    }
    FIELD(TEXT, ALWAYS, workload),
    FIELD(TEXT, ALWAYS, queue),
    FIELD(TEXT, ALWAYS, family),
    FIELD(TEXT, SET, class_name),
    FIELD(TEXT, SET, promised),
    FIELD(TEXT, ALWAYS, call),
    FIELD(TEXT, ALWAYS, mode),
    FIELD(TEXT, ALWAYS, pin),
    FIELD(UNSIGNED, ALWAYS, producers),
    FIELD(UNSIGNED, ALWAYS, consumers),
    FIELD(UNSIGNED, ALWAYS, batch),
    FIELD(UNSIGNED, ALWAYS, payload_bytes),
    FIELD(COUNT, ALWAYS, capacity),
    FIELD(REAL, SET, rate),
    FIELD(TEXT, SET, policy),
    FIELD(UNSIGNED, LATER, backoff_max),
    FIELD(COUNT, SET, segment),
    FIELD(UNSIGNED, ALWAYS, round),
    FIELD(COUNT, ALWAYS, sequence),
    FIELD(YES_NO, ALWAYS, ok),
    FIELD(YES_NO, SET, floor),
    FIELD(TEXT, SET, peer),
    FIELD(TEXT, FAILED, error),
    FIELD(COUNT, GOOD, items),
    FIELD(COUNT, GAUGED, offered),
    FIELD(COUNT, GAUGED, dropped),
    FIELD(COUNT, GAUGED, spilled),
    FIELD(REAL, GOOD, elapsed_ns),
    FIELD(REAL, GOOD, ns_per_item),
    FIELD(REAL, GOOD, items_per_s),
    FIELD(REAL, GAUGED, rtt_before_ns),
    FIELD(REAL, GAUGED, rtt_after_ns),
    FIELD(TEXT, GAUGED, state),
    FIELD(COUNT, GAUGED, stops),
    FIELD(COUNT, GAUGED, rests),
    FIELD(COUNT, GAUGED, rests_free),
    FIELD(REAL, GAUGED, stopped_share),
    FIELD(REAL, GAUGED, rank_error_mean),
    FIELD(COUNT, GAUGED, rank_error_p50),
    FIELD(COUNT, GAUGED, rank_error_p99),
    FIELD(COUNT, GAUGED, rank_error_max),
    FIELD(COUNT, GAUGED, held_0),
    FIELD(COUNT, GAUGED, held_1k),
    FIELD(COUNT, GAUGED, held_10k),
    FIELD(COUNT, GAUGED, held_100k),
    FIELD(COUNT, GAUGED, held_1m),
    FIELD(COUNT, GAUGED, held_after),
    FIELD(REAL, GAUGED, instructions_push),
    FIELD(REAL, GAUGED, instructions_pop),
    FIELD(REAL, GAUGED, locked_push),
    FIELD(REAL, GAUGED, locked_pop),
    FIELD(REAL, GAUGED, fences_push),
    FIELD(REAL, GAUGED, fences_pop),
    FIELD(COUNT, GOOD, full),
    FIELD(COUNT, GOOD, empty),
    FIELD(COUNT, GOOD, cas_failed),
    FIELD(COUNT, GOOD, retries),
    FIELD(COUNT, GOOD, parks),
    FIELD(COUNT, GOOD, wakes),
    FIELD(COUNT, GOOD, ctx_voluntary),
    FIELD(COUNT, GOOD, ctx_involuntary),
    FIELD(COUNT, GOOD, bytes_peak),
    FIELD(COUNT, GAUGED, bytes_left),
    FIELD(REAL, GAUGED, bytes_per_item),
    FIELD(REAL, GOOD, fair_push),
    FIELD(REAL, GOOD, fair_pop),
#undef FIELD
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

static const struct {
    const char *key;
    size_t offset;
} histograms[] = {
    {"push", offsetof(struct record, push)},
    {"pop", offsetof(struct record, pop)},
    {"sojourn", offsetof(struct record, sojourn)},
};
enum { HISTOGRAMS = sizeof histograms / sizeof histograms[0] };

#endif
