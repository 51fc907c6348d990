/* svg.h: text and shapes as SVG. */
#ifndef MODELS_CHECKER_SVG_H
#define MODELS_CHECKER_SVG_H

#include <stdio.h>

/* What is written into an element: `<`, `&`, ... are escaped, what is no UTF-8 is replaced. */
void svg_escaped(FILE *to, const char *text, size_t n);

/* One line of text of this class, its baseline at y. */
void svg_text(FILE *to, const char *class, int x, int y, const char *text, size_t n);

void svg_box(FILE *to, const char *class, int x, int y, int width, int height, int radius);

/* The document: everything in `body`, which is so wide and high. */
void svg_document(FILE *to, const char *title, const char *sentence, int width, int height,
                  const char *body, size_t size);

#endif
