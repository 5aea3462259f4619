//! Who discusses: two agents, a coder and a reviewer, as somebody wrote them down in
//! YAML. What does not make sense is refused when it is read.

use std::fmt;

use serde::Deserialize;

use super::Side;

/// Bytes of a file.
pub const AGENTS_BYTES_MAX: usize = 64 << 10;
/// Turns of a discussion at most, both agents' together.
const TURNS_MAX: u32 = 20;
/// Turns when nobody says how many.
const TURNS_USUAL: u32 = 6;
/// Words that end a discussion.
const RESOLUTIONS_MAX: usize = 10;
const RESOLUTION_CHARS_MAX: usize = 40;
/// What an agent looks at.
const FOCUS_MAX: usize = 20;
const FOCUS_CHARS_MAX: usize = 200;
const NAME_CHARS_MAX: usize = 40;
const PROMPT_BYTES_MAX: usize = 16 << 10;
const MODEL_CHARS_MAX: usize = 200;
/// The form.
const VERSION: u32 = 1;
/// What ends a discussion when nobody says otherwise.
const RESOLUTION_USUAL: &str = "RESOLVED";

/// Why agents are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentsError(String);

impl fmt::Display for AgentsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the agents: {}", self.0)
    }
}

impl std::error::Error for AgentsError {}

/// One of the two.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// What it is called.
    pub name: String,
    /// Which of the two it is.
    pub side: Side,
    /// The model that speaks for it, as `provider/name`; whichever the routes say if none.
    pub model: Option<String>,
    /// How much chance is in what it says, where the model takes it.
    pub temperature: Option<f64>,
    /// What it looks at above all.
    pub focus: Vec<String>,
    /// What it is told besides.
    pub instructions: String,
}

/// The agents of a discussion, and when it is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Agents {
    /// Turns at most, both agents' together.
    pub turns_max: u32,
    /// Words that end it; a line of a message that is one of them.
    pub resolution: Vec<String>,
    /// Who speaks for the change.
    pub coder: Agent,
    /// Who looks for mistakes.
    pub reviewer: Agent,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgentsFile {
    version: u32,
    turns: Option<u32>,
    resolution: Option<Vec<String>>,
    agents: Vec<AgentFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgentFile {
    role: String,
    name: Option<String>,
    model: Option<String>,
    temperature: Option<f64>,
    #[serde(default)]
    focus: Vec<String>,
    #[serde(default)]
    prompt: String,
}

impl Default for Agents {
    fn default() -> Self {
        let agent = |side: Side| Agent {
            name: side.name().to_owned(),
            side,
            model: None,
            temperature: None,
            focus: Vec::new(),
            instructions: String::new(),
        };
        Self {
            turns_max: TURNS_USUAL,
            resolution: vec![RESOLUTION_USUAL.to_owned()],
            coder: agent(Side::Coder),
            reviewer: agent(Side::Reviewer),
        }
    }
}

impl Agents {
    /// Reads agents from YAML. Who is not named is as usual.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, AgentsError> {
        if text.len() > AGENTS_BYTES_MAX {
            let why = format!("there are more than {AGENTS_BYTES_MAX} bytes");
            return Err(AgentsError(why));
        }
        let file: AgentsFile =
            serde_saphyr::from_str(text).map_err(|why| AgentsError(why.to_string()))?;
        file.check().map_err(AgentsError)
    }

    /// Returns one of the two.
    pub fn of(&self, side: Side) -> &Agent {
        match side {
            Side::Coder => &self.coder,
            Side::Reviewer => &self.reviewer,
        }
    }
}

impl AgentsFile {
    fn check(self) -> Result<Agents, String> {
        if self.version != VERSION {
            return Err(format!("`version` is {VERSION}, not {}", self.version));
        }
        let usual = Agents::default();
        let turns_max = self.turns.unwrap_or(usual.turns_max);
        if !(1..=TURNS_MAX).contains(&turns_max) {
            return Err(format!("`turns` is 1 to {TURNS_MAX}, not {turns_max}"));
        }
        let resolution = self.resolution.unwrap_or(usual.resolution);
        if !(1..=RESOLUTIONS_MAX).contains(&resolution.len()) {
            return Err(format!("`resolution` has 1 to {RESOLUTIONS_MAX} words"));
        }
        for word in &resolution {
            if !is_line(word, RESOLUTION_CHARS_MAX) {
                let why = format!("1 to {RESOLUTION_CHARS_MAX} characters of one line");
                return Err(format!("`resolution`: `{word}`: {why}"));
            }
        }
        let (mut coder, mut reviewer) = (None, None);
        for agent in self.agents {
            let agent = agent.check()?;
            let place = match agent.side {
                Side::Coder => &mut coder,
                Side::Reviewer => &mut reviewer,
            };
            if place.is_some() {
                return Err(format!(
                    "there are two agents of the role `{}`",
                    agent.side.name()
                ));
            }
            *place = Some(agent);
        }
        let agents = Agents {
            turns_max,
            resolution,
            coder: coder.unwrap_or(usual.coder),
            reviewer: reviewer.unwrap_or(usual.reviewer),
        };
        match agents.coder.name == agents.reviewer.name {
            true => Err(format!("both agents are called `{}`", agents.coder.name)),
            false => Ok(agents),
        }
    }
}

impl AgentFile {
    fn check(self) -> Result<Agent, String> {
        let side = Side::ALL.into_iter().find(|side| side.name() == self.role);
        let side = side.ok_or_else(|| {
            let known = Side::ALL.map(Side::name).join(", ");
            format!("`{}` is no role (known: {known})", self.role)
        })?;
        let role = side.name();
        let name = self.name.unwrap_or_else(|| role.to_owned());
        if !is_line(&name, NAME_CHARS_MAX) {
            let why = format!("1 to {NAME_CHARS_MAX} characters of one line");
            return Err(format!("{role}: `name`: {why}"));
        }
        if let Some(model) = &self.model
            && (!is_line(model, MODEL_CHARS_MAX) || !model.contains('/'))
        {
            return Err(format!("{role}: `model`: `{model}` is no `provider/name`"));
        }
        if let Some(temperature) = self.temperature
            && !(0.0..=2.0).contains(&temperature)
        {
            return Err(format!(
                "{role}: `temperature` is 0 to 2, not {temperature}"
            ));
        }
        if self.focus.len() > FOCUS_MAX
            || !self.focus.iter().all(|one| is_line(one, FOCUS_CHARS_MAX))
        {
            let why = format!("at most {FOCUS_MAX} lines of {FOCUS_CHARS_MAX} characters");
            return Err(format!("{role}: `focus`: {why}"));
        }
        if self.prompt.len() > PROMPT_BYTES_MAX {
            return Err(format!(
                "{role}: `prompt` has more than {PROMPT_BYTES_MAX} bytes"
            ));
        }
        Ok(Agent {
            name,
            side,
            model: self.model,
            temperature: self.temperature,
            focus: self.focus,
            instructions: self.prompt.trim().to_owned(),
        })
    }
}

fn is_line(text: &str, chars_max: usize) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= chars_max
        && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::{Agents, Side};

    #[test]
    fn agents_are_read() {
        let text = "\
version: 1
turns: 4
resolution: [DONE, AGREED]
agents:
  - role: reviewer
    name: Ada
    model: openai/gpt-5-mini
    temperature: 0.2
    focus: [money is never a float, locks]
    prompt: |
      Think of two requests at once.
";
        let agents = Agents::parse(text).unwrap();
        assert_eq!(agents.turns_max, 4);
        assert_eq!(agents.resolution, ["DONE", "AGREED"]);
        assert_eq!(agents.reviewer.name, "Ada");
        assert_eq!(agents.reviewer.model.as_deref(), Some("openai/gpt-5-mini"));
        assert_eq!(agents.reviewer.focus.len(), 2);
        assert_eq!(
            agents.reviewer.instructions,
            "Think of two requests at once."
        );
        // Who is not named is as usual.
        assert_eq!(agents.coder, Agents::default().coder);
        assert_eq!(agents.of(Side::Coder).name, "coder");
    }

    #[test]
    fn agents_that_make_no_sense_are_refused() {
        for (text, why) in [
            ("agents: []", "version"),
            ("version: 2\nagents: []", "`version` is 1"),
            ("version: 1\nagents: []\nturn: 3", "turn"),
            ("version: 1\nturns: 0\nagents: []", "1 to 20"),
            ("version: 1\nturns: 21\nagents: []", "1 to 20"),
            ("version: 1\nresolution: []\nagents: []", "1 to 10"),
            ("version: 1\nresolution: ['']\nagents: []", "one line"),
            ("version: 1\nagents: [{role: judge}]", "no role"),
            (
                "version: 1\nagents: [{role: coder}, {role: coder}]",
                "two agents",
            ),
            (
                "version: 1\nagents: [{role: coder, name: reviewer}]",
                "both agents",
            ),
            (
                "version: 1\nagents: [{role: coder, model: gpt}]",
                "provider/name",
            ),
            (
                "version: 1\nagents: [{role: coder, temperature: 3}]",
                "0 to 2",
            ),
            (
                "version: 1\nagents: [{role: coder, focus: [\"a\\nb\"]}]",
                "focus",
            ),
            (
                "version: 1\nagents: [{role: coder, tools: [shell]}]",
                "tools",
            ),
            ("x", ""),
        ] {
            let said = Agents::parse(text).unwrap_err().to_string();
            assert!(said.contains(why), "{text}: {said}");
        }
        let long = format!("version: 1\nagents: []\n#{}", "x".repeat(70_000));
        assert!(Agents::parse(&long).is_err());
    }
}
