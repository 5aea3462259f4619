//! Rules that are data: what they look for is in the front matter of a Markdown
//! file under `rules/`, which the build script turns into the tables read here.
//!
//! Rules are asked by name: a call, an assignment or a reference looks its last
//! name up in one table, so a place that no rule names costs one look-up,
//! however many rules there are. What imports and variables stand for is
//! worked out in files where a name was hit.

mod condition;
mod credential;
mod fact;
mod import;
mod path;
mod report;
mod site;
mod table;
mod value;

use assay_finding::{Confidence, Severity};

pub(crate) use credential::with_repeats;
pub(crate) use fact::Facts;
pub(crate) use path::{last_name, plain_string, segments};
pub(crate) use site::Site;
pub(crate) use table::{Entry, NameHasher, PatternTable, credential_spans, examine, examine_text};
pub(crate) use value::{Constant, constant, number};

/// One way in which a rule can match.
pub(crate) struct Matcher {
    /// The languages that it reads, by id.
    pub(crate) languages: &'static [&'static str],
    /// What kind of thing it looks for.
    pub(crate) shape: Shape,
    /// The paths, names, words or kinds that it looks for.
    pub(crate) names: &'static [&'static str],
    /// What must hold there, a condition a line.
    pub(crate) when: &'static [&'static str],
    /// What is said, with `{...}` for parts of the place.
    pub(crate) message: &'static str,
    pub(crate) severity: Option<Severity>,
    pub(crate) confidence: Option<Confidence>,
    /// The part that is a credential, as conditions name it: it matches only when
    /// literals of the file make it up, and they are masked wherever they show.
    pub(crate) secret: &'static str,
    /// The part of it that is one, as an expression with a group.
    pub(crate) within: &'static str,
    pub(crate) fix: Option<FixSpec>,
}

/// What kind of thing a matcher looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A call or construction, by the path of what is called.
    Call,
    /// A variable, field, key or named argument that is given a value.
    Set,
    /// A use of a name that is no call.
    Reference,
    /// An import of a module.
    Import,
    /// A decorator, annotation or attribute.
    Annotation,
    /// The definition of a function with the name.
    Function,
    /// A comparison or operation with the operator.
    Operation,
    /// A node of the grammar's kind.
    Kind,
    /// A word in the text.
    Text,
}

/// How a match is mended: a part of it becomes something else.
pub(crate) struct FixSpec {
    pub(crate) title: &'static str,
    /// The part: an argument as in conditions, `value`, `callee`, `name`,
    /// `match`, or `arguments` to add one at the end.
    pub(crate) part: &'static str,
    /// What it becomes.
    pub(crate) with: &'static str,
    pub(crate) is_safe: bool,
}
