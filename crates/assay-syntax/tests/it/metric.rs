//! The metrics of annotated sources: `languages/<id>/metrics.<ext>` states above
//! each function what it must measure, as `metrics: cyclomatic=2 cognitive=1`.
//! Above a class the comment says `class-metrics:`, and of the whole file
//! `file-metrics:`. A number that is not stated is not tested.

use std::fs;

use assay_syntax::{
    ClassMetrics, FileMetrics, FunctionMetrics, Language, Metric, MetricOptions, Metrics, explain,
    languages, measure,
};

use crate::fixture::{fixtures, folder, parse_text};

const OPTIONS: MetricOptions = MetricOptions { halstead: true };

/// The annotated sources, with their languages.
fn sources() -> Vec<(&'static Language, String)> {
    let mut sources = Vec::new();
    for language in languages() {
        for entry in fs::read_dir(folder(language)).expect("every language has a folder") {
            let path = entry.expect("the folder can be listed").path();
            if path.file_stem().is_some_and(|stem| stem == "metrics") {
                let text = fs::read_to_string(path).expect("annotated sources are UTF-8");
                sources.push((language, text));
            }
        }
    }
    sources
}

/// What a comment states: its line, what it is about, and the numbers.
struct Statement<'t> {
    line: u32,
    subject: &'t str,
    numbers: Vec<(&'t str, &'t str)>,
}

fn statements(text: &str) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some(at) = line.find("metrics: ") else {
            continue;
        };
        let before = |c: char| !c.is_ascii_alphabetic() && c != '-';
        let subject = line[..at].rsplit(before).next();
        let numbers = line[at..]
            .split_whitespace()
            .filter_map(|word| word.split_once('='))
            .collect();
        statements.push(Statement {
            line: index as u32 + 1,
            subject: subject.unwrap_or(""),
            numbers,
        });
    }
    statements
}

fn below(functions: &[FunctionMetrics], line: u32) -> Option<&FunctionMetrics> {
    let below = functions
        .iter()
        .filter(|function| function.first_line > line);
    below.min_by_key(|function| (function.span.start, std::cmp::Reverse(function.span.end)))
}

fn class_below(classes: &[ClassMetrics], line: u32) -> Option<&ClassMetrics> {
    let below = classes.iter().filter(|class| class.first_line > line);
    below.min_by_key(|class| (class.span.start, std::cmp::Reverse(class.span.end)))
}

/// Compares one statement with what was measured.
fn check(statement: &Statement<'_>, measured: &FileMetrics) -> Vec<String> {
    let found = match statement.subject {
        "file-" => Some(("the file", &measured.file, None, None)),
        "class-" => class_below(&measured.classes, statement.line).map(|class| {
            let name = &*class.qualified_name;
            (name, &class.metrics, Some(class.methods), None)
        }),
        _ => below(&measured.functions, statement.line).map(|function| {
            let name = function.name.as_deref();
            (
                &*function.qualified_name,
                &function.metrics,
                None,
                Some(name),
            )
        }),
    };
    let Some((name, metrics, methods, own_name)) = found else {
        return vec![format!("line {}: nothing is below", statement.line)];
    };
    let mut wrong = Vec::new();
    for &(key, expected) in &statement.numbers {
        let value = match key {
            "methods" => methods.map_or("-".to_owned(), |methods| methods.to_string()),
            "name" => own_name.flatten().unwrap_or("-").to_owned(),
            "qualified" => name.to_owned(),
            key => number(key, metrics),
        };
        if value != expected {
            wrong.push(format!(
                "line {}: {name}: {key} is {value}, not {expected}",
                statement.line
            ));
        }
    }
    wrong
}

fn number(key: &str, metrics: &Metrics) -> String {
    let metric = match key {
        "params" => Metric::Parameters,
        "n1" | "n2" | "N1" | "N2" => {
            let halstead = metrics.halstead.expect("it was asked for");
            let count = match key {
                "n1" => halstead.operators_distinct,
                "n2" => halstead.operands_distinct,
                "N1" => halstead.operators,
                _ => halstead.operands,
            };
            return count.to_string();
        }
        key => Metric::by_id(key).unwrap_or_else(|| panic!("no metric is called {key}")),
    };
    match metric.value(metrics) {
        Some(value) if value.fract() == 0.0 => format!("{value}"),
        Some(value) => format!("{value:.2}"),
        None => "nothing".to_owned(),
    }
}

#[test]
fn annotated_functions_measure_what_their_comments_state() {
    let mut wrong = Vec::new();
    for (language, text) in sources() {
        let file = parse_text(language, &text);
        for span in file.errors() {
            let line = file.trees[0].text().lines().line_of(span.start);
            wrong.push(format!("{language:?}: line {line} is not understood"));
        }
        let measured = measure(&file.trees, OPTIONS);
        let statements = statements(&text);
        let functions = statements
            .iter()
            .filter(|statement| statement.subject.is_empty());
        assert!(
            functions.count() >= 8,
            "{language:?} has fewer than 8 annotated functions"
        );
        for statement in &statements {
            let found = check(statement, &measured);
            wrong.extend(found.iter().map(|line| format!("{language:?}: {line}")));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn explanations_add_up_to_the_values() {
    for (language, text) in sources().into_iter().chain(fixtures()) {
        let file = parse_text(language, &text);
        for function in &measure(&file.trees, OPTIONS).functions {
            let explanation =
                explain(&file.trees[function.tree], function.node).expect("the node is a function");
            let sum = |increments: &[assay_syntax::Increment]| {
                increments
                    .iter()
                    .map(|increment| increment.amount)
                    .sum::<u32>()
            };
            assert_eq!(
                (sum(&explanation.cyclomatic), sum(&explanation.cognitive)),
                (function.metrics.cyclomatic, function.metrics.cognitive),
                "{language:?}: {}: {explanation:#?}",
                function.qualified_name,
            );
        }
    }
}

#[test]
fn measuring_without_halstead_changes_nothing_else() {
    for (language, text) in fixtures() {
        let file = parse_text(language, &text);
        let mut full = measure(&file.trees, OPTIONS);
        let bare = measure(&file.trees, MetricOptions::default());
        let strip = |metrics: &mut Metrics| {
            (metrics.halstead, metrics.maintainability) = (None, None);
        };
        strip(&mut full.file);
        full.functions
            .iter_mut()
            .for_each(|function| strip(&mut function.metrics));
        full.classes
            .iter_mut()
            .for_each(|class| strip(&mut class.metrics));
        assert_eq!(full, bare, "{language:?}");
    }
}
