# table: percentiles
# Distribution of latency: the tail stretched, each decade ten times rarer.
wide = 800; high = 520
load here.'/style.gp'
table = data.'/percentiles.tsv'
set multiplot
set xtics ('50' 2, '90' 10, '99' 100, '99.9' 1e3, '99.99' 1e4, '99.999' 1e5, '99.9999' 1e6)
set xlabel '% of operations that were faster' offset 0,0.3
unset key
set bmargin at screen 0.27
set tmargin at screen 0.935
heads = "push sojourn"
part = 'push'
end = 10
stats table skip 1 using (strcol(2) eq 'push' || strcol(2) eq 'sojourn' ? (end = $5 > end ? $5 : end, 0) : 0) nooutput
do for [i = 1:2] {
    part = word(heads, i)
    where = ''
    low = 1e30; top = 0
    unset logscale; set xrange [*:*]; set yrange [*:*] # stats looks at them
    stats table skip 1 using (strcol(2) eq part ? (where = strcol(3), low = $6 < low ? $6 : low, top = $6 > top ? $6 : top, 0) : 0) nooutput
    if (top > 0) {
        set logscale xy; set xrange [1:end]
        set lmargin at screen (i == 1 ? 0.08 : 0.58); set rmargin at screen (i == 1 ? 0.485 : 0.985)
        set yrange [0.8e-9 * low:1.25e-9 * top]
        eval 'set ytics ('.times.')'
        set title (i == 1 ? 'push, service time ('.where.')' : 'sojourn, push to pop ('.where.')')
        plot for [q in queues] table skip 1 using (strcol(1) eq q && strcol(2) eq part ? $5 : NaN):($6 * 1e-9) with linespoints ls style(q) pointinterval 6
    }
}
unset title; unset xlabel; unset tics; unset border; unset grid
set tmargin at screen 0.16; set bmargin at screen 0.0
set lmargin at screen 0.04; set rmargin at screen 0.99
eval legend
unset logscale
set xrange [0:1]; set yrange [0:1]
plot for [q in queues] NaN with linespoints ls style(q) title q
unset multiplot
