# table: rank_blocking
# The class blocking: rank.gnuplot.
table = data.'/rank_blocking.tsv'
load here.'/rank.gnuplot'
