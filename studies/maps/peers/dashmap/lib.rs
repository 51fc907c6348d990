//! lib.rs: DashMap behind C functions, and the measured loop of ../../stamp.c in Rust, so that no
//! operation of it is a call between languages. The hash is that of all maps (traits.h).
use dashmap::mapref::entry::Entry;
use dashmap::DashMap;
use std::ffi::c_void;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Default)]
pub struct MapHash(u64);
impl Hasher for MapHash {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!()
    }
    #[inline]
    fn write_u64(&mut self, mut key: u64) {
        key ^= key >> 32;
        key = key.wrapping_mul(0x9e3779b97f4a7c15);
        key ^= key >> 29;
        key = key.wrapping_mul(0xbf58476d1ce4e5b9);
        self.0 = key ^ key >> 32;
    }
}
pub type Map = DashMap<u64, u64, BuildHasherDefault<MapHash>>;

const OK: u32 = 0;
const ABSENT: u32 = 1;
const PRESENT: u32 = 2;

#[inline]
fn find(map: &Map, key: u64) -> Option<u64> {
    map.get(&key).map(|value| *value)
}
/// The entry, because `insert` would put a new value in the place of one that is there.
#[inline]
fn insert(map: &Map, key: u64, value: u64) -> bool {
    match map.entry(key) {
        Entry::Occupied(_) => false,
        Entry::Vacant(vacant) => {
            vacant.insert(value);
            true
        }
    }
}

#[no_mangle]
pub extern "C" fn dashmap_create(capacity: usize) -> *mut Map {
    Box::into_raw(Box::new(Map::with_capacity_and_hasher(capacity, Default::default())))
}
/// # Safety
/// `map` is what dashmap_create gave; nobody uses it any more.
#[no_mangle]
pub unsafe extern "C" fn dashmap_destroy(map: *mut Map) {
    drop(Box::from_raw(map));
}
/// # Safety
/// `map` is what dashmap_create gave.
#[no_mangle]
pub unsafe extern "C" fn dashmap_find(map: *const Map, key: u64, value: *mut u64) -> u32 {
    match find(&*map, key) {
        Some(found) => {
            *value = found;
            OK
        }
        None => ABSENT,
    }
}
/// # Safety
/// `map` is what dashmap_create gave.
#[no_mangle]
pub unsafe extern "C" fn dashmap_insert(map: *const Map, key: u64, value: u64) -> u32 {
    if insert(&*map, key, value) {
        OK
    } else {
        PRESENT
    }
}
/// # Safety
/// `map` is what dashmap_create gave.
#[no_mangle]
pub unsafe extern "C" fn dashmap_remove(map: *const Map, key: u64, value: *mut u64) -> u32 {
    match (*map).remove(&key) {
        Some((_, removed)) => {
            *value = removed;
            OK
        }
        None => ABSENT,
    }
}

/// # Safety
/// `map` is what dashmap_create gave; `change` does not use it.
#[no_mangle]
pub unsafe extern "C" fn dashmap_update(
    map: *const Map,
    key: u64,
    change: unsafe extern "C" fn(*mut c_void, *mut u64),
    context: *mut c_void,
) {
    let mut value = (*map).entry(key).or_insert(0);
    change(context, &mut *value);
}

/// struct map_work and struct map_done of driver.h; dashmap.c asserts their layout.
#[repr(C)]
pub struct Work {
    op: *const u64,
    mask: usize,
    stop: *const AtomicBool,
    most: u64,
}
#[repr(C)]
#[derive(Default)]
pub struct Done {
    operations: u64,
    found: u64,
    inserted: u64,
    removed: u64,
    wrong: u64,
    nomem: u64,
}
const OP_SHIFT: u32 = 62;
const STOP_EVERY: u64 = 64;

/// # Safety
/// `map` is what dashmap_create gave, `work` and `done` are as in driver.h.
#[no_mangle]
pub unsafe extern "C" fn dashmap_run(map: *const Map, work: *const Work, done: *mut Done) {
    let (map, work) = (&*map, &*work);
    let mut d = Done::default();
    while !(*work.stop).load(Ordering::Relaxed) && (work.most == 0 || d.operations < work.most) {
        for i in 0..STOP_EVERY {
            let op = *work.op.add((d.operations + i) as usize & work.mask);
            let key = op & ((1 << OP_SHIFT) - 1);
            match op >> OP_SHIFT {
                0 => {
                    if let Some(value) = find(map, key) {
                        d.found += 1;
                        d.wrong += (value != key) as u64;
                    }
                }
                1 => d.inserted += insert(map, key, key) as u64,
                _ => d.removed += map.remove(&key).is_some() as u64,
            }
        }
        d.operations += STOP_EVERY;
    }
    *done = d;
}
