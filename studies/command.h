/* command.h: queuelab study. */
#ifndef STUDIES_COMMAND_H
#define STUDIES_COMMAND_H

extern const char study_usage[]; /* lines for `queuelab help` */

/* argv[0] is "study". Exit status: 0 measured and judged, 1 samples have errors, or --check found a
 * difference, 2 wrong use, 3 it could not be carried out, 130 interrupted. */
int study_command(int argc, char **argv);

#endif
