/* jobs.h: several processes explore parts of one tree; how far it all is, on stderr.
 *
 * The graphs that are set aside stand for disjoint parts, so whoever explores them, the counts add
 * up to the same. Processes are forked, so every one has the program at the same addresses. */
#ifndef MODELS_CHECKER_JOBS_H
#define MODELS_CHECKER_JOBS_H

#include "models/checker/explore/explore.h"

/* Has work(i, ...) done for each i < items by `jobs` processes and adds what they found to *total.
 * work returns false to stop everything. True if all was done. */
bool jobs_run(unsigned jobs, size_t items, bool (*work)(size_t item, struct explore_result *r),
              struct explore_result *total, double started);

bool jobs_stopped(void);   /* in a job: another one found something */
void jobs_restart(void);   /* in a job: everything has to begin again (shadow_restart) */
bool jobs_restarted(void); /* that happened in the last jobs_run */

void explore_add(struct explore_result *to, const struct explore_result *from);

/* At most a few times per second: executions so far, of about how many, time left. */
void progress_show(const struct explore_result *r, double seconds);
void progress_clear(void);

#endif
