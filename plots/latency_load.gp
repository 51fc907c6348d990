# table: load
# Sojourn in the open loop against the offered rate: median, 99 %, 99.9 %.
wide = 800; high = 480
load here.'/style.gp'
table = data.'/load.tsv'
set multiplot
set logscale xy
unset key
set bmargin at screen 0.29
set tmargin at screen 0.93
low = 1e30; top = 0; slow = 1e30; fast = 0; team = ''
stats table skip 1 using (low = $5 < low ? $5 : low, top = $5 > top ? $5 : top, slow = $3 < slow ? $3 : slow, fast = $3 > fast ? $3 : fast, team = strcol(2), 0) nooutput
stats table skip 1 using ($7 == $7 ? (top = $7 > top ? $7 : top, 0) : 0) nooutput
stats table skip 1 using ($6 == $6 ? (top = $6 > top ? $6 : top, 0) : 0) nooutput
set yrange [0.7e-9 * low:1.5e-9 * top]
set xrange [0.7 * slow:1.4 * fast]
set format x '%g'
array head[3] = ['median', '99 % are faster', '99.9 % are faster']
do for [i = 1:3] {
    set lmargin at screen 0.115 + (i - 1) * 0.297; set rmargin at screen 0.115 + (i - 1) * 0.297 + 0.28
    if (i == 1) { eval 'set ytics ('.times.')'; set ylabel sprintf('sojourn, open loop (%s)', team) offset 0.5,0 textcolor rgb ink } else { eval 'set ytics ('.marks.')'; unset ylabel }
    set title head[i]
    if (i == 2) { set xlabel 'offered, million items per second' offset 0,0.3 textcolor rgb ink } else { unset xlabel }
    k = 4 + i
    plot for [q in queues] table skip 1 using (strcol(1) eq q ? $3 : NaN):(column(k) * 1e-9) with lines ls style(q), \
         for [q in queues] table skip 1 using (strcol(1) eq q && $8 == 0 ? $3 : NaN):(column(k) * 1e-9) with points ls style(q), \
         for [q in queues] table skip 1 using (strcol(1) eq q && $8 == 1 ? $3 : NaN):(column(k) * 1e-9) with points ls style(q) pt 2 ps 1.1 lw 2
}
unset title; unset xlabel; unset tics; unset border; unset grid; unset ylabel
set tmargin at screen 0.18; set bmargin at screen 0.0
set lmargin at screen 0.04; set rmargin at screen 0.99
eval legend
unset logscale
set xrange [0:1]; set yrange [0:1]
plot for [q in queues] NaN with linespoints ls style(q) title q, \
     NaN with points lc rgb '#555555' pt 2 ps 1.1 lw 2 title 'overloaded'
unset multiplot
