#include "studies/telemetry_ring/cells.h"
void telemetry_judge(struct study_judge *j) { (void)j; }
void telemetry_figure(const struct study_judge *j, FILE *table)
{
    (void)j;
    (void)table;
}
