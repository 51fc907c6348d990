/* story.h: what a report tells, before it is text or JSON: the steps in an order that people can
 * follow, which of them matter, and why the model allows them. */
#ifndef MODELS_CHECKER_STORY_H
#define MODELS_CHECKER_STORY_H

#include "models/checker/report/report.h"
#include "models/checker/run/trace.h"

enum {
    ITEMS_MAX = NOTES_MAX + 8,
    ROWS_MAX = 1024,
    ROW_TEXT = 240,
    WHY_MAX = 24,
    WHY_TEXT = 320,
    ARROWS_MAX = 256
};

/* A note in its place; both halves of a read-modify-write are one. */
struct item {
    struct note note;
    uint16_t write;    /* event id of its writing half, or NONE */
    uint16_t step;     /* its number in the report, 0: not shown */
    uint32_t own_site; /* note.site before story_fold */
    bool folded;
    uint16_t again,
        period;     /* it ends the first turn of a loop, with so many more of so many steps */
    uint16_t times; /* it stands for so many that were the same */
    char mark;      /* 'A', 'B', ...: the explanation speaks of it; 0 */
    uint8_t place;  /* 1 + the fault's place that this is; 0: none */
    bool made_up;   /* of a place: the execution ended before it could be noted */
    bool shown;
    bool left_out; /* it could have been shown */
};

struct row {
    enum row_kind {
        ROW_CALL, /* a function or operation begins: text */
        ROW_STEP, /* source and text: what it does */
        ROW_SKIP, /* text: "... 12 steps" */
    } kind;
    uint8_t thread, depth;
    uint16_t step;
    char mark;
    bool bad;                    /* this is where it went wrong, or a stale read */
    uint16_t item;               /* of a step: its item */
    uint16_t unseen;             /* of a write: the step that reads something older, 0: none */
    bool no_release, no_acquire; /* a link of the explanation's chain breaks here */
    enum { NOT_AN_OPERATION, OPERATION_BEGINS, OPERATION_ENDS } operation;
    unsigned line;
    const char *file;
    char source[120], text[ROW_TEXT];
};

/* From row to row; `from` is NONE where what was read is no row: then text says what it was. */
struct arrow {
    enum arrow_kind {
        ARROW_READS,    /* reads what another thread wrote */
        ARROW_BROKEN,   /* ... and it should have synchronized */
        ARROW_WAITS,    /* waits for ever for what was done there */
        ARROW_STALE,    /* reads it although something newer was written */
        ARROW_CONFLICT, /* nothing orders the two */
        ARROW_LOST,     /* a wake-up, and the sleep that it should have ended */
    } kind;
    uint16_t from, to;
    char text[160];
};

struct story {
    const struct explore_result *r;
    const struct graph *g;
    bool main_aside;   /* main does something only before or after all others: no column */
    bool interleaving; /* every read sees the last write shown above it */
    unsigned items, rows, why, arrows;
    bool column[MODEL_THREADS];
    char thread_name[MODEL_THREADS][48];
    uint16_t item_of[EVENTS_MAX]; /* index + 1 of the item that an event is (half of); 0: none */
    struct item item[ITEMS_MAX];
    struct row row[ROWS_MAX];
    struct arrow arrow[ARROWS_MAX]; /* after story_arrows */
    char sentence[800];             /* what is wrong, in one sentence */
    char why_line[WHY_MAX][WHY_TEXT];
};

void story_make(struct story *s, const struct explore_result *r, const struct graph *g);

/* --- its parts --- */

void story_fold(struct story *s);     /* story_fold.c: steps of the C++ library to its callers */
void story_order(struct story *s);    /* story_order.c: sorts items */
void story_loops(struct story *s);    /* story_loops.c: takes turns of loops out of what is shown */
void story_rows(struct story *s);     /* story_rows.c: rows from the items that are shown */
void story_mark(struct story *s);     /* explain.c: 'A', 'B', ... on the items it will speak of */
void story_sentence(struct story *s); /* sentence.c */
void story_explain(struct story *s);  /* explain_text.c: why_line, when steps have their numbers */
void story_arrows(struct story *s);   /* story_arrows.c: only the picture has them */

/* The steps in the order of the report, for trace_take_turns; texts that stay. How many. */
unsigned story_turns(struct story *s, struct turn *turn, unsigned max);

/* What the item does, in words: "reads flag: 1 (step 3)  acquire". */
void story_phrase(const struct story *s, const struct item *i, char *text, size_t size);

/* The program's line for what this thread did at this site; the site itself if it is that. */
uint32_t story_site(const struct story *s, unsigned thread, uint32_t site);

/* The event of an item, or NULL. */
const struct event *item_event(const struct story *s, const struct item *i);
/* The item that shows this event, or NULL. */
const struct item *story_item(const struct story *s, uint16_t event);
/* The item of one of the fault's places, or NULL. */
struct item *story_place(const struct story *s, unsigned place);
/* The newest write, of another value if there is one, that is told before this read and that the
 * read does not see; NONE. */
uint16_t story_hidden(const struct story *s, const struct item *i);

/* "7", "-1", "&node#2", "0x1234": what a value of this many bytes is. */
void value_print(word value, unsigned size, char *text, size_t text_size);
/* What a location of the graph is called. */
void loc_print(uint16_t loc, char *text, size_t size);

#endif
