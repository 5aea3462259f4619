//! Budgets: money that is set aside before a question is sent and settled after its
//! answer, so that however many ask at a time nobody spends what is not there.
//!
//! Invariant: what is spent and what is set aside together never go over a hard limit,
//! as long as a provider counts no more tokens than a question has bytes.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use assay_source::Clock;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::Notify;

use crate::answer::Usage;
use crate::model::ModelId;
use crate::money::Money;

/// What a limit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BudgetScope {
    /// One call.
    Call,
    /// One review.
    Review,
    /// A day, in UTC.
    Day,
    /// A calendar month, in UTC.
    Month,
}

impl BudgetScope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Call, Self::Review, Self::Day, Self::Month];

    /// Returns the name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Review => "review",
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

impl fmt::Display for BudgetScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The limits of one scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BudgetLimit {
    /// From here on the cheapest model is asked.
    pub soft: Option<Money>,
    /// Never over this.
    pub hard: Option<Money>,
}

/// The limits of all scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BudgetLimits {
    /// Of one call.
    pub call: BudgetLimit,
    /// Of one review.
    pub review: BudgetLimit,
    /// Of a day.
    pub day: BudgetLimit,
    /// Of a month.
    pub month: BudgetLimit,
}

impl BudgetLimits {
    /// Returns the limits of a scope.
    pub fn of(&self, scope: BudgetScope) -> BudgetLimit {
        match scope {
            BudgetScope::Call => self.call,
            BudgetScope::Review => self.review,
            BudgetScope::Day => self.day,
            BudgetScope::Month => self.month,
        }
    }

    /// Returns whether any of them has a hard limit.
    pub fn has_hard(&self) -> bool {
        BudgetScope::ALL
            .iter()
            .any(|&scope| self.of(scope).hard.is_some())
    }
}

/// A sum that is kept, such as of one day, and what it may not go over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Such as `day 2026-02-01`.
    pub name: String,
    /// Whose it is, for people; empty for everybody's.
    pub of: String,
    /// What it is for.
    pub scope: BudgetScope,
    /// The limit.
    pub limit: Money,
}

/// Why money was not set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BudgetRefusal {
    /// A hard limit would be passed.
    Over {
        /// Whose, such as `repository a/b`; empty for everybody's.
        of: String,
        /// Which.
        scope: BudgetScope,
        /// The limit.
        limit: Money,
        /// What is spent or set aside.
        spent: Money,
        /// What the call may cost.
        wanted: Money,
    },
    /// There is a hard limit, and nobody knows what the model costs.
    Unpriced,
    /// What was spent cannot be read or kept.
    Unknown(String),
}

impl fmt::Display for BudgetRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Over {
                of,
                scope,
                limit,
                spent,
                wanted,
            } => {
                let of = match of.as_str() {
                    "" => String::new(),
                    of => format!(" for {of}"),
                };
                write!(
                    f,
                    "the budget of the {scope}{of} is {limit}, of which {spent} is used; the call may cost {wanted}"
                )
            }
            Self::Unpriced => f.write_str("the model has no price, and there is a budget to keep"),
            Self::Unknown(why) => write!(f, "what was spent is not known: {why}"),
        }
    }
}

/// Keeps the sums of windows, for all who spend.
pub trait SpendBook: Send + Sync {
    /// Adds an amount to every window, or to none when one would pass its limit.
    ///
    /// # Errors
    ///
    /// The first window that would, or that the sums cannot be kept.
    fn take(&self, windows: &[Window], amount: Money) -> Result<(), BudgetRefusal>;

    /// Puts what was really spent in the place of what was taken.
    fn settle(&self, windows: &[Window], taken: Money, spent: Money);

    /// Returns the sum of a window.
    fn sum(&self, name: &str) -> Money;
}

/// The sums in memory.
#[derive(Debug, Default)]
pub struct MemoryBook(Mutex<HashMap<String, Money>>);

impl MemoryBook {
    fn held(&self) -> MutexGuard<'_, HashMap<String, Money>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds an amount to the sums of windows, or to none.
///
/// # Errors
///
/// The first window whose limit would be passed.
pub fn take_from_sums(
    sums: &mut HashMap<String, Money>,
    windows: &[Window],
    amount: Money,
) -> Result<(), BudgetRefusal> {
    for window in windows {
        let spent = sums.get(&window.name).copied().unwrap_or_default();
        if spent.plus(amount) > window.limit {
            return Err(BudgetRefusal::Over {
                of: window.of.clone(),
                scope: window.scope,
                limit: window.limit,
                spent,
                wanted: amount,
            });
        }
    }
    for window in windows {
        let sum = sums.entry(window.name.clone()).or_default();
        *sum = sum.plus(amount);
    }
    Ok(())
}

/// Puts what was spent in the place of what was taken.
pub fn settle_sums(
    sums: &mut HashMap<String, Money>,
    windows: &[Window],
    taken: Money,
    spent: Money,
) {
    for window in windows {
        let sum = sums.entry(window.name.clone()).or_default();
        *sum = sum.minus(taken).plus(spent);
    }
}

impl SpendBook for MemoryBook {
    fn take(&self, windows: &[Window], amount: Money) -> Result<(), BudgetRefusal> {
        take_from_sums(&mut self.held(), windows, amount)
    }

    fn settle(&self, windows: &[Window], taken: Money, spent: Money) {
        settle_sums(&mut self.held(), windows, taken, spent);
    }

    fn sum(&self, name: &str) -> Money {
        self.held().get(name).copied().unwrap_or_default()
    }
}

/// Somebody who has days and months of their own: a repository, a team, a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetHolder {
    /// By what the sums are kept, unlike that of any other.
    pub key: String,
    /// Who it is, for people, such as `repository a/b`.
    pub name: String,
    /// The limits of a day.
    pub day: BudgetLimit,
    /// The limits of a month.
    pub month: BudgetLimit,
}

/// What one try of a call took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSpend {
    /// Who was asked.
    pub model: ModelId,
    /// For what, such as `review`.
    pub task: &'static str,
    /// What was counted; none when the provider did not say.
    pub usage: Option<Usage>,
    /// What it cost, or may have cost; none without a price.
    pub cost: Option<Money>,
    /// Whether an answer came.
    pub is_answered: bool,
    /// How long it took.
    pub duration_ms: u64,
}

/// Hears what each call took.
pub trait Meter: Send + Sync {
    /// A try of a call is over.
    fn note(&self, spend: &CallSpend);
}

/// The budget of one review, out of those of the day and the month.
pub struct Budget {
    limits: BudgetLimits,
    holders: Vec<BudgetHolder>,
    clock: Arc<dyn Clock>,
    own: MemoryBook,
    shared: Arc<dyn SpendBook>,
    meter: Option<Arc<dyn Meter>>,
    under_way: AtomicUsize,
    settled: Notify,
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Budget {
    /// Makes the budget of a review. The book is that of everybody's days and months.
    pub fn new(limits: BudgetLimits, shared: Arc<dyn SpendBook>, clock: Arc<dyn Clock>) -> Self {
        Self {
            limits,
            holders: Vec::new(),
            clock,
            own: MemoryBook::default(),
            shared,
            meter: None,
            under_way: AtomicUsize::new(0),
            settled: Notify::new(),
        }
    }

    /// Puts the days and months of others under it.
    #[must_use]
    pub fn with_holders(self, holders: Vec<BudgetHolder>) -> Self {
        Self { holders, ..self }
    }

    /// Tells somebody what each call takes.
    #[must_use]
    pub fn with_meter(self, meter: Arc<dyn Meter>) -> Self {
        let meter = Some(meter);
        Self { meter, ..self }
    }

    /// Says what a try of a call took.
    pub(crate) fn note(&self, spend: &CallSpend) {
        if let Some(meter) = &self.meter {
            meter.note(spend);
        }
    }

    /// Sets money aside as [`Budget::reserve`] does, and waits as long as calls of the
    /// same review are under way that may leave enough of what they set aside.
    ///
    /// # Errors
    ///
    /// A hard limit that would be passed.
    pub async fn reserve_when_free(
        self: &Arc<Self>,
        most: Option<Money>,
    ) -> Result<Reservation, BudgetRefusal> {
        loop {
            let freed = self.settled.notified();
            let mut freed = std::pin::pin!(freed);
            freed.as_mut().enable();
            match self.reserve(most) {
                Err(BudgetRefusal::Over { limit, wanted, .. })
                    if wanted <= limit && self.under_way.load(Ordering::SeqCst) > 0 =>
                {
                    freed.await;
                }
                taken => return taken,
            }
        }
    }

    /// Sets money aside for a call that costs so much at most; none when nobody knows.
    ///
    /// # Errors
    ///
    /// A hard limit that would be passed.
    pub fn reserve(self: &Arc<Self>, most: Option<Money>) -> Result<Reservation, BudgetRefusal> {
        let amount = match most {
            Some(most) => most,
            None if self.has_hard() => return Err(BudgetRefusal::Unpriced),
            None => Money::ZERO,
        };
        if let Some(limit) = self.limits.call.hard
            && amount > limit
        {
            return Err(BudgetRefusal::Over {
                of: String::new(),
                scope: BudgetScope::Call,
                limit,
                spent: Money::ZERO,
                wanted: amount,
            });
        }
        let own = vec![self.window(BudgetScope::Review)];
        let shared = self.shared_windows();
        self.own.take(&own, amount)?;
        if let Err(refusal) = self.shared.take(&shared, amount) {
            self.own.settle(&own, amount, Money::ZERO);
            return Err(refusal);
        }
        self.under_way.fetch_add(1, Ordering::SeqCst);
        Ok(Reservation {
            budget: Arc::clone(self),
            own,
            shared,
            amount,
        })
    }

    fn has_hard(&self) -> bool {
        let mut holders = self.holders.iter();
        self.limits.has_hard()
            || holders.any(|one| one.day.hard.is_some() || one.month.hard.is_some())
    }

    /// Returns what the review spent, with what is set aside now.
    pub fn spent(&self) -> Money {
        self.own.sum(&self.window(BudgetScope::Review).name)
    }

    /// Returns whether calls are under way, so that what is left is not known yet.
    pub fn is_busy(&self) -> bool {
        self.under_way.load(Ordering::SeqCst) > 0
    }

    /// Returns whether a soft limit is reached, and which.
    pub fn soft_reached(&self) -> Option<BudgetScope> {
        let own = [BudgetScope::Review, BudgetScope::Day, BudgetScope::Month]
            .into_iter()
            .find(|&scope| {
                let soft = self.limits.of(scope).soft;
                soft.is_some_and(|soft| self.sum(scope) >= soft)
            });
        own.or_else(|| {
            let windows = self.held_windows();
            let reached = |(window, limit): &(Window, BudgetLimit)| {
                let soft = limit.soft;
                soft.is_some_and(|soft| self.shared.sum(&window.name) >= soft)
            };
            windows
                .iter()
                .find(|one| reached(one))
                .map(|(window, _)| window.scope)
        })
    }

    /// Returns what may still be spent; none without a hard limit.
    pub fn left(&self) -> Option<Money> {
        let call = self.limits.call.hard;
        let others = [BudgetScope::Review, BudgetScope::Day, BudgetScope::Month];
        let others = others.into_iter().filter_map(|scope| {
            let hard = self.limits.of(scope).hard?;
            Some(hard.minus(self.sum(scope)))
        });
        let held = self
            .held_windows()
            .into_iter()
            .filter_map(|(window, limit)| {
                let hard = limit.hard?;
                Some(hard.minus(self.shared.sum(&window.name)))
            });
        call.into_iter().chain(others).chain(held).min()
    }

    /// Returns the windows that are not of this review alone, always in the same order.
    fn shared_windows(&self) -> Vec<Window> {
        let mut windows = vec![
            self.window(BudgetScope::Day),
            self.window(BudgetScope::Month),
        ];
        windows.extend(self.held_windows().into_iter().map(|(window, _)| window));
        windows
    }

    fn held_windows(&self) -> Vec<(Window, BudgetLimit)> {
        let mut windows = Vec::new();
        for holder in &self.holders {
            for (scope, limit) in [
                (BudgetScope::Day, holder.day),
                (BudgetScope::Month, holder.month),
            ] {
                let window = self.window(scope);
                windows.push((
                    Window {
                        name: format!("{} {}", holder.key, window.name),
                        of: holder.name.clone(),
                        limit: limit.hard.unwrap_or(Money::MAX),
                        ..window
                    },
                    limit,
                ));
            }
        }
        windows
    }

    fn sum(&self, scope: BudgetScope) -> Money {
        let name = self.window(scope).name;
        match scope {
            BudgetScope::Call | BudgetScope::Review => self.own.sum(&name),
            BudgetScope::Day | BudgetScope::Month => self.shared.sum(&name),
        }
    }

    fn window(&self, scope: BudgetScope) -> Window {
        let now = Timestamp::from_millisecond(self.clock.now_ms()).unwrap_or_default();
        let day = now.to_zoned(TimeZone::UTC).date();
        let name = match scope {
            BudgetScope::Call | BudgetScope::Review => scope.name().to_owned(),
            BudgetScope::Day => format!("day {day}"),
            BudgetScope::Month => format!("month {}", day.strftime("%Y-%m")),
        };
        Window {
            name,
            of: String::new(),
            scope,
            limit: self.limits.of(scope).hard.unwrap_or(Money::MAX),
        }
    }
}

/// Money that is set aside. What becomes of a call that nobody settles is not known, so
/// all of it counts as spent.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<Budget>,
    own: Vec<Window>,
    shared: Vec<Window>,
    amount: Money,
}

impl Reservation {
    /// Returns what is set aside.
    pub fn amount(&self) -> Money {
        self.amount
    }

    /// Lets it outlive this process: returns what is set aside, and of which sums that
    /// others keep. Whoever has that settles it with their book.
    pub fn detach(self) -> (Money, Vec<String>) {
        let names = self.shared.iter().map(|window| window.name.clone());
        (self.amount, names.collect())
    }

    /// Says what was spent.
    pub fn settle(self, spent: Money) {
        self.budget.own.settle(&self.own, self.amount, spent);
        self.budget.shared.settle(&self.shared, self.amount, spent);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // What nobody settled stays taken: all of it counts as spent.
        self.budget.under_way.fetch_sub(1, Ordering::SeqCst);
        self.budget.settled.notify_waiters();
    }
}
