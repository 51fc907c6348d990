# table: rank_spsc
# The class spsc: rank.gnuplot.
table = data.'/rank_spsc.tsv'
load here.'/rank.gnuplot'
