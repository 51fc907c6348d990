/* alloc_failure.h: the environment chooses which allocation finds no memory. Then init answers
 * ENOMEM and keeps nothing, or a push answers NOMEM and takes nothing; afterwards there is memory
 * again. That nothing leaks on the way is seen by the checker. */
SCENARIO(alloc_failure)
{
    const unsigned fails = 1 + (model_choose ? model_choose(5) : 3);
    const int error = client_try((struct q_config){.capacity = CAPACITY_alloc_failure,
                                                   .segment = 1,
                                                   .producers = ENDS_MAX,
                                                   .consumers = ENDS_MAX,
                                                   .alloc_fails_at = fails});
    claim(error == 0 || error == ENOMEM, "init answers neither 0 nor ENOMEM");
    if (error)
        return 0;
    struct end *const producer = end_open(Q_PRODUCER, 2, 1);
    end_open(Q_CONSUMER, 2, 0);
    RUN(pushes, pops);
    drain();
    claim(push(producer, 9) == Q_OK || push(producer, 10) == Q_OK,
          "still no memory, though only one allocation failed");
    return client_settle();
}
