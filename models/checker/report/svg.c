/* svg.c: see svg.h. Colours are those of Okabe and Ito, which colour-blind people tell apart; what a
 * colour says, a dash or a word says too. */
#include "models/checker/report/svg.h"

#include <string.h>

#include "harness/json.h"

void svg_escaped(FILE *to, const char *text, size_t n)
{
    for (const char *end = text + n; text < end;) {
        const unsigned bytes = json_utf8_length(text);
        if (bytes == 0 || bytes > (size_t)(end - text)) {
            fputs("\xef\xbf\xbd", to); /* U+FFFD */
            text++;
            continue;
        }
        if (*text == '<')
            fputs("&lt;", to);
        else if (*text == '>')
            fputs("&gt;", to);
        else if (*text == '&')
            fputs("&amp;", to);
        else if (*text == '"')
            fputs("&quot;", to);
        else if ((unsigned char)*text < ' ' || *text == 0x7f) /* XML has no such characters */
            putc(' ', to);
        else
            fwrite(text, 1, bytes, to);
        text += bytes;
    }
}

void svg_text(FILE *to, const char *class, int x, int y, const char *text, size_t n)
{
    fprintf(to, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
    svg_escaped(to, text, n);
    fputs("</text>\n", to);
}

void svg_box(FILE *to, const char *class, int x, int y, int width, int height, int radius)
{
    fprintf(to, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\"/>\n",
            class, x, y, width, height, radius);
}

static const char style[] =
    "text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
    "font-size:12px;fill:#1f2328}\n"
    ".title{font-size:20px;font-weight:bold;fill:#b34700;font-family:sans-serif}\n"
    ".about,.prose,.head,.thread,.key{font-family:sans-serif}\n"
    ".about,.key{fill:#57606a}.prose{font-size:13px}\n"
    ".head{font-size:14px;font-weight:bold}\n"
    ".thread{font-size:14px;font-weight:bold;text-anchor:middle}\n"
    ".line{fill:#6e7781;text-anchor:end}.call{fill:#57606a}.operation{font-weight:bold}\n"
    ".did{fill:#0b4f7d}.wrong{fill:#b34700;font-weight:bold}.grey{fill:#6e7781}\n"
    ".number{font-size:11px;fill:#fff;font-weight:bold;text-anchor:middle}\n"
    ".card{fill:#fff;stroke:#d0d7de}.lifeline{stroke:#d0d7de;stroke-width:2}\n"
    ".name{fill:#eaeef2;stroke:#afb8c1}.span{fill:#e3f0f8}.badspan{fill:#fff3ea;stroke:#d55e00;"
    "stroke-width:2}.paper{fill:#fff}\n"
    ".step{fill:#fff;stroke:#8c959f}.bad{fill:#fff3ea;stroke:#d55e00;stroke-width:2}\n"
    ".unseen{fill:#f0f1f3;stroke:#8c959f;stroke-dasharray:3 3}\n"
    ".initial{fill:#fff;stroke:#d55e00;stroke-dasharray:5 4}\n"
    ".badge{fill:#57606a}.mark{fill:#b34700}\n"
    ".arrow{fill:none;stroke-width:2}\n"
    ".reads{stroke:#0072b2}.broken,.waits{stroke:#d55e00;stroke-width:3}\n"
    ".stale,.lost{stroke:#d55e00;stroke-dasharray:6 4}\n"
    ".conflict{stroke:#d55e00;stroke-width:3;stroke-dasharray:2 4}\n";

static const char *const tips[][2] = {{"blue", "#0072b2"}, {"orange", "#d55e00"}};

void svg_document(FILE *to, const char *title, const char *sentence, int width, int height,
                  const char *body, size_t size)
{
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
            "height=\"%d\" role=\"img\" xml:space=\"preserve\">\n<title>",
            width, height, width, height);
    svg_escaped(to, title, strlen(title));
    fputs("</title>\n<desc>", to);
    svg_escaped(to, sentence, strlen(sentence));
    fprintf(to, "</desc>\n<style>\n%s</style>\n<defs>\n", style);
    for (size_t i = 0; i < sizeof tips / sizeof *tips; i++)
        fprintf(
            to,
            "<marker id=\"%s\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"10\" "
            "markerHeight=\"10\" markerUnits=\"userSpaceOnUse\" "
            "orient=\"auto-start-reverse\"><path d=\"M0 0L10 5L0 10z\" fill=\"%s\"/></marker>\n",
            tips[i][0], tips[i][1]);
    fputs("</defs>\n", to);
    fprintf(to, "<rect class=\"card\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n",
            width - 1, height - 1);
    fwrite(body, 1, size, to);
    fputs("</svg>\n", to);
}
