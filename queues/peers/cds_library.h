/* cds_library.h: libcds wants to know its threads: cds_announce() in whatever may be the first call of a
 * thread. It leaves when the thread ends. For all that is measured of libcds: its queues (cds.h) and its
 * map (studies/maps/peers/cds.h). C++. */
#ifndef QUEUES_PEERS_CDS_LIBRARY_H
#define QUEUES_PEERS_CDS_LIBRARY_H

#include <cds/init.h>
#include <cds/gc/hp.h>

namespace
{

/* The library, and this thread in it: from first use to the end. */
struct cds_library {
    cds_library()
    {
        cds::Initialize();
        static cds::gc::HP *const hazards = new cds::gc::HP; /* never deleted: threads end later */
        (void)hazards;
    }
};
struct cds_thread {
    cds_thread()
    {
        static const cds_library library;
        if (!cds::threading::Manager::isThreadAttached())
            cds::threading::Manager::attachThread();
    }
    ~cds_thread()
    {
        if (cds::threading::Manager::isThreadAttached()) /* another stamp may have been here */
            cds::threading::Manager::detachThread();
    }
};
inline void cds_announce()
{
    static thread_local const cds_thread here;
    (void)here;
}

} // namespace

#endif
