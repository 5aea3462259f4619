//! A talk of two agents about a change, as a function of what they say: whose turn it is,
//! what they are shown, what becomes of their points, and when it is over. Who asks the
//! models is not known here.
//!
//! Invariant: what an agent says has no effect but on the points of this talk. A point
//! that quotes no code at its place is dropped before the other one hears of it.

mod agents;
mod talk;

use std::fmt;

use assay_finding::{Confidence, Finding, Problem, Report};

use super::context::{ModelPlan, ModelQuestion, ModelWeight};
use super::prompt::Rendered;
use super::remark::{Drop, anchored};
use super::{ModelRemark, conclude, note_read, note_unread};
use crate::gate::counted;
use crate::pipeline::{Subject, rank};
use crate::settings::Settings;

pub use self::agents::{AGENTS_BYTES_MAX, Agent, Agents, AgentsError};

/// Points of one talk.
const POINTS_MAX: usize = 20;
/// Characters of what is said in a turn, and of a reason.
const MESSAGE_CHARS_MAX: usize = 4_000;
const REASON_CHARS_MAX: usize = 600;

/// Which of the two an agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Looks for mistakes.
    Reviewer,
    /// Speaks for the change.
    Coder,
}

impl Side {
    /// Both; the reviewer begins.
    pub const ALL: [Self; 2] = [Self::Reviewer, Self::Coder];

    /// Returns the name: that of its role in YAML and of its prompt.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reviewer => "reviewer",
            Self::Coder => "coder",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Reviewer => Self::Coder,
            Self::Coder => Self::Reviewer,
        }
    }
}

/// What an agent makes of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// The coder: it is so.
    Accept,
    /// The coder: it is not.
    Reject,
    /// The reviewer: it is, all the same.
    Hold,
    /// The reviewer: it is not.
    Withdraw,
}

impl Stand {
    /// All of them, with who takes them and their names in answers.
    pub const ALL: [(Self, Side, &'static str); 4] = [
        (Self::Accept, Side::Coder, "accept"),
        (Self::Reject, Side::Coder, "reject"),
        (Self::Hold, Side::Reviewer, "hold"),
        (Self::Withdraw, Side::Reviewer, "withdraw"),
    ];
}

/// How far a point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointState {
    /// The coder has said nothing of it.
    Open,
    /// Both say that it is so.
    Agreed,
    /// The coder says that it is not.
    Contested,
    /// The reviewer took it back.
    Withdrawn,
}

impl PointState {
    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Agreed => "agreed",
            Self::Contested => "contested",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A mistake that the reviewer raised.
#[derive(Clone, Debug)]
pub struct Point {
    /// What it is, anchored in the code.
    pub finding: Finding,
    /// How far it is.
    pub state: PointState,
    /// The last reason that somebody gave, and who.
    pub reason: Option<(Side, String)>,
}

/// What an agent said in a turn. All of it is untrusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentReply {
    /// Its words.
    pub message: String,
    /// Mistakes that it raises; the coder raises none.
    pub raised: Vec<ModelRemark>,
    /// What it makes of points, by their numbers from 1, and why.
    pub stands: Vec<(usize, Stand, String)>,
}

/// What was said, as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentMessage {
    /// Its place, from 1.
    pub number: usize,
    /// Who.
    pub side: Side,
    /// Who, by name.
    pub name: String,
    /// The words, and what became of points.
    pub text: String,
}

/// Why a talk is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// No point is open or contested.
    Consensus,
    /// An agent said a word that ends it.
    Resolved,
    /// All turns were taken.
    Turns,
    /// Somebody could not be asked; why.
    Failed(String),
}

impl Ending {
    /// Returns the name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Consensus => "consensus",
            Self::Resolved => "resolved",
            Self::Turns => "turns",
            Self::Failed(_) => "failed",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Consensus => f.write_str("they agree"),
            Self::Resolved => f.write_str("one of them ended it"),
            Self::Turns => f.write_str("all turns are taken"),
            Self::Failed(why) => write!(f, "it broke off: {why}"),
        }
    }
}

/// A talk about a change.
pub struct Discussion<'r> {
    subject: Subject<'r>,
    settings: &'r Settings,
    plan: &'r ModelPlan,
    /// What is talked about; none when there is nothing to show.
    question: Option<ModelQuestion>,
    agents: &'r Agents,
    points: Vec<Point>,
    drops: Vec<Drop>,
    said: Vec<AgentMessage>,
    ending: Option<Ending>,
}

impl<'r> Discussion<'r> {
    /// Begins a talk about the first part of a plan; what further parts have is told as
    /// not read.
    pub fn new(
        (subject, settings): (Subject<'r>, &'r Settings),
        plan: &'r ModelPlan,
        agents: &'r Agents,
    ) -> Self {
        let question = plan.questions.first().cloned().map(|mut first| {
            first.concerns.clone_from(&plan.options.concerns);
            first
        });
        let ending = question.is_none().then_some(Ending::Consensus);
        Self {
            subject,
            settings,
            plan,
            question,
            agents,
            points: Vec::new(),
            drops: Vec::new(),
            said: Vec::new(),
            ending,
        }
    }

    /// Returns whose turn it is; none when it is over.
    pub fn turn(&self) -> Option<Side> {
        let last = self.said.last().map(|one| one.side.other());
        match self.ending {
            Some(_) => None,
            None => Some(last.unwrap_or(Side::Reviewer)),
        }
    }

    /// Returns how hard it is.
    pub fn weight(&self) -> ModelWeight {
        let weight = self.question.as_ref().map(|question| question.weight);
        weight.unwrap_or(ModelWeight::Low)
    }

    /// Returns an agent.
    pub fn agent(&self, side: Side) -> &Agent {
        self.agents.of(side)
    }

    /// Puts what an agent is shown into words, for its model when it is known.
    ///
    /// # Errors
    ///
    /// When its prompt cannot be rendered.
    pub fn render(&self, side: Side, model: Option<&str>) -> Result<Rendered, String> {
        let name = side.name();
        let prompt = self.plan.prompts().find(name, model);
        let prompt = prompt.ok_or_else(|| format!("there is no prompt `{name}`"))?;
        let question = self.question.as_ref();
        let question = question.ok_or("there is nothing to talk about")?;
        prompt.render(&talk::values(
            question,
            self.agents,
            side,
            &self.said,
            &self.points,
        ))
    }

    /// Takes in what the agent said whose turn it is; returns it as people read it.
    pub fn hear(&mut self, reply: AgentReply) -> Option<&AgentMessage> {
        let side = self.turn()?;
        let raised = match side {
            Side::Reviewer => self.raise(reply.raised),
            Side::Coder => Vec::new(),
        };
        let mut stood = Vec::new();
        for (number, stand, reason) in reply.stands {
            let reason = talk::plain(&reason, REASON_CHARS_MAX);
            if self.stand(side, number, stand, reason) {
                stood.push(number);
            }
        }
        let words = talk::plain(&reply.message, MESSAGE_CHARS_MAX);
        let message = AgentMessage {
            number: self.said.len() + 1,
            side,
            name: self.agents.of(side).name.clone(),
            text: talk::told(&words, &self.points, &raised, &stood),
        };
        self.said.push(message);
        self.ending = self.over(&words);
        self.said.last()
    }

    /// Ends the talk because somebody could not be asked.
    pub fn break_off(&mut self, why: String) {
        self.ending.get_or_insert(Ending::Failed(why));
    }

    /// Returns what was said.
    pub fn said(&self) -> &[AgentMessage] {
        &self.said
    }

    /// Returns the points.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Returns why it is over, once it is.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// Takes in points, and returns the numbers of those that are anchored and new.
    fn raise(&mut self, remarks: Vec<ModelRemark>) -> Vec<usize> {
        let mut raised = Vec::new();
        let Some(question) = &self.question else {
            return raised;
        };
        for remark in remarks {
            if self.points.len() >= POINTS_MAX {
                self.drops.push(Drop::TooMany);
                continue;
            }
            let known = self.points.iter().map(|point| &point.finding);
            let both = (self.subject, self.settings);
            match anchored(both, self.plan, question, &remark, known) {
                Ok(finding) => {
                    self.points.push(Point {
                        finding,
                        state: PointState::Open,
                        reason: None,
                    });
                    raised.push(self.points.len());
                }
                Err(drop) => self.drops.push(drop),
            }
        }
        raised
    }

    /// Changes how far a point is, if it is for that side to say; returns whether it was.
    fn stand(&mut self, side: Side, number: usize, stand: Stand, reason: String) -> bool {
        let point = number.checked_sub(1).and_then(|at| self.points.get_mut(at));
        let Some(point) = point else { return false };
        let next = match (side, stand, point.state) {
            (Side::Coder, Stand::Accept, PointState::Open | PointState::Contested) => {
                PointState::Agreed
            }
            (Side::Coder, Stand::Reject, PointState::Open | PointState::Contested) => {
                PointState::Contested
            }
            (Side::Reviewer, Stand::Hold, PointState::Contested) => PointState::Contested,
            (Side::Reviewer, Stand::Withdraw, PointState::Open | PointState::Contested) => {
                PointState::Withdrawn
            }
            _ => return false,
        };
        point.state = next;
        point.reason = Some((side, reason));
        true
    }

    fn over(&self, words: &str) -> Option<Ending> {
        let is_settled =
            |point: &Point| matches!(point.state, PointState::Agreed | PointState::Withdrawn);
        if self.points.iter().all(is_settled) {
            return Some(Ending::Consensus);
        }
        let ends = |line: &str| {
            self.agents
                .resolution
                .iter()
                .any(|word| line.trim() == word)
        };
        // Who raises a point and ends the talk at once leaves the other one no word.
        let may_end = self.said.len() > 1;
        if may_end && words.lines().any(ends) {
            return Some(Ending::Resolved);
        }
        (self.said.len() >= self.agents.turns_max as usize).then_some(Ending::Turns)
    }

    /// Puts into a report what came of the talk: what is agreed as findings, what is not
    /// settled as findings that are held back, and what was not read. A talk that broke off
    /// is a problem of the report.
    pub fn conclude(self, about: &str, report: &mut Report) -> Concluded {
        let mut read = std::collections::BTreeSet::new();
        if !self.said.is_empty()
            && let Some(question) = &self.question
        {
            note_read(question, report, &mut read);
        }
        note_unread(self.plan, report);
        if let Some(Ending::Failed(why)) = &self.ending {
            report.problems.push(Problem {
                what: "discussion".to_owned(),
                path: None,
                message: why.clone(),
            });
        }
        let count = |state: PointState| {
            let points = self.points.iter().filter(|point| point.state == state);
            points.count()
        };
        let concluded = Concluded {
            agreed: count(PointState::Agreed),
            unsettled: count(PointState::Open) + count(PointState::Contested),
            withdrawn: count(PointState::Withdrawn),
            dropped: self.drops.len(),
        };
        let ending = self
            .ending
            .as_ref()
            .map_or_else(String::new, |one| format!("; {one}"));
        report.overview.notes.push(format!(
            "{about} talked in {}: {} agreed, {} not settled, {} withdrawn, {} dropped{ending}",
            counted(self.said.len(), "turn"),
            concluded.agreed,
            concluded.unsettled,
            concluded.withdrawn,
            concluded.dropped,
        ));
        report
            .overview
            .notes
            .extend(self.plan.notes.iter().cloned());
        let mut findings: Vec<Finding> = Vec::new();
        for point in self.points {
            let mut finding = point.finding;
            match point.state {
                PointState::Withdrawn => continue,
                PointState::Agreed => {}
                PointState::Open | PointState::Contested => finding.confidence = Confidence::Low,
            }
            findings.push(finding);
        }
        rank(&mut findings);
        conclude(self.subject, self.settings, findings, report);
        concluded
    }
}

/// What came of a talk, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concluded {
    /// Points that both say are so.
    pub agreed: usize,
    /// Points that they did not settle.
    pub unsettled: usize,
    /// Points that were taken back.
    pub withdrawn: usize,
    /// Points that were not anchored in the code, or said nothing new.
    pub dropped: usize,
}
