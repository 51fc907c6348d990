# table: rank_relaxed
# The class relaxed: rank.gnuplot.
table = data.'/rank_relaxed.tsv'
load here.'/rank.gnuplot'
