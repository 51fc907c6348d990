# table: study_indexing
# Maps under 8 threads: a panel for each mix, a row for each map, the fastest of the read-heavy mix on top.
table = data.'/study_indexing.tsv'
rows = 0; most = 0
stats table skip 1 using (rows = rows + 1, most = $6 > most ? $6 : most, most = $9 > most ? $9 : most, most = $12 > most ? $12 : most, 0) nooutput
wide = 860; high = 140 + 26 * rows
load here.'/style.gp'
M = 1e6
array paint[3] = ['#d55e00', '#0072b2', '#8a8a8a']
array shape[3] = [7, 5, 9]
array words_[3] = ['without locks', 'with locks', 'other people''s']
array mix[3] = ['read-only', 'read-heavy (95 % finds)', 'write-heavy (90 % changes)']
array left[3] = [0.135, 0.435, 0.725]
set yrange [-0.7:rows - 0.3]
set xrange [0:1.05 * most / M]
set xtics out
set grid xtics noytics
set border 1
set multiplot
set tmargin at screen 1 - 42.0 / high
set bmargin at screen 88.0 / high
unset key
do for [k = 1:3] {
    set label k words_[k] at screen 0.13 + 0.21 * k, screen 16.0 / high point lc rgb paint[k] pt shape[k] ps 0.9 offset 0.8,0 textcolor rgb ink
}
do for [p = 1:3] {
    set lmargin at screen left[p]
    set rmargin at screen left[p] + 0.255
    set title mix[p]
    set xlabel (p == 2 ? 'M operations/s, 8 threads, Zipf keys' : ' ')
    if (p == 1) {
        set ytics scale 0 noenhanced
    } else {
        unset ytics
    }
    c = 1 + 3 * p
    plot table skip 1 using (NaN):2:ytic(1) notitle, \
         for [k = 0:2] table skip 1 using ($3 == k ? column(c) / M : NaN):2:(column(c + 1) / M):(column(c + 2) / M) \
             with xerrorbars lc rgb paint[k + 1] pt shape[k + 1] ps 0.9 lw 1.6 notitle
    unset label # drawn once
}
unset multiplot
