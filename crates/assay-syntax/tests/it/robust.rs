//! Whatever the text is, parsing it ends, does not panic, and gives a tree whose
//! parts lie in each other.

use std::sync::Arc;

use assay_source::SourceText;
use assay_syntax::{
    Language, MetricOptions, NodeRef, ParseLimits, ParseProblem, ParsedFile, SyntaxTree, imports,
    language_by_name, languages, measure, parse, symbols,
};
use proptest::prelude::{ProptestConfig, any, prop};
use proptest::proptest;

use crate::fixture::{fixtures, parse_text};

/// A small generator, so that each run changes the fixtures in the same way.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// A part of `bytes` of at most `longest` bytes.
    fn part(&mut self, bytes: &[u8], longest: usize) -> std::ops::Range<usize> {
        let start = self.below(bytes.len());
        let end = (start + 1 + self.below(longest)).min(bytes.len());
        start..end
    }
}

/// Changes one thing: flips, cuts, doubles, moves or puts in bytes.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    const ODD: &[&[u8]] = &[
        b"\0",
        b"\r",
        b"\xff",
        b"\xe2\x80\xae",
        b"\"",
        b"'",
        b"`",
        b"/*",
        b"*/",
        b"${",
        b"<<<",
        b"((((((((",
        b"}}}}",
        b"<",
        b"\\",
        b"#",
        b"\n\n\t\t",
        b"\xef\xbb\xbf",
    ];
    if bytes.is_empty() {
        return;
    }
    match random.below(6) {
        0 => {
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
        }
        1 => bytes.truncate(random.below(bytes.len())),
        2 => drop(bytes.drain(random.part(bytes, 40))),
        3 => {
            let part = bytes[random.part(bytes, 200)].to_vec();
            let at = random.below(bytes.len());
            bytes.splice(at..at, part);
        }
        4 => {
            let part: Vec<u8> = bytes.drain(random.part(bytes, 60)).collect();
            let at = random.below(bytes.len());
            bytes.splice(at..at, part);
        }
        _ => {
            let at = random.below(bytes.len());
            let odd = ODD[random.below(ODD.len())];
            bytes.splice(at..at, odd.iter().copied());
        }
    }
}

/// Says what is wrong with a tree, if anything.
fn first_fault(tree: &SyntaxTree) -> Option<String> {
    let length = tree.text().as_str().len() as u32;
    let fault = |node: NodeRef<'_>, what: &str| {
        Some(format!(
            "{:?}: {node:?} in {:?} {what}",
            tree.language(),
            node.parent()
        ))
    };
    for node in tree.nodes() {
        let span = node.span();
        if span.end > length {
            return fault(node, "ends after the text");
        }
        if tree.text().get(span).is_none() {
            return fault(node, "cuts a character");
        }
        let Some(parent) = node.parent() else {
            continue;
        };
        if !parent.encloses(node) || !parent.span().contains(span) {
            return fault(node, "is not in its parent");
        }
        if let Some(next) = node.next_sibling()
            && next.span().start < span.start
        {
            return fault(node, "comes after its next sibling");
        }
    }
    None
}

/// Everything that reads a tree, once.
fn read(file: &ParsedFile) {
    for tree in &file.trees {
        symbols(tree);
        imports(tree);
        assert_eq!(first_fault(tree), None);
    }
    measure(&file.trees, MetricOptions::default());
}

fn parse_bytes(language: &'static Language, bytes: Vec<u8>) -> Option<ParsedFile> {
    let text = Arc::new(SourceText::decode(bytes).ok()?);
    Some(parse(&text, language, &ParseLimits::default()))
}

#[test]
fn fixtures_have_no_faults() {
    for (language, text) in fixtures() {
        read(&parse_text(language, &text));
    }
}

#[test]
fn changed_fixtures_still_parse() {
    const CHANGES_EACH: usize = 32;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut parsed, mut given_up) = (0, 0);
    for (language, text) in fixtures() {
        let mut bytes = text.clone().into_bytes();
        for round in 0..CHANGES_EACH {
            if round % 8 == 0 {
                bytes = text.clone().into_bytes();
            }
            mutate(&mut bytes, &mut random);
            if let Some(file) = parse_bytes(language, bytes.clone()) {
                read(&file);
                parsed += 1;
                given_up += usize::from(file.trees.is_empty());
            }
        }
    }
    // The limits are for texts made to hurt, not for mistakes.
    assert!(given_up * 100 < parsed, "{given_up} of {parsed} given up");
}

/// Openings of things that nest, in one language or another.
const OPENINGS: &[&str] = &[
    "(",
    "[",
    "{",
    "<",
    "<a>",
    "f(",
    "a[",
    "{a:",
    "if(a){",
    "if a {",
    "(a,",
    "-",
    "!",
    "a?b:",
    "\"${",
    "f(function(){",
    "class A{",
    "begin ",
    "a.b(",
    "<?php (",
    "#{",
    "- ",
    "\n (",
    "case a in (",
    "do ",
    "[[",
    "{{",
    "def f():\n",
    "fn f() {",
    "else if a {",
];

#[test]
fn fixtures_cut_anywhere_still_parse() {
    const CUTS_EACH: usize = 150;
    for (language, text) in fixtures() {
        for cut in (0..text.len()).step_by(text.len() / CUTS_EACH + 1) {
            if text.is_char_boundary(cut) {
                read(&parse_text(language, &text[..cut]));
            }
        }
    }
}

#[test]
fn a_kotlin_text_that_ends_in_an_annotation_ends() {
    let language = language_by_name("kotlin").expect("is a language");
    for text in [
        "val g\n@",
        "val g\n@file:",
        "val g\n@Suppress(",
        "val g\n@Suppress(\"unus",
        "val g\r\n@",
        "@",
    ] {
        let file = parse_text(language, text);
        read(&file);
        assert_eq!(file.problems, [], "{text}");
    }
}

#[test]
fn nesting_without_end_parses_within_the_limits() {
    const DEPTH: usize = 500;
    for language in languages() {
        for opening in OPENINGS {
            read(&parse_text(language, &opening.repeat(DEPTH)));
        }
    }
}

#[test]
fn deep_nesting_parses_within_the_limits() {
    const DEPTH: usize = 10_000;
    for language in languages() {
        for (open, close) in [("(", ")"), ("[", "]"), ("{", "}")] {
            let text = format!("{}a{}", open.repeat(DEPTH), close.repeat(DEPTH));
            read(&parse_text(language, &text));
        }
    }
}

#[test]
fn a_line_of_a_million_columns_parses_within_the_limits() {
    const COLUMNS: usize = 1_000_000;
    for language in languages() {
        read(&parse_text(language, &"a".repeat(COLUMNS)));
        read(&parse_text(language, &" ".repeat(COLUMNS)));
    }
}

/// Tables are dense, and real: the limits must let them pass.
#[test]
fn tables_of_small_numbers_parse_within_the_limits() {
    const NUMBERS: usize = 20_000;
    for (name, before, nested, after) in [
        ("python", "a = [", "[0],", "]"),
        ("javascript", "a = [", "[0],", "];"),
        ("java", "class A { int[] a = {", "{0},", "}; }"),
        ("rust", "static A: [u8; 1] = [", "[0],", "];"),
        ("dart", "var a = [", "[0],", "];"),
        ("lua", "a = {", "{0},", "}"),
        ("json", "[", "[0],", "]"),
    ] {
        let language = language_by_name(name).expect("the language exists");
        for number in ["0,", nested] {
            let text = format!("{before}{}0{after}", number.repeat(NUMBERS));
            let file = parse_text(language, &text);
            assert_eq!(file.problems, [], "{name} {number}");
        }
    }
}

/// The scanners of these grammars end the process when such a text fills their
/// buffer, so the grammars are not given it.
#[test]
fn texts_that_overrun_a_scanner_are_refused() {
    let steps = |line: &str| -> String {
        (0..600)
            .map(|column| format!("{}{line}\n", " ".repeat(column)))
            .collect()
    };
    let word = "A".repeat(300);
    let cases = [
        ("yaml", steps("a:")),
        ("yaml", "- ".repeat(300)),
        ("python", steps("if a:")),
        ("ruby", format!("x = <<{word}\n text\n{word}\n")),
    ];
    for (name, text) in cases {
        let language = language_by_name(name).expect("the language exists");
        let file = parse_text(language, &text);
        assert!(
            matches!(
                file.problems[..],
                [ParseProblem::BeyondGrammar { language, .. }] if language == name
            ),
            "{name}: {:?}",
            file.problems
        );
    }
}

/// After each of these errors the parser goes on in several ways, and at the end of
/// the text it would take all of them, in gigabytes within one step.
#[test]
fn errors_that_are_never_settled_are_given_up() {
    let cases = [
        ("c", "x=<\n"),
        ("c", "x=>"),
        ("c", "some_longer_name =\n  <\n"),
        ("c-sharp", "x=<\n"),
        ("java", "x=>"),
    ];
    for (name, unit) in cases {
        let language = language_by_name(name).expect("the language exists");
        let calm = fixtures()
            .into_iter()
            .find(|(known, _)| known.id() == language.id());
        let (_, calm) = calm.expect("it has a fixture");
        for before in ["", &calm] {
            let text = format!("{before}{}", unit.repeat(20_000));
            let file = parse_text(language, &text);
            let language = language.id().as_str();
            assert_eq!(
                file.problems,
                [ParseProblem::TooManySteps { language }],
                "{unit}"
            );
        }
    }
}

/// They are found also behind errors that are settled, wherever they begin.
#[test]
fn errors_that_are_never_settled_are_found_behind_others() {
    for (settled, count) in [
        ("int f(void) { return 1 + ; }\n", 200),
        ("int f(void) { return 1 + ; }\n", 3_000),
        ("int f(void) { return 1; }\n", 5_000),
    ] {
        for (unit, units) in [("x=<\n", 6_000), ("some_longer_name =\n  <\n", 3_000)] {
            let text = format!("{}{}", settled.repeat(count), unit.repeat(units));
            let language = language_by_name("c").expect("the language exists");
            let file = parse_text(language, &text);
            let problem = ParseProblem::TooManySteps { language: "c" };
            assert_eq!(file.problems, [problem], "{count} {unit}");
        }
    }
}

/// Many errors alone are no reason to give up.
#[test]
fn errors_that_are_settled_are_not_given_up() {
    let cases = [
        ("c", "int f(void) { return 1 + ; }\n"),
        ("java", "class A { void f() { int = 3; } }\n"),
        ("javascript", "let = 3 +;\nf(;\n"),
        ("python", "def f(:\n    return\n"),
        ("sql", "SELEC * FORM a;\n"),
    ];
    for (name, unit) in cases {
        let language = language_by_name(name).expect("the language exists");
        let file = parse_text(language, &unit.repeat(5_000));
        assert_eq!(file.problems, [], "{unit}");
    }
}

#[test]
fn an_interrupt_ends_parsing() {
    let limits = ParseLimits {
        interrupt: Some(|steps| steps > 1000),
        ..ParseLimits::default()
    };
    let language = language_by_name("rust").expect("the language exists");
    let text = Arc::new(SourceText::from_text("fn f() {}\n".repeat(1000)));
    let file = parse(&text, language, &limits);
    assert_eq!(
        file.problems,
        [ParseProblem::Interrupted { language: "rust" }]
    );
    assert!(file.trees.is_empty());
    // The parser is used again for the next text.
    read(&parse_text(language, "fn g() {}\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn any_text_parses(text in any::<String>()) {
        for language in languages() {
            read(&parse_text(language, &text));
        }
    }

    #[test]
    fn any_bytes_parse(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for language in languages() {
            if let Some(file) = parse_bytes(language, bytes.clone()) {
                read(&file);
            }
        }
    }
}
