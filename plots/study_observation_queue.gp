# table: study_observation_queue
# Left: what the document claims (hollow) beside what was measured (filled, with interval), records a
# second. Right: low-priority records that wait while normal is never empty, by the rule of service.
table = data.'/study_observation_queue.tsv'
wide = 1000; high = 420
load here.'/style.gp'
set multiplot
claims = 0
stats table skip 1 using (strcol(1) eq 'claim' ? (claims = claims + 1, 0) : 0) nooutput
array label[claims + 1]
most = 0; last = 0
stats table skip 1 using (strcol(1) eq 'backlog' ? (most = $4 > most ? $4 : most, last = $3 > last ? $3 : last, 0) : 0) nooutput
row = 0
stats table skip 1 using (strcol(1) eq 'claim' ? (row = row + 1, label[row] = strcol(2), 0) : 0) nooutput

set tmargin at screen 1 - 40.0 / high; set bmargin at screen 60.0 / high
set lmargin at screen 0.19; set rmargin at screen 0.565
set title 'claimed and measured'
set logscale x
set xrange [1e3:6e7]; set yrange [0.3:claims + 0.6]
set xtics ('1 K' 1e3, '10 K' 1e4, '100 K' 1e5, '1 M' 1e6, '10 M' 1e7)
set xlabel 'records per second'
set ytics () noenhanced; set for [i = 1:claims] ytics add (label[i] claims + 1 - i)
set key at graph 0.99, graph 0.085 right center vertical Left reverse noenhanced samplen 1
claim(column) = strcol(1) eq 'claim' ? column : NaN
at(row) = claims + 1 - row
plot table skip 1 using (claim($3)):(at($7)):($4 - $3):(0) with vectors nohead lc rgb '#cccccc' lw 2.2 notitle, \
     table skip 1 using (claim($3)):(at($7)) with points lc rgb colour[5] pt 6 ps 1.3 lw 1.8 title 'claimed', \
     table skip 1 using (claim($4)):(at($7)):5:6 with xerrorbars lc rgb colour[3] pt 7 ps 0.9 lw 1.5 title 'measured'

set title 'low records that wait'
unset logscale x
set lmargin at screen 0.66; set rmargin at screen 0.985
unit = last >= 1e6 ? 1e6 : 1e3
set xrange [0:last / unit * 1.03]; set logscale y; set yrange [0.7:most * 4]
set xtics autofreq; set ytics ('1' 1, '10' 10, '100' 100, '1 K' 1e3, '10 K' 1e4, '100 K' 1e5, '1 M' 1e6)
set xlabel (unit == 1e6 ? 'million dequeues' : 'thousand dequeues').', 1 low record in each 100'
service = "strict 'as written' fair"
title_of(i) = i == 1 ? 'strict' : i == 2 ? 'promotion as written' : 'fair'
name_of(i) = i == 1 ? 'strict' : i == 2 ? 'as written' : 'fair'
set key bottom right at graph 0.98, 0.3 Left reverse noenhanced samplen 1.8
plot for [i = 1:3] table skip 1 using (strcol(1) eq 'backlog' && strcol(2) eq name_of(i) ? $3 / unit : NaN):4 with linespoints lc rgb colour[i == 1 ? 1 : i == 2 ? 5 : 4] pt (i == 1 ? 5 : i == 2 ? 6 : 7) ps 0.8 lw 1.6 title title_of(i)

unset multiplot
