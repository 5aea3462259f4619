//! Damaged fixtures: whatever is cut out of a text or put into it, parsing ends
//! with trees whose every node lies in the text, and nothing panics.

use assay_syntax::{MetricOptions, imports, measure, symbols};
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
use proptest::sample::Index;

use crate::fixture::{fixtures, parse_text};

/// What opens something in one language or another.
const INSERTED: [&str; 12] = [
    "{", "(", "\"", "'", "`", "${", "<script>", "/*", "<<E\n", "do ", "\0", "é",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn damaged_text_is_parsed_within_its_bounds(
        language in any::<Index>(),
        start in any::<Index>(),
        length in 0_usize..200,
        inserted in any::<Index>(),
    ) {
        let all = fixtures();
        let (language, mut text) = all[language.index(all.len())].clone();
        let start = text.floor_char_boundary(start.index(text.len()));
        let end = text.floor_char_boundary((start + length).min(text.len()));
        text.replace_range(start..end.max(start), INSERTED[inserted.index(INSERTED.len())]);
        let file = parse_text(language, &text);
        for tree in &file.trees {
            for node in tree.nodes() {
                prop_assert!(node.span().end as usize <= text.len());
                prop_assert!(text.is_char_boundary(node.span().start as usize));
                prop_assert!(text.is_char_boundary(node.span().end as usize));
            }
            symbols(tree);
            imports(tree);
        }
        measure(&file.trees, MetricOptions { halstead: true });
    }
}
