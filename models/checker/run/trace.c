/* trace.c: the log of one execution, for the report. */
#include "models/checker/run/trace.h"

#include <string.h>

#include "models/checker/report/source.h"
#include "models/checker/run/thread.h"

bool tracing;
unsigned notes;
struct note note[NOTES_MAX];

struct note *trace_note(enum note_kind kind, uintptr_t pc)
{
    if (!tracing || notes == NOTES_MAX)
        return NULL;
    struct note *n = &note[notes++];
    memset(n, 0, sizeof *n);
    n->kind = (uint8_t)kind;
    n->site = source_site(pc);
    if (!current)
        return n;
    n->thread = current->id;
    n->po = current->po;
    for (unsigned d = current->depth; d > 0 && n->frames < NOTE_FRAMES; d--)
        if (d < STACK_DEPTH)
            n->frame[n->frames++] = source_site(current->frame[d].call);
    return n;
}
