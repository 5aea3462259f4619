//! The configuration that `assay init` writes.

/// Every setting with its default, explained and commented out.
pub(crate) const TEMPLATE: &str = r##"# Configuration of Assay. Everything here is optional; what is commented out
# shows the default. A review reads this file from the base revision, so a
# change cannot alter the rules that it is judged by.
# `assay config --schema` prints the schema for editors; `assay rules` lists
# the rules and `assay explain RULE` their options.

[files]
# Paths that are not read, as globs from this folder. They stay in the ledger.
# exclude = ["docs/**", "**/testdata/**"]
# Read generated, minified and vendored files as well.
# generated = false
# vendored = false

[files.languages]
# The language of files that are not recognised.
# "**/*.inc" = "php"

[rules]
# A rule or a pack: "on", "off", a severity, or a table with its options.
# "complexity/cognitive" = { severity = "high" }
# "smell/*" = "low"

[report]
# Findings less sure than this are held back: counted, shown with `--all`, and
# not looked at by the gate (low, medium, high).
# confidence = "medium"

[gate]
# Fail at a new finding of this severity or worse, or "never".
# severity = "high"
# Fail below this score, or above this many new findings.
# score = 70
# findings = 10
# Fail when tests cover less than this share of the new lines, in percent.
# coverage = 80
# Fail when something that should have been read could not be.
# complete = true

[gate.category]
# security = "medium"

# Other rules for some paths; later ones go before earlier ones.
# [[override]]
# paths = ["tests/**"]
# rules = { "complexity/*" = "off" }

# Findings to silence, always with a reason; `until` is the last day.
# [[suppress]]
# rule = "complexity/long-function"
# paths = ["src/tables.rs"]
# reason = "a table, not logic"
# until = "2027-12-31"

# Other tools, which run while Assay reads, with `--tools` only.
# [[tools]]
# name = "eslint"
# command = ["npx", "--no-install", "eslint", "--format", "json", "{files}"]
# format = "eslint"
# languages = ["javascript", "typescript"]
# timeout-seconds = 120

[dependencies.licences]
# Licences of packages: with `allow` nothing else is accepted, what is in `deny`
# never is.
# allow = ["MIT", "Apache-2.0", "BSD-3-Clause"]
# deny = ["AGPL-*"]

[limits]
# Bytes of one file, and files of one review.
# file-bytes = 2097152
# files = 100000
"##;

#[cfg(test)]
mod tests {
    use super::TEMPLATE;
    use crate::config::parse;

    #[test]
    fn template_is_a_configuration() {
        parse("assay.toml", TEMPLATE).unwrap();
    }

    /// What is commented out must be right as well: it is what people turn on.
    #[test]
    fn template_without_comment_marks_is_a_configuration() {
        let text: String = TEMPLATE
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(code)
                    if code.starts_with('[') || code.starts_with('"') || code.contains(" = ") =>
                {
                    format!("{code}\n")
                }
                _ => format!("{line}\n"),
            })
            .collect();
        parse("assay.toml", &text).unwrap();
    }
}
