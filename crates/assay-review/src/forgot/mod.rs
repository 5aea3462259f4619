//! What the change forgot: what usually goes with such a change and is missing.

mod companion;
mod listed;
mod test;

use assay_finding::Finding;

use crate::engines::Engines;
use crate::file::Examined;
use crate::news::News;
use crate::pipeline::Subject;
use crate::place::Places;
use crate::settings::Settings;

/// Finds what the change forgot.
pub(crate) fn find(
    subject: Subject<'_>,
    examined: &mut [Examined],
    engines: &Engines<'_>,
    settings: &Settings,
) -> Vec<Finding> {
    if subject.is_scan {
        return Vec::new();
    }
    let mut notes = Vec::new();
    let places = Places::new(subject, examined);
    let mut news: Vec<News> = Vec::new();
    for kind in listed::KINDS {
        news.extend(listed::find(
            kind,
            examined,
            &places,
            engines,
            &settings.limits.parse,
        ));
    }
    news.extend(test::find(examined, &places, engines, settings));
    news.extend(companion::find(
        settings.past.as_ref(),
        examined,
        &places,
        engines,
        &mut notes,
    ));
    let findings = news.into_iter();
    let found = findings
        .filter_map(|one| one.finding(&places, engines, settings))
        .collect();
    // All files are affected alike, so it stands at the first.
    if let Some(first) = examined.first_mut() {
        first.entry.notes.extend(notes);
    }
    found
}
