//! `assay config`: what is in force, and the schema for editors.

use std::path::Path;
use std::process::ExitCode;

use assay_git::Options;

use crate::arguments::{ConfigArguments, Global};
use crate::config::{self, ConfigFile};
use crate::output;

/// Returns the JSON schema of `assay.toml`.
pub(crate) fn schema() -> String {
    let schema = schemars::schema_for!(ConfigFile);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}

pub(crate) fn run(global: &Global, arguments: &ConfigArguments) -> anyhow::Result<ExitCode> {
    if arguments.schema {
        output::print(schema())?;
        return Ok(ExitCode::SUCCESS);
    }
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
    let opened = config::open_here(directory, &Options::default())?;
    let loaded = config::load(global, directory, &opened, false)?;
    output::print(config::describe(&loaded, arguments.path.as_deref()))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::schema;

    #[test]
    fn published_schema_is_the_one_of_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/assay.toml.json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, schema()).unwrap();
        }
        let published = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            published == schema(),
            "stale: run the tests with UPDATE_GOLDEN=1"
        );
    }
}
