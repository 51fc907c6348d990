# table: study_telemetry_ring
# Events a second through the telemetry ring, as it is printed, as it should be, and under a lock.
table = data.'/study_telemetry_ring.tsv'
wide = 800; high = 460
load here.'/style.gp'
least = 1e30; most = 0
stats table skip 1 using ($3 > 0 ? (most = $5 > most ? $5 : most, least = $4 < least ? $4 : least, 0) : 0) nooutput
floor = 0.6 * least
set logscale x
set xrange [floor:most * 1.6]
set yrange [5.7:-1.15]
set xtics ('10 K' 1e4, '100 K' 1e5, '1 M' 1e6, '10 M' 1e7, '100 M' 1e8)
set grid xtics noytics
set border 1
set ytics scale 0 noenhanced
set xlabel 'events a second that reach the consumer'
set key at screen 0.98, screen 0.955 right horizontal Right noreverse noenhanced
set lmargin 25
set tmargin 3.2
# The two targets: one producer, four.
set arrow 1 from 1e6, -0.75 to 1e6, 5.7 nohead lc rgb colour[3] dt 3 lw 1.2
set arrow 2 from 5e5, -0.75 to 5e5, 5.7 nohead lc rgb colour[2] dt 3 lw 1.2
set label 1 'target, 1 producer' at 1.08e6, -0.85 tc rgb colour[3] font face.',10'
set label 2 'target, 4 producers' at 4.65e5, -0.85 right tc rgb colour[2] font face.',10'
row(i) = floor(i / 2)
side(i) = (int(i) % 2 ? 0.19 : -0.19)
plot \
    table skip 1 every 2 using (floor):0:ytic(strcol(1) eq 'ring' ? 'ring_mpsc' : strcol(1)) with dots lc rgb 'white' notitle, \
    table skip 1 using (int($0) % 2 == 0 && $3 > 0 ? $3 : 1/0):(row($0) + side($0)):4:5 with xerrorbars \
        lc rgb colour[3] pt point[3] ps 1.1 lw 1.8 title '1 producer', \
    table skip 1 using (int($0) % 2 == 1 && $3 > 0 ? $3 : 1/0):(row($0) + side($0)):4:5 with xerrorbars \
        lc rgb colour[2] pt point[2] ps 1.1 lw 1.8 title '4 producers', \
    table skip 1 using ($6 > 0 ? ($3 > 0 ? $5 : floor) * 1.1 : 1/0):(row($0) + side($0)):(sprintf('hangs for ever in %d of %d runs', $6, $7)) with labels \
        left tc rgb colour[5] font face.',11' notitle
