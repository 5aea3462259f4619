//! Languages inside of others: which parts are found, where they are, and what
//! of them was not understood.

use std::sync::Arc;

use assay_source::SourceText;
use assay_syntax::{ParseLimits, ParseProblem, ParsedFile, Role, language_by_name, parse, symbols};

fn parse_as(language: &str, text: &str, limits: &ParseLimits) -> ParsedFile {
    let language = language_by_name(language).expect("the language is known");
    parse(&Arc::new(SourceText::from_text(text)), language, limits)
}

/// The trees as `language:text`, where the text is what the spans of the tree
/// mean in the whole text.
fn parts(file: &ParsedFile) -> Vec<String> {
    let trees = file.trees.iter().skip(1);
    trees
        .map(|tree| format!("{}:{}", tree.language().id(), tree.root().text().trim()))
        .collect()
}

fn check(language: &str, text: &str, expected: &[&str]) {
    let file = parse_as(language, text, &ParseLimits::default());
    assert_eq!(parts(&file), expected, "{text}");
    assert!(file.problems.is_empty(), "{text}: {:?}", file.problems);
    let errors: Vec<_> = file.errors().collect();
    assert!(errors.is_empty(), "{text}: {errors:?}");
}

#[test]
fn html_holds_scripts_and_styles() {
    check("html", "<p>none</p>", &[]);
    check(
        "html",
        "<script>a()</script><p>x</p><script type=module>b()</script><style>p{top:0}</style>",
        &["javascript:a()", "javascript:b()", "css:p{top:0}"],
    );
    check("html", "<SCRIPT>a()</SCRIPT>", &["javascript:a()"]);
    check("html", "<script src='a.js'></script><style></style>", &[]);
    check(
        "html",
        "<script>\n  if (a < b && '</p>') { c() }\n</script>",
        &["javascript:if (a < b && '</p>') { c() }"],
    );
}

#[test]
fn the_type_of_a_script_tells_its_language() {
    for (attributes, expected) in [
        ("", "javascript:[1]"),
        (" type", "javascript:[1]"),
        (" type=''", "javascript:[1]"),
        (" type='text/javascript'", "javascript:[1]"),
        (" TYPE='Text/JavaScript; charset=utf-8'", "javascript:[1]"),
        (" type=application/javascript async", "javascript:[1]"),
        (" type='text/babel'", "javascript:[1]"),
        (" type='application/json'", "json:[1]"),
        (" type='application/ld+json'", "json:[1]"),
        (" type='importmap'", "json:[1]"),
        (" type='speculationrules'", "json:[1]"),
        (" lang='ts'", "typescript:[1]"),
        (" lang=tsx", "tsx:[1]"),
        (" type='module' lang='ts'", "typescript:[1]"),
        (" lang='ts' type='module'", "typescript:[1]"),
        (" data-type='text/template'", "javascript:[1]"),
        (" type='text/template'", ""),
        (" type='text/x-handlebars'", ""),
        (" type='x-shader/x-vertex'", ""),
        (" type='text/python'", ""),
        (" lang='coffee'", ""),
    ] {
        let expected: Vec<_> = [expected]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        check(
            "html",
            &format!("<script{attributes}>[1]</script>"),
            &expected,
        );
    }
}

#[test]
fn spans_are_those_of_the_whole_text() {
    let text = "<p>é</p>\n<script>\nfunction warm(x) { return x }\n</script>\n";
    let file = parse_as("html", text, &ParseLimits::default());
    let script = &file.trees[1];
    let function = symbols(script).into_iter().next().expect("one function");
    assert_eq!(function.qualified_name, "warm");
    assert_eq!(
        script.text().slice(function.span),
        "function warm(x) { return x }"
    );
    assert_eq!(script.node(function.node).line(), 3);
    assert!(script.root().span().start as usize >= text.find("<script>").unwrap());
}

#[test]
fn errors_of_a_part_are_errors_of_the_file() {
    let text = "<p>x</p><script>let = = 1; ok()</script><style>p{top:0}</style>";
    let file = parse_as("html", text, &ParseLimits::default());
    assert!(file.trees[0].errors().is_empty());
    assert!(!file.trees[1].errors().is_empty());
    assert!(file.trees[2].errors().is_empty());
    let script = text.find("let").unwrap() as u32..text.find("</script>").unwrap() as u32;
    for error in file.errors() {
        assert!(
            script.start <= error.start && error.end <= script.end,
            "{error:?}"
        );
    }
}

#[test]
fn a_script_without_an_end_is_an_error_and_no_more() {
    for text in [
        "<script>a()",
        "<script",
        "<script>",
        "<style>p{",
        "<script>a()</scrip",
    ] {
        let file = parse_as("html", text, &ParseLimits::default());
        assert!(!file.trees.is_empty(), "{text}");
        assert!(file.errors().next().is_some(), "{text}");
        for tree in &file.trees {
            assert!(tree.root().span().end as usize <= text.len(), "{text}");
        }
    }
}

#[test]
fn vue_components_have_script_and_style_of_their_own() {
    check(
        "vue",
        "<template><p v-if=\"a < b\">{{ a < b ? '}}' : `${c}` }}</p></template>\n\
         <script setup lang=\"ts\">const a: number = 1</script>\n\
         <script>export default {}</script>\n\
         <style scoped>p { top: 0 }</style>\n\
         <style lang=\"scss\">$a: 1; p { a { top: $a } }</style>\n",
        &[
            "typescript:const a: number = 1",
            "javascript:export default {}",
            "css:p { top: 0 }",
        ],
    );
}

#[test]
fn svelte_components_have_script_and_style_of_their_own() {
    check(
        "svelte",
        "<script lang=\"ts\">let a: number[] = []; $: b = a.filter((x) => x > 1)</script>\n\
         {#if a.length > 1 && a < b}\n\
         <p on:click={() => (a = a < b ? [] : a)} {...$$props} class=\"x {a < 1 ? 'y' : \"z\"}\">{@html a}</p>\n\
         {/if}\n\
         <style>p { top: 0 }</style>\n",
        &[
            "typescript:let a: number[] = []; $: b = a.filter((x) => x > 1)",
            "css:p { top: 0 }",
        ],
    );
}

#[test]
fn templates_of_html_have_holes() {
    check(
        "html",
        "{% if a < b %}<p class=\"{{ c | d(\"e\") }}\">{{ a < b }}</p>{% endif %}{# it's < #}\n\
         <script>a({})</script>",
        &["javascript:a({})"],
    );
}

#[test]
fn parts_are_limited() {
    let text = "<script>a()</script>".repeat(20);
    let limits = ParseLimits {
        embedded_max: 5,
        ..ParseLimits::default()
    };
    let file = parse_as("html", &text, &limits);
    assert_eq!(file.trees.len(), 6);
    assert_eq!(file.problems, [ParseProblem::TooManyEmbedded]);
    let all = ParseLimits {
        embedded_max: 20,
        ..ParseLimits::default()
    };
    let file = parse_as("html", &text, &all);
    assert_eq!(file.trees.len(), 21);
    assert!(file.problems.is_empty());
}

#[test]
fn a_tree_that_is_cut_is_a_problem() {
    let limits = ParseLimits {
        nodes_max: 8,
        ..ParseLimits::default()
    };
    let file = parse_as("javascript", "a(); b(); c(); d();", &limits);
    assert_eq!(file.trees[0].len(), 8);
    assert_eq!(
        file.problems,
        [ParseProblem::TooManyNodes {
            language: "javascript"
        }]
    );
}

#[test]
fn markup_knows_its_roles() {
    let file = parse_as("html", "<p id=a>b</p>", &ParseLimits::default());
    let element = file.trees[0].root().child_with(Role::Element);
    let element = element.expect("the element of a page");
    let pair = element.subtree().find(|node| node.has(Role::Pair));
    assert_eq!(pair.map(|node| node.text()), Some("id=a"));
}

#[test]
fn a_text_that_makes_the_lexer_read_all_of_it_again_and_again_is_given_up() {
    for (language, unit) in [("bash", "\0"), ("dart", "["), ("css", "a: ")] {
        let text = unit.repeat(30_000 / unit.len());
        let file = parse_as(language, &text, &ParseLimits::default());
        assert!(file.trees.is_empty(), "{language}");
        assert_eq!(file.problems, [ParseProblem::TooManySteps { language }]);
    }
}
