# table: study_wal_admission
# The write-ahead log: durable commits per second against the committing threads. On the left the
# disk and other people's logs, on the right a sync of 5 ms, which shows what the wait costs.
table = data.'/study_wal_admission.tsv'
wide = 800; high = 480
load here.'/style.gp'
names = '"own entry, committers lead" "own entry, flusher" "RocksDB" "SQLite WAL, FULL" "a sync for each" "as written, poll 1 ms" "as written, poll 100 us" "own entry, space reserved" "RocksDB, logs recycled"'
array hue[9] = ['#0072b2', '#56b4e9', '#e69f00', '#8f8500', '#999999', '#d55e00', '#cc79a7', '#009e73', '#a05a00']
array mark[9] = [7, 6, 5, 9, 1, 11, 10, 13, 4]
array dash[9] = [1, 2, 1, 1, 3, 1, 2, 1, 2]
most = 1; least = 1e30; top = 0; disk = ''; slow = ''
stats table skip 1 using (most = $3 > most ? $3 : most, least = $4 < least ? $4 : least, top = $6 > top ? $6 : top, (strcol(1) eq 'disk' ? (disk = strcol(7), 0) : strcol(1) eq 'simulated' ? (slow = strcol(7), 0) : 0)) nooutput
floor = 0.6 * (least > 1 ? least : 1)
above(low) = low > floor ? low : floor       # an interval may reach to nothing
aside(n, i) = n * (1 + 0.025 * (i - 4))      # so that intervals do not hide one another
set multiplot
set logscale x 2
set logscale y
set xrange [0.8:1.25 * most]
set yrange [floor:1.8 * top]
set xtics (1, 2, 4, 8, 16, 32, 64, 128)
set xlabel 'committing threads' offset 0,0.3
set ytics ('10' 10, '100' 100, '1 000' 1e3, '10 000' 1e4, '100 000' 1e5, '1 000 000' 1e6)
unset key
set bmargin at screen 0.30; set tmargin at screen 0.92

set lmargin at screen 0.115; set rmargin at screen 0.535
set ylabel 'durable commits per second' offset 1,0
set title 'disk: '.disk
plot for [i = 1:9] table skip 1 using (strcol(1) eq 'disk' && strcol(2) eq word(names, i) ? aside($3, i) : NaN):4:(above($5)):6 with yerrorlines lc rgb hue[i] pt mark[i] dt dash[i] lw 1.4 ps 0.8

set lmargin at screen 0.565; set rmargin at screen 0.985
unset ylabel
set ytics ('' 10, '' 100, '' 1e3, '' 1e4, '' 1e5, '' 1e6)
set title slow
plot for [i = 1:9] table skip 1 using (strcol(1) eq 'simulated' && strcol(2) eq word(names, i) ? aside($3, i) : NaN):4:(above($5)):6 with yerrorlines lc rgb hue[i] pt mark[i] dt dash[i] lw 1.4 ps 0.8, \
     table skip 1 using (strcol(1) eq 'document' ? $3 : NaN):4 with points pt 3 ps 1.1 lc rgb '#555555', \
     table skip 1 using (strcol(1) eq 'document' ? $3 : NaN):4:(sprintf('the document: %d', $4)) with labels right offset -1,0.1 textcolor rgb '#555555' font face.',10'

unset title; unset xlabel; unset tics; unset border; unset grid; unset logscale
set tmargin at screen 0.19; set bmargin at screen 0.0
set lmargin at screen 0.04; set rmargin at screen 0.99
set key center center horizontal Left reverse maxcols 3 width 1 noenhanced
set xrange [0:1]; set yrange [0:1]
plot for [i = 1:9] NaN with linespoints lc rgb hue[i] pt mark[i] dt dash[i] lw 1.4 ps 0.8 title word(names, i)
unset multiplot
