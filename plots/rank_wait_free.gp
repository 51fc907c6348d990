# table: rank_wait_free
# The class wait_free: rank.gnuplot.
table = data.'/rank_wait_free.tsv'
load here.'/rank.gnuplot'
