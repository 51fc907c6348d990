// gbench.cc: google-benchmark as a front door: every queue x workload is a registered benchmark
// named workload/family/queue/p:c (and /b64, /64B where it differs), run by the lab's own loops.
//
// google-benchmark's threads all run one function for equally many iterations, which fits no team
// of producers and consumers (and sums failed attempts into its items per second); so the team
// runs inside one iteration, with manual time, and counters are rates per iteration. Queues that
// fail verification are errors, not numbers.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

extern "C" {
#include "harness/plan.h"
#include "harness/run.h"
}

namespace
{

topology machine;

void run_cell(benchmark::State &state, cell c)
{
    run_options options{};
    options.topology = &machine;
    options.target_ns = 10'000'000; // sizing
    record r;
    for (int sizing = 0; sizing < 2; sizing++) {
        if (run_sample(&c, &options, &r) != 0 || !r.ok) {
            state.SkipWithError(r.error);
            return;
        }
        run_release(&r);
    }
    options.target_ns = 40'000'000;
    double items = 0, seconds = 0, cas_failed = 0, full = 0, empty = 0, switches = 0;
    for (auto _ : state) {
        options.seed++;
        if (run_sample(&c, &options, &r) != 0 || !r.ok) {
            state.SkipWithError(r.error);
            return;
        }
        state.SetIterationTime(r.elapsed_ns * 1e-9);
        items += static_cast<double>(r.items);
        seconds += r.elapsed_ns * 1e-9;
        cas_failed += static_cast<double>(r.cas_failed);
        full += static_cast<double>(r.full);
        empty += static_cast<double>(r.empty);
        switches += static_cast<double>(r.ctx_voluntary + r.ctx_involuntary);
        if (r.sojourn != nullptr) {
            const auto ns = [&](double q) {
                return static_cast<double>(histogram_quantile(r.sojourn, q)) * r.tick_ns;
            };
            state.counters["sojourn_p50_ns"] = ns(0.5);
            if (histogram_supports(r.sojourn, 0.99))
                state.counters["sojourn_p99_ns"] = ns(0.99);
        }
        if (r.push != nullptr && histogram_supports(r.push, 0.99))
            state.counters["push_p99_ns"] =
                static_cast<double>(histogram_quantile(r.push, 0.99)) * r.tick_ns;
        if (r.bytes_per_item > 0)
            state.counters["bytes_per_item"] = r.bytes_per_item;
        run_release(&r);
    }
    state.counters["items_per_second"] = items / seconds;
    state.counters["ns_per_item"] = 1e9 * seconds / items;
    state.counters["failed_cas_per_item"] = cas_failed / items;
    state.counters["full_per_item"] = full / items;
    state.counters["empty_per_item"] = empty / items;
    state.counters["switches_per_item"] = switches / items;
}

} // namespace

int main(int argc, char **argv)
{
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    if (topology_load(&machine) != 0) {
        std::fprintf(stderr, "queuelab_gbench: cannot read the processors of this machine\n");
        return 1;
    }
    plan_options options{};
    options.name = "full";
    options.pin = "spread";
    options.rounds = 1;
    plan everything;
    char message[256];
    if (plan_make(&everything, &options, message, sizeof message) != 0) {
        std::fprintf(stderr, "queuelab_gbench: %s\n", message);
        return 1;
    }
    for (size_t i = 0; i < everything.n; i++) {
        record r{};
        cell_describe(&everything.cells[i], &r);
        char name[160];
        record_cell_name(&r, name, sizeof name);
        benchmark::RegisterBenchmark(name, run_cell, everything.cells[i])
            ->UseManualTime()
            ->Unit(benchmark::kMillisecond);
    }
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    plan_free(&everything);
    return 0;
}
