/* report.h: from records to REPORT.md and to the data of the figures.
 *
 *   results/NAME/runs.jsonl, env.json, plan.json ─► sections of REPORT.md between markers
 *                                                ─► tables in DATA_DIR ─► plots/draw.sh ─► figures
 *   models/ beside the report: the model checker's tables ─► sections, models/TABLES.md
 *
 * A report is prose that a person wrote, with generated parts between markers on lines of their
 * own:
 *
 *   <!-- BEGIN queuelab:latency -->
 *   ...
 *   <!-- END queuelab:latency -->
 *
 * Only what stands between the markers is rewritten. Every section of `report_sections` has its
 * pair exactly once; a missing, doubled, crossed or unknown marker is an error that names it. The
 * text follows from the files of the results directory and from the model checker's tables
 * (report_proof.h), and from nothing else (the table of contents from the headings), so the same records and tables give the same bytes, and
 * report_check can say whether a report was edited by hand or is stale. models/TABLES.md is
 * generated as a whole.
 *
 * Files appear whole or not at all (whole_file.h).
 *
 * Errors: 0, or an errno with one sentence in `message`. ENOTSUP: built without jansson. */
#ifndef HARNESS_REPORT_H
#define HARNESS_REPORT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The queue that all others are compared with. */
#ifndef REPORT_REFERENCE
#define REPORT_REFERENCE "mutex_deque"
#endif

/* Names of the sections in the order of the skeleton; NULL-terminated. */
extern const char *const report_sections[];

/* Rewrites the generated parts of report_path, models/TABLES.md and all data files. data_dir may be NULL: no data;
 * it is created when missing. */
int report_write(const char *results_dir, const char *report_path, const char *data_dir,
                 char *message, size_t message_size);

/* 0 when the generated parts are exactly what the records and the tables give. EILSEQ: they are not, and the
 * message names the first section and line that differ. */
int report_check(const char *results_dir, const char *report_path, char *message,
                 size_t message_size);

#ifdef __cplusplus
}
#endif

#endif
