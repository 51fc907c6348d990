/* judging.h: what follows from the samples. Internal to the study. */
#ifndef OBSERVATION_QUEUE_JUDGING_H
#define OBSERVATION_QUEUE_JUDGING_H

#include "studies/study.h"

void judge_observation_queue(struct study_judge *j);
void judge_rules(struct study_judge *j); /* the half of it that is about admission and service */
void figure_observation_queue(const struct study_judge *j, FILE *table);

/* The setting of an experiment that has this word in it; NULL: there is none. */
const char *setting_with(const struct study_judge *j, const char *experiment, const char *word);

#endif
