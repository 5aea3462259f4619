//! What a template has to be before it is taken: which variables there are, which it must
//! use, and that it renders, with much and with little to say. All that is wrong is told at
//! once, with its line in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use assay_source::nearest_word;

use super::concern::Concern;
use super::prompt::{Prompt, PromptValue, environment, render_part, said};

/// Faults of one template that are told.
const FAULTS_MAX: usize = 50;

/// Something that a template is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptVariable {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub what: &'static str,
    /// Whether a template without it is none.
    pub is_required: bool,
    /// Whether it may be empty.
    pub may_be_empty: bool,
}

const fn needed(name: &'static str, what: &'static str) -> PromptVariable {
    PromptVariable {
        name,
        what,
        is_required: true,
        may_be_empty: false,
    }
}

const fn given(name: &'static str, what: &'static str) -> PromptVariable {
    PromptVariable {
        name,
        what,
        is_required: false,
        may_be_empty: false,
    }
}

const fn perhaps(name: &'static str, what: &'static str) -> PromptVariable {
    PromptVariable {
        name,
        what,
        is_required: false,
        may_be_empty: true,
    }
}

const CONVENTIONS: PromptVariable = perhaps(
    "conventions",
    "conventions of the project, from the base; may be empty",
);
const FILES: PromptVariable = needed("files", "the changed code, each line numbered");
const RELATED: PromptVariable = perhaps(
    "related",
    "code that the change does not touch: definitions, callers, tests; may be empty",
);

/// What agents are given.
const TALK: &[PromptVariable] = &[
    CONVENTIONS,
    FILES,
    perhaps("focus", "a list of what the agent looks at; may be empty"),
    perhaps("instructions", "the agent's own words; may be empty"),
    given("keyword", "the line that ends the talk"),
    PromptVariable {
        is_required: true,
        ..perhaps("points", "what was raised so far; may be empty")
    },
    RELATED,
    PromptVariable {
        is_required: true,
        ..perhaps("talk", "what was said so far; may be empty")
    },
];

const CONTRACTS: &[(&str, &[PromptVariable])] = &[
    (
        "review",
        &[
            given("concerns", "a list of what is looked for"),
            CONVENTIONS,
            FILES,
            RELATED,
        ],
    ),
    (
        "judge",
        &[needed("remarks", "remarks, each with the code it is about")],
    ),
    ("reviewer", TALK),
    ("coder", TALK),
    (
        "fix",
        &[
            perhaps("advice", "what the rule says; may be empty"),
            CONVENTIONS,
            PromptVariable {
                is_required: true,
                ..perhaps(
                    "failed",
                    "what was tried and why it was refused; may be empty",
                )
            },
            needed("files", "the code around the finding, each line numbered"),
            needed("finding", "what is wrong, and the path that proves it"),
        ],
    ),
];

/// Returns the names that prompts have.
pub fn prompt_names() -> impl Iterator<Item = &'static str> {
    CONTRACTS.iter().map(|(name, _)| *name)
}

/// Returns what the prompt of a name is given; none when there is no such prompt.
pub fn prompt_variables(name: &str) -> Option<&'static [PromptVariable]> {
    let found = CONTRACTS.iter().find(|(known, _)| *known == name);
    found.map(|(_, variables)| *variables)
}

/// One thing that is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptFault {
    /// In which line of the file, if it is in one.
    pub line: Option<usize>,
    /// The variable that it is about.
    pub variable: Option<String>,
    /// What was probably meant.
    pub nearest: Option<&'static str>,
    /// What is wrong.
    pub what: String,
}

impl PromptFault {
    pub(super) fn of(what: impl Into<String>) -> Self {
        Self {
            line: None,
            variable: None,
            nearest: None,
            what: what.into(),
        }
    }

    #[must_use]
    pub(super) fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }
}

impl fmt::Display for PromptFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// Why a template is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptError {
    /// The template, as far as it is known.
    pub name: String,
    /// All that is wrong with it; never nothing.
    pub faults: Vec<PromptFault>,
}

impl fmt::Display for PromptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self.faults.iter().map(PromptFault::to_string).collect();
        write!(f, "the prompt `{}`: {}", self.name, faults.join("; "))
    }
}

impl std::error::Error for PromptError {}

/// Says what is wrong with a template whose parts begin in these lines of its file.
pub(super) fn check(prompt: &Prompt, lines: [usize; 2]) -> Vec<PromptFault> {
    let Some(variables) = prompt_variables(&prompt.name) else {
        return vec![unknown_name(&prompt.name)];
    };
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for ((part, text), first) in parts(prompt).into_iter().zip(lines) {
        match environment().template_from_named_str(part, text) {
            Err(why) => {
                let what = format!("its {part} part is no template: {}", said(&why));
                faults.push(PromptFault {
                    line: why.line().map(|line| first + line - 1),
                    ..PromptFault::of(what)
                });
            }
            Ok(template) => {
                let found: BTreeSet<String> =
                    template.undeclared_variables(false).into_iter().collect();
                let unknown = found
                    .iter()
                    .filter(|name| variables.iter().all(|one| one.name != name.as_str()));
                faults.extend(unknown.map(|name| unknown_variable(name, variables, text, first)));
                used.extend(found);
            }
        }
    }
    if faults.is_empty() {
        let missing = variables
            .iter()
            .filter(|one| one.is_required && !used.contains(one.name));
        faults.extend(missing.map(|one| PromptFault {
            variable: Some(one.name.to_owned()),
            ..PromptFault::of(format!(
                "it does not use `{}`, which is what it is about ({})",
                one.name, one.what
            ))
        }));
    }
    if faults.is_empty() {
        faults = rendering_faults(prompt, lines);
    }
    faults.truncate(FAULTS_MAX);
    faults
}

fn parts(prompt: &Prompt) -> [(&'static str, &str); 2] {
    [("system", &prompt.system), ("user", &prompt.user)]
}

fn unknown_name(name: &str) -> PromptFault {
    let nearest = nearest_word(name, prompt_names());
    let known: Vec<&str> = prompt_names().collect();
    let meant = nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    PromptFault {
        nearest,
        ..PromptFault::of(format!(
            "there is no prompt of the name `{name}`{meant} (known: {})",
            known.join(", ")
        ))
    }
}

fn unknown_variable(
    name: &str,
    variables: &'static [PromptVariable],
    text: &str,
    first: usize,
) -> PromptFault {
    let names = variables.iter().map(|one| one.name);
    let nearest = nearest_word(name, names.clone());
    let known: Vec<&str> = names.collect();
    let meant = nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    PromptFault {
        line: line_of(name, text).map(|line| first + line - 1),
        variable: Some(name.to_owned()),
        nearest,
        what: format!(
            "it uses `{name}`, which there is not{meant} (there are: {})",
            known.join(", ")
        ),
    }
}

/// Returns the line of a part in which a word stands first between the marks of the
/// template's language, from 1.
fn line_of(word: &str, text: &str) -> Option<usize> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut at = 0;
    while let Some(open) = text[at..]
        .find("{{")
        .into_iter()
        .chain(text[at..].find("{%"))
        .min()
    {
        let inner = at + open + 2;
        let rest = &text[inner..];
        let closed = rest.find("}}").into_iter().chain(rest.find("%}")).min();
        let end = closed.map_or(text.len(), |length| inner + length);
        for (found, _) in text[inner..end].match_indices(word) {
            let (start, after) = (inner + found, inner + found + word.len());
            let is_whole = !text[..start].ends_with(is_name) && !text[after..].starts_with(is_name);
            if is_whole {
                return Some(text[..start].matches('\n').count() + 1);
            }
        }
        at = end;
    }
    None
}

/// What goes wrong only while it is rendered goes wrong now.
fn rendering_faults(prompt: &Prompt, lines: [usize; 2]) -> Vec<PromptFault> {
    for sample in [Sample::Full, Sample::Bare] {
        let values = sample_values(&prompt.name, sample);
        for ((part, text), first) in parts(prompt).into_iter().zip(lines) {
            match render_part(text, &values) {
                Err((line, why)) => {
                    let with = sample.what();
                    return vec![PromptFault {
                        line: line.map(|line| first + line - 1),
                        ..PromptFault::of(format!("its {part} part {why}{with}"))
                    }];
                }
                Ok(rendered) if rendered.trim().is_empty() => {
                    let with = sample.what();
                    let what = format!("its {part} part is empty{with}");
                    return vec![PromptFault::of(what).at(first)];
                }
                Ok(_) => {}
            }
        }
    }
    Vec::new()
}

/// With how much a template is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sample {
    /// Everything is there.
    Full,
    /// What may be empty is.
    Bare,
}

impl Sample {
    fn what(self) -> &'static str {
        match self {
            Self::Full => "",
            Self::Bare => ", when what may be empty is",
        }
    }
}

/// Returns values of the form that a prompt is given.
pub(super) fn sample_values(name: &str, sample: Sample) -> BTreeMap<&'static str, PromptValue> {
    let variables = prompt_variables(name).unwrap_or_default();
    let value = |one: &PromptVariable| {
        let is_empty = sample == Sample::Bare && one.may_be_empty;
        let value = match one.name {
            "concerns" => {
                let names = Concern::ALL.iter().map(|one| one.name().to_owned());
                PromptValue::List(names.collect())
            }
            "focus" if is_empty => PromptValue::List(Vec::new()),
            "focus" => PromptValue::List(vec!["<focus>".to_owned()]),
            _ if is_empty => PromptValue::Text(String::new()),
            name => PromptValue::Text(format!("<{name}>")),
        };
        (one.name, value)
    };
    variables.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::super::prompt::Prompt;

    #[test]
    fn a_template_that_would_fail_is_not_taken() {
        let text = |head: &str, system: &str, user: &str| {
            format!("+++\n{head}\n+++\n{system}\n=== user\n{user}\n")
        };
        let head = "name = \"judge\"\nversion = 1";
        for (template, expected) in [
            (
                text("name = \"other\"\nversion = 1", "a", "b"),
                "no prompt of the name",
            ),
            (text(head, "a", "{{ remarks"), "no template"),
            (
                text(head, "{{ files }}", "{{ remarks }}"),
                "it uses `files`",
            ),
            (text(head, "a", "b"), "does not use `remarks`"),
            (
                text(
                    head,
                    "a",
                    "{% for a in range(100000) %}{{ remarks }}{% endfor %}",
                ),
                "",
            ),
            (
                text(head, "a", "{{ remarks.no.such }}"),
                "cannot be rendered",
            ),
            (text(head, "", "{{ remarks }}"), "empty"),
            ("a".to_owned(), "does not begin with a head"),
            (
                "+++\nname = \"judge\"\nversion = 1\n+++\n{{ remarks }}".to_owned(),
                "=== user",
            ),
            (text("name = \"judge\"", "a", "{{ remarks }}"), "version"),
            ("x".repeat(70_000), "more than"),
        ] {
            let said = Prompt::parse(&template).unwrap_err().to_string();
            assert!(said.contains(expected), "{expected}: {said}");
        }
    }

    #[test]
    fn all_faults_are_told_with_their_lines() {
        let text = "+++\nname = \"review\"\nversion = 1\n+++\nYou review.\nLook for {{ concern }}.\n=== user\n{%- if convention %}\n{{ convention }}\n{%- endif %}\n{{ files }} {{ 'fils' }} {{ fils }}\n";
        let error = Prompt::parse(text).unwrap_err();
        let told: Vec<_> = error
            .faults
            .iter()
            .map(|one| (one.line, one.variable.as_deref(), one.nearest))
            .collect();
        assert_eq!(
            told,
            [
                (Some(6), Some("concern"), Some("concerns")),
                (Some(8), Some("convention"), Some("conventions")),
                (Some(11), Some("fils"), Some("files")),
            ],
            "{error}"
        );
        for (text, line, part) in [
            ("name = 1", 2, "head"),
            (
                "name = \"judge\"\nversion = 1\nmodel = []",
                4,
                "unknown field",
            ),
        ] {
            let text = format!("+++\n{text}\n+++\na\n=== user\n{{{{ remarks }}}}\n");
            let error = Prompt::parse(&text).unwrap_err();
            assert_eq!(error.faults[0].line, Some(line), "{error}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn what_fails_where_there_is_little_to_say_is_found() {
        let text = "+++\nname = \"review\"\nversion = 1\n+++\na\n=== user\n{% if related %}{{ related }}\n{% else %}{{ related.none.at.all }}{% endif %}{{ files }}\n";
        let error = Prompt::parse(text).unwrap_err();
        assert_eq!(error.faults[0].line, Some(8), "{error}");
        assert!(error.to_string().contains("when what may be empty is"));
    }

    #[test]
    fn models_are_names_with_a_star_at_the_end() {
        for (models, is_taken) in [
            ("[\"gpt-5*\", \"openai/o3\"]", true),
            ("[\"*\"]", true),
            ("[\"\"]", false),
            ("[\"gpt *\"]", false),
            ("[\"a,b\"]", false),
            ("[\"*-mini\"]", false),
        ] {
            let text = format!(
                "+++\nname = \"judge\"\nversion = 1\nmodels = {models}\n+++\na\n=== user\n{{{{ remarks }}}}\n"
            );
            assert_eq!(Prompt::parse(&text).is_ok(), is_taken, "{models}");
        }
    }
}
