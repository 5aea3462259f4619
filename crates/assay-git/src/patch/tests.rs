use assay_source::{Hunk, SourceText, diff_lines};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use proptest::test_runner::Config;

use super::apply::{Direction, Effort, apply};
use super::parse::{Body, parse};
use super::trace::trace;
use crate::input::Limits;

/// Texts of few different lines, so that they have much in common.
fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("a"),
        Just("b"),
        Just("c"),
        Just(""),
        Just("x\r"),
        Just("-a"),
        Just("+b"),
        Just("@@ -1 +1 @@"),
        Just("\\ No newline at end of file"),
    ];
    (prop::collection::vec(line, 0..30), any::<bool>()).prop_map(|(lines, ends)| {
        let mut text = lines.join("\n");
        if ends && !lines.is_empty() {
            text.push('\n');
        }
        text
    })
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Writes the difference of two texts as `git diff` does.
fn unified(base: &str, head: &str, context: u32) -> String {
    let hunks = diff_lines(&SourceText::from_text(base), &SourceText::from_text(head));
    let (base, head) = (lines(base), lines(head));
    let mut out =
        String::from("diff --git a/x b/x\nindex 1111111..2222222 100644\n--- a/x\n+++ b/x\n");
    let mut groups: Vec<Vec<Hunk>> = Vec::new();
    for hunk in hunks {
        match groups.last_mut() {
            Some(group) if hunk.base.start <= group[group.len() - 1].base.end() + 2 * context => {
                group.push(hunk);
            }
            _ => groups.push(vec![hunk]),
        }
    }
    let put = |out: &mut String, sign: char, line: &str| {
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    };
    for group in groups {
        let (first, last) = (group[0], group[group.len() - 1]);
        let before = context.min(first.base.start - 1);
        let after = context.min(base.len() as u32 + 1 - last.base.end());
        let range = |start: u32, end: u32| match end - start {
            0 => format!("{},0", start - 1),
            count => format!("{start},{count}"),
        };
        out.push_str(&format!(
            "@@ -{} +{} @@\n",
            range(first.base.start - before, last.base.end() + after),
            range(first.head.start - before, last.head.end() + after)
        ));
        let mut at = first.base.start - before;
        for hunk in &group {
            while at < hunk.base.start {
                put(&mut out, ' ', base[at as usize - 1]);
                at += 1;
            }
            for line in hunk.base.start..hunk.base.end() {
                put(&mut out, '-', base[line as usize - 1]);
            }
            for line in hunk.head.start..hunk.head.end() {
                put(&mut out, '+', head[line as usize - 1]);
            }
            at = hunk.base.end();
        }
        while at < last.base.end() + after {
            put(&mut out, ' ', base[at as usize - 1]);
            at += 1;
        }
    }
    out
}

proptest! {
    #![proptest_config(Config { cases: 500, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_difference_applied_to_the_base_is_the_head(base in text(), head in text(), context in 0u32..5) {
        let patch = unified(&base, &head, context);
        let parsed = parse(patch.as_bytes(), &Limits::default()).expect("well formed");
        let Body::Text(hunks) = &parsed.files[0].body else { panic!("no text") };
        let found = apply(base.as_bytes(), hunks, Direction::Forward, &mut Effort::default());
        assert_eq!(found.as_deref(), Some(head.as_bytes()), "{patch}");
        let found = apply(head.as_bytes(), hunks, Direction::Backward, &mut Effort::default());
        assert_eq!(found.as_deref(), Some(base.as_bytes()), "{patch}");
        // The runs are those that the difference was made of.
        let runs: Vec<Hunk> = hunks.iter().flat_map(|hunk| hunk.hunk.runs.clone()).collect();
        let expected = diff_lines(&SourceText::from_text(base), &SourceText::from_text(head));
        assert_eq!(runs, expected, "{patch}");
    }

    #[test]
    fn any_bytes_are_a_patch_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        pieces in prop::collection::vec((0usize..20, any::<u16>()), 0..30),
    ) {
        let words: [&[u8]; 20] = [
            b"diff --git a/x b/x\n", b"--- a/x\n", b"+++ b/x\n", b"@@ -1,2 +1,2 @@\n", b" a\n", b"-b\n", b"+c\n",
            b"\\ No newline at end of file\n", b"rename from x\n", b"rename to \"y\\\n", b"GIT binary patch\n",
            b"literal 5\n", b"delta 4294967295\n", b"zcmV?d00001\n", b"\n", b"index 0..1 100644\n",
            b"diff --cc x\n", b"From 0123 Mon Sep 17 00:00:00 2001\n", b"@@ -4294967295,4294967295 +0 @@\n", b"\r\n",
        ];
        let mut input = bytes;
        for (word, at) in pieces {
            let at = usize::from(at) % (input.len() + 1);
            input.splice(at..at, words[word].iter().copied());
        }
        if let Ok(parsed) = parse(&input, &Limits::default()) {
            trace(&parsed.files);
            for file in &parsed.files {
                if let Body::Text(hunks) = &file.body {
                    apply(&input, hunks, Direction::Forward, &mut Effort::default());
                    apply(&input, hunks, Direction::Backward, &mut Effort::default());
                }
                if let Body::Binary { forward, .. } = &file.body {
                    forward.apply(Some(&input), 1 << 20);
                }
            }
        }
    }
}
