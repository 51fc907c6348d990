# table: memory
# Memory of a full queue for each item inside it; the tick is the item.
wide = 800; high = 300
load here.'/style.gp'
table = data.'/memory.tsv'
rows = 0; names = ''; room = 0; sizes = ''; top = 0; longest = 20
stats table skip 1 using (rows = $2 + 1 > rows ? $2 + 1 : rows, names = names.(strlen(names) ? ', ' : '').sprintf("'%s' %d", strcol(1), int($2)), room = $4, longest = strlen(strcol(1)) > longest ? strlen(strcol(1)) : longest, top = $5 > top ? $5 : top, strstrt(sizes, sprintf(' %d ', $3)) ? 0 : (sizes = sizes.sprintf(' %d ', $3)), 0) nooutput
high = 130 + (rows > 15 ? 20 : 30) * rows
load here.'/style.gp'
eval 'set ytics scale 0 noenhanced '.names_font.' ('.names.')'
set grid noytics
set xrange [0:1.12 * top]
set yrange [-0.6:rows - 0.4]
set lmargin at screen (20 + 7.4 * longest) / wide; set rmargin at screen 0.97
set xlabel 'bytes per item (high water over items inside)'
set title sprintf('memory of a queue filled with %d items', room)
set key at screen 0.57, screen 16.0 / high center horizontal Left reverse width 2
set bmargin at screen 82.0 / high
n = words(sizes)
array tint[4] = ['#56b4e9', '#0072b2', '#009e73', '#cc79a7']
step = 0.8 / n
place(s) = (n - 1) * step / 2.0 - (s - 1) * step
plot for [s = 1:n] table skip 1 using (0):($3 == int(word(sizes, s)) ? $2 + place(s) : NaN):(0):5:($2 + place(s) - 0.45 * step):($2 + place(s) + 0.45 * step) with boxxyerror lc rgb tint[s] fillstyle solid 0.85 noborder title word(sizes, s).'-byte items', \
     for [s = 1:n] table skip 1 using ($3 == int(word(sizes, s)) ? $3 : NaN):($2 + place(s) - 0.45 * step):(0):(0.9 * step) with vectors nohead lc rgb 'black' lw 2 title (s == 1 ? 'the item itself' : ''), \
     for [s = 1:n] table skip 1 using ($3 == int(word(sizes, s)) ? $5 : NaN):($2 + place(s)):(sprintf('%.1f', $5)) with labels left offset 0.6,0 font face.',9' textcolor rgb ink notitle
