//! The knowledge that is shipped: what each rule says of itself, and the guides. And
//! what a review may look up while it is made.

use assay_retrieval::{
    CodeIndex, Embedder, Hit, KnowledgeEntry, KnowledgeIndex, KnowledgeSource, Ranking,
    guide_entries,
};
use assay_rules::{Rule, rules};

/// Bytes of a rule's text that are kept.
const RULE_TEXT_BYTES_MAX: usize = 8 << 10;

/// Returns the entries that are shipped: one for each rule, one for each guide.
pub fn shipped_knowledge() -> Vec<KnowledgeEntry> {
    let mut entries: Vec<KnowledgeEntry> = rules().iter().map(rule_entry).collect();
    entries.extend(guide_entries());
    entries
}

fn rule_entry(rule: &Rule) -> KnowledgeEntry {
    let document = rule.document();
    let languages = rule.languages().join(" ");
    let mut text = format!("{}\n\n{}", document.summary, document.description.trim());
    text.truncate(text.floor_char_boundary(RULE_TEXT_BYTES_MAX));
    KnowledgeEntry {
        source: KnowledgeSource::Rule,
        id: format!("rule:{}", rule.id()),
        title: document.title.clone(),
        topic: format!("{} {languages}", rule.pack()).trim().to_owned(),
        text,
    }
}

/// A passage that may be shown to a model next to a change. All of it is data.
#[derive(Clone, Debug, PartialEq)]
pub enum Background<'b> {
    /// A chunk of the repository; whoever asks reads its lines from the head.
    Code(Hit),
    /// Something that is known.
    Knowledge(&'b KnowledgeEntry),
}

/// What a review may look up: the code around a change, and what is known.
pub trait Lookup: Sync {
    /// Returns what fits a question best, at most `limit` of each kind; nothing when
    /// nothing fits or looking up failed, because a review does without it.
    fn look_up(&self, question: &str, limit: usize) -> Vec<Background<'_>>;
}

/// Looks things up in indexes that were made before the review.
pub struct Indexes<'i> {
    /// Of the head.
    pub code: Option<&'i CodeIndex>,
    /// Of what is known.
    pub knowledge: Option<&'i KnowledgeIndex>,
    /// The model of both, if they have vectors.
    pub embedder: Option<&'i dyn Embedder>,
    /// How what is found is ordered.
    pub ranking: Ranking,
}

impl Lookup for Indexes<'_> {
    fn look_up(&self, question: &str, limit: usize) -> Vec<Background<'_>> {
        let mut found = Vec::new();
        if let Some(code) = self.code {
            let hits = code.search(question, self.embedder, &self.ranking, limit);
            found.extend(hits.into_iter().flatten().map(Background::Code));
        }
        if let Some(knowledge) = self.knowledge {
            let hits = knowledge.search(question, self.embedder, &self.ranking, limit);
            let entries = hits.into_iter().flatten().map(|hit| hit.entry);
            found.extend(entries.map(Background::Knowledge));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use assay_retrieval::{KnowledgeIndex, Ranking};
    use assay_rules::rules;

    use super::{Background, Indexes, Lookup as _, shipped_knowledge};

    /// What the product says it ships with.
    const ENTRIES_MIN: usize = 1_000;

    #[test]
    fn a_thousand_entries_are_shipped_and_each_is_another() {
        let entries = shipped_knowledge();
        assert!(entries.len() >= ENTRIES_MIN, "{}", entries.len());
        let ids: HashSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids.len(), entries.len());
        for entry in &entries {
            assert!(
                !entry.title.is_empty() && entry.text.len() > 40,
                "{}",
                entry.id
            );
        }
    }

    #[test]
    fn rules_and_guides_are_looked_up_together() {
        let knowledge = KnowledgeIndex::build(shipped_knowledge(), None).unwrap();
        let indexes = Indexes {
            code: None,
            knowledge: Some(&knowledge),
            embedder: None,
            ranking: Ranking::default(),
        };
        let ids = |question: &str| -> Vec<String> {
            let found = indexes.look_up(question, 8);
            found
                .iter()
                .map(|one| match one {
                    Background::Knowledge(entry) => entry.id.clone(),
                    Background::Code(hit) => hit.name.clone(),
                })
                .collect()
        };
        let found = ids("SQL query put together from strings in Java");
        let guide = "guide:java/SQL put together from strings";
        assert!(found.iter().any(|id| id == guide), "{found:?}");
        let rule = &rules()[0];
        let found = ids(&format!("{} {}", rule.id(), rule.document().title));
        let rule = format!("rule:{}", rule.id());
        assert!(found.contains(&rule), "{rule}: {found:?}");
        assert_eq!(ids("???"), Vec::<String>::new());
    }
}
