//! Opens a patch as a change: with the tree beside it the contents of base and
//! head are those of the files, without it there are the hunks alone.

mod apply;
mod binary;
mod change;
mod compose;
mod header;
mod parse;
#[cfg(test)]
mod tests;
mod trace;
mod tree;

pub(crate) use tree::open_patch;
