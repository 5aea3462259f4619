//! Scores from CVSS vectors, versions 2, 3.0, 3.1 and 4.0.
//!
//! The score of a vector of version 2 or 3 is its base score, as the public
//! databases show it; of version 4 it counts all that the vector says.

use std::str::FromStr;

/// The versions of CVSS, from the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CvssVersion {
    /// Version 2.0.
    V2,
    /// Version 3.0.
    V3_0,
    /// Version 3.1.
    V3_1,
    /// Version 4.0.
    V4,
}

impl CvssVersion {
    /// Returns the number as people write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "2.0",
            Self::V3_0 => "3.0",
            Self::V3_1 => "3.1",
            Self::V4 => "4.0",
        }
    }

    /// Returns whether a vector has every base metric; without one it has no score.
    fn is_whole(self, vector: &str) -> bool {
        let required: &[&str] = match self {
            Self::V2 => &["AV", "AC", "Au", "C", "I", "A"],
            Self::V3_0 | Self::V3_1 => &["AV", "AC", "PR", "UI", "S", "C", "I", "A"],
            Self::V4 => &[
                "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA",
            ],
        };
        let has = |name: &&str| {
            let mut metrics = vector.split('/').filter_map(|part| part.split_once(':'));
            metrics.any(|(metric, _)| metric == *name)
        };
        required.iter().all(has)
    }
}

/// How bad a vulnerability is, on the scale of the CVSS specifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rating {
    /// Nobody has said.
    Unknown,
    /// A score of 0.
    None,
    /// Up to 3.9.
    Low,
    /// Up to 6.9.
    Medium,
    /// Up to 8.9; in version 2 up to 10.
    High,
    /// From 9.0.
    Critical,
}

impl Rating {
    /// Every rating, in order.
    pub const ALL: &'static [Self] = &[
        Self::Unknown,
        Self::None,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// Returns the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Returns the rating that an advisory states in a word of its own.
    pub fn from_word(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "moderate" | "medium" => Some(Self::Medium),
            "important" | "high" => Some(Self::High),
            "low" | "negligible" => Some(Self::Low),
            "critical" => Some(Self::Critical),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

/// A vector with its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CvssScore {
    /// The version that the vector is written in.
    pub version: CvssVersion,
    /// From 0.0 to 10.0, with one digit after the point.
    pub value: f64,
}

impl CvssScore {
    /// Computes the score of a vector; none when it is no vector.
    pub fn of(vector: &str) -> Option<Self> {
        let vector = vector
            .trim()
            .trim_start_matches('(')
            .trim_end_matches([')', '/']);
        let (version, value) = match cvss::Cvss::from_str(vector).ok()? {
            cvss::Cvss::CvssV20(vector) => (CvssVersion::V2, vector.score().value()),
            cvss::Cvss::CvssV30(vector) => (CvssVersion::V3_0, vector.base_score().value()),
            cvss::Cvss::CvssV31(vector) => (CvssVersion::V3_1, vector.base_score().value()),
            cvss::Cvss::CvssV40(vector) => (CvssVersion::V4, vector.score().value()),
            _ => return None,
        };
        if !version.is_whole(vector) {
            return None;
        }
        let value = (value.clamp(0.0, 10.0) * 10.0).round() / 10.0;
        Some(Self { version, value })
    }

    /// Returns what the score means in words.
    pub fn rating(self) -> Rating {
        match self.value {
            value if value < 0.05 && self.version != CvssVersion::V2 => Rating::None,
            value if value < 3.95 => Rating::Low,
            value if value < 6.95 => Rating::Medium,
            value if value < 8.95 || self.version == CvssVersion::V2 => Rating::High,
            _ => Rating::Critical,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CvssScore, Rating};

    #[test]
    fn published_examples_have_their_published_scores() {
        for (vector, score, rating) in [
            // The CVSS v2.0 guide, section 3.3.
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8, Rating::High),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0, Rating::High),
            ("AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2, Rating::Medium),
            ("(AV:N/AC:M/Au:N/C:N/I:P/A:N)", 4.3, Rating::Medium),
            // The CVSS v3.1 examples document, and the same in 3.0.
            (
                "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N",
                6.4,
                Rating::Medium,
            ),
            (
                "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N",
                3.1,
                Rating::Low,
            ),
            (
                "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:C/C:H/I:H/A:H",
                9.1,
                Rating::Critical,
            ),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
                7.5,
                Rating::High,
            ),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                9.8,
                Rating::Critical,
            ),
            (
                "CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N",
                4.6,
                Rating::Medium,
            ),
            (
                "CVSS:3.0/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",
                7.8,
                Rating::High,
            ),
            (
                "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N",
                6.1,
                Rating::Medium,
            ),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N",
                0.0,
                Rating::None,
            ),
            // The base score, also when a vector says more.
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N/E:P/RL:O/RC:C",
                7.5,
                Rating::High,
            ),
            // The CVSS v4.0 examples document.
            (
                "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                7.3,
                Rating::High,
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                9.3,
                Rating::Critical,
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H",
                10.0,
                Rating::Critical,
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N",
                0.0,
                Rating::None,
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N/E:A",
                8.8,
                Rating::High,
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N",
                8.3,
                Rating::High,
            ),
        ] {
            let found = CvssScore::of(vector).map(|score| (score.value, score.rating()));
            assert_eq!(found, Some((score, rating)), "{vector}");
        }
    }

    #[test]
    fn what_is_no_vector_has_no_score() {
        for text in [
            "",
            "7.5",
            "HIGH",
            "CVSS:3.1",
            "CVSS:3.1/AV:N",
            "CVSS:9.9/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
            "CVSS:3.1/AV:Ñ/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
            "/////",
            ":/:",
        ] {
            assert_eq!(CvssScore::of(text), None, "{text}");
        }
    }
}
