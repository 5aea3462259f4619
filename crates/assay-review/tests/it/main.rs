//! Reviews of changes that are held in memory.

mod introduced;
mod ledger;
mod memory;
mod stable;
