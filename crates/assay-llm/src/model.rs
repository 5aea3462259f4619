//! The one trait behind which every model is: reached over HTTP, several in a row,
//! kept from before, or scripted by a test.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use assay_source::{Clock, Randomness};

use crate::answer::Answer;
use crate::ask::Ask;
use crate::error::LlmError;
use crate::router::Complexity;
use crate::similar::{Kept, Like};

/// A future that is passed through a trait object.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Answers questions.
pub trait Model: Send + Sync {
    /// Returns who answers, or would first.
    fn id(&self) -> &ModelId;

    /// Asks, and waits until the answer is whole or it is clear that it will not be.
    fn ask<'a>(&'a self, ask: &'a Ask, call: Call<'a>) -> Boxed<'a, Result<Answer, LlmError>>;

    /// Returns what was kept of a question that is nearly the same; nothing where nothing
    /// is remembered.
    fn recall<'a>(&'a self, _like: &'a Like) -> Boxed<'a, Option<Kept>> {
        Box::pin(std::future::ready(None))
    }

    /// Keeps what came of a question and cost so many billionths of a dollar.
    fn keep<'a>(&'a self, _like: &'a Like, _payload: String, _cost_nanos: u64) -> Boxed<'a, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl<T: Model + ?Sized> Model for Arc<T> {
    fn id(&self) -> &ModelId {
        (**self).id()
    }

    fn ask<'a>(&'a self, ask: &'a Ask, call: Call<'a>) -> Boxed<'a, Result<Answer, LlmError>> {
        (**self).ask(ask, call)
    }

    fn recall<'a>(&'a self, like: &'a Like) -> Boxed<'a, Option<Kept>> {
        (**self).recall(like)
    }

    fn keep<'a>(&'a self, like: &'a Like, payload: String, cost_nanos: u64) -> Boxed<'a, ()> {
        (**self).keep(like, payload, cost_nanos)
    }
}

/// Who a model is: the provider as the configuration names it, and the model as the
/// provider does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId {
    /// The provider.
    pub provider: String,
    /// The model.
    pub name: String,
}

impl ModelId {
    /// Makes one of its two parts.
    pub fn new(provider: &str, name: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Reads `provider/name`; the name may hold further slashes.
    pub fn parse(text: &str) -> Option<Self> {
        let (provider, name) = text.split_once('/')?;
        (!provider.is_empty() && !name.is_empty()).then(|| Self::new(provider, name))
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.name)
    }
}

/// How a question is asked.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// Hears the answer while it comes.
    pub hear: &'a dyn Hear,
    /// Whether somebody else can be asked, so that it is not worth waiting long.
    pub has_fallback: bool,
    /// For what it is asked.
    pub purpose: Purpose,
}

/// For what a question is asked, by which it is decided who is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// The task, such as `review`.
    pub task: &'static str,
    /// How hard it is.
    pub complexity: Complexity,
}

impl Default for Purpose {
    fn default() -> Self {
        Self {
            task: "review",
            complexity: Complexity::Medium,
        }
    }
}

impl Default for Call<'_> {
    fn default() -> Self {
        Self {
            hear: &HearNothing,
            has_fallback: false,
            purpose: Purpose::default(),
        }
    }
}

/// Hears an answer while it comes. What is heard is not yet known to be whole.
pub trait Hear: Send + Sync {
    /// The next piece of text.
    fn text(&self, piece: &str);
    /// What was heard so far came to nothing; it begins again.
    fn restart(&self);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct HearNothing;

impl Hear for HearNothing {
    fn text(&self, _: &str) {}
    fn restart(&self) {}
}

/// What the clients need of the world besides the network.
#[derive(Clone)]
pub struct World {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives chance, for waits that are not the same for all.
    pub randomness: Arc<dyn Randomness>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}
