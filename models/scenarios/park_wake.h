/* park_wake.h: no wake-up is lost. A waiter for which none comes sleeps for ever, which the checker
 * reports; how often a time-out may come first is bounded (--timeouts). */
static void *waits_to_pop(void *end)
{
    struct end *const e = end;
    e->timeout_ns = Q_FOREVER;
    claim(pop_wait(e) == Q_OK, "a consumer that waits for ever gets no item");
    return NULL;
}

static int park_wake(void)
{
    end_open(Q_CONSUMER, 0, 0);
    end_open(Q_PRODUCER, 1, 1);
    RUN(waits_to_pop, pushes);
    return client_settle();
}

SCENARIO(park_wake)
{
    client_begin(CAPACITY_park_wake);
    return park_wake();
}

/* Where the kernel has no membarrier both sides pass a fence of their own. Where it comes to refuse
 * it later (a seccomp filter) neither does, and a sleeper looks again after a nap. */
static void kernel_refuses_membarrier(void)
{
    if (model_refuse_membarrier)
        model_refuse_membarrier();
}

SCENARIO(park_wake_fenced)
{
    kernel_refuses_membarrier();
    client_begin(CAPACITY_park_wake_fenced);
    return park_wake();
}

SCENARIO(park_wake_refused)
{
    client_begin(CAPACITY_park_wake_refused);
    kernel_refuses_membarrier();
    return park_wake();
}

static void *is_impatient_first(void *end)
{
    struct end *const e = end;
    e->timeout_ns = 1000;
    return pop_wait(e) == Q_TIMEOUT ? waits_to_pop(e) : NULL;
}

SCENARIO(park_wake_timeout)
{
    client_begin(CAPACITY_park_wake_timeout);
    end_open(Q_CONSUMER, 0, 0);
    end_open(Q_PRODUCER, 1, 1);
    RUN(is_impatient_first, pushes);
    return client_settle();
}

/* Who got the item although its time was up makes up for it, or the other would wait in vain. */
static void *is_impatient(void *end)
{
    struct end *const e = end;
    e->timeout_ns = 1000;
    if (pop_wait(e) == Q_OK)
        push(e, 2);
    return NULL;
}

SCENARIO(park_wake_two)
{
    client_begin(CAPACITY_park_wake_two);
    end_open(Q_CONSUMER, 0, 0);
    end_open(Q_BOTH, 0, 0);
    end_open(Q_PRODUCER, 1, 1);
    RUN(waits_to_pop, is_impatient, pushes);
    return client_settle();
}

SCENARIO(park_wake_burst)
{
    client_begin(CAPACITY_park_wake_burst);
    end_open(Q_CONSUMER, 0, 0);
    end_open(Q_CONSUMER, 0, 0);
    end_open(Q_PRODUCER, 2, 1);
    RUN(waits_to_pop, waits_to_pop, pushes);
    return client_settle();
}

/* Where an item can be pushed and yet be hidden behind one that is still being pushed: then both
 * consumers sleep, although one of them has pushed, and the other push wakes one for two items. */
static void *pushes_and_waits(void *end)
{
    pushes(end);
    return waits_to_pop(end);
}

SCENARIO(park_wake_pass)
{
    client_begin(CAPACITY_park_wake_pass);
    end_open(Q_CONSUMER, 0, 0);
    end_open(Q_BOTH, 1, 21);
    end_open(Q_PRODUCER, 1, 11);
    RUN(waits_to_pop, pushes_and_waits, pushes);
    return client_settle();
}

static void *waits_to_push(void *end)
{
    struct end *const e = end;
    e->timeout_ns = Q_FOREVER;
    claim(push_wait(e, 2) == Q_OK, "a producer that waits for ever finds no room");
    return NULL;
}

SCENARIO(park_room)
{
    client_begin(CAPACITY_park_room);
    struct end *const producer = end_open(Q_PRODUCER, 0, 0);
    end_open(Q_CONSUMER, 1, 0);
    push(producer, 1);
    RUN(waits_to_push, pops);
    return client_settle();
}
