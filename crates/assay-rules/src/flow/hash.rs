//! Maps and sets that go by names of the code under review.
//!
//! Their hash is much faster than that of the standard library, whose maps are
//! most of what a step costs. Whoever wrote the code chooses the names, so the
//! hash starts from a seed of its own in each process and in each map: names
//! that collide cannot be prepared, as they could for a hash without one. Who
//! could watch the process at work could still find some; limits of steps,
//! files and names bound what that costs.

use foldhash::fast::RandomState;

/// A map with a fast hash and a random seed.
pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;

/// A set with a fast hash and a random seed.
pub(crate) type HashSet<T> = std::collections::HashSet<T, RandomState>;
