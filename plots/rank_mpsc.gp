# table: rank_mpsc
# The class mpsc: rank.gnuplot.
table = data.'/rank_mpsc.tsv'
load here.'/rank.gnuplot'
