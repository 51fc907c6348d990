# table: rank_priority
# The class priority: rank.gnuplot.
table = data.'/rank_priority.tsv'
load here.'/rank.gnuplot'
