# table: ratio
# How many times the throughput of the reference: one panel for each workload, sorted, log axis.
table = data.'/ratio.tsv'
set datafile separator tab
most = 1
stats table skip 1 using (most = $3 + 1 > most ? $3 + 1 : most, 0) nooutput
tall = most > 13 ? 15.0 * most : 195.0 # of one panel, in pixels
wide = 800; high = 2 * tall + 180
load here.'/style.gp'
set multiplot
unset key
set grid noytics
set format x '%gx'
stats table skip 1 using 6 nooutput
if (!exists('STATS_min')) STATS_min = 1
low = 0.8 * (STATS_min < 1 ? STATS_min : 1)
stats table skip 1 using 7 nooutput
top = 1.25 * (STATS_max > 1 ? STATS_max : 1)
if (top / low < 40) { set xtics (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) }
array left[4] = [0.205, 0.705, 0.205, 0.705]
array up[4] = [1 - 26.0 / high, 1 - 26.0 / high, 1 - (26.0 + 72 + tall) / high, 1 - (26.0 + 72 + tall) / high]
do for [p = 1:4] {
    head = ''; rows = 0; names = ''
    unset logscale; set xrange [*:*]; set yrange [*:*] # stats looks at them
    stats table skip 1 using ($1 == p ? (head = strcol(2), rows = rows + 1, names = names.(rows > 1 ? ', ' : '').sprintf("'%s' %d", strcol(4), int($3)), 0) : 0) nooutput
    if (rows > 0) {
        set lmargin at screen left[p]; set rmargin at screen left[p] + 0.28
        set tmargin at screen up[p]; set bmargin at screen up[p] - tall / high
        set title head
        set logscale x; set xrange [low:top]
        set yrange [-0.6:rows - 0.4]
        eval 'set ytics scale 0 noenhanced '.names_font.' ('.names.')'
        set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb '#888888' lw 1 back
        if (p > 2) { set xlabel 'times the throughput of '.reference offset 0,0.3 noenhanced textcolor rgb ink font face.',11' } else { unset xlabel }
        plot table skip 1 using ($1 == p && $9 == 0 ? $5 : NaN):3:6:7 with xerrorbars lc rgb '#0072b2' pt 7 ps 0.8 lw 1.6, \
             table skip 1 using ($1 == p && $9 == 1 ? $5 : NaN):3:6:7 with xerrorbars lc rgb '#888888' pt 6 ps 0.8 lw 1.6
    }
}
unset multiplot
