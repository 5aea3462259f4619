//! Conditional requests: an answer that is kept with its entity tag costs
//! nothing of the quota when it has not changed.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use crate::world::Boxed;

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// What the forge calls this version.
    pub etag: String,
    /// The `Link` header, which a repeated answer may lack.
    pub link: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Where answers are kept. Keys hold who asked, so that nobody is given what
/// only another may see. A cache that fails is one that has nothing.
pub trait EtagCache: Send + Sync {
    /// Returns what is kept under the key.
    fn get<'a>(&'a self, key: &'a str) -> Boxed<'a, Option<KeptAnswer>>;
    /// Keeps an answer.
    fn put<'a>(&'a self, key: &'a str, answer: KeptAnswer) -> Boxed<'a, ()>;
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEtags;

impl EtagCache for NoEtags {
    fn get<'a>(&'a self, _key: &'a str) -> Boxed<'a, Option<KeptAnswer>> {
        Box::pin(std::future::ready(None))
    }

    fn put<'a>(&'a self, _key: &'a str, _answer: KeptAnswer) -> Boxed<'a, ()> {
        Box::pin(std::future::ready(()))
    }
}

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<String, KeptAnswer>,
    order: VecDeque<String>,
    bytes: usize,
}

/// Keeps answers in memory, the oldest going first.
#[derive(Debug)]
pub struct MemoryEtags {
    bytes_max: usize,
    kept: Mutex<Kept>,
}

impl MemoryEtags {
    /// Makes an empty cache of at most so many bytes of bodies.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            kept: Mutex::default(),
        }
    }

    fn insert(&self, key: &str, answer: KeptAnswer) {
        let mut kept = self.kept.lock().expect("nothing panics while it is held");
        if answer.body.len() > self.bytes_max {
            return;
        }
        kept.bytes += answer.body.len();
        match kept.answers.insert(key.to_owned(), answer) {
            Some(old) => kept.bytes -= old.body.len(),
            None => kept.order.push_back(key.to_owned()),
        }
        while kept.bytes > self.bytes_max {
            let Some(oldest) = kept.order.pop_front() else {
                return;
            };
            if let Some(gone) = kept.answers.remove(&oldest) {
                kept.bytes -= gone.body.len();
            }
        }
    }
}

impl EtagCache for MemoryEtags {
    fn get<'a>(&'a self, key: &'a str) -> Boxed<'a, Option<KeptAnswer>> {
        let kept = self.kept.lock().expect("nothing panics while it is held");
        Box::pin(std::future::ready(kept.answers.get(key).cloned()))
    }

    fn put<'a>(&'a self, key: &'a str, answer: KeptAnswer) -> Boxed<'a, ()> {
        self.insert(key, answer);
        Box::pin(std::future::ready(()))
    }
}

#[cfg(test)]
mod tests {
    use super::{KeptAnswer, MemoryEtags};

    #[test]
    fn the_oldest_answers_go_when_it_is_full() {
        let cache = MemoryEtags::new(10);
        let answer = |size| KeptAnswer {
            etag: "e".into(),
            link: None,
            body: vec![0; size],
        };
        for (key, size) in [("a", 4), ("b", 4), ("a", 5), ("c", 4), ("huge", 11)] {
            cache.insert(key, answer(size));
        }
        let kept = cache.kept.lock().unwrap();
        let mut keys: Vec<_> = kept.answers.keys().cloned().collect();
        keys.sort();
        assert_eq!((keys, kept.bytes), (vec!["b".into(), "c".into()], 8));
    }
}
