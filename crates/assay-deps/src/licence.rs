//! Licences: SPDX expressions as package files write them, and what a project
//! accepts. <https://spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions/>

use spdx::{Expression, LicenseItem, LicenseReq, ParseMode};

/// The longest expression that is parsed.
const TEXT_BYTES_MAX: usize = 2048;

/// Reads what a file says; loose, because many packages write `Apache 2.0`,
/// `MIT/Apache-2.0` or identifiers that are out of date.
fn parse(text: &str) -> Option<Expression> {
    let text = text.trim();
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        return None;
    }
    Expression::parse(text)
        .or_else(|_| Expression::parse_mode(text, ParseMode::LAX))
        .ok()
}

/// Returns an expression in its normal form; none when it is not understood.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let text = text.trim();
    parse(text)?;
    let normal = Expression::canonicalize(text).ok().flatten();
    let normal = normal.unwrap_or_else(|| text.to_owned());
    // Outer brackets say nothing.
    let inner = normal
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'));
    match inner {
        Some(inner) if !inner.contains(['(', ')']) => Some(inner.trim().to_owned()),
        _ => Some(normal),
    }
}

/// Returns whether a text is one identifier of the SPDX list.
pub(crate) fn is_single(text: &str) -> bool {
    spdx::license_id(text).is_some()
}

/// What a project accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LicencePolicy {
    /// If any: nothing else is accepted.
    pub allow: Vec<String>,
    /// Never accepted, also when it is one of several conditions.
    pub deny: Vec<String>,
}

/// What a policy says about a licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Accepted.
    Accepted,
    /// Not accepted; the identifiers because of which, in order.
    Denied(Vec<String>),
    /// Not understood, so nobody can say.
    Unknown,
}

impl LicencePolicy {
    /// Returns whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }

    /// Judges an expression: of licences joined by `OR` one must be accepted,
    /// of those joined by `AND` all.
    pub fn judge(&self, text: &str) -> Verdict {
        let Some(expression) = parse(text) else {
            // A name outside the list can still be named by the policy.
            let is_in = |list: &[String]| {
                list.iter()
                    .any(|name| name.eq_ignore_ascii_case(text.trim()))
            };
            return match (is_in(&self.deny), is_in(&self.allow)) {
                (true, _) => Verdict::Denied(vec![text.trim().to_owned()]),
                (false, true) => Verdict::Accepted,
                (false, false) => Verdict::Unknown,
            };
        };
        if expression.evaluate(|requirement| self.accepts(requirement)) {
            return Verdict::Accepted;
        }
        let mut names: Vec<String> = expression
            .requirements()
            .filter(|inner| !self.accepts(&inner.req))
            .map(|inner| inner.req.to_string())
            .collect();
        names.dedup();
        Verdict::Denied(names)
    }

    fn accepts(&self, requirement: &LicenseReq) -> bool {
        let is_in = |list: &[String]| list.iter().any(|name| is_meant(name, requirement));
        !is_in(&self.deny) && (self.allow.is_empty() || is_in(&self.allow))
    }
}

/// Returns whether a name of the policy means a licence: the same identifier,
/// with or without `-only`, `-or-later` and an exception, or a family `GPL-*`.
fn is_meant(name: &str, requirement: &LicenseReq) -> bool {
    let full = requirement.to_string();
    if name.eq_ignore_ascii_case(&full) {
        return true;
    }
    let id = match &requirement.license {
        LicenseItem::Spdx { id, .. } => id.name,
        other => return other.to_string().eq_ignore_ascii_case(name),
    };
    if let Some(family) = name.strip_suffix('*') {
        return id.to_lowercase().starts_with(&family.to_lowercase());
    }
    let base = |id: &str| {
        let id = id
            .strip_suffix("-only")
            .or_else(|| id.strip_suffix("-or-later"))
            .unwrap_or(id);
        id.strip_suffix('+').unwrap_or(id).to_lowercase()
    };
    // `GPL-2.0` means both of its forms; `GPL-2.0-only` means that form.
    let is_whole = base(name) == name.to_lowercase();
    name.eq_ignore_ascii_case(id) || (is_whole && base(id) == name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{LicencePolicy, Verdict, canonical};

    fn policy(allow: &[&str], deny: &[&str]) -> LicencePolicy {
        let owned = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        LicencePolicy {
            allow: owned(allow),
            deny: owned(deny),
        }
    }

    #[test]
    fn policies_judge_expressions() {
        let denied =
            |names: &[&str]| Verdict::Denied(names.iter().map(|name| (*name).to_owned()).collect());
        for (allow, deny, text, verdict) in [
            (
                &["MIT", "Apache-2.0"][..],
                &[][..],
                "MIT",
                Verdict::Accepted,
            ),
            (
                &["MIT", "Apache-2.0"],
                &[],
                "MIT OR GPL-3.0-only",
                Verdict::Accepted,
            ),
            (
                &["MIT"],
                &[],
                "MIT AND GPL-3.0-only",
                denied(&["GPL-3.0-only"]),
            ),
            (&["MIT"], &[], "(MIT)", Verdict::Accepted),
            (&["MIT"], &[], "MIT/Apache-2.0", Verdict::Accepted),
            (
                &[],
                &["GPL-*"],
                "GPL-3.0-or-later",
                denied(&["GPL-3.0-or-later"]),
            ),
            (&[], &["GPL-*"], "LGPL-2.1-only", Verdict::Accepted),
            (
                &[],
                &["AGPL-3.0"],
                "AGPL-3.0-only",
                denied(&["AGPL-3.0-only"]),
            ),
            (
                &[],
                &["AGPL-3.0-only"],
                "AGPL-3.0-or-later",
                Verdict::Accepted,
            ),
            (&[], &["GPL-2.0"], "MIT OR GPL-2.0-only", Verdict::Accepted),
            (
                &["Apache-2.0"],
                &[],
                "Apache-2.0 WITH LLVM-exception",
                Verdict::Accepted,
            ),
            (&["MIT"], &[], "SEE LICENSE IN LICENSE", Verdict::Unknown),
            (&["Custom Thing"], &[], "custom thing", Verdict::Accepted),
            (&[], &["UNLICENSED"], "UNLICENSED", denied(&["UNLICENSED"])),
            (&["MIT"], &[], "", Verdict::Unknown),
        ] {
            assert_eq!(policy(allow, deny).judge(text), verdict, "{text}");
        }
    }

    #[test]
    fn expressions_have_a_normal_form() {
        for (text, normal) in [
            ("MIT", Some("MIT")),
            ("(MIT OR Apache-2.0)", Some("MIT OR Apache-2.0")),
            ("MIT/Apache-2.0", Some("MIT OR Apache-2.0")),
            (
                "(MIT OR X11) AND (BSD-3-Clause)",
                Some("(MIT OR X11) AND (BSD-3-Clause)"),
            ),
            ("see file", None),
            ("", None),
        ] {
            assert_eq!(canonical(text).as_deref(), normal, "{text}");
        }
    }
}
