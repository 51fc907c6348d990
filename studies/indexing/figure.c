/* figure.c: the table of the figure: throughput of each map against threads, a panel for each mix. */
#include <string.h>

#include "studies/indexing/indexing.h"

void indexing_figure(const struct study_judge *j, FILE *table)
{
    fputs("map\tmix\tkeys\tthreads\tops_per_s\tlow\thigh\tpeer\n", table);
    for (size_t i = 0; study_setting(j, "throughput", i); i++) {
        const char *const setting = study_setting(j, "throughput", i);
        char mix[32], keys[32];
        unsigned threads;
        if (sscanf(setting, "%31[^,], %31[^,], %u", mix, keys, &threads) != 3)
            continue;
        for (size_t k = 0; study_variant(j, "throughput", setting, k); k++) {
            const char *const map = study_variant(j, "throughput", setting, k);
            const struct interval v = study_median(j, "throughput", map, setting, "ops_per_s");
            if (v.n)
                fprintf(table, "%s\t%s\t%s\t%u\t%.6g\t%.6g\t%.6g\t%d\n", map, mix, keys, threads,
                        v.mid, v.low, v.high, strncmp(map, "map_", 4) != 0);
        }
    }
}
