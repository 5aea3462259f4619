//! What is known of models: room, habits, prices. A table of data, which a user's
//! configuration adds to and overrides.

use jiff::civil::Date;
use serde::Deserialize;

/// Bytes of a table.
const TABLE_BYTES_MAX: usize = 1 << 20;
/// Models of a table.
const MODELS_MAX: usize = 2_000;

/// What is known of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFacts {
    /// Tokens of question and answer together.
    pub context_tokens: u64,
    /// Tokens of an answer.
    pub output_tokens_max: u64,
    /// Whether it reasons before it answers; such a model refuses `max_tokens` and a
    /// temperature of one's own at `OpenAI`.
    pub is_reasoning: bool,
    /// Whether it is made to keep to a schema by its provider.
    pub has_schema: bool,
    /// Whether it may be given tools.
    pub has_tools: bool,
    /// From 1 (simple tasks) to 5 (the hardest).
    pub strength: u8,
    /// What its tokens cost; none when nobody said.
    pub price: Option<Price>,
}

impl Default for ModelFacts {
    /// Of a model that nobody knows: little is expected of it.
    fn default() -> Self {
        Self {
            context_tokens: 32_768,
            output_tokens_max: 4_096,
            is_reasoning: false,
            has_schema: true,
            has_tools: false,
            strength: 2,
            price: None,
        }
    }
}

/// What tokens cost, in micro-dollars a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Of the question.
    pub input: u64,
    /// Of the answer.
    pub output: u64,
    /// Of the question, found in the provider's cache.
    pub cache_read: u64,
    /// Of the question, put into the provider's cache.
    pub cache_write: u64,
    /// What a batch costs, in percent of the above.
    pub batch_percent: u8,
}

/// The models that are known, and of what day.
#[derive(Clone, Debug)]
pub struct ModelTable {
    date: Date,
    rows: Vec<(String, ModelFacts)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    date: String,
    #[serde(default)]
    model: Vec<RowFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowFile {
    name: String,
    context_tokens: Option<u64>,
    output_tokens_max: Option<u64>,
    reasoning: Option<bool>,
    schema: Option<bool>,
    tools: Option<bool>,
    strength: Option<u8>,
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    batch_percent: Option<u8>,
}

impl RowFile {
    fn facts(&self) -> Result<ModelFacts, String> {
        let wrong = |what: &str| Err(format!("`{}` {what}", self.name));
        let price = match (self.input, self.output) {
            (Some(input), Some(output)) => Some(Price {
                input,
                output,
                cache_read: self.cache_read.unwrap_or(input),
                cache_write: self.cache_write.unwrap_or(input),
                batch_percent: self.batch_percent.unwrap_or(100),
            }),
            (None, None) => None,
            _ => return wrong("has a price for one of `input` and `output` only"),
        };
        let known = ModelFacts::default();
        let strength = self.strength.unwrap_or(known.strength);
        if !(1..=5).contains(&strength) {
            return wrong("has a strength that is not 1 to 5");
        }
        Ok(ModelFacts {
            context_tokens: self.context_tokens.unwrap_or(known.context_tokens),
            output_tokens_max: self.output_tokens_max.unwrap_or(known.output_tokens_max),
            is_reasoning: self.reasoning.unwrap_or(known.is_reasoning),
            has_schema: self.schema.unwrap_or(known.has_schema),
            has_tools: self.tools.unwrap_or(known.has_tools),
            strength,
            price,
        })
    }
}

impl ModelTable {
    /// Returns the table that comes with the program.
    pub fn shipped() -> Self {
        Self::parse(include_str!("../data/models.toml")).expect("a test reads the shipped table")
    }

    /// Reads a table.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > TABLE_BYTES_MAX {
            return Err(format!("the table has more than {TABLE_BYTES_MAX} bytes"));
        }
        let file: TableFile = toml::from_str(text).map_err(|error| error.to_string())?;
        if file.model.len() > MODELS_MAX {
            return Err(format!("the table has more than {MODELS_MAX} models"));
        }
        let date = file
            .date
            .parse()
            .map_err(|_| format!("`{}` is no date", file.date))?;
        let rows = file
            .model
            .iter()
            .map(|row| Ok((row.name.clone(), row.facts()?)));
        Ok(Self {
            date,
            rows: rows.collect::<Result<_, String>>()?,
        })
    }

    /// Puts the rows of another table before these; the date is the other's.
    pub fn override_with(&mut self, other: Self) {
        self.date = other.date;
        let names: Vec<String> = other.rows.iter().map(|(name, _)| name.clone()).collect();
        self.rows.retain(|(name, _)| !names.contains(name));
        self.rows.extend(other.rows);
    }

    /// Returns the highest prices of the table, each by itself.
    pub fn dearest(&self) -> Price {
        let prices = || self.rows.iter().filter_map(|(_, facts)| facts.price);
        let most = |of: fn(Price) -> u64| prices().map(of).max().unwrap_or_default();
        Price {
            input: most(|price| price.input),
            output: most(|price| price.output),
            cache_read: most(|price| price.cache_read),
            cache_write: most(|price| price.cache_write),
            batch_percent: 100,
        }
    }

    /// Returns the day of the prices.
    pub fn date(&self) -> Date {
        self.date
    }

    /// Returns what is known of a model: the row of its name, else the longest that
    /// ends with `*` and that it begins with. What stands before the last slash,
    /// as routers of models write, does not count.
    pub fn find(&self, name: &str) -> Option<&ModelFacts> {
        let bare = name.rsplit('/').next().unwrap_or(name);
        let fits = |pattern: &str, name: &str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        };
        let rows = self.rows.iter();
        rows.filter(|(pattern, _)| fits(pattern, name) || fits(pattern, bare))
            .max_by_key(|(pattern, _)| (!pattern.ends_with('*'), pattern.len()))
            .map(|(_, facts)| facts)
    }
}

#[cfg(test)]
mod tests {
    use super::ModelTable;

    #[test]
    fn the_shipped_table_is_sound() {
        let table = ModelTable::shipped();
        assert!(table.date() >= jiff::civil::date(2025, 1, 1));
        for (name, facts) in &table.rows {
            assert!(facts.output_tokens_max <= facts.context_tokens, "{name}");
            let price = facts.price.unwrap_or_default();
            assert!(
                price.cache_read <= price.input && price.input <= price.output,
                "{name}"
            );
            assert!(price.batch_percent <= 100, "{name}");
        }
    }

    #[test]
    fn the_longest_pattern_counts() {
        let table = ModelTable::shipped();
        let input = |name: &str| Some(table.find(name)?.price?.input);
        assert_eq!(input("gpt-5"), Some(1_250_000));
        assert_eq!(input("gpt-5-2025-08-07"), Some(1_250_000));
        assert_eq!(input("gpt-5-mini-2025-08-07"), Some(250_000));
        assert_eq!(input("openai/gpt-5-nano"), Some(50_000));
        assert_eq!(input("nobody-knows-it"), None);
    }

    #[test]
    fn a_user_overrides_a_row() {
        let mut table = ModelTable::shipped();
        let own = "date = \"2026-02-01\"\n[[model]]\nname = \"gpt-5*\"\ninput = 7\noutput = 8\n";
        table.override_with(ModelTable::parse(own).unwrap());
        assert_eq!(table.find("gpt-5").unwrap().price.unwrap().input, 7);
        assert_eq!(table.date(), jiff::civil::date(2026, 2, 1));
        assert_eq!(
            table.find("gpt-5-mini").unwrap().price.unwrap().input,
            250_000
        );
        for (wrong, why) in [
            ("date = \"x\"", "no date"),
            (
                "date = \"2026-01-01\"\n[[model]]\nname = \"a\"\ninput = 1\n",
                "only",
            ),
            (
                "date = \"2026-01-01\"\n[[model]]\nname = \"a\"\nprice = 1\n",
                "unknown field",
            ),
            (
                "date = \"2026-01-01\"\n[[model]]\nname = \"a\"\nstrength = 9\n",
                "1 to 5",
            ),
        ] {
            let said = ModelTable::parse(wrong).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
