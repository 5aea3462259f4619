//! Prints the metrics of every function in files and folders, one JSON object a
//! line: for studies that compare them with those of other tools.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example is a program: it reads files and prints its result"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use assay_source::{RepoPath, SourceText};
use assay_syntax::{Metric, MetricOptions, ParseLimits, detect, measure, parse};

fn main() {
    let mut paths: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    while let Some(path) = paths.pop() {
        let name = path.file_name().unwrap_or_default();
        if name == ".git" || path.is_symlink() {
            continue;
        }
        match fs::read_dir(&path) {
            Ok(entries) => paths.extend(entries.flatten().map(|entry| entry.path())),
            Err(_) => print(&path),
        }
    }
}

fn print(path: &Path) {
    let Some(text) = fs::read(path)
        .ok()
        .and_then(|bytes| SourceText::decode(bytes).ok())
    else {
        return;
    };
    let name = path.to_string_lossy();
    let Some(language) = detect(&RepoPath::from(&*name), text.as_str()) else {
        return;
    };
    if language.is_data_only() {
        return;
    }
    let text = Arc::new(text);
    let file = parse(&text, language, &ParseLimits::default());
    let errors = file.errors().count();
    for function in measure(&file.trees, MetricOptions { halstead: true }).functions {
        let values: Vec<String> = Metric::ALL
            .iter()
            .filter_map(|metric| {
                let value = metric.value(&function.metrics)?;
                Some(format!("\"{}\":{value}", metric.id()))
            })
            .collect();
        println!(
            "{{\"file\":\"{}\",\"language\":\"{}\",\"errors\":{errors},\"name\":\"{}\",\"line\":{},\"last\":{},\"nested\":{},{}}}",
            escape(&name),
            language.id(),
            escape(&function.qualified_name),
            function.first_line,
            function.last_line,
            function.parent.is_some(),
            values.join(","),
        );
    }
}

fn escape(text: &str) -> String {
    text.escape_default().to_string().replace("\\'", "'")
}
