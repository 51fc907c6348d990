# table: segment
# Throughput against the length of a segment, a panel for each cell; hollow: the queue's own choice.
table = data.'/segment.tsv'
wide = 900; high = 400
load here.'/style.gp'
cells = ''; names = ''
stats table skip 1 using (strstrt(cells.'|', '|'.strcol(2).'|') ? 0 : (cells = cells.'|'.strcol(2), 0)) nooutput
stats table skip 1 using (strstrt(names.' ', ' '.strcol(1).' ') ? 0 : (names = names.' '.strcol(1), 0)) nooutput
rest(list) = strstrt(list[2:], '|') ? list[1 + strstrt(list[2:], '|'):] : ''
first(list) = strstrt(list[2:], '|') ? list[2:strstrt(list[2:], '|')] : list[2:]
cells_n = 0; left = cells
while (strlen(left)) { cells_n = cells_n + 1; left = rest(left) }
slow = 1e30; fast = 0
stats table skip 1 using (slow = $5 < slow ? $5 : slow, fast = $6 > fast ? $6 : fast, 0) nooutput
set multiplot
unset key
set logscale x 2; set logscale y
set xrange [45:11600]; set yrange [slow / 1.2:fast * 1.2]
set xtics (64, 256, 1024, 4096) # 8192 stands at the right end
set ytics (1, 2, 5, 10, 20, 50, 100, 200, 500)
set xlabel 'cells of a segment'
set tmargin at screen 1 - 30.0 / high; set bmargin at screen 95.0 / high
left0 = 0.075; each = 0.915 / cells_n
left = cells
do for [c = 1:cells_n] {
    cell = first(left); left = rest(left)
    set lmargin at screen left0 + (c - 1) * each; set rmargin at screen left0 + c * each - 0.015
    set title cell
    if (c == 1) { set ylabel 'M items/s'; set format y '%g' } else { unset ylabel; set format y '' }
    plot for [i = 1:words(names)] table skip 1 using (strcol(2) eq cell && strcol(1) eq word(names, i) && $3 > 0 ? $3 * (1 + 0.03 * (i - 2)) : NaN):4:5:6 with yerrorlines lc rgb colour[1 + i] pt 7 ps 0.6 lw 1.3, \
         for [i = 1:words(names)] table skip 1 using (strcol(2) eq cell && strcol(1) eq word(names, i) && $3 == 0 ? 1024 * (1 + 0.03 * (i - 2)) : NaN):4 with points lc rgb colour[1 + i] pt 6 ps 1.5 lw 1.6
}
unset title; unset xlabel; unset ylabel; unset tics; unset border; unset grid; unset logscale
set tmargin at screen 45.0 / high; set bmargin at screen 0.0
set lmargin at screen 0.04; set rmargin at screen 0.99
eval legend
set xrange [0:1]; set yrange [0:1]
plot for [i = 1:words(names)] NaN with linespoints lc rgb colour[1 + i] pt 7 ps 0.6 lw 1.3 title word(names, i), \
     NaN with points lc rgb '#555555' pt 6 ps 1.5 lw 1.6 title 'own choice'
unset multiplot
