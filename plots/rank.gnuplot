# rank.gnuplot: one class: a panel for each cell, a row for each queue, the same rows in all panels;
# the line at 1 is the best queue of others. rank_CLASS.gp sets `table` and loads this.
set datafile separator tab
set datafile missing 'NaN'
rows = 0; panels = 0; guests = 0; names = ''; longest = 10
stats table skip 1 using (panels = $1 > panels ? int($1) : panels, rows = $3 + 1 > rows ? int($3) + 1 : rows, 0) nooutput
stats table skip 1 using ($1 == 1 ? (names = names.(strlen(names) ? ', ' : '').sprintf("'%s' %d", strcol(4), int($3)), guests = guests + $6, longest = strlen(strcol(4)) > longest ? strlen(strcol(4)) : longest, 0) : 0) nooutput
across = panels < 5 ? panels : (panels + 1) / 2 < 5 ? (panels + 1) / 2 : 5
down = (panels + across - 1) / across
tall = 15 * rows + 24   # of one panel, in pixels
side = 20 + 7.4 * longest # for the names
wide = side + 15 + (across < 3 ? 2 : 1) * 155 * across
high = 62 + down * (tall + 44)
load here.'/style.gp'
stats table skip 1 using ($8 > 0 ? $8 : NaN) nooutput
low = 0.8 * (STATS_records > 0 && STATS_min < 1 ? STATS_min : 1)
stats table skip 1 using 9 nooutput
top = 1.25 * (STATS_records > 0 && STATS_max > 1 ? STATS_max : 1)
if (low < 0.01) { low = 0.01 }   # what is slower still lies on the edge
if (top > 100) { top = 100 }
inside(x) = x < low ? low : x > top ? top : x
set multiplot
unset key
set grid noytics
set logscale x
set xrange [low / 1.2:1.2 * top]
set yrange [-0.7:rows - 0.3]
if (top / low < 8) { set xtics (0.25, 0.5, 0.7, 1, 1.4, 2, 4) } else {
    if (top / low < 200) { set xtics (0.1, 0.3, 1, 3, 10, 30) } else { set xtics ('' 0.01, 0.1, 1, 10, '' 100) }
}
set xtics font face.',9'
set format x '%g'
step = (0.985 - side / wide) / across
do for [p = 1:panels] {
    column = (p - 1) % across
    line = (p - 1) / across
    head = ''
    unset logscale; set xrange [*:*]; set yrange [*:*] # stats looks at them
    stats table skip 1 using ($1 == p ? (head = strcol(2), 0) : 0) nooutput
    set logscale x; set xrange [low / 1.2:1.2 * top]; set yrange [-0.7:rows - 0.3]
    set lmargin at screen side / wide + column * step
    set rmargin at screen side / wide + (column + 1) * step - 12.0 / wide
    set tmargin at screen 1 - (24.0 + line * (tall + 44)) / high
    set bmargin at screen 1 - (24.0 + line * (tall + 44) + tall) / high
    set title head font face.',11' noenhanced
    if (column == 0) { eval 'set ytics scale 0 noenhanced '.names_font.' ('.names.')' } else { unset ytics }
    set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb '#888888' lw 1 back
    if (guests > 0) { set object 1 rectangle from graph 0, first -0.7 to graph 1, first (guests - 0.5) behind fillcolor rgb shade fillstyle solid noborder }
    plot table skip 1 using ($1 == p && $5 == 0 ? inside($7) : NaN):3:(inside($8)):(inside($9)) with xerrorbars lc rgb '#0072b2' pt 7 ps 0.7 lw 1.5, \
         table skip 1 using ($1 == p && $5 == 1 ? inside($7) : NaN):3:(inside($8)):(inside($9)) with xerrorbars lc rgb '#d55e00' pt 5 ps 0.7 lw 1.5, \
         table skip 1 using ($1 == p && $12 == 1 ? low * 1.15 : NaN):3 with points lc rgb '#000000' pt 2 ps 0.8 lw 1.5
}
# The legend for all, below.
unset object 1; unset arrow 1; unset title; unset tics; unset border; unset grid; unset logscale
set tmargin at screen 30.0 / high; set bmargin at screen 0; set lmargin at screen 0.02; set rmargin at screen 0.98
set xrange [0:1]; set yrange [0:1]
set key center center horizontal Left reverse noenhanced width 2 font face.',11'
plot NaN with points lc rgb '#0072b2' pt 7 title 'ours', NaN with points lc rgb '#d55e00' pt 5 title 'of others', \
     NaN with points lc rgb '#000000' pt 2 title 'failed', NaN with boxes lc rgb shade fillstyle solid title 'guests'
unset multiplot
