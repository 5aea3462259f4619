//! What a model answers. An answer that is not whole is another variant than one
//! that is, so that no caller takes the one for the other.

use std::fmt;

use crate::ask::ToolCall;
use crate::model::ModelId;
use crate::money::Money;

/// The end of one call that reached its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Who answered.
    pub model: ModelId,
    /// What came of it.
    pub outcome: Outcome,
    /// What was counted; none when the provider did not say.
    pub usage: Option<Usage>,
    /// What it cost, with the tries that came to nothing; none without a price.
    pub cost: Option<Money>,
    /// How often it was asked before it answered, by this model.
    pub attempts: u32,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The model said all that it had to say.
    Complete(Content),
    /// It did not.
    Incomplete {
        /// Why.
        shortfall: Shortfall,
        /// What it said until then, for people only.
        partial: String,
    },
}

/// What a model said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    /// Its words.
    pub text: String,
    /// What it wants to look up before it goes on.
    pub calls: Vec<ToolCall>,
}

/// Why an answer is not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// The limit of tokens was reached.
    Length,
    /// The provider held it back; what it says.
    Filtered(String),
    /// The model would not; what it says.
    Refused(String),
    /// The provider paused and wants to be asked to go on.
    Paused,
    /// The question did not fit, and the beginning of it was dropped in silence.
    InputCut,
    /// It ended properly and said nothing.
    Empty,
    /// A reason that is not known here.
    Unknown(String),
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => f.write_str("the answer was cut at the limit of tokens"),
            Self::Filtered(why) => write!(f, "the provider held the answer back ({why})"),
            Self::Refused(why) if why.is_empty() => f.write_str("the model refused"),
            Self::Refused(why) => write!(f, "the model refused: {why}"),
            Self::Paused => f.write_str("the provider paused"),
            Self::InputCut => f.write_str("the question did not fit into the model's context"),
            Self::Empty => f.write_str("the answer is empty"),
            Self::Unknown(reason) => write!(f, "it ended for an unknown reason, `{reason}`"),
        }
    }
}

/// Tokens, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the question, without those below.
    pub input_tokens: u64,
    /// Of the question, found in the provider's cache.
    pub cache_read_tokens: u64,
    /// Of the question, put into the provider's cache.
    pub cache_write_tokens: u64,
    /// Of the answer, with its reasoning.
    pub output_tokens: u64,
}

impl Usage {
    /// Returns the sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            cache_read_tokens: self
                .cache_read_tokens
                .saturating_add(other.cache_read_tokens),
            cache_write_tokens: self
                .cache_write_tokens
                .saturating_add(other.cache_write_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
        }
    }

    /// Returns all tokens.
    pub fn total(self) -> u64 {
        [
            self.input_tokens,
            self.cache_read_tokens,
            self.cache_write_tokens,
            self.output_tokens,
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }
}
