# table: rank_mpmc_unbounded
# The class mpmc_unbounded: rank.gnuplot.
table = data.'/rank_mpmc_unbounded.tsv'
load here.'/rank.gnuplot'
