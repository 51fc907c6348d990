# table: throughput
# Throughput against threads: pairs on the left, as many producers as consumers on the right.
wide = 800; high = 500
load here.'/style.gp'
set multiplot
# One range of figures for both panels, so that they can be compared by eye.
table = data.'/throughput.tsv'
shown(w) = strcol(2) eq w && $7 == 1
stats table skip 1 using ((strcol(2) eq 'pairs' || strcol(2) eq 'mpmc') && $7 == 1 ? $11 : NaN) nooutput
if (!exists('STATS_min')) STATS_min = 1 # a narrow run may have neither workload
low = 0.7 * STATS_min
stats table skip 1 using ((strcol(2) eq 'pairs' || strcol(2) eq 'mpmc') && $7 == 1 ? $12 : NaN) nooutput
if (!exists('STATS_max')) STATS_max = 1
top = 1.5 * STATS_max
most = 1
stats table skip 1 using ((strcol(2) eq 'pairs' || strcol(2) eq 'mpmc') && $7 == 1 ? (most = $5 > most ? $5 : most, 0) : NaN) nooutput
set xrange [0.8:1.25 * most]
set yrange [low:top]
set logscale x 2
set logscale y
set xtics (1, 2, 4, 8, 16, 32, 64, 128)
set format y '%g'
set xlabel 'threads' offset 0,0.3
unset key

set bmargin at screen 0.27
set tmargin at screen 0.935
if (cpus < most) {
    set object 1 rectangle from sqrt(2) * cpus, graph 0 to graph 1, graph 1 behind fillcolor rgb shade fillstyle solid noborder
    set label 1 sprintf('more threads than the %d CPUs', cpus) at graph 0.985, graph 0.965 right textcolor rgb '#8a7a55' font face.',10'
}

set lmargin at screen 0.085; set rmargin at screen 0.525
set ylabel 'million items per second' offset 1,0
set title 'pairs: every thread pushes one, then pops one'
panel = 'pairs'
plot for [q in queues] table skip 1 using (strcol(1) eq q && shown(panel) ? $5 : NaN):10:11:12 with yerrorlines ls style(q), \
     for [i = 1:words(floors)] q = word(floors, i) table skip 1 using (strcol(1) eq q && shown(panel) ? $5 : NaN):10 with linespoints lc rgb '#999999' dt 3 + i pt 1 + i lw 1.2 ps 0.6

set lmargin at screen 0.55; set rmargin at screen 0.99
set format y ''
unset ylabel
set title 'mpmc: half of them push, half of them pop'
panel = 'mpmc'
plot for [q in queues] table skip 1 using (strcol(1) eq q && shown(panel) ? $5 : NaN):10:11:12 with yerrorlines ls style(q)

# The legend for both, below.
unset object 1; unset label 1; unset title; unset xlabel; unset tics; unset border; unset grid
set tmargin at screen 0.18; set bmargin at screen 0.0
set lmargin at screen 0.04; set rmargin at screen 0.99
eval legend
unset logscale
set xrange [0:1]; set yrange [0:1]
plot for [q in queues] NaN with linespoints ls style(q) title q, \
     for [i = 1:words(floors)] NaN with linespoints lc rgb '#999999' dt 3 + i pt 1 + i lw 1.2 ps 0.6 title word(floors, i).' (floor)'
unset multiplot
