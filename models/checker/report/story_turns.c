/* story_turns.c: the steps of a report as turns of its threads, for running it again in a debugger. */
#include "models/checker/report/story.h"

#include "models/checker/explore/engine.h"
#include "models/checker/report/source.h"

/* "step 5  T2 reader, mp.c:23: reads x: 0 (initial)  relaxed; STALE: T1 wrote 1 in step 1" */
static const char *describe(const struct story *s, const struct item *i)
{
    static char texts[ITEMS_MAX][ROW_TEXT + 160];
    char *const text = texts[i - s->item], phrase[ROW_TEXT];
    const struct source_line *at = source_of(i->note.site);
    story_phrase(s, i, phrase, sizeof phrase);
    snprintf(text, sizeof texts[0], "step %u%s%.1s  %s, %.60s:%u: %s", i->step, i->mark ? " " : "",
             &i->mark, s->thread_name[i->note.thread % MODEL_THREADS], at->file, at->line, phrase);
    return text;
}

/* A call that is modelled may be several steps: the debugger stops at the last one. */
static bool call_goes_on(const struct story *s, const struct item *i)
{
    const struct event *e = item_event(s, i);
    enum space space = SPACE_MEMORY;
    if (e && e->loc != NONE)
        step_loc_address(e->loc, &space, NULL);
    for (const struct item *next = i + 1; space != SPACE_MEMORY && next < s->item + s->items;
         next++)
        if (next->note.thread == i->note.thread)
            return next->note.site == i->note.site;
    return false;
}

unsigned story_turns(struct story *s, struct turn *turn, unsigned max)
{
    const struct note *const end = notes > 0 ? &note[notes - 1] : NULL;
    unsigned n = 0;
    for (unsigned k = 0; k < s->items && n + 2 <= max; k++) {
        const struct item *i = &s->item[k];
        const struct event *e = item_event(s, i);
        const bool stays = i->made_up || i->note.kind == NOTE_BLOCK || i->note.site == 0 ||
                           (e && e->flags & EVENT_BLOCKS);
        if (i->made_up && (i->place != s->r->fault.places || !end || end->kind != NOTE_FAULT ||
                           end->thread != i->note.thread))
            continue;         /* nothing of it was run */
        if (i->write != NONE) /* its reading half */
            turn[n++] = (struct turn){.thread = i->note.thread, .site = i->own_site};
        turn[n++] = (struct turn){.thread = i->note.thread,
                                  .fault = i->made_up,
                                  .site = i->own_site,
                                  .stop = stays                ? TURN_STAYS
                                          : call_goes_on(s, i) ? TURN_GOES_BY
                                                               : TURN_RETURNS,
                                  .text = i->shown && i->step > 0 ? describe(s, i) : NULL};
    }
    return n;
}
