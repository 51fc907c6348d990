/* scenario_spec.h: which sequential object the recorded operations of a scenario must look like. */
#ifndef MODELS_SCENARIOS_SCENARIO_SPEC_H
#define MODELS_SCENARIOS_SCENARIO_SPEC_H

#include "models/checker/history/history.h"
#include "models/scenarios/table.h"

/* False: none are recorded. */
static inline bool scenario_spec(const struct scenario *s, const struct q_traits *t,
                                 struct spec *spec)
{
    *spec = (struct spec){
        .kind = t->order == Q_FIFO                ? SPEC_FIFO
                : t->order == Q_FIFO_PER_PRODUCER ? SPEC_FIFO_PER_PRODUCER
                : t->order == Q_UNORDERED         ? SPEC_BAG
                : strcmp(t->name, "lanes_strict") ? SPEC_LANES_FAIR
                                                  : SPEC_LANES,
        .exact = t->exact,
        .capacity = t->bounded && !(s->needs & NEEDS_SPILL) ? s->capacity : 0,
        .rough = t->caution & Q_CAPACITY_ROUGH,
        .lanes = t->lanes,
        .drops_oldest = s->needs & NEEDS_DROP_OLDEST,
        .drops_newest = s->needs & NEEDS_DROP_NEWEST,
    };
    return !(s->needs & NOT_RECORDED);
}

#endif
