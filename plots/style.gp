# style.gp: what all figures share. A figure sets `wide` and `high` (CSS pixels) and loads this.
# draw.sh passes: format (svg or png), out, data, figure.
if (!exists("wide")) wide = 800
if (!exists("high")) high = 460
face = 'DejaVu Sans'
if (format eq 'svg') {
    set terminal svg size wide,high dynamic enhanced font face.',13' background rgb 'white' name figure
} else {
    # Twice the pixels of the SVG: sharp on every screen at README width.
    set terminal pngcairo size 2*wide,2*high enhanced font face.',13' fontscale 1.5 linewidth 2 pointscale 2 background rgb 'white'
}
set output out
set encoding utf8
set datafile separator tab
set datafile missing 'NaN'
set border 3 linecolor rgb '#555555' linewidth 0.8
set tics nomirror scale 0.5 textcolor rgb '#333333'
set grid linecolor rgb '#dddddd' linewidth 0.5 linetype 1
set style line 100 linecolor rgb '#888888' linewidth 1 dashtype 1
shade = '#f1ede4'   # more threads than processors
ink = '#333333'
set title textcolor rgb ink font face.',13' offset 0,-0.4
set xlabel textcolor rgb ink
set ylabel textcolor rgb ink
set key textcolor rgb ink samplen 2.2 spacing 1.15
legend = "set key center center horizontal Left reverse maxcols 4 width 1 noenhanced"
# Axis of durations in seconds.
times = "'1 ns' 1e-9, '10 ns' 1e-8, '100 ns' 1e-7, '1 µs' 1e-6, '10 µs' 1e-5, '100 µs' 1e-4, '1 ms' 1e-3, '10 ms' 1e-2, '100 ms' 1e-1, '1 s' 1, '10 s' 10"
marks = "'' 1e-9, '' 1e-8, '' 1e-7, '' 1e-6, '' 1e-5, '' 1e-4, '' 1e-3, '' 1e-2, '' 1e-1, '' 1, '' 10" # the same, unnamed
names_font = "font 'DejaVu Sans,11'"

# One look for each queue, the same in every figure: colours of `podo` (Wong 2011: colour-blind
# safe), and a point type, so that nothing is told by colour alone. After eight queues the colours
# come again with other points and dashes.
array colour[8] = ['#000000', '#e69f00', '#0072b2', '#009e73', '#d55e00', '#cc79a7', '#56b4e9', '#8f8500']
array point[13] = [7, 5, 9, 11, 13, 4, 6, 8, 10, 12, 1, 2, 3]
do for [i = 1:39] {
    set style line i linecolor rgb colour[1 + (i - 1) % 8] pointtype point[1 + (i - 1) % 13] \
        dashtype 1 + (i - 1) / 8 linewidth 1.4 pointsize 0.75
}

# The queues that curves are drawn of, in the order of the report; floors apart.
queues = ''; floors = ''; reference = ''; cpus = 0
stats data.'/queues.tsv' skip 1 using ($3 == 0 ? ($5 == 1 ? (queues = queues.' '.strcol(1), 0) : 0) : (floors = floors.' '.strcol(1), 0)) nooutput
stats data.'/machine.tsv' skip 1 using (cpus = int($1), reference = strcol(4), 0) nooutput
style(q) = sum [i = 1:words(queues)] (word(queues, i) eq q ? i : 0)
