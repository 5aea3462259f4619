//! Finds what is wrong in code: smells, clones, and how findings are silenced.
//!
//! Invariant: running rules never fails and does no I/O; problems in a rule or
//! a file come back as values next to the findings.
//! Must not know: git, forges, language models, who asked.
