/* proof.c: the model checker on the document's code: cells whose sample is what it finds. */
#include "studies/proof.h"
#include "studies/telemetry_ring/cells.h"

/* models/mutants/NAME.c, and what is to be found in it. */
static const struct study_program proofs[] = {
    {"rfc_drop_oldest_hangs", "livelock"},
    {"rfc_stale_producer", "assertion"},
    {"rfc_wedge", "livelock"},
    {"rfc_full_looks_empty", "assertion"},
    {"rfc_weak_index", "assertion"},
    {"rfc_stopped_producer", "livelock"},
    {"rfc_retry_drops_item", "use after free"},
    {"rfc_index_goes_back", "livelock"},
    {"rfc_drop_past_empty", "assertion"},
    {"rfc_no_drop_leaks", "leak"},
    {"rfc_capacity", "assertion"},
};

void add_proof(const struct study_run *run, struct study_cell *cell, size_t *n)
{
    (void)run;
    *n += study_proofs(cell + *n, proofs, sizeof proofs / sizeof *proofs);
}
