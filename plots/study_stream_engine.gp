# table: study_stream_engine
# Left: records per second of each step with 1, 4 and 8 workers, and what the document expects (hollow).
# Right: context switches of a batch. Rows as in the table, the first on top.
table = data.'/study_stream_engine.tsv'
set datafile separator tab
rows = 0; most = 0
stats table skip 1 using (rows = rows + 1, most = $7 > most ? $7 : most, most = $13 > most ? $13 : most, most = $19 > most ? $19 : most, 0) nooutput
wide = 980; high = 120 + 40 * rows
load here.'/style.gp'
array paint[3] = ['#56b4e9', '#0072b2', '#1b2f4b']
array name[3] = ['1 worker', '4 workers', '8 workers']
claimed = '#d55e00'
thick = 0.13
at(row, k) = rows - 1 - row + (2 - k) * 0.26
M = 1e6
set yrange [-0.6:rows - 0.4]
set border 1
set xtics out
set grid xtics noytics
set multiplot
set tmargin at screen 1 - 40.0 / high
set bmargin at screen 84.0 / high
unset key
do for [k = 1:3] {
    set object k rectangle at screen 0.24 + 0.13 * k, screen 17.0 / high size screen 0.016, screen 9.0 / high fc rgb paint[k] fs solid noborder
    set label k name[k] at screen 0.254 + 0.13 * k, screen 17.0 / high left textcolor rgb ink
}
set label 4 'expected by the document' at screen 0.77, screen 17.0 / high left point lc rgb claimed pt 12 ps 1.1 lw 1.6 offset 0.9,-0.12 textcolor rgb ink
set style fill solid 1 noborder

set lmargin at screen 0.205; set rmargin at screen 0.605
set title 'throughput, group by, 1 K groups'
set xlabel 'records per second'
set logscale x
from = 9.99e3
set xrange [from:most * 1.2]
set xtics ('10 K' 1e4, '100 K' 1e5, '1 M' 1e6, '10 M' 1e7, '100 M' 1e8, '1 G' 1e9)
set ytics scale 0 noenhanced
plot table skip 1 using (NaN):(at($2, 2)):ytic(1) notitle, \
     for [k = 1:3] table skip 1 using (from):(at($2, k)):(from):(column(6 * k - 1)):(at($2, k) - thick):(at($2, k) + thick) with boxxyerror lc rgb paint[k] notitle, \
     for [k = 1:3] table skip 1 using (column(6 * k - 1)):(at($2, k)):(column(6 * k)):(column(6 * k + 1)) with xerrorbars lc rgb '#888888' pt 0 ps 0 lw 1 notitle, \
     table skip 1 using 4:(at($2, 2)) with points lc rgb claimed pt 12 ps 1.3 lw 1.8 notitle
unset object; unset label

set lmargin at screen 0.655; set rmargin at screen 0.985
set title 'context switches of a batch of records'
set xlabel 'the workers gave up the processor to wait'
least = 0.003
set xrange [least:60000]
set xtics ('0.01' 0.01, '0.1' 0.1, '1' 1, '10' 10, '100' 100, '1 K' 1000, '10 K' 10000)
unset ytics
clip(v) = v > least ? v : least
expected(row) = stringcolumn(1) eq 'current: lock per record' ? 30000 : stringcolumn(1) eq '+ lock per batch' ? 2000 : NaN
plot for [k = 1:3] table skip 1 using (least):(at($2, k)):(least):(clip(column(6 * k + 2))):(at($2, k) - thick):(at($2, k) + thick) with boxxyerror lc rgb paint[k] notitle, \
     for [k = 1:3] table skip 1 using (clip(column(6 * k + 2))):(at($2, k)):(clip(column(6 * k + 3))):(clip(column(6 * k + 4))) with xerrorbars lc rgb '#888888' pt 0 ps 0 lw 1 notitle, \
     table skip 1 using (expected($2)):(at($2, 2)) with points lc rgb claimed pt 12 ps 1.3 lw 1.8 notitle
unset multiplot
