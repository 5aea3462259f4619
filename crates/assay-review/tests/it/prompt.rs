//! What models are told, word by word: a change of a prompt shows what it changes.
#![expect(
    clippy::disallowed_methods,
    reason = "golden files are compared, and rewritten with UPDATE_GOLDEN=1"
)]

use assay_review::PromptSet;

#[test]
fn the_shipped_prompts_are_what_they_were() {
    for prompt in PromptSet::shipped().all() {
        let rendered = prompt.sample().unwrap();
        let text = format!(
            "# {}\n\n{}\n\n=== user\n{}",
            rendered.tag, rendered.system, rendered.user
        );
        let file = format!(
            "{}/prompts/golden/{}.txt",
            env!("CARGO_MANIFEST_DIR"),
            prompt.name
        );
        if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
            std::fs::write(&file, &text).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(
            text, expected,
            "{file} is stale; UPDATE_GOLDEN=1 rewrites it"
        );
    }
}
