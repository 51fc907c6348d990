# table: order
# Speed against order: throughput of pairs over the 99th percentile of the rank error, both log; what
# has one order for all stands at the left.
table = data.'/order.tsv'
wide = 800; high = 460
load here.'/style.gp'
most = 0
stats table skip 1 using (most = $2 > most ? $2 : most, 0) nooutput
none = 0.4 # where 0 is drawn
top = 1.0
slow = 1e30; fast = 1e-30
stats table skip 1 using ($2 == most ? (top = $8 > top ? $8 : top, slow = $4 < slow ? $4 : slow, fast = $4 > fast ? $4 : fast, 0) : 0) nooutput
set title sprintf('%d threads, each pushes one and pops one', most)
set logscale xy
set xrange [none / 2:top * 6]
set yrange [slow / 1.5:fast * 1.5]
set xtics ('0' none, '1' 1, '3' 3, '10' 10, '30' 30, '100' 100, '300' 300, '1000' 1000)
set xlabel 'older items still inside when an item leaves (99th percentile)'
set ytics (1, 2, 5, 10, 20, 50, 100, 200, 500)
set ylabel 'M items/s'
unset key
at(x) = x > 0 ? x : none
plot table skip 1 using ($2 == most && $10 == 0 ? at($8) : NaN):4:5:6 with yerrorbars lc rgb '#888888' pt 6 ps 0.8 lw 1.2, \
     table skip 1 using ($2 == most && $10 == 1 ? at($8) : NaN):4:5:6 with yerrorbars lc rgb '#d55e00' pt 7 ps 0.9 lw 1.4, \
     table skip 1 using ($2 == most && ($10 == 1 || style(strcol(1)) > 0) ? at($8) : NaN):4:('  '.strcol(1)) with labels left noenhanced font face.',9' textcolor rgb ink
