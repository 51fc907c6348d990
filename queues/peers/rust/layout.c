/* layout.c: prints what the Rust side must know of the C side: layout.rs, made at every build.
 *
 * abi.rs mirrors these structs field by field and fails to compile where name, offset or size
 * differ; constants are not written a second time at all. */
#include <stdio.h>

#include "harness/driver.h"
#include "queues/memory.h"
#include "queues/wait.h"

#define STRUCT(s, name) printf("pub mod %s {\n    pub const BYTES: usize = %zu;\n", name, sizeof(s))
#define FIELD(s, f)     printf("    pub const %s: usize = %zu;\n", #f, offsetof(s, f))
#define END()           printf("}\n")
#define NUMBER(type, name, value)                                                                  \
    printf("pub const %s: %s = %llu;\n", name, type, (unsigned long long)(value))

static void driver(void)
{
    STRUCT(struct q_driver, "driver");
    FIELD(struct q_driver, abi);
    FIELD(struct q_driver, item_bytes);
    FIELD(struct q_driver, name);
    FIELD(struct q_driver, inner);
    FIELD(struct q_driver, call);
    FIELD(struct q_driver, traits);
    FIELD(struct q_driver, queue_bytes);
    FIELD(struct q_driver, handle_bytes);
    FIELD(struct q_driver, align);
    FIELD(struct q_driver, init);
    FIELD(struct q_driver, destroy);
    FIELD(struct q_driver, attach);
    FIELD(struct q_driver, detach);
    FIELD(struct q_driver, push);
    FIELD(struct q_driver, pop);
    FIELD(struct q_driver, push_n);
    FIELD(struct q_driver, pop_n);
    FIELD(struct q_driver, push_wait);
    FIELD(struct q_driver, pop_wait);
    FIELD(struct q_driver, close);
    FIELD(struct q_driver, capacity);
    FIELD(struct q_driver, bytes);
    FIELD(struct q_driver, dropped);
    FIELD(struct q_driver, spilled);
    FIELD(struct q_driver, stop);
    FIELD(struct q_driver, make);
    FIELD(struct q_driver, key);
    FIELD(struct q_driver, produce);
    FIELD(struct q_driver, consume);
    FIELD(struct q_driver, pairs);
    FIELD(struct q_driver, fill_drain);
    FIELD(struct q_driver, ping);
    FIELD(struct q_driver, pong);
    FIELD(struct q_driver, produce_timed);
    FIELD(struct q_driver, produce_paced);
    FIELD(struct q_driver, consume_timed);
    FIELD(struct q_driver, pairs_timed);
    FIELD(struct q_driver, produce_offered);
    FIELD(struct q_driver, consume_slow);
    END();
}

static void worker(void)
{
    STRUCT(struct q_worker, "worker");
    FIELD(struct q_worker, queue);
    FIELD(struct q_worker, handle);
    FIELD(struct q_worker, back);
    FIELD(struct q_worker, back_handle);
    FIELD(struct q_worker, driver);
    FIELD(struct q_worker, n);
    FIELD(struct q_worker, batch);
    FIELD(struct q_worker, depth);
    FIELD(struct q_worker, producer);
    FIELD(struct q_worker, epoch);
    FIELD(struct q_worker, sample);
    FIELD(struct q_worker, schedule);
    FIELD(struct q_worker, work);
    FIELD(struct q_worker, last);
    FIELD(struct q_worker, push_ticks);
    FIELD(struct q_worker, pop_ticks);
    FIELD(struct q_worker, sojourn_ticks);
    FIELD(struct q_worker, stop);
    FIELD(struct q_worker, start);
    FIELD(struct q_worker, end);
    FIELD(struct q_worker, pushed);
    FIELD(struct q_worker, popped);
    FIELD(struct q_worker, sum_pushed);
    FIELD(struct q_worker, sum_popped);
    FIELD(struct q_worker, full);
    FIELD(struct q_worker, empty);
    FIELD(struct q_worker, dropped);
    FIELD(struct q_worker, disorder);
    FIELD(struct q_worker, torn);
    FIELD(struct q_worker, other);
    FIELD(struct q_worker, failed_status);
    END();
}

static void smaller(void)
{
    STRUCT(struct q_config, "config");
    FIELD(struct q_config, capacity);
    FIELD(struct q_config, producers);
    FIELD(struct q_config, consumers);
    FIELD(struct q_config, segment);
    FIELD(struct q_config, when_full);
    FIELD(struct q_config, spill_path);
    FIELD(struct q_config, spill_max_bytes);
    FIELD(struct q_config, spill_sync);
    FIELD(struct q_config, alloc_fails_at);
    END();
    STRUCT(struct q_bytes, "bytes");
    FIELD(struct q_bytes, now);
    FIELD(struct q_bytes, peak);
    END();
    STRUCT(struct q_counts, "counts");
    FIELD(struct q_counts, cas_failed);
    FIELD(struct q_counts, retries);
    FIELD(struct q_counts, parks);
    FIELD(struct q_counts, wakes);
    FIELD(struct q_counts, error);
    END();
}

int main(void)
{
    printf("// Made by queues/peers/rust/layout.c from the headers of the C side.\n");
    driver();
    worker();
    smaller();
    NUMBER("u32", "DRIVER_ABI", Q_DRIVER_ABI);
    NUMBER("u32", "KEY_NUMBER_BITS", Q_KEY_NUMBER_BITS);
    NUMBER("u64", "KEY_NUMBER_MASK", Q_KEY_NUMBER_MASK);
    NUMBER("usize", "BATCH_MAX", Q_BATCH_MAX);
    NUMBER("u32", "SPINS_MAX", Q_SPINS_MAX);
    NUMBER("u32", "YIELDS", Q_YIELDS);
    NUMBER("u64", "FOREVER", Q_FOREVER);
    NUMBER("usize", "LINE", Q_LINE);
    NUMBER("u32", "OK", Q_OK);
    NUMBER("u32", "FULL", Q_FULL);
    NUMBER("u32", "EMPTY", Q_EMPTY);
    NUMBER("u32", "CLOSED", Q_CLOSED);
    NUMBER("u32", "TIMEOUT", Q_TIMEOUT);
    NUMBER("u32", "REFUSE", Q_REFUSE);
    return 0;
}
