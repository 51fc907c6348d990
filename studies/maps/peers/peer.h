/* peer.h: what an adapter of somebody else's map begins with, in C and C++.
 *
 * An adapter is one header that gives of the interface of studies/maps/map.h, under the prefix
 * `peer`: init, destroy, attach, detach, find, insert, remove, peer_traits (.name and .peer by the
 * words below). `remove` need not say the value. All use map_hash. Keys 0 and 2^64-1 are not used
 * with them: some have their own ideas about these. In C++ all lies in a nameless namespace. */
#ifndef STUDIES_MAPS_PEERS_PEER_H
#define STUDIES_MAPS_PEERS_PEER_H

#include <errno.h>
#include <stdlib.h>

#include "studies/maps/traits.h"

#define PEER_STRING_(a) #a
#define PEER_STRING(a)  PEER_STRING_(a)
#define PEER_NAME       PEER_STRING(MAP_ID)

#endif
