/* judge.h: what the parts of the judge share. */
#ifndef STUDIES_WAL_ADMISSION_JUDGE_H
#define STUDIES_WAL_ADMISSION_JUDGE_H

#include "studies/wal_admission/experiments.h"

const char *judge_setting(const struct study_judge *j, const char *experiment, unsigned threads,
                          const char *with, const char *without);
const char *judge_disk(const struct study_judge *j, unsigned threads); /* of "commits" */
struct interval judge_commits(const struct study_judge *j, const char *variant,
                              const char *setting);

void judge_the_commits(struct study_judge *j);
void judge_the_rival(struct study_judge *j);
void judge_the_rest(struct study_judge *j);

#endif
