//! What has to be done so that the forge has what is wanted: a function of both.

use std::collections::{HashMap, HashSet};

use assay_finding::Fingerprint;

use crate::anchor::Anchors;

use super::body::{Dialect, compose};
use super::{Place, Posting, Remark, Standing, Unexamined};

/// Who resolved a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolver {
    /// Nobody: it is open.
    Nobody,
    /// We did, because it was fixed.
    Us,
    /// Somebody who does not want to hear it.
    Another,
}

/// A remark that stands on the pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) comment: u64,
    pub(crate) body: String,
    /// Its thread, where it is known.
    pub(crate) thread: Option<String>,
    pub(crate) resolver: Resolver,
    /// The first and the last line of the new file that it stands on, as far as the forge
    /// tells; a first line that is not told may be any.
    pub(crate) lines: (Option<u32>, Option<u32>),
    /// Whether its lines are gone from the change.
    pub(crate) is_outdated: bool,
    /// Whether its own text says that it is fixed.
    pub(crate) is_marked_fixed: bool,
}

/// A comment to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) place: Place,
    pub(crate) body: String,
}

/// What is to be done. Numbers count in the lists that the plan was made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Comments to be made.
    pub(crate) create: Vec<Draft>,
    /// Posted remarks whose text changes.
    pub(crate) update: Vec<(usize, String)>,
    /// Posted remarks that are fixed.
    pub(crate) resolve: Vec<usize>,
    /// Posted remarks that came back.
    pub(crate) reopen: Vec<usize>,
    /// Posted remarks that somebody else resolved.
    pub(crate) dismissed: Vec<usize>,
    /// Wanted remarks that stand on a line, with what stands there.
    pub(crate) standing: Vec<usize>,
    /// Wanted remarks that stand on no line.
    pub(crate) unplaced: Vec<usize>,
    /// Wanted remarks that somebody took away.
    pub(crate) deleted: Vec<usize>,
}

impl Plan {
    /// Notes what stands there once nothing is left to be made.
    pub(crate) fn account(&self, wanted: &[Remark], posted: &[Posted], posting: &mut Posting) {
        let standing = |&at: &usize| Standing {
            fingerprint: posted[at].fingerprint,
            comment: posted[at].comment,
            thread: posted[at].thread.clone(),
        };
        posting.inline = self.standing.iter().map(standing).collect();
        let deleted = self.deleted.iter();
        posting.deleted = deleted.map(|&at| wanted[at].fingerprint).collect();
        let dismissed = self.dismissed.iter();
        posting.dismissed = dismissed.map(|&at| posted[at].fingerprint).collect();
        let unplaced = self.unplaced.iter();
        posting.in_summary = unplaced.map(|&at| wanted[at].fingerprint).collect();
    }
}

/// What a plan is made of besides what is wanted and what is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlanRules<'a> {
    pub(crate) anchors: &'a Anchors,
    pub(crate) unexamined: &'a Unexamined,
    pub(crate) inline_max: usize,
    pub(crate) dialect: Dialect,
    /// What the forge refused although it looked right.
    pub(crate) refused: &'a HashSet<Fingerprint>,
    /// What had a comment before.
    pub(crate) said: &'a HashSet<Fingerprint>,
}

/// Compares what is wanted with what is there.
pub(crate) fn plan(wanted: &[Remark], posted: &[Posted], rules: &PlanRules<'_>) -> Plan {
    let mut plan = Plan::default();
    let mut first: HashMap<Fingerprint, usize> = HashMap::new();
    for (index, posted) in posted.iter().enumerate() {
        first.entry(posted.fingerprint).or_insert(index);
    }
    let mut seen = HashSet::new();
    let mut open = 0;
    for (index, remark) in wanted.iter().enumerate() {
        if !seen.insert(remark.fingerprint) {
            continue;
        }
        if let Some(&at) = first.get(&remark.fingerprint) {
            keep(&mut plan, remark, at, &posted[at], rules);
            open += usize::from(posted[at].resolver != Resolver::Another);
            continue;
        }
        if rules.said.contains(&remark.fingerprint) {
            plan.deleted.push(index);
            continue;
        }
        let fit = remark
            .place
            .as_ref()
            .filter(|_| open < rules.inline_max && !rules.refused.contains(&remark.fingerprint))
            .and_then(|place| rules.anchors.fit(place));
        match fit {
            Some(place) => {
                open += 1;
                plan.create.push(Draft {
                    fingerprint: remark.fingerprint,
                    body: compose(remark, may_suggest(remark, &place), rules.dialect),
                    place,
                });
            }
            None => plan.unplaced.push(index),
        }
    }
    for (at, posted) in posted.iter().enumerate() {
        let is_open = posted.resolver == Resolver::Nobody && !posted.is_marked_fixed;
        let is_first = first.get(&posted.fingerprint) == Some(&at);
        let is_wanted = seen.contains(&posted.fingerprint) && is_first;
        if is_open && !is_wanted && !rules.unexamined.holds(posted.fingerprint) {
            plan.resolve.push(at);
        }
    }
    plan
}

/// A suggestion replaces exactly the lines that it is anchored to.
fn may_suggest(remark: &Remark, place: &Place) -> bool {
    place.side == super::Side::New && remark.place.as_ref() == Some(place)
}

fn keep(plan: &mut Plan, remark: &Remark, at: usize, posted: &Posted, rules: &PlanRules<'_>) {
    if posted.resolver == Resolver::Another {
        plan.dismissed.push(at);
        return;
    }
    plan.standing.push(at);
    if posted.resolver == Resolver::Us {
        plan.reopen.push(at);
    }
    // A comment stays on its lines, and a suggestion would replace those.
    let is_on = |place: &Place| {
        let (first, last) = posted.lines;
        first.is_none_or(|line| line == place.first_line) && last == Some(place.last_line)
    };
    let fits = remark.place.as_ref().is_some_and(|place| {
        may_suggest(remark, place) && rules.anchors.holds(place) && is_on(place)
    });
    let body = compose(remark, fits && !posted.is_outdated, rules.dialect);
    if !is_same_text(&body, &posted.body) {
        plan.update.push((at, body));
    }
}

/// Forges change line ends and what stands at the end of a text.
fn is_same_text(one: &str, other: &str) -> bool {
    let words = |text: &str| text.trim().replace("\r\n", "\n");
    words(one) == words(other)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use assay_finding::Fingerprint;

    use super::{Dialect, Plan, PlanRules, Posted, Resolver, compose, plan};
    use crate::anchor::Anchors;
    use crate::post::{Place, Remark, Side, Suggestion, Unexamined};

    fn fingerprint(number: u32) -> Fingerprint {
        Fingerprint::from_hex(&format!("{number:032x}")).unwrap()
    }

    fn remark(number: u32, line: u32) -> Remark {
        Remark {
            fingerprint: fingerprint(number),
            place: Some(Place {
                path: "a.rs".into(),
                side: Side::New,
                first_line: line,
                last_line: line,
            }),
            headline: format!("{number}"),
            body: format!("body {number}"),
            suggestion: None,
        }
    }

    fn posted(number: u32, resolver: Resolver) -> Posted {
        Posted {
            fingerprint: fingerprint(number),
            comment: u64::from(number),
            body: compose(&remark(number, 1), false, Dialect::GitHub).replace('\n', "\r\n"),
            thread: None,
            resolver,
            lines: (Some(1), Some(1)),
            is_outdated: false,
            is_marked_fixed: false,
        }
    }

    /// Shows a plan as text: what is created, updated, resolved, reopened,
    /// dismissed, standing and unplaced.
    fn show(plan: &Plan) -> String {
        let created: Vec<_> = plan
            .create
            .iter()
            .map(|draft| draft.place.last_line)
            .collect();
        let updated: Vec<_> = plan.update.iter().map(|(at, _)| *at).collect();
        format!(
            "+{created:?} ~{updated:?} -{:?} ^{:?} x{:?} ={:?} ?{:?}",
            plan.resolve, plan.reopen, plan.dismissed, plan.standing, plan.unplaced
        )
    }

    fn check(wanted: &[Remark], posted: &[Posted], unexamined: Unexamined, expected: &str) {
        let mut anchors = Anchors::default();
        anchors.add_patch(
            "a.rs",
            "@@ -1,9 +1,9 @@\n 1\n 2\n 3\n 4\n 5\n 6\n 7\n 8\n-9\n+9",
        );
        let refused = HashSet::from([fingerprint(66)]);
        let rules = PlanRules {
            anchors: &anchors,
            unexamined: &unexamined,
            inline_max: 3,
            dialect: Dialect::GitHub,
            refused: &refused,
            said: &HashSet::from([fingerprint(77)]),
        };
        assert_eq!(show(&plan(wanted, posted, &rules)), expected);
    }

    #[test]
    fn the_forge_gets_what_it_has_not() {
        use Resolver::{Another, Nobody, Us};
        use Unexamined::{Everything, Nothing, Some};
        check(&[], &[], Nothing, "+[] ~[] -[] ^[] x[] =[] ?[]");
        let two = [remark(1, 2), remark(2, 99)];
        check(&two, &[], Nothing, "+[2] ~[] -[] ^[] x[] =[] ?[1]");
        let there = [posted(1, Nobody), posted(3, Nobody)];
        check(&two, &there, Nothing, "+[] ~[] -[1] ^[] x[] =[0] ?[1]");
        check(&two, &there, Everything, "+[] ~[] -[] ^[] x[] =[0] ?[1]");
        check(
            &two,
            &there,
            Some(vec![fingerprint(3)]),
            "+[] ~[] -[] ^[] x[] =[0] ?[1]",
        );
        let resolved = [
            posted(1, Us),
            posted(2, Another),
            posted(3, Us),
            posted(4, Another),
        ];
        check(&two, &resolved, Nothing, "+[] ~[] -[] ^[0] x[1] =[0] ?[]");
        let twice = [posted(1, Nobody), posted(1, Nobody)];
        check(&two[..1], &twice, Nothing, "+[] ~[] -[1] ^[] x[] =[0] ?[]");
        check(
            &[remark(1, 1), remark(1, 2)],
            &[],
            Nothing,
            "+[1] ~[] -[] ^[] x[] =[] ?[]",
        );
        check(
            &[remark(66, 1)],
            &[],
            Nothing,
            "+[] ~[] -[] ^[] x[] =[] ?[0]",
        );
        // What was said and is not there was taken away.
        check(
            &[remark(77, 1)],
            &[],
            Nothing,
            "+[] ~[] -[] ^[] x[] =[] ?[]",
        );
        let back = [posted(77, Nobody)];
        check(
            &[remark(77, 1)],
            &back,
            Nothing,
            "+[] ~[] -[] ^[] x[] =[0] ?[]",
        );
        let four: Vec<_> = (1..=4).map(|number| remark(number, number)).collect();
        check(&four, &[], Nothing, "+[1, 2, 3] ~[] -[] ^[] x[] =[] ?[3]");
        check(
            &four,
            &[posted(2, Another)],
            Nothing,
            "+[1, 3, 4] ~[] -[] ^[] x[0] =[] ?[]",
        );
        let mut other = posted(1, Nobody);
        other.body.push_str("changed");
        check(
            &two[..1],
            &[other],
            Nothing,
            "+[] ~[0] -[] ^[] x[] =[0] ?[]",
        );
        // A suggestion comes later only where the comment stands on its lines.
        let mut mended = remark(1, 1);
        mended.suggestion = std::option::Option::Some(Suggestion {
            old: "1".to_owned(),
            new: "one".to_owned(),
        });
        let updated = "+[] ~[0] -[] ^[] x[] =[0] ?[]";
        check(&[mended.clone()], &[posted(1, Nobody)], Nothing, updated);
        if let std::option::Option::Some(place) = &mut mended.place {
            place.last_line = 2;
        }
        let kept = "+[] ~[] -[] ^[] x[] =[0] ?[]";
        check(&[mended], &[posted(1, Nobody)], Nothing, kept);
        let mut fixed = posted(1, Nobody);
        fixed.is_marked_fixed = true;
        check(&[], &[fixed], Nothing, "+[] ~[] -[] ^[] x[] =[] ?[]");
    }
}
