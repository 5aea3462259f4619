//! Which models are asked, and in which order: a table says which task goes where, and
//! room, abilities, health and money decide what of it is possible. The same needs and
//! the same state give the same decision, and each model's place in it has a reason.

use std::fmt;

use crate::facts::ModelFacts;
use crate::model::ModelId;
use crate::money::Money;

/// How hard a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Complexity {
    /// A small change to simple code.
    Low,
    /// Most changes.
    Medium,
    /// A change that is large, risky or hard to follow.
    High,
}

impl Complexity {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// Returns the name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// Returns the strength that a model should have for it.
    fn strength(self) -> u8 {
        match self {
            Self::Low => 1,
            Self::Medium => 3,
            Self::High => 4,
        }
    }
}

/// A row of the table: which models do a task. The first row that fits counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The task; any if none.
    pub task: Option<String>,
    /// The least and the most complexity.
    pub complexity: (Complexity, Complexity),
    /// The models, the first choice first.
    pub models: Vec<ModelId>,
}

/// What a task needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The task, such as `review`.
    pub task: String,
    /// How hard it is.
    pub complexity: Complexity,
    /// Tokens of the question, about.
    pub input_tokens: u64,
    /// Tokens of the answer at most.
    pub output_tokens: u64,
    /// Whether it looks things up.
    pub needs_tools: bool,
}

/// A model that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who it is.
    pub id: ModelId,
    /// What is known of it.
    pub facts: ModelFacts,
    /// Whether its provider is left alone now.
    pub is_open: bool,
}

/// What money allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purse {
    /// What may still be spent; none without a limit.
    pub left: Option<Money>,
    /// Whether a soft limit is reached.
    pub is_soft_reached: bool,
}

/// Which models are asked, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// In the order in which they are asked.
    pub models: Vec<ModelId>,
    /// What was thought of each model that was looked at, in the order of the table.
    pub reasons: Vec<Reason>,
}

/// What was thought of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The model.
    pub model: ModelId,
    /// What.
    pub verdict: Verdict,
}

/// What was thought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be asked; what it would cost at most.
    Fits(Option<Money>),
    /// It may be asked after the others: its provider is left alone now.
    Open,
    /// It may be asked after the others: it is weaker than the task wants.
    Weak,
    /// The question has no room in it.
    NoRoom {
        /// Tokens that it takes.
        tokens_max: u64,
    },
    /// It cannot look things up.
    NoTools,
    /// It costs more than is left.
    TooDear(Money),
    /// It has no price, and there is a budget to keep.
    Unpriced,
    /// The table names it, and nobody has configured it.
    Unknown,
}

impl Verdict {
    fn is_possible(&self) -> bool {
        matches!(self, Self::Fits(_) | Self::Open | Self::Weak)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.model)?;
        match &self.verdict {
            Verdict::Fits(Some(most)) => write!(f, "fits, costs {most} at most"),
            Verdict::Fits(None) => f.write_str("fits"),
            Verdict::Open => f.write_str("last, because its provider failed"),
            Verdict::Weak => f.write_str("last, because it is weak for the task"),
            Verdict::NoRoom { tokens_max } => write!(f, "no: it takes {tokens_max} tokens"),
            Verdict::NoTools => f.write_str("no: it cannot look things up"),
            Verdict::TooDear(most) => write!(f, "no: it may cost {most}, and less is left"),
            Verdict::Unpriced => f.write_str("no: it has no price, and there is a budget"),
            Verdict::Unknown => f.write_str("no: it is not configured"),
        }
    }
}

/// Decides which models are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Router {
    routes: Vec<Route>,
}

impl Router {
    /// Makes a router of a table; without rows every model is looked at, the cheapest
    /// of those that are strong enough first.
    pub fn new(routes: Vec<Route>) -> Self {
        Self { routes }
    }

    /// Decides.
    pub fn decide(&self, need: &Need, candidates: &[Candidate], purse: Purse) -> Decision {
        let route = self.routes.iter().find(|route| {
            let (least, most) = route.complexity;
            route.task.as_ref().is_none_or(|task| *task == need.task)
                && (least..=most).contains(&need.complexity)
        });
        let looked_at: Vec<ModelId> = match route {
            Some(route) => route.models.clone(),
            None => candidates.iter().map(|one| one.id.clone()).collect(),
        };
        let reasons: Vec<Reason> = looked_at
            .into_iter()
            .map(|model| Reason {
                verdict: match candidates.iter().find(|one| one.id == model) {
                    Some(one) => judge(need, one, purse, route.is_none()),
                    None => Verdict::Unknown,
                },
                model,
            })
            .collect();
        let is_by_price = route.is_none() || purse.is_soft_reached;
        let mut possible: Vec<(usize, &Reason)> = reasons
            .iter()
            .enumerate()
            .filter(|(_, reason)| reason.verdict.is_possible())
            .collect();
        possible.sort_by_key(|(at, reason)| {
            let facts = candidates.iter().find(|one| one.id == reason.model);
            let facts = facts.map(|one| &one.facts);
            let group = match reason.verdict {
                Verdict::Fits(_) => 0,
                Verdict::Weak => 1,
                _ => 2,
            };
            let cost = facts
                .and_then(|facts| most(need, facts))
                .unwrap_or(Money::MAX);
            let strength = facts.map_or(0, |facts| facts.strength);
            let price = if is_by_price { cost } else { Money::ZERO };
            // Of those that are too weak the strongest comes first.
            let weakness = if group == 1 { u8::MAX - strength } else { 0 };
            (group, weakness, price, *at)
        });
        let models = possible
            .iter()
            .map(|(_, reason)| reason.model.clone())
            .collect();
        Decision { models, reasons }
    }
}

fn most(need: &Need, facts: &ModelFacts) -> Option<Money> {
    Some(facts.price?.most(need.input_tokens, need.output_tokens))
}

fn judge(need: &Need, one: &Candidate, purse: Purse, is_free_choice: bool) -> Verdict {
    let facts = &one.facts;
    if need.input_tokens + need.output_tokens > facts.context_tokens {
        return Verdict::NoRoom {
            tokens_max: facts.context_tokens,
        };
    }
    if need.needs_tools && !facts.has_tools {
        return Verdict::NoTools;
    }
    match (most(need, facts), purse.left) {
        (Some(most), Some(left)) if most > left => return Verdict::TooDear(most),
        (None, Some(_)) => return Verdict::Unpriced,
        _ => {}
    }
    if one.is_open {
        return Verdict::Open;
    }
    // Who wrote a row knows what is strong enough for it.
    if is_free_choice && facts.strength < need.complexity.strength() {
        return Verdict::Weak;
    }
    Verdict::Fits(most(need, facts))
}
