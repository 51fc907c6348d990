/* trace.h: everything one execution did, in the order in which it was run: for the report only.
 * Recorded when an execution that failed is run once more with tracing on. */
#ifndef MODELS_CHECKER_TRACE_H
#define MODELS_CHECKER_TRACE_H

#include "models/checker/explore/fault.h"
#include "models/checker/history/history.h"

struct thread;

enum note_kind {
    NOTE_EVENT, /* graph event `event` */
    NOTE_PLAIN, /* a plain access to memory that more than one thread touches */
    NOTE_ALLOC,
    NOTE_FREE,
    NOTE_CALL,   /* model_call: `text` the operation, value its argument */
    NOTE_RETURN, /* model_return: `text` the result in words */
    NOTE_BLOCK,  /* the thread waits: `text` for what */
    NOTE_FAULT,
};

enum { NOTE_FRAMES = 12, NOTES_MAX = 4096 };

struct note {
    uint8_t kind, thread;
    bool write;
    uint8_t frames;
    uint16_t event; /* NOTE_EVENT */
    uint16_t po;    /* events its thread had made before it */
    uint32_t site;
    uint32_t frame[NOTE_FRAMES]; /* call sites, innermost first */
    uintptr_t address;
    uint32_t size;
    uint64_t value;
    const char *text;
};

extern bool tracing;
extern unsigned notes;
extern struct note note[NOTES_MAX];

/* When an execution is run once more for a debugger: who does what a note would be made of, in this
 * order, and what to say of it. Threads that have nothing left in the list go as they can. */
struct turn {
    uint8_t thread;
    bool fault; /* the execution ends instead of a note */
    uint32_t site;
    enum { TURN_GOES_BY, TURN_RETURNS, TURN_STAYS } stop; /* stop: behind it, or where it is */
    const char *text;                                     /* NULL: not told */
};
void trace_take_turns(const struct turn *turns, unsigned n); /* NULL, 0: no more */
bool trace_turn(const struct thread *t);                     /* is it this thread's? */
void trace_wait(void);                                       /* `current`, until it is */
bool trace_turns_end(void); /* nobody can go on in this order: any will do. False: there is none */

/* By `current`; a no-op unless tracing. The caller fills the rest of what is returned. */
struct note *trace_note(enum note_kind kind, uintptr_t pc);

#endif
