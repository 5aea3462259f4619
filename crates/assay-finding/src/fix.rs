//! Fixes as edits, and how edits apply to a text.

use assay_source::Span;

/// Whether a fix may be applied without being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixSafety {
    /// The behaviour stays the same, or becomes what was plainly meant.
    Safe,
    /// The behaviour may change: a person has to look.
    Unsafe,
}

/// Replaces the text of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// A way to mend a finding in the finding's own file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an imperative sentence without a full stop.
    pub title: String,
    /// Whether it may be applied unseen.
    pub safety: FixSafety,
    /// The edits, sorted, without overlap.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// Applies the edits to the text they were made for.
    ///
    /// Returns nothing when the edits overlap, are out of order, or do not lie
    /// on character boundaries of the text.
    pub fn apply(&self, text: &str) -> Option<String> {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for edit in &self.edits {
            out.push_str(text.get(at..edit.span.start as usize)?);
            text.get(edit.span.range())?;
            out.push_str(&edit.text);
            at = edit.span.end as usize;
        }
        out.push_str(text.get(at..)?);
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use assay_source::Span;

    use super::{Edit, Fix, FixSafety};

    #[test]
    fn edits_apply_or_are_refused() {
        for (edits, expected) in [
            (vec![], Some("añb")),
            (vec![(0, 1, "xy"), (3, 4, "")], Some("xyñ")),
            (vec![(0, 2, "x")], None),
            (vec![(3, 4, ""), (0, 1, "")], None),
            (vec![(0, 3, ""), (1, 4, "")], None),
            (vec![(4, 9, "")], None),
        ] {
            let edits = edits
                .into_iter()
                .map(|(start, end, text)| Edit {
                    span: Span::new(start, end),
                    text: text.into(),
                })
                .collect();
            let fix = Fix {
                title: "x".into(),
                safety: FixSafety::Safe,
                edits,
            };
            assert_eq!(fix.apply("añb").as_deref(), expected, "{:?}", fix.edits);
        }
    }
}
