//! What models are told, as templates: shipped files, and those that somebody puts in
//! their place. A template is checked when it is loaded, so that none fails in a review.

use std::collections::BTreeMap;
use std::fmt;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Deserialize;

use super::concern::Concern;

/// Bytes of a template.
const TEMPLATE_BYTES_MAX: usize = 64 << 10;
/// Templates of a set.
const TEMPLATES_MAX: usize = 100;
/// Steps that rendering may take.
const FUEL: u64 = 200_000;
/// Bytes of a rendered part, besides what is put into it.
const RENDERED_EXTRA_MAX: usize = 256 << 10;
/// What stands between the two parts of a template.
const USER_MARK: &str = "\n=== user\n";
/// What stands before and after the head of a template.
const HEAD_MARK: &str = "+++\n";

/// The templates that come with the program.
const SHIPPED: &[&str] = &[
    include_str!("../../prompts/review.md"),
    include_str!("../../prompts/judge.md"),
    include_str!("../../prompts/reviewer.md"),
    include_str!("../../prompts/coder.md"),
];

/// What a kind of prompt is given, and what of it a template has to use.
struct Contract {
    name: &'static str,
    variables: &'static [&'static str],
    required: &'static [&'static str],
}

/// What agents are given.
const TALK: &[&str] = &[
    "conventions",
    "files",
    "focus",
    "instructions",
    "keyword",
    "points",
    "related",
    "talk",
];

const CONTRACTS: &[Contract] = &[
    Contract {
        name: "review",
        variables: &["concerns", "conventions", "files", "related"],
        required: &["files"],
    },
    Contract {
        name: "judge",
        variables: &["remarks"],
        required: &["remarks"],
    },
    Contract {
        name: "reviewer",
        variables: TALK,
        required: &["files", "talk", "points"],
    },
    Contract {
        name: "coder",
        variables: TALK,
        required: &["files", "talk", "points"],
    },
];

/// Why a template is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptError {
    /// The template, as far as it is known.
    pub name: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for PromptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the prompt `{}`: {}", self.name, self.what)
    }
}

impl std::error::Error for PromptError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    name: String,
    version: u32,
    #[serde(default)]
    models: Vec<String>,
}

/// One template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What it is for: `review`, `judge`, `reviewer` or `coder`.
    pub name: String,
    /// Its version; grows with every change.
    pub version: u32,
    /// The models that it is for, by name, `*` at the end for any ending; all if none.
    pub models: Vec<String>,
    system: String,
    user: String,
}

impl Prompt {
    /// Reads a template and checks it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, PromptError> {
        let wrong = |name: &str, what: String| PromptError {
            name: name.to_owned(),
            what,
        };
        if text.len() > TEMPLATE_BYTES_MAX {
            let what = format!("it has more than {TEMPLATE_BYTES_MAX} bytes");
            return Err(wrong("?", what));
        }
        let text = text.replace("\r\n", "\n");
        let parts = text
            .strip_prefix(HEAD_MARK)
            .and_then(|rest| rest.split_once(HEAD_MARK));
        let (head, body) = parts
            .ok_or_else(|| wrong("?", "it does not begin with a head between `+++`".into()))?;
        let head: Head = toml::from_str(head).map_err(|why| wrong("?", why.to_string()))?;
        let (system, user) = body.split_once(USER_MARK).ok_or_else(|| {
            wrong(
                &head.name,
                "it has no line `=== user` between its two parts".into(),
            )
        })?;
        let prompt = Self {
            name: head.name,
            version: head.version,
            models: head.models,
            system: system.to_owned(),
            user: user.to_owned(),
        };
        prompt.check().map_err(|what| wrong(&prompt.name, what))?;
        Ok(prompt)
    }

    /// Returns the template as a file has it.
    pub fn to_text(&self) -> String {
        let models: Vec<String> = self.models.iter().map(|one| format!("{one:?}")).collect();
        let models = models.join(", ");
        format!(
            "{HEAD_MARK}name = {:?}\nversion = {}\nmodels = [{models}]\n{HEAD_MARK}{}{USER_MARK}{}",
            self.name, self.version, self.system, self.user
        )
    }

    /// Returns its name with its version and whom it is for, such as `review@2`.
    pub fn tag(&self) -> String {
        match &self.models[..] {
            [] => format!("{}@{}", self.name, self.version),
            models => format!("{}@{} for {}", self.name, self.version, models.join(" ")),
        }
    }

    /// Returns whether its text has a part.
    pub(super) fn says(&self, part: &str) -> bool {
        self.system.contains(part)
    }

    fn check(&self) -> Result<(), String> {
        let known = CONTRACTS.iter().map(|one| one.name);
        let contract = CONTRACTS.iter().find(|one| one.name == self.name);
        let contract = contract.ok_or_else(|| {
            let known: Vec<&str> = known.collect();
            format!(
                "there is no prompt of this name (known: {})",
                known.join(", ")
            )
        })?;
        let mut used: Vec<String> = Vec::new();
        for (part, text) in [("system", &self.system), ("user", &self.user)] {
            let environment = environment();
            let template = environment
                .template_from_named_str(part, text)
                .map_err(|why| format!("its {part} part is no template: {why}"))?;
            used.extend(template.undeclared_variables(false));
        }
        if let Some(unknown) = used
            .iter()
            .find(|one| !contract.variables.contains(&one.as_str()))
        {
            let known = contract.variables.join(", ");
            return Err(format!(
                "it uses `{unknown}`, which there is not (there are: {known})"
            ));
        }
        if let Some(missing) = contract
            .required
            .iter()
            .find(|one| !used.iter().any(|used| used == *one))
        {
            return Err(format!(
                "it does not use `{missing}`, which is what it is about"
            ));
        }
        // What goes wrong only while it is rendered goes wrong now.
        let rendered = self.sample()?;
        match rendered.user.trim().is_empty() || rendered.system.trim().is_empty() {
            true => Err("one of its parts is empty".to_owned()),
            false => Ok(()),
        }
    }

    /// Renders the template with the names of its variables as their values, to look at.
    ///
    /// # Errors
    ///
    /// What goes wrong.
    pub fn sample(&self) -> Result<Rendered, String> {
        let contract = CONTRACTS.iter().find(|one| one.name == self.name);
        let variables = contract.map_or(&[][..], |contract| contract.variables);
        let sample = variables.iter().map(|one| {
            let value = match *one {
                "concerns" => {
                    let names = Concern::ALL.iter().map(|one| one.name().to_owned());
                    PromptValue::List(names.collect())
                }
                "focus" => PromptValue::List(vec!["<focus>".to_owned()]),
                name => PromptValue::Text(format!("<{name}>")),
            };
            (*one, value)
        });
        self.render(&sample.collect())
    }

    /// Puts values into the template.
    ///
    /// # Errors
    ///
    /// What goes wrong, such as a limit.
    pub(super) fn render(
        &self,
        values: &BTreeMap<&'static str, PromptValue>,
    ) -> Result<Rendered, String> {
        let given: usize = values.values().map(PromptValue::bytes).sum();
        let context: BTreeMap<String, Value> = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.to_value()))
            .collect();
        let context = Value::from(context);
        let part = |text: &str| {
            let environment = environment();
            let rendered = environment
                .render_str(text, context.clone())
                .map_err(|why| format!("`{}` cannot be rendered: {why}", self.tag()))?;
            match rendered.len() > given.saturating_mul(2) + RENDERED_EXTRA_MAX {
                true => Err(format!("`{}` makes a text that is too long", self.tag())),
                false => Ok(rendered),
            }
        };
        Ok(Rendered {
            system: part(&self.system)?.trim().to_owned(),
            user: part(&self.user)?,
            tag: self.tag(),
        })
    }
}

/// A value of a template.
#[derive(Clone, Debug)]
pub(super) enum PromptValue {
    Text(String),
    List(Vec<String>),
}

impl PromptValue {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::List(list) => list.iter().map(String::len).sum(),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::List(list) => list.iter().map(String::as_str).collect(),
        }
    }
}

/// A prompt with its values in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// What the model is told about its task.
    pub system: String,
    /// What it is shown.
    pub user: String,
    /// Which prompt it was.
    pub tag: String,
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment
}

/// The templates that hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptSet(Vec<Prompt>);

impl PromptSet {
    /// Returns the templates that come with the program.
    pub fn shipped() -> Self {
        let read = |text: &&str| Prompt::parse(text).expect("a test reads the shipped prompts");
        Self(SHIPPED.iter().map(read).collect())
    }

    /// Puts a template in the place of the one for the same task and models.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub fn put(&mut self, prompt: Prompt) -> Result<(), PromptError> {
        let is_same = |one: &Prompt| one.name == prompt.name && one.models == prompt.models;
        self.0.retain(|one| !is_same(one));
        if self.0.len() >= TEMPLATES_MAX {
            let what = format!("there are {TEMPLATES_MAX} prompts already");
            return Err(PromptError {
                name: prompt.name,
                what,
            });
        }
        self.0.push(prompt);
        Ok(())
    }

    /// Returns all of them.
    pub fn all(&self) -> &[Prompt] {
        &self.0
    }

    /// Returns the template for a task: the one whose pattern fits most of the model's
    /// name, else the one for all models.
    pub(super) fn find(&self, name: &str, model: Option<&str>) -> Option<&Prompt> {
        let fit = |prompt: &Prompt| -> Option<usize> {
            if prompt.models.is_empty() {
                return Some(0);
            }
            let model = model?;
            let bare = model.rsplit('/').next().unwrap_or(model);
            let fits = |pattern: &&String| match pattern.strip_suffix('*') {
                Some(start) => model.starts_with(start) || bare.starts_with(start),
                None => model == pattern.as_str() || bare == pattern.as_str(),
            };
            let patterns = prompt.models.iter().filter(fits);
            patterns.map(|pattern| pattern.len() + 1).max()
        };
        self.0
            .iter()
            .filter(|prompt| prompt.name == name)
            .filter_map(|prompt| Some((fit(prompt)?, prompt)))
            .max_by_key(|(fit, _)| *fit)
            .map(|(_, prompt)| prompt)
    }
}

impl Default for PromptSet {
    fn default() -> Self {
        Self::shipped()
    }
}

#[cfg(test)]
mod tests {
    use super::{Prompt, PromptSet, PromptValue};

    #[test]
    fn the_shipped_prompts_are_sound() {
        let set = PromptSet::shipped();
        assert_eq!(set.all().len(), super::SHIPPED.len());
        for contract in super::CONTRACTS {
            assert!(set.find(contract.name, None).is_some(), "{}", contract.name);
        }
    }

    #[test]
    fn a_template_that_would_fail_is_not_taken() {
        let text = |head: &str, system: &str, user: &str| {
            format!("+++\n{head}\n+++\n{system}\n=== user\n{user}\n")
        };
        let head = "name = \"judge\"\nversion = 1";
        for (template, expected) in [
            (
                text("name = \"other\"\nversion = 1", "a", "b"),
                "no prompt of this name",
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
    fn what_is_put_into_a_template_is_no_template() {
        let set = PromptSet::shipped();
        let text = "{{ 7 * 7 }} {% raise %}".to_owned();
        let values = [("remarks", PromptValue::Text(text.clone()))].into();
        let rendered = set.find("judge", None).unwrap().render(&values).unwrap();
        assert!(rendered.user.contains(&text), "{}", rendered.user);
    }

    #[test]
    fn the_prompt_that_fits_the_model_most_is_taken() {
        let mut set = PromptSet::shipped();
        for (models, version) in [("[\"gpt-*\"]", 7), ("[\"gpt-5-mini*\"]", 8)] {
            let text = format!(
                "+++\nname = \"judge\"\nversion = {version}\nmodels = {models}\n+++\na\n=== user\n{{{{ remarks }}}}"
            );
            set.put(Prompt::parse(&text).unwrap()).unwrap();
        }
        for (model, version) in [
            (Some("gpt-5"), 7),
            (Some("gpt-5-mini-2025"), 8),
            (Some("openai/gpt-5-mini"), 8),
            (Some("claude"), 1),
            (None, 1),
        ] {
            assert_eq!(
                set.find("judge", model).unwrap().version,
                version,
                "{model:?}"
            );
        }
    }
}
