# table: contention
# Events for each item that went through: one panel an event, one row a queue, log axis.
wide = 800; high = 420
load here.'/style.gp'
table = data.'/contention.tsv'
rows = 0; where = ''; names = ''
stats table skip 1 using (rows = rows + 1, where = strcol(3), names = names.(rows > 1 ? ', ' : '').sprintf("'%s' %d", strcol(1), int($2)), 0) nooutput
high = 125 + 26 * rows
load here.'/style.gp'
set multiplot title 'contention under '.where.': events per item' font face.',12' textcolor rgb ink
low = 1e-7; top = 10.0
array head[6] = ['failed CAS', 'retries', 'full', 'empty', 'slept', 'preempted']
found = 1e30
do for [k = 4:9] {
    stats table skip 1 using (column(k) > 0 ? (found = column(k) < found ? column(k) : found, top = column(k) > top ? column(k) : top, 0) : 0) nooutput
}
floor_of(x) = 10**floor(log10(x))
low = found < 1e30 ? 0.1 * floor_of(found) : 1e-3
set logscale x
set xrange [0.5 * low:2 * top]
set yrange [-0.6:rows - 0.4]
decades = log10(top / low)
set xtics 10**ceil(decades / 2.0 - 0.5) font face.',10'
set mxtics 1
set format x '10^{%L}'
set grid
unset key
left0 = 0.205; each = 0.79 / 6
set tmargin at screen 1 - 62.0 / high
set bmargin at screen 38.0 / high
do for [i = 1:6] {
    k = 3 + i
    set lmargin at screen left0 + (i - 1) * each; set rmargin at screen left0 + i * each - 0.012
    set title head[i] font face.',11' offset 0,-0.6
    if (i == 1) { eval 'set ytics scale 0 noenhanced '.names_font.' ('.names.')' } else { eval 'set ytics scale 0 ('.names.')'; set format y ''; do for [r = 0:rows - 1] { set ytics add ('' r) } }
    plot table skip 1 using (column(k) > 0 ? low : NaN):2:(column(k) / low * low - low):(0) with vectors nohead lc rgb '#bbbbbb' lw 1.2, \
         table skip 1 using (column(k) > 0 ? column(k) : NaN):2 with points lc rgb '#d55e00' pt 7 ps 0.8, \
         table skip 1 using (column(k) == 0 ? low : NaN):2 with points lc rgb '#999999' pt 6 ps 0.6
}
unset multiplot
