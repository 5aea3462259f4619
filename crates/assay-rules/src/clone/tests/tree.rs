//! What is a clone in a tree, and what is none.

use std::fmt::Write as _;

use super::{BLOCK, BRACES, Files, blocks, scan, show_all};
use crate::clone::{CloneKind, CloneOptions, clone_findings};

fn check(files: &[(&str, &str)], expected: &[&str]) {
    let clones = scan(&Files::of(files), &CloneOptions::default());
    assert_eq!(show_all(&clones), expected, "{files:#?}");
}

#[test]
fn copies_are_found_whatever_is_between_the_tokens() {
    let spaced = BRACES
        .replace(" = ", "=")
        .replace("  ", "\t")
        .replace("{\n", "{ // why\n\n");
    let commented = BRACES.replace(";\n", "; /* a\n comment */\n");
    let crlf = BRACES.replace('\n', "\r\n");
    let joined = BRACES.replace(";\n", "; ").replace("{\n", "{ ");
    for (other, last) in [
        (BRACES.to_owned(), 16),
        (format!("\n\n{BRACES}"), 18),
        (spaced, 20),
        (commented, 24),
        (crlf, 16),
        (joined, 4),
    ] {
        let first = if other.starts_with('\n') { 3 } else { 1 };
        let expected = format!("exact a.js:1-16 b.js:{first}-{last}");
        check(&[("a.js", BRACES), ("b.js", &other)], &[&expected]);
    }
}

#[test]
fn copies_are_found_across_languages_of_a_family() {
    check(
        &[("a.js", BRACES), ("b.ts", BRACES), ("c.go", BRACES)],
        &["exact a.js:1-16 b.ts:1-16"],
    );
}

#[test]
fn names_and_literals_may_differ() {
    let names = BLOCK.replace("amount", "sum").replace("line", "row");
    let unicode = BLOCK.replace("amount", "größe").replace("line", "行");
    let literals = BLOCK
        .replace("'gift'", "\"present\"")
        .replace("1.0", "0x7f");
    for other in [&names, &unicode, &literals] {
        check(
            &[("a.py", BLOCK), ("b.py", other)],
            &["renamed a.py:1-12 b.py:1-12"],
        );
    }
    let exact = CloneOptions {
        renamed: false,
        gap_tokens_max: 0,
        ..CloneOptions::default()
    };
    let files = Files::of(&[("a.py", BLOCK), ("b.py", &names)]);
    assert_eq!(show_all(&scan(&files, &exact)), [""; 0]);
}

#[test]
fn statements_may_be_put_in_taken_out_and_altered() {
    let put_in = BRACES.replace(
        "      continue;\n",
        "      log.info('gift', line);\n      continue;\n",
    );
    let taken_out = BRACES.replace(
        "    if (amount > order.limit) {\n      throw new RangeError('over the limit: ' + amount);\n    }\n",
        "",
    );
    let altered = BRACES.replace(
        "price = line.price * line.count",
        "price = order.priceOf(line)",
    );
    for (other, last) in [(put_in, 17), (taken_out, 13), (altered, 16)] {
        let expected = format!("gapped a.js:1-16 b.js:1-{last}");
        check(&[("a.js", BRACES), ("b.js", &other)], &[&expected]);
    }
}

#[test]
fn copies_in_one_file_do_not_overlap() {
    let twice = format!("{BLOCK}\n\n{}", BLOCK.replace("total", "sum_of"));
    check(&[("a.py", &twice)], &["renamed a.py:1-12 a.py:15-26"]);
    // Each copy shares its last lines with the first ones of the next.
    let chained: String = (0..8)
        .map(|index| {
            BLOCK.replace(
                "    return round(amount, 2)\n",
                &format!("    order.step{index}(amount)\n"),
            )
        })
        .collect();
    for text in [BLOCK.repeat(6), chained] {
        apart(&text);
    }
}

fn apart(text: &str) {
    let clones = scan(&Files::of(&[("a.py", text)]), &CloneOptions::default());
    for class in &clones.classes {
        let mut spans: Vec<_> = blocks(class).map(|block| block.location.span).collect();
        spans.sort_unstable();
        assert!(
            spans.windows(2).all(|pair| pair[0].end <= pair[1].start),
            "{spans:?}"
        );
    }
    assert!(!clones.classes.is_empty());
}

#[test]
fn all_copies_are_one_class() {
    let renamed = BLOCK.replace("amount", "sum");
    check(
        &[
            ("a.py", BLOCK),
            ("b.py", BLOCK),
            ("c/d.py", &renamed),
            ("e.py", BLOCK),
        ],
        &["exact a.py:1-12 b.py:1-12 c/d.py:1-12 e.py:1-12"],
    );
    let files = Files::of(&[("a.py", BLOCK), ("b.py", BLOCK), ("c.py", &renamed)]);
    let clones = scan(&files, &CloneOptions::default());
    let kinds: Vec<_> = clones.classes[0]
        .copies
        .iter()
        .map(|copy| copy.kind)
        .collect();
    assert_eq!(kinds, [CloneKind::Exact, CloneKind::Renamed]);
}

#[test]
fn a_part_of_a_larger_copy_is_no_class_of_its_own() {
    let long = format!(
        "{BLOCK}\n\n{}",
        BLOCK.replace("price", "cost").replace("order", "cart")
    );
    check(
        &[("a.py", &long), ("b.py", &long)],
        &["exact a.py:1-26 b.py:1-26"],
    );
}

#[test]
fn imports_tables_and_lists_of_cases_are_no_clones() {
    let mut imports = String::new();
    let mut table = String::from("VALUES = [\n");
    let mut cases = String::from("function name(kind) {\n  switch (kind) {\n");
    let mut go = String::from("package a\n\nimport (\n");
    let mut rust = String::from("use std::{\n");
    for index in 0..60 {
        let _ = writeln!(
            imports,
            "from package.module{index} import Name{index}, other_{index}"
        );
        let _ = writeln!(table, "    (0x{index:02x}, 'name {index}', {index}),");
        let _ = writeln!(cases, "    case {index}: return 'name{index}';");
        let _ = writeln!(go, "\tname{index} \"example.com/{index}\"");
        let _ = writeln!(rust, "    module{index}::{{One{index}, Two{index}}},");
    }
    table.push_str("]\n");
    cases.push_str("  }\n}\n");
    go.push_str(")\n");
    rust.push_str("};\n");
    for (extension, text) in [
        ("py", &imports),
        ("py", &table),
        ("js", &cases),
        ("go", &go),
        ("rs", &rust),
    ] {
        let (a, b) = (format!("a.{extension}"), format!("b.{extension}"));
        check(&[(&a, text), (&b, text)], &[]);
    }
    let data = format!("{{\"a\": {}1{}}}\n", "[\n".repeat(200), "]\n".repeat(200));
    check(&[("a.json", &data), ("b.json", &data)], &[]);
}

#[test]
fn licences_in_comments_are_no_clones() {
    let licence =
        "# Licensed to you, whoever you are, under these terms: use it well.\n".repeat(40);
    let a = format!("{licence}x = 1\n");
    let b = format!("{licence}y = [2]\n");
    check(&[("a.py", &a), ("b.py", &b)], &[]);
}

#[test]
fn small_blocks_are_no_clones() {
    let small: String = BLOCK
        .lines()
        .take(5)
        .fold(String::new(), |text, line| text + line + "\n");
    check(&[("a.py", &small), ("b.py", &small)], &[]);
    // Long enough, and on one line.
    let line = BRACES.replace('\n', " ");
    check(&[("a.js", &line), ("b.js", &line)], &[]);
}

#[test]
fn the_end_of_one_function_and_the_start_of_another_are_no_clone() {
    let tail = "        audit(order, amount, level=3)\n    return [order.id, amount]\n";
    let head = "def next_one(order, rates, limit=10, offset=0, *, strict=False):\n    rows = order.rows(limit, offset)\n";
    let a = format!(
        "def first(order):\n    for amount in order.amounts:\n{tail}\n\n{head}    return rows[0]\n"
    );
    let b = format!(
        "def other(cart, order):\n    while cart.pop(order) is None:\n{tail}\n\n{head}    print(rows, strict)\n"
    );
    let options = CloneOptions {
        tokens_min: 40,
        lines_min: 4,
        ..CloneOptions::default()
    };
    let files = Files::of(&[("a.py", &a), ("b.py", &b)]);
    assert_eq!(show_all(&scan(&files, &options)), [""; 0]);
    let all = CloneOptions {
        filtered: false,
        ..options
    };
    assert_eq!(show_all(&scan(&files, &all)), ["exact a.py:3-8 b.py:3-8"]);
}

#[test]
fn tests_must_be_more_alike_than_other_code() {
    let other = BLOCK.replace("amount", "sum").replace("price", "cost");
    check(
        &[("a.py", BLOCK), ("b.py", &other)],
        &["renamed a.py:1-12 b.py:1-12"],
    );
    check(&[("tests/a.py", BLOCK), ("tests/b.py", &other)], &[]);
    let long = format!(
        "{BLOCK}{}",
        BLOCK.replace("order", "cart").replace("total", "sum_of")
    );
    check(
        &[("tests/a.py", &long), ("tests/b.py", &long)],
        &["exact tests/a.py:1-24 tests/b.py:1-24"],
    );
}

#[test]
fn findings_say_where_the_other_copies_are() {
    let renamed = BLOCK.replace("amount", "sum");
    for (others, message) in [
        (vec![BLOCK], "12 lines (94 tokens) duplicate b.py:1"),
        (
            vec![BLOCK, &renamed],
            "12 lines (94 tokens) duplicate b.py:1 and one other place",
        ),
        (
            vec![&renamed],
            "12 lines (94 tokens) duplicate, with other names or literals, b.py:1",
        ),
        (
            vec![BLOCK; 4],
            "12 lines (94 tokens) duplicate b.py:1 and 3 other places",
        ),
    ] {
        let mut files = Files::of(&[("a.py", BLOCK)]);
        for (name, text) in ["b.py", "c.py", "d.py", "e.py"].iter().zip(&others) {
            files.0.insert((*name).to_owned(), (*text).to_owned());
        }
        let options = CloneOptions {
            copies_max: 2,
            ..CloneOptions::default()
        };
        let clones = scan(&files, &options);
        let findings = clone_findings(&clones, &options);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, message);
        assert_eq!(findings[0].related.len(), others.len().min(2));
    }
}

#[test]
fn identity_stays_when_copies_move_or_are_renamed() {
    let identity = |files: &[(&str, &str)]| {
        let clones = scan(&Files::of(files), &CloneOptions::default());
        assert_eq!(clones.classes.len(), 1);
        clones.classes[0].identity
    };
    let here = identity(&[("a.py", BLOCK), ("b.py", BLOCK)]);
    let below = format!("x = [1]\n\n\n{BLOCK}");
    let renamed = BLOCK.replace("amount", "sum");
    assert_eq!(here, identity(&[("z.py", &below), ("c/b.py", BLOCK)]));
    assert_eq!(here, identity(&[("a.py", BLOCK), ("b.py", &renamed)]));
    let other = BLOCK.replace(
        "        if amount > order.limit:\n",
        "        while amount > order.limit:\n",
    );
    assert_ne!(here, identity(&[("a.py", &other), ("b.py", &other)]));
}
