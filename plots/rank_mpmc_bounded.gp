# table: rank_mpmc_bounded
# The class mpmc_bounded: rank.gnuplot.
table = data.'/rank_mpmc_bounded.tsv'
load here.'/rank.gnuplot'
