//! What models are told, as templates: shipped files, and those that somebody puts in
//! their place. A template is checked when it is loaded, so that none fails in a review.

use std::collections::BTreeMap;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Deserialize;

use super::prompt_check::{PromptError, PromptFault, Sample, check, sample_values};

/// Bytes of a template.
pub const TEMPLATE_BYTES_MAX: usize = 64 << 10;
/// Templates of a set.
const TEMPLATES_MAX: usize = 200;
/// Patterns of models of one template, and bytes of one.
const MODELS_MAX: usize = 20;
const MODEL_BYTES_MAX: usize = 200;
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
    include_str!("../../prompts/fix.md"),
];

/// Where a template comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptOrigin {
    /// With the program.
    Shipped,
    /// From a file of whoever runs the program.
    File,
    /// An organisation keeps it.
    Kept,
}

impl PromptOrigin {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Shipped, Self::File, Self::Kept];

    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shipped => "shipped",
            Self::File => "file",
            Self::Kept => "kept",
        }
    }
}

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
    /// What it is for: `review`, `judge`, `reviewer`, `coder` or `fix`.
    pub name: String,
    /// Its version; grows with every change.
    pub version: u32,
    /// The models that it is for, by name, `*` at the end for any ending; all if none.
    pub models: Vec<String>,
    /// Where it comes from.
    pub origin: PromptOrigin,
    pub(super) system: String,
    pub(super) user: String,
}

impl Prompt {
    /// Reads a template and checks it.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, PromptError> {
        let wrong = |name: &str, fault: PromptFault| PromptError {
            name: name.to_owned(),
            faults: vec![fault],
        };
        if text.len() > TEMPLATE_BYTES_MAX {
            let what = format!("it has more than {TEMPLATE_BYTES_MAX} bytes");
            return Err(wrong("?", PromptFault::of(what)));
        }
        let text = text.replace("\r\n", "\n");
        let parts = text
            .strip_prefix(HEAD_MARK)
            .and_then(|rest| rest.split_once(HEAD_MARK));
        let (head_text, body) = parts.ok_or_else(|| {
            let what = "it does not begin with a head between two lines `+++`";
            wrong("?", PromptFault::of(what).at(1))
        })?;
        let head: Head =
            toml::from_str(head_text).map_err(|why| wrong("?", head_fault(head_text, &why)))?;
        let head_lines = head_text.matches('\n').count() + 2;
        let (system, user) = body.split_once(USER_MARK).ok_or_else(|| {
            let what = "it has no line `=== user` between its two parts";
            wrong(&head.name, PromptFault::of(what).at(head_lines + 1))
        })?;
        let mut models = head.models;
        models.sort_unstable();
        models.dedup();
        let prompt = Self {
            name: head.name,
            version: head.version,
            models,
            origin: PromptOrigin::File,
            system: system.to_owned(),
            user: user.to_owned(),
        };
        let user_line = head_lines + 1 + system.matches('\n').count() + 2;
        let mut faults = model_faults(&prompt.models);
        faults.extend(check(&prompt, [head_lines + 1, user_line]));
        match faults.is_empty() {
            true => Ok(prompt),
            false => Err(PromptError {
                name: prompt.name,
                faults,
            }),
        }
    }

    /// Returns it as one that comes from elsewhere.
    #[must_use]
    pub fn with_origin(mut self, origin: PromptOrigin) -> Self {
        self.origin = origin;
        self
    }

    /// Returns it with another version.
    #[must_use]
    pub fn with_version(mut self, version: u32) -> Self {
        self.version = version;
        self
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

    /// Returns its name with its version, where that is kept and whom it is for, such as
    /// `review@2` or `judge@7 of the organisation for gpt-*`.
    pub fn tag(&self) -> String {
        let mut tag = format!("{}@{}", self.name, self.version);
        tag.push_str(match self.origin {
            PromptOrigin::Shipped => "",
            PromptOrigin::File => " of a file",
            PromptOrigin::Kept => " of the organisation",
        });
        if !self.models.is_empty() {
            tag.push_str(" for ");
            tag.push_str(&self.models.join(" "));
        }
        tag
    }

    /// Returns whether its text has a part.
    pub(super) fn says(&self, part: &str) -> bool {
        self.system.contains(part)
    }

    /// Renders the template with the names of its variables as their values, to look at.
    ///
    /// # Errors
    ///
    /// What goes wrong.
    pub fn sample(&self) -> Result<Rendered, String> {
        self.render(&sample_values(&self.name, Sample::Full))
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
        let part = |text: &str| {
            let rendered = render_part(text, values);
            rendered.map_err(|(_, why)| format!("`{}` {why}", self.tag()))
        };
        Ok(Rendered {
            system: part(&self.system)?.trim().to_owned(),
            user: part(&self.user)?,
            tag: self.tag(),
        })
    }
}

/// Says where in the head something is wrong.
fn head_fault(head: &str, why: &toml::de::Error) -> PromptFault {
    let fault = PromptFault::of(format!("its head: {}", why.message()));
    let before = |start: usize| {
        head.get(..start)
            .map_or(0, |text| text.matches('\n').count())
    };
    // The head begins in the second line.
    match why.span() {
        Some(span) => fault.at(before(span.start) + 2),
        None => fault,
    }
}

/// Says what is wrong with the patterns of models.
fn model_faults(models: &[String]) -> Vec<PromptFault> {
    if models.len() > MODELS_MAX {
        let what = format!("`models` has more than {MODELS_MAX} patterns");
        return vec![PromptFault::of(what)];
    }
    let is_sound = |model: &String| {
        let stem = model.strip_suffix('*').unwrap_or(model);
        let is_one = |c: char| !c.is_whitespace() && !c.is_control() && c != ',' && c != '*';
        !model.is_empty() && model.len() <= MODEL_BYTES_MAX && stem.chars().all(is_one)
    };
    let wrong = models.iter().filter(|model| !is_sound(model));
    wrong
        .map(|model| {
            PromptFault::of(format!(
                "`models`: {model:?} is no name of a model, with `*` at the end for any ending"
            ))
        })
        .collect()
}

/// Renders one part; the error has its line in the part, where that is known.
pub(super) fn render_part(
    text: &str,
    values: &BTreeMap<&'static str, PromptValue>,
) -> Result<String, (Option<usize>, String)> {
    let given: usize = values.values().map(PromptValue::bytes).sum();
    let context: BTreeMap<String, Value> = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.to_value()))
        .collect();
    let rendered = environment()
        .render_str(text, Value::from(context))
        .map_err(|why| (why.line(), format!("cannot be rendered: {}", said(&why))))?;
    match rendered.len() > given.saturating_mul(2) + RENDERED_EXTRA_MAX {
        true => Err((None, "makes a text that is too long".to_owned())),
        false => Ok(rendered),
    }
}

/// Returns what went wrong in a template, without the place.
pub(super) fn said(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
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

pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment
}

/// The templates that hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptSet {
    prompts: Vec<Prompt>,
    refused: Vec<String>,
}

impl PromptSet {
    /// Returns the templates that come with the program.
    pub fn shipped() -> Self {
        let read = |text: &&str| {
            let prompt = Prompt::parse(text).expect("a test reads the shipped prompts");
            prompt.with_origin(PromptOrigin::Shipped)
        };
        Self {
            prompts: SHIPPED.iter().map(read).collect(),
            refused: Vec::new(),
        }
    }

    /// Puts a template in the place of the one for the same task and models.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub fn put(&mut self, prompt: Prompt) -> Result<(), PromptError> {
        let is_same = |one: &Prompt| one.name == prompt.name && one.models == prompt.models;
        self.prompts.retain(|one| !is_same(one));
        if self.prompts.len() >= TEMPLATES_MAX {
            let what = format!("there are {TEMPLATES_MAX} prompts already");
            return Err(PromptError {
                name: prompt.name,
                faults: vec![PromptFault::of(what)],
            });
        }
        self.prompts.push(prompt);
        Ok(())
    }

    /// Says of a template that was to be here why it is not: the review is told so.
    pub fn refuse(&mut self, why: String) {
        self.refused.push(why);
    }

    /// Returns what was to be here and is not.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// Returns all of them.
    pub fn all(&self) -> &[Prompt] {
        &self.prompts
    }

    /// Returns the template for exactly these models.
    pub fn exact(&self, name: &str, models: &[String]) -> Option<&Prompt> {
        let is_it = |one: &&Prompt| one.name == name && one.models == models;
        self.prompts.iter().find(is_it)
    }

    /// Returns the template for a task: the one whose pattern fits most of the model's
    /// name, else the one for all models.
    pub fn find(&self, name: &str, model: Option<&str>) -> Option<&Prompt> {
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
        self.prompts
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
    use super::super::prompt_check::prompt_names;
    use super::{Prompt, PromptOrigin, PromptSet, PromptValue};

    #[test]
    fn the_shipped_prompts_are_sound() {
        let set = PromptSet::shipped();
        assert_eq!(set.all().len(), super::SHIPPED.len());
        for name in prompt_names() {
            assert!(set.find(name, None).is_some(), "{name}");
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

    #[test]
    fn a_template_is_written_as_it_is_read() {
        let text = "+++\nname = \"judge\"\nversion = 4\nmodels = [\"o3*\", \"gpt-5\"]\n+++\na\n=== user\n{{ remarks }}\n";
        let prompt = Prompt::parse(text).unwrap();
        assert_eq!(prompt.models, ["gpt-5", "o3*"]);
        assert_eq!(Prompt::parse(&prompt.to_text()).unwrap(), prompt);
        let kept = prompt.with_version(7).with_origin(PromptOrigin::Kept);
        assert_eq!(kept.tag(), "judge@7 of the organisation for gpt-5 o3*");
        assert!(kept.to_text().contains("version = 7\n"));
        let shipped = PromptSet::shipped();
        assert_eq!(shipped.find("judge", None).unwrap().tag(), "judge@1");
        assert!(shipped.exact("judge", &["gpt-5".to_owned()]).is_none());
    }
}
