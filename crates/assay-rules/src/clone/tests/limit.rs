//! Inputs made to be expensive, and the limits that hold them.

use std::fmt::Write as _;

use proptest::prelude::{ProptestConfig, any, prop};
use proptest::{prop_assert, proptest};

use super::{BLOCK, Files, scan, show_all};
use crate::clone::lex::Lexed;
use crate::clone::lexicon::lexicon;
use crate::clone::{CloneLimits, CloneNote, CloneOptions};
use assay_syntax::{language_by_name, languages};

fn large() -> CloneOptions {
    CloneOptions {
        limits: CloneLimits {
            file_bytes_max: 8 << 20,
            file_tokens_max: usize::MAX,
            ..CloneLimits::default()
        },
        ..CloneOptions::default()
    }
}

#[test]
fn repetition_is_no_clone_and_costs_little() {
    const BYTES: usize = 5 << 20;
    let mut numbered = String::new();
    while numbered.len() < BYTES / 8 {
        let _ = writeln!(numbered, "value = call(value, {});", numbered.len());
    }
    for text in [
        "a ".repeat(BYTES / 2),
        "x = x + 1;\n".repeat(BYTES / 44),
        "if (a) { b(c, 'd', 1); } else { e[f] = g.h; }\n".repeat(BYTES / 184),
        numbered,
    ] {
        let files = Files::of(&[("a.js", &text), ("b.js", &text)]);
        let clones = scan(&files, &large());
        assert_eq!(show_all(&clones), [""; 0], "{}", &text[..40]);
    }
}

#[test]
fn strings_and_comments_that_never_end_cost_little() {
    const TIMES: usize = 50_000;
    for (language, text) in [
        ("javascript", "\"\\".repeat(TIMES)),
        ("javascript", "`\\`".repeat(TIMES)),
        ("javascript", "/*".repeat(TIMES)),
        ("javascript", "'a\n\"b\n".repeat(TIMES)),
        ("rust", "/*".repeat(TIMES)),
        ("rust", "r#\"'\\".repeat(TIMES)),
        ("rust", "'a '\\".repeat(TIMES)),
        ("python", "'''\"\"\"\\".repeat(TIMES)),
        ("python", "import (\n".repeat(TIMES)),
        ("go", "import (\n".repeat(TIMES)),
    ] {
        let language = language_by_name(language).unwrap();
        let mut lexed = Lexed::default();
        lexicon(language).lex_into(&text, usize::MAX, &mut lexed);
        assert!(lexed.len() <= text.len());
    }
}

#[test]
fn every_limit_holds_and_is_noted() {
    let block = |index: usize| BLOCK.replace("total", &format!("total{index}"));
    let mut files = Files::default();
    for index in 0..12 {
        files.0.insert(format!("f{index:02}.py"), block(index));
    }
    let with = |change: fn(&mut CloneLimits)| {
        let mut options = CloneOptions::default();
        change(&mut options.limits);
        scan(&files, &options)
    };
    for (clones, copies, note) in [
        (with(|_| {}), 12, None),
        (
            with(|limits| limits.file_bytes_max = 10),
            0,
            Some(CloneNote::TooLarge { files: 12 }),
        ),
        (
            with(|limits| limits.file_tokens_max = 40),
            0,
            Some(CloneNote::Cut { files: 12 }),
        ),
        (
            with(|limits| limits.files_max = 5),
            5,
            Some(CloneNote::LeftOut { files: 7 }),
        ),
        (
            with(|limits| limits.comparisons_max = 3),
            2,
            Some(CloneNote::Comparisons),
        ),
    ] {
        let found = clones
            .classes
            .first()
            .map_or(0, |class| class.copies.len() + 1);
        assert!(
            found == copies || (copies == 2 && found < 12),
            "{clones:#?}"
        );
        assert_eq!(clones.notes.first(), note.as_ref());
    }
    let clones = with(|limits| limits.places_max = 11);
    assert!(matches!(clones.notes[..], [CloneNote::Frequent { .. }]));
    assert_eq!(clones.classes, []);
}

#[test]
fn the_limit_of_tokens_stops_at_the_same_file_with_any_number_of_threads() {
    let mut files = Files::default();
    for index in 0..600 {
        files.0.insert(
            format!("f{index:03}.py"),
            BLOCK.replace("total", &format!("total{index}")),
        );
    }
    let mut options = CloneOptions::default();
    options.limits.tokens_max = 1_000;
    let results: Vec<_> = [1, 2, 5]
        .into_iter()
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| scan(&files, &options))
        })
        .collect();
    assert_eq!(results[0].notes, [CloneNote::LeftOut { files: 344 }]);
    assert!(results.iter().all(|result| *result == results[0]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_cut_into_tokens_in_order(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        pick in any::<prop::sample::Index>(),
    ) {
        let text = String::from_utf8_lossy(&bytes);
        check_tokens(&text, pick)?;
    }

    #[test]
    fn any_text_of_markers_is_cut_into_tokens_in_order(
        parts in prop::collection::vec(prop::sample::select(PARTS), 0..120),
        pick in any::<prop::sample::Index>(),
    ) {
        check_tokens(&parts.concat(), pick)?;
    }
}

const PARTS: &[&str] = &[
    "\"",
    "'",
    "`",
    "\\",
    "\n",
    "\r\n",
    "//",
    "/*",
    "*/",
    "#",
    "--",
    "'''",
    "\"\"\"",
    "r#\"",
    "\"#",
    "${",
    "}",
    "{",
    "(",
    ")",
    "import",
    " ",
    "\t",
    "a",
    "é",
    "名",
    "0x1f",
    "1.5e-3",
    "1..2",
    "->",
    "===",
    ";",
    ",",
    "'\\''",
    "'\"'",
    "'é'",
    "export {",
    "use ",
    "pub ",
    "#include",
    "require(",
    "const x = require('y')",
    "<!--",
    "-->",
    "\u{0}",
    "@",
];

fn check_tokens(
    text: &str,
    pick: prop::sample::Index,
) -> Result<(), proptest::test_runner::TestCaseError> {
    let language = pick.get(languages());
    let mut lexed = Lexed::default();
    lexicon(language).lex_into(text, usize::MAX, &mut lexed);
    let mut before = 0;
    for (&start, &end) in lexed.starts.iter().zip(&lexed.ends) {
        prop_assert!(before <= start && start < end, "{language:?} {text:?}");
        prop_assert!(
            text.get(start as usize..end as usize).is_some(),
            "{language:?} {text:?}"
        );
        before = end;
    }
    prop_assert!(before as usize <= text.len());
    Ok(())
}
