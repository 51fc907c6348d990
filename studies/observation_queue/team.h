/* team.h: threads that begin together: producers and consumers on their processors. */
#ifndef OBSERVATION_QUEUE_TEAM_H
#define OBSERVATION_QUEUE_TEAM_H

/* Each thread runs body(arg, index): producers are 0 to producers - 1, then come consumers. They
 * are dealt to the processors as everywhere in the lab (topology.h, "spread"). The seconds from the
 * start to the end of the last one; negative: there are not so many threads to be had. */
double team_run(unsigned producers, unsigned consumers, void (*body)(void *arg, unsigned index),
                void *arg);

#endif
