# table: backoff
# The frontier of the back-off: a line for each queue through its settings, throughput to the right,
# fairness above and p99.9 of single operations below; a panel for each cell.
table = data.'/backoff.tsv'
wide = 980; high = 620
load here.'/style.gp'
cells = ''; names = ''
has(list, x) = strstrt(list, '|'.x.'|') > 0 # of '|a||b||c|'
stats table skip 1 using (has(cells, strcol(2)) ? 0 : (cells = cells.'|'.strcol(2).'|', 0)) nooutput
stats table skip 1 using (has(names, strcol(1)) ? 0 : (names = names.'|'.strcol(1).'|', 0)) nooutput
count(list) = (strlen(list) ? 1 + sum [i = 1:strlen(list) - 1] (list[i:i + 1] eq '||') : 0)
entry(list, i) = (i == 1 ? part(list) : entry(list[strlen(part(list)) + 3:], i - 1))
part(list) = list[2:strstrt(list[2:], '|')]
cells_n = count(cells); names_n = count(names)
slow = 1e30; fast = 0; quick = 1e30; late = 0
stats table skip 1 using (slow = $5 < slow ? $5 : slow, fast = $5 > fast ? $5 : fast, 0) nooutput
stats table skip 1 using ($9 == $9 ? (quick = $9 < quick ? $9 : quick, late = $9 > late ? $9 : late, 0) : 0) nooutput
set multiplot
unset key
left0 = 0.085; each = 0.9 / cells_n
longest = 0
stats table skip 1 using (longest = $3 > longest ? $3 : longest, 0) nooutput
label(n, usual) = n == 0 || usual == 1 || n == longest ? sprintf('%d', n) : ''
do for [c = 1:cells_n] {
    cell = entry(cells, c)
    set lmargin at screen left0 + (c - 1) * each; set rmargin at screen left0 + c * each - 0.015
    set logscale x; set xrange [slow / 1.4:fast * 1.4]
    set xtics (1, 2, 5, 10, 20, 50, 100, 200, 500)
    # fairness
    unset logscale y
    set tmargin at screen 1 - 30.0 / high; set bmargin at screen 1 - 285.0 / high
    set title cell
    set format x ''; unset xlabel
    set yrange [0:1.05]
    if (c == 1) { set ytics 0, 0.2; set format y '%g'; set ylabel 'fairness (of those who push)' } else { set ytics 0, 0.2; set format y ''; unset ylabel }
    plot for [i = 1:names_n] table skip 1 using (strcol(2) eq cell && strcol(1) eq entry(names, i) ? $5 : NaN):8 with linespoints lc rgb colour[1 + i] pt point[4 + i] ps 0.9 lw 1.3, \
         for [i = 1:names_n] table skip 1 using (strcol(2) eq cell && strcol(1) eq entry(names, i) && $4 == 1 ? $5 : NaN):8 with points lc rgb colour[1 + i] pt 7 ps 1.1, \
         for [i = 1:names_n] table skip 1 using (strcol(2) eq cell && strcol(1) eq entry(names, i) ? $5 : NaN):8:(label($3, $4)) with labels offset 0.6,0.6 font face.',8' textcolor rgb colour[1 + i]
    # tails
    set tmargin at screen 1 - 305.0 / high; set bmargin at screen 75.0 / high
    set title ''
    set format x '%g'; set xlabel 'M items/s'
    set logscale y; set yrange [0.6e-9 * quick:1.8e-9 * late]
    if (c == 1) { eval 'set ytics ('.times.')'; set ylabel 'p99.9 of a push or pop' } else { eval 'set ytics ('.marks.')'; unset ylabel }
    plot for [i = 1:names_n] table skip 1 using (strcol(2) eq cell && strcol(1) eq entry(names, i) ? $5 : NaN):($9 * 1e-9) with linespoints lc rgb colour[1 + i] pt point[4 + i] ps 0.9 lw 1.3, \
         for [i = 1:names_n] table skip 1 using (strcol(2) eq cell && strcol(1) eq entry(names, i) && $4 == 1 ? $5 : NaN):($9 * 1e-9) with points lc rgb colour[1 + i] pt 7 ps 1.1, \
         for [i = 1:names_n] table skip 1 using (strcol(2) eq cell && strcol(1) eq entry(names, i) ? $5 : NaN):($9 * 1e-9):(label($3, $4)) with labels offset 0.6,0.6 font face.',8' textcolor rgb colour[1 + i]
}
unset xlabel; unset ylabel; unset tics; unset border; unset grid; unset logscale
set tmargin at screen 38.0 / high; set bmargin at screen 0.0
set lmargin at screen 0.04; set rmargin at screen 0.99
eval legend
set xrange [0:1]; set yrange [0:1]
plot for [i = 1:names_n] NaN with linespoints lc rgb colour[1 + i] pt point[4 + i] lw 1.3 title entry(names, i), \
     NaN with points lc rgb '#555555' pt 7 ps 1.1 title 'the default'
unset multiplot
