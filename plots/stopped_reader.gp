# table: held
# Bytes that a queue holds while a reader stands still, against the items that passed meanwhile.
table = data.'/held.tsv'
wide = 800; high = 420
load here.'/style.gp'
names = ''
stats table skip 1 using (strstrt(names.' ', ' '.strcol(1).' ') ? 0 : (names = names.' '.strcol(1), 0)) nooutput
least = 1e30; most = 0
stats table skip 1 using (least = $3 < least ? $3 : least, most = $3 > most ? $3 : most, 0) nooutput
set logscale xy
set xrange [700:2.5e6]
set yrange [least / 2:most * 3]
set xtics ('1000' 1e3, '10 000' 1e4, '100 000' 1e5, '1 000 000' 1e6)
set ytics ('1 KiB' 1024, '10 KiB' 10240, '100 KiB' 102400, '1 MiB' 1048576, '10 MiB' 10485760, '100 MiB' 104857600, '1 GiB' 1073741824)
set xlabel 'items that passed while one thread stood still inside a pop'
set ylabel 'held by the queue'
set key outside bottom center horizontal Left reverse noenhanced
plot for [i = 1:words(names)] table skip 1 using (strcol(1) eq word(names, i) ? $2 : NaN):3 with linespoints \
    lc rgb colour[1 + i % 8] pt point[1 + (i - 1) % 13] lw 1.6 ps 0.9 title word(names, i)
